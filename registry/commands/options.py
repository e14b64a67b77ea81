"""Options that several commands share, and settings made from them."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from registry.config import Settings

_SETTINGS = (
    "rpc",
    "wake",
    "deployment",
    "database",
    "registry",
    "home",
    "public_url",
    "keystore",
    "passphrase_file",
    "signer",
    "signer_account",
    "max_fee",
    "actor",
    "relay",
    "relay_hours",
    "signing_passphrase_file",
    "signing_command",
    "signing_did",
    "status_delegate",
    "trust",
    "wait",
    "allow_host",
)


def add_many(parser: ArgumentParser, option: str, metavar: str, what: str, *, path: bool = False) -> None:
    """An option that may be given several times; its values are texts or paths."""
    kind = Path if path else str
    parser.add_argument(option, metavar=metavar, type=kind, action="append", default=[], help=f"{what} (repeatable)")


def add_chain(parser: ArgumentParser) -> None:
    """--rpc and --deployment."""
    parser.add_argument("--rpc", metavar="URL", help="JSON-RPC endpoint of the chain")
    parser.add_argument("--deployment", metavar="FILE", type=Path, help="the contract's deployment file")


def add_wake(parser: ArgumentParser) -> None:
    """--wake, for who follows the chain."""
    parser.add_argument("--wake", metavar="URL", help="WebSocket whose new heads end the wait for the next block")


def add_account(parser: ArgumentParser) -> None:
    """Who signs transactions, and what a gas may cost."""
    parser.add_argument("--keystore", metavar="FILE", type=Path, help="encrypted account key (keystore v3)")
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        type=Path,
        help="file with the keystore's passphrase (else it is asked for)",
    )
    parser.add_argument("--signer", metavar="URL", help="remote signer: Web3Signer, Clef (eth_signTransaction)")
    parser.add_argument("--signer-account", metavar="0x…", help="which of its accounts")
    parser.add_argument("--max-fee", metavar="GWEI", type=gwei, help="most that a gas may ever cost")


def add_relay(parser: ArgumentParser) -> None:
    """--relay, for what an account without gas signs."""
    parser.add_argument(
        "--relay", metavar="FILE", type=Path, help="sign only: write the request that `hallmark relay FILE` sends"
    )
    parser.add_argument("--actor", metavar="0x…", help="with --relay: for this contract account, whose owners sign")
    parser.add_argument("--relay-hours", metavar="N", type=int, help="how long the request holds (default 168)")


def gwei(text: str) -> "Decimal":
    """A price in gwei, above zero."""
    from decimal import Decimal, InvalidOperation

    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal(0)
    if not price.is_finite() or price <= 0:
        raise ArgumentTypeError(f"{text!r} is no price in gwei")
    return price


def add_signing(parser: ArgumentParser) -> None:
    """How the key that signs documents is reached."""
    parser.add_argument(
        "--signing-passphrase-file", metavar="FILE", type=Path, help="file with the signing key's passphrase"
    )
    parser.add_argument(
        "--signing-command", metavar="CMD", help="program that signs documents: message on stdin, signature on stdout"
    )
    parser.add_argument("--signing-did", metavar="DID", help="the did:key of that program's key")


def add_home(parser: ArgumentParser) -> None:
    """--home."""
    parser.add_argument("--home", metavar="DIR", type=Path, help="the issuer's folder (default .hallmark)")


def add_database(parser: ArgumentParser) -> None:
    """--database."""
    parser.add_argument("--database", metavar="URL", help="SQLAlchemy URL (default sqlite:///hallmark.sqlite)")


def settings_of(args: Namespace) -> "Settings":
    """Settings: options over environment over hallmark.toml."""
    from registry.config import load_settings

    return load_settings(**{name: getattr(args, name, None) for name in _SETTINGS})


def depth(text: str) -> str:
    """How deep: final, safe, or a number of confirmations."""
    if text in ("final", "safe") or (text.isascii() and text.isdigit() and int(text) > 0):
        return text
    raise ArgumentTypeError(f"{text!r} is neither final, safe nor a number above 0")


def account_of(text: str) -> bytes:
    """The 20 bytes of an account; InputError."""
    from registry.errors import InputError

    digits = text.removeprefix("0x")
    if len(digits) != 40 or not set(digits.lower()) <= set("0123456789abcdef"):
        raise InputError(f"{text!r} is no account.", todo="write 0x and 40 hex digits")
    return bytes.fromhex(digits)
