"""The issuer word: one storage slot that commits to every event of an issuer, in order (SPEC.md, section 5.2)."""

from dataclasses import dataclass

from registry.ledger.keccak import keccak

HEAD_BYTES = 26


@dataclass(frozen=True, slots=True)
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


UNREGISTERED = IssuerWord(bytes(HEAD_BYTES), 0, 0, False)


@dataclass(frozen=True, slots=True)
class WordDomain:
    """What ties words to one contract: chain id (u64) and contract address (20 bytes)."""

    chain_id: int
    contract: bytes

    def head(self, issuer_id: int, word: bytes, payload: bytes) -> bytes:
        """The next head, 26 bytes, after an event with this payload hash (32 bytes)."""
        fields = self.chain_id.to_bytes(32, "big") + bytes(12) + self.contract + issuer_id.to_bytes(32, "big")
        return keccak(fields + word + payload)[:HEAD_BYTES]
