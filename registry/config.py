"""Settings: `hallmark.toml` in the working folder, overridden by HALLMARK_… variables, overridden by options."""

import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from registry.errors import ConfigError


class Settings(BaseSettings):
    """Everything that can be set. Paths are relative to the working folder.

    Attributes:
        rpc: JSON-RPC endpoint of the chain; several, separated by commas, stand for each other.
        rpc_per_second: Most requests a second to each endpoint.
        rpc_timeout: Seconds that an answer may take.
        deployment: The contract's deployment file, as `hallmark deploy` writes it.
        database: SQLAlchemy URL of the mirror.
        registry: Base URL of a running registry.
        home: Folder of the issuer: signing key, batch secret, journal, staged batches.
        issuer_id: The issuer's number in the contract.
        public_url: Base URL that issued documents name for their status lists; must be given off development chains.
        private_key: Account key (0x hex); accepted on development chains only.
        keystore: Encrypted account key (Ethereum keystore v3).
        signer: JSON-RPC address of a remote signer that speaks eth_signTransaction.
        signer_account: Which of its accounts; not needed where it has one.
        max_fee: Most that a gas may ever cost, in gwei; None: four times what it costs at first.
        passphrase_file: File with the keystore's passphrase; without it a terminal is asked.
        signing_passphrase_file: File with the passphrase of the issuer's signing key.
        signing_command: Program that signs documents: message on stdin, signature on stdout.
        signing_did: The did:key of that program's key.
        status_delegate: Folder with the key with which a registry signs status lists for issuers that named it.
        status_delegate_passphrase_file: File with that key's passphrase.
        bump_after: Seconds after which more is offered for a transaction that is not mined (and five blocks at least).
        patience: Seconds that an endpoint may be silent while a transaction is followed.
        relay: File for requests that the account signs and a relayer sends; the account then needs no gas.
        relay_hours: How long such a request holds.
        trust: Deployment files that a verifier trusts, besides `deployment`.
        allow_host: Hosts on the web that may be asked for status lists and DID documents; none: nobody is asked.
        web_cache: Folder for copies of DID documents, which serve while their host cannot be reached.
        wait: How deep an anchor must lie before credentials are released: `final`, `safe`, or confirmations.
    """

    model_config = SettingsConfigDict(
        env_prefix="HALLMARK_", toml_file="hallmark.toml", extra="forbid", hide_input_in_errors=True
    )

    rpc: str | None = None
    rpc_per_second: float | None = None
    rpc_timeout: float = 20.0
    deployment: Path | None = None
    database: str = "sqlite:///hallmark.sqlite"
    registry: str | None = None
    home: Path = Path(".hallmark")
    issuer_id: int | None = None
    public_url: str | None = None
    private_key: SecretStr | None = None
    keystore: Path | None = None
    signer: str | None = None
    signer_account: str | None = None
    max_fee: Decimal | None = Field(default=None, gt=0)
    passphrase_file: Path | None = None
    signing_passphrase_file: Path | None = None
    signing_command: str | None = None
    signing_did: str | None = None
    status_delegate: Path | None = None
    status_delegate_passphrase_file: Path | None = None
    bump_after: float = 45.0
    patience: float = 120.0
    relay: Path | None = None
    relay_hours: int = Field(default=168, gt=0)
    trust: list[Path] = Field(default_factory=list)
    allow_host: list[str] = Field(default_factory=list)
    web_cache: Path | None = None
    wait: str = "final"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**options: Any) -> Settings:
    """Settings with command-line options on top; options that are None do not count.

    Raises:
        ConfigError: A setting that cannot be read, with its name.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except (ValidationError, ValueError) as error:
        raise ConfigError(f"A setting cannot be read: {error}", todo="correct hallmark.toml or the variable") from None


def require(value: Any, name: str) -> Any:
    """The setting's value, or ConfigError that says how to give it."""
    if value is None:
        option = "--" + name.replace("_", "-")
        todo = f"give {option}, set HALLMARK_{name.upper()}, or write it into hallmark.toml"
        raise ConfigError(f"The setting {name!r} is missing.", todo=todo)
    return value


def passphrase_of(file: Path | None, what: str) -> Callable[[bool], SecretStr] | None:
    """Tells a passphrase: from a file, or by asking at the terminal (True: twice); None where neither is there."""
    if file is None and not sys.stdin.isatty():
        return None

    def tell(new: bool) -> SecretStr:
        return _read_passphrase(file) if file is not None else _ask_passphrase(what, new=new)

    return tell


def _read_passphrase(file: Path) -> SecretStr:
    try:
        passphrase = SecretStr(file.read_text("utf-8").rstrip("\r\n"))
    except (OSError, UnicodeDecodeError):
        passphrase = SecretStr("")
    if not passphrase:
        raise ConfigError(f"The passphrase file {file} cannot be read, or is empty.", todo="check its name and rights")
    return passphrase


def _ask_passphrase(what: str, *, new: bool) -> SecretStr:
    from getpass import getpass

    passphrase = SecretStr(getpass(f"Passphrase of {what}: "))
    if new and (not passphrase or SecretStr(getpass("The same again: ")) != passphrase):
        raise ConfigError("The two passphrases differ, or are empty.", todo="run the command again")
    return passphrase
