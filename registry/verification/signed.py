"""What signed statements share: an Ed25519 signature by a did:key, and the strict reading of their JSON."""

from collections.abc import Mapping
from typing import Any

from registry.credential.did_key import public_key_of
from registry.errors import HallmarkError, ProofError
from registry.verification.hexes import of_hex, to_hex
from registry.verification.verdict import BlockPoint


def check_signed(what: str, signer: str, statement: bytes, signature: bytes) -> None:
    """Raise ProofError unless a did:key signed a statement (Ed25519, RFC 8032; 64 bytes); `what` names it."""
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(public_key_of(signer)).verify(statement, signature)
    except (BadSignatureError, ValueError, HallmarkError):
        raise ProofError(f"The {what} is not signed by {signer[:100]}.") from None


def point_of(body: Mapping[str, Any]) -> BlockPoint:
    """A block out of JSON; KeyError, TypeError or ValueError for anything else."""
    return BlockPoint(number_of(body["number"]), to_hex(of_hex(body["hash"], 32)), number_of(body["time"]))


def number_of(value: Any) -> int:
    """A whole number from 0, below 2^63; TypeError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise TypeError
    return value


def text_of(value: Any) -> str:
    """A text; TypeError."""
    if not isinstance(value, str):
        raise TypeError
    return value
