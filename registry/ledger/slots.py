"""Where the contract keeps what is proven: storage keys, 32 bytes each (SPEC.md, section 5.1)."""

from registry.ledger.keccak import keccak

ISSUER_COUNT = bytes(32)
_WORDS = (1).to_bytes(32, "big")


def word_slot(issuer_id: int) -> bytes:
    """Key of `words[issuerId]`."""
    return keccak(issuer_id.to_bytes(32, "big") + _WORDS)
