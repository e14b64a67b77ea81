"""The issuer word: one storage slot that commits to every event of an issuer, in order (SPEC.md, section 5.2)."""

from typing import TYPE_CHECKING

from registry.errors import LedgerError
from registry.ledger.keccak import keccak_function
from registry.values import value

if TYPE_CHECKING:
    from registry.ledger.decode import LedgerEvent

HEAD_BYTES = 26


@value
class IssuerWord:
    """head (26 bytes) ‖ sequence u32 ‖ epoch u15 ‖ frozen u1, one 32-byte word."""

    head: bytes
    sequence: int
    epoch: int
    frozen: bool

    def pack(self) -> bytes:
        """The 32 bytes as they stand in storage."""
        tail = self.sequence << 16 | self.epoch << 1 | self.frozen
        return self.head + tail.to_bytes(6, "big")

    @classmethod
    def unpack(cls, word: bytes) -> "IssuerWord":
        """Read the 32 bytes of storage."""
        tail = int.from_bytes(word[HEAD_BYTES:], "big")
        return cls(word[:HEAD_BYTES], tail >> 16, tail >> 1 & 0x7FFF, bool(tail & 1))


def epoch_of(word: bytes) -> int:
    """The epoch alone of the 32 bytes of storage."""
    return int.from_bytes(word[-2:], "big") >> 1


class WordDomain:
    """What ties words to one contract: chain id (u64) and contract address (20 bytes).

    `of_accreditation` is the same for the accreditation contract beside it, or None where there is none.
    """

    def __init__(self, chain_id: int, contract: bytes, accreditation: bytes | None = None) -> None:
        self.chain_id = chain_id
        self.contract = contract
        self.of_accreditation = WordDomain(chain_id, accreditation) if accreditation else None
        self._keccak = keccak_function()
        self._fields = chain_id.to_bytes(32, "big") + bytes(12) + contract

    def head(self, issuer_id: int, word: bytes, payload: bytes) -> bytes:
        """The next head, 26 bytes, after an event with this payload hash (32 bytes)."""
        return self._keccak(self._fields + issuer_id.to_bytes(32, "big") + word + payload)[:HEAD_BYTES]


def next_tail(word: bytes, epoch: int | None = None, frozen: bool | None = None) -> bytes:
    """Sequence + 1, epoch and frozen behind a word (32 bytes): the last 6 bytes of the next one.

    Args:
        word: The word before.
        epoch: A new epoch, or None.
        frozen: A new flag, or None.
    """
    tail = int.from_bytes(word[HEAD_BYTES:], "big") + (1 << 16)
    if epoch is not None:
        tail = tail & ~0xFFFE | epoch << 1
    if frozen is not None:
        tail = tail & ~1 | frozen
    return tail.to_bytes(6, "big")


def gap(item: "LedgerEvent", why: str) -> LedgerError:
    """The error of an event that does not follow from those before it."""
    return LedgerError(
        f"{type(item.event).__name__} in block {item.block.number}, log {item.log_index}, cannot be applied: {why}.",
        todo="events are missing, forged or out of order; ask another endpoint for this range",
    )
