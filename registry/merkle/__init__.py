"""RFC 9162 Merkle trees over SHA-256: hashing, trees, proofs."""

from registry.merkle.hashing import HASH_BYTES, leaf_hash, node_hash
from registry.merkle.proof import path_length, root_from_path, verify_consistency, verify_inclusion
from registry.merkle.tree import Tree

__all__ = [
    "HASH_BYTES",
    "Tree",
    "leaf_hash",
    "node_hash",
    "path_length",
    "root_from_path",
    "verify_consistency",
    "verify_inclusion",
]
