"""Where the contracts keep what is proven: storage keys, 32 bytes each (SPEC.md, sections 5.1 and 5.10)."""

from registry.ledger.keccak import keccak

ISSUER_COUNT = bytes(32)
ACCREDITOR_COUNT = bytes(32)
_WORDS, _KEYS, _RECORDS, _REAFFIRMATIONS, _STATUSES, _PROFILES, _CURRENT_PROFILE = range(1, 8)
_STATEMENTS = 2


def _mapped(variable: int, *keys: int | bytes) -> bytes:
    """Key of `variable[key]…`; integers and accounts (20 bytes) are padded on the left, other bytes on the right."""
    slot = variable.to_bytes(32, "big")
    for key in keys:
        if isinstance(key, int):
            word = key.to_bytes(32, "big")
        else:
            word = key.rjust(32, b"\0") if len(key) == 20 else key.ljust(32, b"\0")
        slot = keccak(word + slot)
    return slot


def word_slot(issuer_id: int) -> bytes:
    """Key of `words[issuerId]`, the same in both contracts."""
    return _mapped(_WORDS, issuer_id)


def key_slot(issuer_id: int, account: bytes) -> bytes:
    """Key of `keys[issuerId][account]`; account 20 bytes."""
    return _mapped(_KEYS, issuer_id, account)


def record_slot(issuer_id: int, batch_id: bytes) -> bytes:
    """Key of `records[issuerId][batchId]`; batch id 16 bytes."""
    return _mapped(_RECORDS, issuer_id, batch_id)


def reaffirmation_slot(issuer_id: int, batch_id: bytes) -> bytes:
    """Key of `reaffirmations[issuerId][batchId]`; batch id 16 bytes."""
    return _mapped(_REAFFIRMATIONS, issuer_id, batch_id)


def status_slots(issuer_id: int, batch_id: bytes, epoch: int, word_index: int) -> tuple[bytes, bytes]:
    """Keys of the revoked and the suspended word of 256 credentials."""
    first = _mapped(_STATUSES, issuer_id, batch_id, epoch, word_index)
    return first, ((int.from_bytes(first, "big") + 1) % 2**256).to_bytes(32, "big")


def profile_slot(issuer_id: int, profile_hash: bytes) -> bytes:
    """Key of `profiles[issuerId][profileHash]`; hash 32 bytes."""
    return _mapped(_PROFILES, issuer_id, profile_hash)


def current_profile_slot(issuer_id: int) -> bytes:
    """Key of `currentProfile[issuerId]`."""
    return _mapped(_CURRENT_PROFILE, issuer_id)


def statement_slot(issuer_id: int, subject: int, scope: bytes) -> bytes:
    """Key of `statements[issuerId][subject][scope]` of the accreditation contract; scope 32 bytes."""
    return _mapped(_STATEMENTS, issuer_id, subject, scope)


def accreditor_count(word: bytes) -> tuple[int, bytes]:
    """`accreditorCount` and the registry's address (20 bytes), which share slot 0 of the accreditation contract."""
    return int.from_bytes(word[4:12], "big"), word[12:]
