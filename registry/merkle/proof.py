"""Check inclusion and consistency proofs (RFC 9162, sections 2.1.3.2 and 2.1.4.2)."""

from collections.abc import Sequence
from hashlib import sha256

from registry.errors import InclusionError
from registry.merkle.hashing import HASH_BYTES, node_hash


def path_length(index: int, size: int) -> int:
    """The only length that an inclusion path for `index` in a tree of `size` leaves can have."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Fold a leaf hash and its inclusion path into the root (RFC 9162, section 2.1.3.2).

    Args:
        leaf: Leaf hash, 32 bytes.
        index: Place of the leaf, 0 ≤ index < size.
        size: Leaves in the tree.
        path: Sibling hashes of 32 bytes, leaf end first.

    Raises:
        InclusionError: Index outside the tree, a path of another length, or a hash that is not 32 bytes.
    """
    if not 0 <= index < size:
        raise InclusionError(f"Leaf index {index} lies outside a tree of {size} leaves.")
    if len(path) != path_length(index, size):
        raise InclusionError(f"The inclusion path has {len(path)} hashes; it must have {path_length(index, size)}.")
    if {len(leaf), *map(len, path)} != {HASH_BYTES}:
        raise InclusionError("A hash in the inclusion proof is not 32 bytes long.")
    node, last = leaf, size - 1
    for sibling in path:
        # `node_hash` written out: this loop is a tenth of what checking a credential costs.
        if index & 1 or index == last:
            node = sha256(b"\x01" + sibling + node).digest()
            # An odd last node was carried up without a sibling until it became a right child.
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    return node


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise InclusionError unless `path` leads from the leaf at `index` to `root` (RFC 9162, 2.1.3.2)."""
    if root_from_path(leaf, index, size, path) != root:
        raise InclusionError("The inclusion path does not lead to the root.")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Raise InclusionError unless the tree of `size1` leaves is a prefix of that of `size2` (RFC 9162, 2.1.4.2).

    Two trees of one size need no proof: their roots (of any length) are equal or not.
    """
    if not 0 < size1 <= size2 or (size1 == size2) != (not proof):
        raise InclusionError("The sizes and the length of the consistency proof contradict each other.")
    if size1 == size2:
        if root1 != root2:
            raise InclusionError("Two trees of one size have different roots.")
        return
    if any(len(value) != HASH_BYTES for value in (root1, root2, *proof)):
        raise InclusionError("A hash in the consistency proof is not 32 bytes long.")
    if _consistent_roots(size1, size2, root1, proof) != (root1, root2):
        raise InclusionError("The consistency proof does not lead to both roots.")


def _consistent_roots(size1: int, size2: int, root1: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that the proof folds to; None when its length does not fit (RFC 9162, 2.1.4.2, steps 2 to 7)."""
    nodes = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    first, last = size1 - 1, size2 - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return None
        if first & 1 or first == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, node)
        first, last = first >> 1, last >> 1
    return (old, new) if last == 0 else None
