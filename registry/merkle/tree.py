"""Build a tree level by level and read inclusion paths from it (RFC 9162, section 2.1)."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import chain, repeat

from registry.errors import MalformedError
from registry.merkle.hashing import HASH_BYTES

_SUBTREE_LEVELS = 12


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
        if {*map(len, leaves)} != {HASH_BYTES}:
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
        return tuple(self._siblings(0, index))

    def paths(self, above: bytes = b"") -> Iterator[bytes]:
        """The paths of all leaves in index order, each as its hashes joined; a million take less than a second.

        Neighbours share all but the last steps, so paths grow from the top down, one subtree of 4,096 leaves at a time.

        Args:
            above: Joined hashes of 32 bytes that every path ends with: the path of this tree's root in a larger tree
                whose whole subtree it is.
        """
        height = min(_SUBTREE_LEVELS, len(self.levels) - 1)
        places = range(len(self.levels[height]))
        return chain.from_iterable(self._paths_below(height, place, above) for place in places)

    def _paths_below(self, height: int, place: int, above: bytes) -> list[bytes]:
        """The paths of all leaves below a node; whole lists, so that no step of ours stands between two paths."""
        tails = [b"".join((*self._siblings(height, place), above))]
        for level in reversed(range(height)):
            first = place << (height - level)
            tails = _children(self.levels[level][first : first + (1 << (height - level))], tails)
        return tails

    def _siblings(self, lowest: int, index: int) -> Iterator[bytes]:
        """The siblings on the way from node `index` of a level to the root; a last odd node has none."""
        for level in self.levels[lowest:-1]:
            if (index ^ 1) < len(level):
                yield level[index ^ 1]
            index >>= 1


def _next_level(level: list[bytes]) -> list[bytes]:
    """Hash neighbours (RFC 9162, 2.1.1); `node_hash` written out and joined in C, for a million leaves come by here."""
    nodes = iter(level)
    pairs = map(b"".join, zip(repeat(b"\x01"), nodes, nodes, strict=False))
    parents = [sha256(pair).digest() for pair in pairs]
    return parents + level[-1:] if len(level) % 2 else parents


def _children(nodes: list[bytes], tails: list[bytes]) -> list[bytes]:
    """The paths of a level's nodes from those of their parents: the neighbour, then the parent's path."""
    paths: list[bytes] = []
    pair = iter(nodes)
    for left, right, tail in zip(pair, pair, tails, strict=False):
        paths.append(right + tail)
        paths.append(left + tail)
    return paths + tails[-1:] if len(nodes) % 2 else paths
