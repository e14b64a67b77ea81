"""hallmark issuer accredit | withdraw-accreditation: what one issuer says of another (SPEC.md, section 5.10)."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry.config import Settings

ACTS = ("accredit", "withdraw-accreditation")
_WHEN = "seconds since 1970, or like 2026-01-31T09:30:00Z"


def add(acts: Any) -> None:
    """Declare the acts."""
    accredit = acts.add_parser("accredit", help="accredit another issuer")
    withdraw = acts.add_parser("withdraw-accreditation", help="end an accreditation now")
    for act in (accredit, withdraw):
        act.add_argument("subject", metavar="ISSUER", help="the other issuer: its number, or eip155:…:0x…:NUMBER")
        act.add_argument("--scope", type=Path, required=True, metavar="FILE", help="JSON document that says what for")
    accredit.add_argument("--since", metavar="TIME", help=f"{_WHEN} (default: now)")
    accredit.add_argument("--until", metavar="TIME", help=f"{_WHEN} (default: no end)")


def run(args: Namespace, settings: "Settings") -> int:
    """Accredit or withdraw; prints the scope's hash, which is what stands on chain."""
    from registry import bootstrap
    from registry.credential.canonical import canonical_hash
    from registry.credential.reader import read_document

    contract, issuer_id = bootstrap.contract(settings), bootstrap.identity(settings).issuer_id
    subject = _subject(args.subject, str(contract.contract))
    scope = canonical_hash(read_document(args.scope.read_bytes()))
    if args.act == "accredit":
        since = seconds_of_text(args.since) if args.since else contract.now()
        until = seconds_of_text(args.until) if args.until else 0
        receipt, _ = contract.send_accreditation("accredit", issuer_id, subject, scope, since, until)
    else:
        receipt, _ = contract.send_accreditation("withdraw", issuer_id, subject, scope)
    print(f"{args.act}: issuer {subject}, scope {scope.hex()}; done in block {receipt.block.number}")
    return 0


def _subject(text: str, contract: str) -> int:
    from registry.credential.place import u64
    from registry.errors import InputError

    place, _, number = text.rpartition(":")
    if (place and place.lower() != contract.lower()) or not (number.isascii() and number.isdigit()) or len(number) > 20:
        raise InputError(f"{text!r} is no issuer of {contract}.", todo="write its number, as in the registry")
    return u64(number)


def seconds_of_text(text: str) -> int:
    """Seconds since 1970 from a person's number or time; InputError where it is neither, or earlier."""
    from registry.credential.place import u64
    from registry.credential.times import seconds_of
    from registry.errors import InputError

    digits = text.isascii() and text.isdigit() and len(text) <= 20
    moment = u64(text) if digits else int(seconds_of(text))
    if moment < 1:
        raise InputError(f"{text!r} lies before 1970.", todo="write a later time")
    return moment
