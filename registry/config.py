"""Settings: `hallmark.toml` in the working folder, overridden by HALLMARK_… variables, overridden by options."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, ForwardRef, NamedTuple, get_args, get_origin

from registry.errors import ConfigError

if TYPE_CHECKING:
    from decimal import Decimal

    from pydantic import SecretStr  # many times the import of everything else here, and rarely needed

_PREFIX = "HALLMARK_"
_FILE = Path("hallmark.toml")
_POSITIVE = frozenset({"max_fee", "relay_hours", "api_burst", "api_concurrency", "api_body_seconds"})


class Settings(NamedTuple):
    """Everything that can be set. Paths are relative to the working folder.

    Attributes:
        rpc: JSON-RPC endpoint of the chain; several, separated by commas, stand for each other.
        rpc_per_second: Most requests a second to each endpoint.
        rpc_timeout: Seconds that an answer may take.
        reader_blocks: Catch-ups of at least so many blocks are read by a process of their own (Linux); 0: never.
        wake: WebSocket of a node whose new heads end the indexer's wait; without one it looks every second.
        deployment: The contract's deployment file, as `hallmark deploy` writes it.
        database: SQLAlchemy URL of the mirror.
        registry: Base URL of a running registry.
        home: Folder of the issuer: signing key, batch secret, journal, staged batches.
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
        registry_key: Folder of the key that signs a registry's checkpoints; None: `registry` in the home folder.
        registry_key_passphrase_file: File with that key's passphrase.
        bump_after: Seconds after which more is offered for a transaction that is not mined (and five blocks at least).
        patience: Seconds that an endpoint may be silent while a transaction is followed.
        actor: The issuer's account where that is a contract (EIP-1271): its owners sign the requests in `relay`.
        relay: File for requests that the account signs and a relayer sends; the account then needs no gas.
        relay_hours: How long such a request holds.
        trust: Deployment files that a verifier trusts, besides `deployment`.
        allow_host: Hosts on the web that may be asked for status lists and DID documents; none: nobody is asked.
        web_cache: Folder for copies of DID documents, which serve while their host cannot be reached.
        api_rate: Requests a second that the API grants to one client for long; 0: without limit.
        api_burst: Requests that it grants at once.
        api_concurrency: Requests that it answers at the same time.
        api_body_seconds: Seconds in which a request's body must have come.
        wait: How deep an anchor must lie before credentials are released: `final`, `safe`, or confirmations.
    """

    rpc: str | None = None
    rpc_per_second: float | None = None
    rpc_timeout: float = 20.0
    reader_blocks: int = 1_000
    wake: str | None = None
    deployment: Path | None = None
    database: str = "sqlite:///hallmark.sqlite"
    registry: str | None = None
    home: Path = Path(".hallmark")
    public_url: str | None = None
    private_key: "SecretStr | None" = None
    keystore: Path | None = None
    signer: str | None = None
    signer_account: str | None = None
    max_fee: "Decimal | None" = None
    passphrase_file: Path | None = None
    signing_passphrase_file: Path | None = None
    signing_command: str | None = None
    signing_did: str | None = None
    status_delegate: Path | None = None
    status_delegate_passphrase_file: Path | None = None
    registry_key: Path | None = None
    registry_key_passphrase_file: Path | None = None
    bump_after: float = 45.0
    patience: float = 120.0
    actor: str | None = None
    relay: Path | None = None
    relay_hours: int = 168
    trust: tuple[Path, ...] = ()
    allow_host: tuple[str, ...] = ()
    web_cache: Path | None = None
    api_rate: float = 50.0
    api_burst: int = 500
    api_concurrency: int = 100
    api_body_seconds: float = 20.0
    wait: str = "final"


def load_settings(**options: Any) -> Settings:
    """Settings with command-line options on top; options that are None do not count.

    Raises:
        ConfigError: A setting that cannot be read, with its name.
    """
    known = Settings.__annotations__
    given = {name: value for name, value in options.items() if value is not None}
    values: dict[str, Any] = {}
    for source in (_of_file(), _of_environment(known), given):
        for name, value in source.items():
            if name not in known:
                raise ConfigError(f"There is no setting {name!r}.", todo=_TODO)
            values[name] = _read(name, known[name], value)
    return Settings(**values)


_TODO = "correct hallmark.toml, the variable or the option"


def _of_file() -> dict[str, Any]:
    if not _FILE.exists():
        return {}
    import tomllib

    try:
        return tomllib.loads(_FILE.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{_FILE} cannot be read: {error}.", todo=_TODO) from None


def _of_environment(known: Iterable[str]) -> dict[str, str]:
    """Variables of known settings, whatever their letters' case; lists are JSON."""
    named = {key.upper(): value for key, value in os.environ.items()}
    return {name: named[_PREFIX + name.upper()] for name in known if _PREFIX + name.upper() in named}


