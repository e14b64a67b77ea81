"""Block headers as values: recompute their hash, read their bloom (Yellow Paper, sections 4.3 and 4.3.1)."""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from registry.errors import LedgerError
from registry.ledger.block import BlockRef
from registry.ledger.keccak import keccak_function
from registry.ledger.rlp import decode_list, encode_bytes, encode_list

_keccak = keccak_function()
_PLACES = struct.Struct(">HHH").unpack_from
_PLACE_BITS = 0x7FF
_BITS = [1 << place for place in range(_PLACE_BITS + 1)]
FULL_BLOOM = (1 << 2048) - 1
"""The filter that excludes nothing."""
_STATE_ROOT, _NUMBER, _TIMESTAMP = 3, 8, 11


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


def header_rlp(fields: Iterable[bytes]) -> bytes:
    """The RLP list of a header's fields, given as byte strings (integers in their shortest form)."""
    return encode_list([encode_bytes(field) for field in fields])


def header_hash(fields: Iterable[bytes]) -> bytes:
    """Keccak-256 of that list: the block's hash."""
    return _keccak(header_rlp(fields))


def block_of_rlp(data: bytes) -> tuple[BlockRef, bytes]:
    """Number, hash and time of the block whose header this is, and its state root.

    Raises:
        LedgerError: No RLP list with a header's first fifteen fields.
    """
    fields = decode_list(data)
    texts = [field for field in fields if isinstance(field, bytes)]
    if len(texts) != len(fields) or len(texts) < 15 or len(texts[_STATE_ROOT]) != 32:
        raise LedgerError("These bytes are no block header.")
    number, time = (int.from_bytes(texts[place], "big") for place in (_NUMBER, _TIMESTAMP))
    return BlockRef(number, _keccak(data), time), texts[_STATE_ROOT]


def bloom_bits(value: bytes) -> int:
    """The three bits of the 2048-bit filter that an address or topic sets (section 4.3.1, M3:2048)."""
    first, second, third = _PLACES(_keccak(value))
    bits: int = _BITS[first & _PLACE_BITS] | _BITS[second & _PLACE_BITS] | _BITS[third & _PLACE_BITS]
    return bits


def may_hold(bloom: int, bits: int) -> bool:
    """Whether a block with this filter can hold a log that sets these bits; never wrong when it says no."""
    return bloom & bits == bits
