"""Where the contracts keep what is proven: storage keys, 32 bytes each (SPEC.md, sections 5.1 and 5.10)."""

from registry.ledger.keccak import keccak

ISSUER_COUNT = bytes(32)
ACCREDITOR_COUNT = bytes(32)
_WORDS = (1).to_bytes(32, "big")
_STATEMENTS = (2).to_bytes(32, "big")


def word_slot(issuer_id: int) -> bytes:
    """Key of `words[issuerId]`, the same in both contracts."""
    return keccak(issuer_id.to_bytes(32, "big") + _WORDS)


def statement_slot(issuer_id: int, subject: int, scope: bytes) -> bytes:
    """Key of `statements[issuerId][subject][scope]` of the accreditation contract; scope 32 bytes."""
    outer = keccak(issuer_id.to_bytes(32, "big") + _STATEMENTS)
    return keccak(scope + keccak(subject.to_bytes(32, "big") + outer))


def accreditor_count(word: bytes) -> tuple[int, bytes]:
    """`accreditorCount` and the registry's address (20 bytes), which share slot 0 of the accreditation contract."""
    return int.from_bytes(word[4:12], "big"), word[12:]
