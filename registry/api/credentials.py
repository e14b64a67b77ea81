"""The answer about one credential by its leaf hash."""

from typing import Any

from registry.credential.place import Place
from registry.errors import MalformedError, NotFound
from registry.ledger.status import bit_of
from registry.verification.evidence import Evidence, NoEvidence

ABSENT = "There is nothing under this identifier."


def leaf_of_text(text: str) -> bytes:
    """A leaf hash (32 bytes) from 64 hex digits, with or without 0x; MalformedError for anything else."""
    digits = text.removeprefix("0x")
    try:
        value = bytes.fromhex(digits)  # which passes over white space: 64 characters make 32 bytes only without
    except ValueError:
        value = b""
    if len(digits) != 64 or len(value) != 32:
        raise MalformedError("That is no leaf hash.", todo="write 64 hex digits")
    return value


def credential_json(
    text: str, place: Place, evidence: Evidence | NoEvidence, batch: dict[str, Any] | None
) -> dict[str, Any]:
    """Place and status of a credential.

    Args:
        text: The leaf hash as it was asked for.
        place: Where it stands.
        evidence: About that place.
        batch: Its record, as `GET /v1/batches/{id}` tells it.

    Raises:
        NotFound: There is no record, which happens while a reorganisation is undone.
    """
    if batch is None or not isinstance(evidence, Evidence):
        raise NotFound(ABSENT)
    _, mask = bit_of(place.index)
    latest = evidence.latest
    return {
        "leaf": text.lower().removeprefix("0x"),
        "batch": batch,
        "index": place.index,
        "revoked": bool(evidence.status.revoked & mask),
        "suspended": bool(evidence.status.suspended & mask),
        "asOf": {"number": latest.number, "hash": latest.hash, "time": latest.time},
    }
