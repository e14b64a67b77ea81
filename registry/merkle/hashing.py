"""Domain-separated hashes (RFC 9162, section 2.1.1): an inner node can never pass as a leaf."""

from hashlib import sha256

HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes (RFC 9162, section 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right) of two 32-byte hashes, 32 bytes (RFC 9162, section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()
