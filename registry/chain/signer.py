"""Account keys: an encrypted keystore, a remote signer, or a raw key on development chains. No message shows a key."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from registry.chain.deployment import DEV_CHAINS
from registry.chain.rpc import Caller
from registry.chain.transaction import Transaction, read_signed
from registry.errors import ConfigError, RpcError, SigningError

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from pydantic import SecretStr

_NO_SUCH_METHOD = -32601
_TRANSACTION = ("eth_signTransaction", "account_signTransaction")
_TYPED_DATA = ("eth_signTypedData_v4", "eth_signTypedData", "account_signTypedData")


class AccountSigner(Protocol):
    """An account that signs."""

    @property
    def address(self) -> bytes:
        """The account, 20 bytes."""

    def sign_transaction(self, transaction: Transaction) -> bytes:
        """The signed bytes of a transaction; raises SigningError."""

    def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
        """The signature (65 bytes, v 27 or 28) over EIP-712 typed data; raises SigningError."""


class LocalSigner:
    """A key in memory."""

    __slots__ = ("_account",)

    def __init__(self, account: "LocalAccount") -> None:
        self._account = account

    def __repr__(self) -> str:
        return f"LocalSigner({self._account.address})"

    @property
    def address(self) -> bytes:
        """The account, 20 bytes."""
        return bytes.fromhex(self._account.address[2:])

    def sign_transaction(self, transaction: Transaction) -> bytes:
        """The signed bytes."""
        return bytes(self._account.sign_transaction(transaction.as_account()).raw_transaction)

    def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
        """The signature over EIP-712 typed data."""
        return bytes(self._account.sign_typed_data(full_message=dict(data)).signature)


class RemoteSigner:
    """A signer behind JSON-RPC: Web3Signer, Clef, a node's own account. What it answers is believed only as checked.

    Args:
        rpc: Its address.
        address: The account, 20 bytes.
    """

    def __init__(self, rpc: Caller, address: bytes) -> None:
        self._rpc = rpc
        self.address = address

    def sign_transaction(self, transaction: Transaction) -> bytes:
        """The signed bytes: exactly the transaction that was asked for, by this account."""
        answer = self._ask(_TRANSACTION, transaction.as_rpc(self.address))
        raw = _bytes_of(answer["raw"] if isinstance(answer, dict) and "raw" in answer else answer)
        if read_signed(raw) != transaction:
            raise self._lied("signed another transaction than it was asked for")
        if _recovered(raw) != self.address:
            raise self._lied(f"signed with another account than 0x{self.address.hex()}")
        return raw

    def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
        """The signature over EIP-712 typed data, seen to be this account's."""
        from registry.chain.typed import signer_of_typed_data

        signature = _bytes_of(self._ask(_TYPED_DATA, "0x" + self.address.hex(), data))
        if signer_of_typed_data(data, signature) != self.address:
            raise self._lied(f"answered no signature of 0x{self.address.hex()} over these data")
        return signature

    def _ask(self, methods: tuple[str, ...], *params: Any) -> Any:
        for method in methods:
            try:
                return self._rpc.call(method, *params)
            except RpcError as error:
                if error.rpc_code != _NO_SUCH_METHOD:
                    raise SigningError(
                        f"The signer {self._rpc.url} refuses: {error.what}.", todo="ask it why"
                    ) from None
        raise SigningError(f"The signer {self._rpc.url} has no {methods[0]}.", todo="check its address with --signer")

    def _lied(self, what: str) -> SigningError:
        return SigningError(f"The signer {self._rpc.url} {what}; nothing was sent.", todo="find out who runs it")


class ContractAccount:
    """An account that is a contract (EIP-1271, a Safe say): its owners sign elsewhere, and a relayer sends.

    Args:
        address: The account, 20 bytes.
    """

    def __init__(self, address: bytes) -> None:
        self.address = address

    def sign_transaction(self, transaction: Transaction) -> bytes:
        """Raises SigningError: a contract starts no transaction."""
        raise self.cannot_send()

    def cannot_send(self) -> SigningError:
        """What to do instead."""
        what = f"0x{self.address.hex()} is a contract and sends nothing itself."
        return SigningError(what, todo="give --relay FILE, have its owners sign, then `hallmark relay` sends it")

    def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
        """Nothing yet: whoever relays the request supplies what the owners signed."""
        return b""


def _bytes_of(answer: Any) -> bytes:
    try:
        return bytes.fromhex(str(answer).removeprefix("0x"))
    except ValueError:
        raise SigningError("The signer's answer is no hex.", todo="check its address with --signer") from None


def _recovered(raw: bytes) -> bytes:
    from eth_account import Account

    try:
        return bytes.fromhex(Account.recover_transaction(raw)[2:])
    except Exception:  # the library has no error of its own
        return b""


def remote_signer(rpc: Caller, account: str | None) -> RemoteSigner:
    """The account of a remote signer; ConfigError when it was not named and there is not exactly one."""
    if account is None:
        try:
            known = rpc.call("eth_accounts")
        except RpcError:
            known = []
        if not isinstance(known, list) or len(known) != 1:
            what = f"The signer {rpc.url} has {len(known) if isinstance(known, list) else 'no'} accounts."
            raise ConfigError(what, todo="say which one with --signer-account 0x…")
        account = str(known[0])
    return RemoteSigner(rpc, _account_of(account))


def contract_account(account: str) -> ContractAccount:
    """A contract account by its address; ConfigError for anything else."""
    return ContractAccount(_account_of(account))


def _account_of(account: str) -> bytes:
    digits = account.removeprefix("0x")
    if len(digits) != 40 or not set(digits.lower()) <= set("0123456789abcdef"):
        raise ConfigError(f"{account!r} is no account.", todo="write 0x and 40 hex digits")
    return bytes.fromhex(digits)


def signer_of_key(private_key: "SecretStr", chain_id: int) -> LocalSigner:
    """The account of a raw key; ConfigError on any chain that is not a development chain."""
    from eth_account import Account

    if chain_id not in DEV_CHAINS:
        raise ConfigError(
            f"A raw private key is not accepted on chain {chain_id}.",
            todo="use --keystore with an encrypted key, or --signer",
        )
    try:
        account = Account.from_key(private_key.get_secret_value())
    except Exception:  # the library's own message would repeat the key
        account = None
    if account is None:
        raise ConfigError("The private key is not 32 bytes of hex.", todo="check HALLMARK_PRIVATE_KEY")
    return LocalSigner(account)


def signer_of_keystore(keystore: Path, passphrase: "Callable[[bool], SecretStr] | None") -> LocalSigner:
    """The account of an Ethereum keystore v3 file.

    Raises:
        ConfigError: It cannot be read, or the passphrase is missing or does not open it.
    """
    from eth_account import Account

    if passphrase is None:
        todo = "give --passphrase-file FILE, or run it at a terminal"
        raise ConfigError("The keystore's passphrase was not given.", todo=todo)
    try:
        text = keystore.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{keystore} cannot be read.", todo="check the file's name and rights") from None
    try:
        account = Account.from_key(Account.decrypt(text, passphrase(False).get_secret_value()))
    except (ValueError, TypeError, KeyError):
        account = None
    if account is None:
        raise ConfigError(f"{keystore} cannot be opened with this passphrase.", todo="check keystore and passphrase")
    return LocalSigner(account)
