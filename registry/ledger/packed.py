"""What stands in a storage word of the contracts, packed from its low-order end (SPEC.md, sections 5.1 and 5.10)."""

from typing import TYPE_CHECKING

from registry.ledger.record import COMMITMENT_BYTES, KeySlot

if TYPE_CHECKING:
    from registry.ledger.entities import Accreditation


def _cut(word: bytes, *widths: int) -> list[int]:
    """Numbers of these widths in bits, the first one lowest."""
    value, numbers = int.from_bytes(word, "big"), []
    for width in widths:
        numbers.append(value & ((1 << width) - 1))
        value >>= width
    return numbers


def key_of_word(word: bytes) -> KeySlot:
    """Roles u8, addedAt u64, retiredAt u64, distrustFrom u64."""
    return KeySlot(*_cut(word, 8, 64, 64, 64))


def record_of_word(word: bytes) -> tuple[int, bytes]:
    """Time u40, commitment 27 bytes; the time is 0 where there is no record."""
    time, committed = _cut(word, 40, 216)
    return time, committed.to_bytes(COMMITMENT_BYTES, "big")


def reaffirmation_of_word(word: bytes) -> tuple[bytes, int]:
    """Account 20 bytes, time u40; the time is 0 where there is none."""
    account, time = _cut(word, 160, 40)
    return account.to_bytes(20, "big"), time


def period_of_word(word: bytes) -> tuple[int, int]:
    """Since u64, until u64 of a profile; since is 0 where it never was in force."""
    since, until = _cut(word, 64, 64)
    return since, until


def statement_of_word(issuer_id: int, subject: int, scope: bytes, word: bytes) -> "Accreditation":
    """since, until, statedAt, withdrawnAt, each u64; statedAt is 0 where nothing was said."""
    from registry.ledger.accreditation import NEVER  # few proofs hold a statement
    from registry.ledger.entities import Accreditation

    since, until, stated_at, withdrawn_at = _cut(word, 64, 64, 64, 64)
    return Accreditation(issuer_id, subject, scope, min(since, NEVER), min(until, NEVER), stated_at, withdrawn_at)
