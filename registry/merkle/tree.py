"""Build a tree level by level and read inclusion paths from it (RFC 9162, section 2.1)."""

from collections.abc import Sequence

from registry.errors import MalformedError
from registry.merkle.hashing import HASH_BYTES, node_hash

MAX_LEAVES = 2**40


class Tree:
    """All levels of an RFC 9162 tree over leaf hashes.

    Pairing neighbours level by level and carrying a last odd node up unchanged gives the same tree as the
    RFC's split at the largest power of two.

    Args:
        leaves: Leaf hashes of 32 bytes each, in index order; at least one.

    Raises:
        MalformedError: No leaves, or a leaf that is not 32 bytes.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise MalformedError("A batch has no credentials.", todo="give at least one")
        if any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise MalformedError("A leaf hash is not 32 bytes long.")
        self.levels = [list(leaves)]
        while len(self.levels[-1]) > 1:
            self.levels.append(_next_level(self.levels[-1]))

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.levels[0])

    @property
    def root(self) -> bytes:
        """Merkle tree hash, 32 bytes (RFC 9162, section 2.1.1)."""
        return self.levels[-1][0]

    def path(self, index: int) -> tuple[bytes, ...]:
        """Inclusion path of the leaf at `index`, leaf end first (RFC 9162, section 2.1.3).

        Raises:
            IndexError: No such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        path = []
        for level in self.levels[:-1]:
            if (index ^ 1) < len(level):
                path.append(level[index ^ 1])
            index >>= 1
        return tuple(path)


def _next_level(level: list[bytes]) -> list[bytes]:
    pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[-1:] if len(level) % 2 else pairs