def _read(name: str, type_: Any, value: Any) -> Any:
    """A setting's value from a text, or from what TOML or a caller gives; the value never stands in the error."""
    try:
        read = _reader(type_)(value)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise _unreadable(name, str(error) if isinstance(error, _Expected) else "it has another form") from None
    if name in _POSITIVE and not read > 0:
        raise _unreadable(name, "more than 0 is expected")
    return read


def _unreadable(name: str, why: str) -> ConfigError:
    return ConfigError(f"The setting {name!r} cannot be read: {why}.", todo=_TODO)


class _Expected(ValueError):
    """Says what, and nothing of the value."""


def _reader(type_: Any) -> Callable[[Any], Any]:
    """What makes a value of a field's type."""
    if isinstance(type_, ForwardRef):
        return _NOT_IMPORTED[type_.__forward_arg__]
    if get_origin(type_) is tuple:
        item = _PLAIN[get_args(type_)[0]]
        return lambda value: tuple(item(each) for each in _listed(value))
    return _PLAIN[next(kind for kind in get_args(type_) or (type_,) if kind is not NoneType)]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Expected("a text is expected")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise _Expected("a number is expected")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool | float):
        raise _Expected("a whole number is expected")
    return int(value)


def _listed(value: Any) -> list[Any]:
    listed = json.loads(value) if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        raise _Expected("a list is expected, as JSON in a variable")
    return list(listed)


def _secret(value: Any) -> Any:
    from pydantic import SecretStr

    return value if isinstance(value, SecretStr) else SecretStr(_text(value))


def _decimal(value: Any) -> "Decimal":
    from decimal import Decimal

    return Decimal(str(value))


_PLAIN: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    float: _number,
    int: _whole,
    Path: Path,
}
# Settings that are rarely given: their types are imported where one is.
_NOT_IMPORTED: dict[str, Callable[[Any], Any]] = {"Decimal | None": _decimal, "SecretStr | None": _secret}


def require(value: Any, name: str) -> Any:
    """The setting's value, or ConfigError that says how to give it."""
    if value is None:
        option = "--" + name.replace("_", "-")
        todo = f"give {option}, set HALLMARK_{name.upper()}, or write it into hallmark.toml"
        raise ConfigError(f"The setting {name!r} is missing.", todo=todo)
    return value


def passphrase_of(file: Path | None, what: str) -> "Callable[[bool], SecretStr] | None":
    """Tells a passphrase: from a file, or by asking at the terminal (True: twice); None where neither is there."""
    if file is None and not sys.stdin.isatty():
        return None

    def tell(new: bool) -> "SecretStr":
        return _read_passphrase(file) if file is not None else _ask_passphrase(what, new=new)

    return tell


def _read_passphrase(file: Path) -> "SecretStr":
    from pydantic import SecretStr

    try:
        passphrase = SecretStr(file.read_text("utf-8").rstrip("\r\n"))
    except (OSError, UnicodeDecodeError):
        passphrase = SecretStr("")
    if not passphrase:
        raise ConfigError(f"The passphrase file {file} cannot be read, or is empty.", todo="check its name and rights")
    return passphrase


def _ask_passphrase(what: str, *, new: bool) -> "SecretStr":
    from getpass import getpass

    from pydantic import SecretStr

    passphrase = SecretStr(getpass(f"Passphrase of {what}: "))
    if new and (not passphrase or SecretStr(getpass("The same again: ")) != passphrase):
        raise ConfigError("The two passphrases differ, or are empty.", todo="run the command again")
    return passphrase
