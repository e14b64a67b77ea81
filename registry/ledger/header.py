"""Block headers as values: recompute their hash, read their bloom (Yellow Paper, sections 4.3 and 4.3.1)."""

from collections.abc import Iterable
from typing import NamedTuple

from registry.ledger.decode import BlockRef
from registry.ledger.keccak import keccak
from registry.ledger.rlp import encode_bytes, encode_list

_PREFIX_BITS = 0x7FF


class Header(NamedTuple):
    """What the mirror needs of a header; hashes and roots 32 bytes, the bloom 256.

    Attributes:
        block: Number, hash and time.
        parent_hash: Hash of the block before.
        state_root: Root of the state trie after the block.
        receipts_root: Root of the block's receipts.
        logs_bloom: Bloom filter over the logs' addresses and topics.
        sealed: Whether the hash was recomputed from all fields; then the roots are as certain as the hash.
    """

    block: BlockRef
    parent_hash: bytes
    state_root: bytes
    receipts_root: bytes
    logs_bloom: int
    sealed: bool


def header_hash(fields: Iterable[bytes]) -> bytes:
    """Keccak-256 of the RLP list of a header's fields, given as byte strings (integers in their shortest form)."""
    return keccak(encode_list([encode_bytes(field) for field in fields]))


def bloom_bits(value: bytes) -> int:
    """The three bits of the 2048-bit filter that an address or topic sets (section 4.3.1, M3:2048)."""
    digest = keccak(value)
    bits = 0
    for place in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[place : place + 2], "big") & _PREFIX_BITS)
    return bits


def may_hold(bloom: int, bits: int) -> bool:
    """Whether a block with this filter can hold a log that sets these bits; never wrong when it says no."""
    return bloom & bits == bits
