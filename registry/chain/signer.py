"""Account keys: an encrypted keystore, or a raw key on development chains. Keys never appear in messages."""

from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from registry.chain.deployment import DEV_CHAINS
from registry.errors import ConfigError


def account_of_key(private_key: str, chain_id: int) -> LocalAccount:
    """The account of a raw key; ConfigError on any chain that is not a development chain."""
    if chain_id not in DEV_CHAINS:
        raise ConfigError(
            f"A raw private key is not accepted on chain {chain_id}.", todo="use --keystore with an encrypted key"
        )
    try:
        account: LocalAccount = Account.from_key(private_key)
    except Exception:
        # The library's own message would repeat the key.
        raise ConfigError("The private key is not 32 bytes of hex.", todo="check HALLMARK_PRIVATE_KEY") from None
    return account


def account_of_keystore(keystore: Path, passphrase_file: Path) -> LocalAccount:
    """The account of an Ethereum keystore v3 file, opened with the passphrase in another file."""
    try:
        passphrase = passphrase_file.read_text("utf-8").rstrip("\r\n")
        account: LocalAccount = Account.from_key(Account.decrypt(keystore.read_text("utf-8"), passphrase))
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError):
        todo = "check the keystore and the passphrase file"
        raise ConfigError(f"{keystore} cannot be opened with this passphrase.", todo=todo) from None
    return account
