"""The record's commitment, and which anchors count (SPEC.md, sections 5.1 and 5.4)."""

from registry.ledger.keccak import keccak
from registry.values import value

COMMITMENT_BYTES = 27


def commitment(root: bytes, leaf_count: int, account: bytes) -> bytes:
    """First 27 bytes of keccak256(abi.encode(root, leafCount, account)); root 32 bytes, account 20."""
    return keccak(root + leaf_count.to_bytes(32, "big") + bytes(12) + account)[:COMMITMENT_BYTES]


@value
class KeySlot:
    """A key as storage holds it: role bits and block times (0: never)."""

    roles: int
    added_at: int
    retired_at: int
    distrust_from: int

    def counts_at(self, time: int) -> bool:
        """Whether what this key did at block time `time` counts: known, and before its distrust-from."""
        return self.added_at != 0 and (self.distrust_from == 0 or time < self.distrust_from)
