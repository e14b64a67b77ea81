"""Recursive length prefix (Yellow Paper, appendix B), as much of it as headers, receipts and tries need; strict."""

from collections.abc import Sequence

from registry.errors import LedgerError

Item = bytes | list["Item"]


def encode_bytes(data: bytes) -> bytes:
    """One byte string."""
    size = len(data)
    if size == 1 and data[0] < 0x80:
        return data
    return (_SHORT[size] if size < _LONG else _prefix(size, 0x80)) + data


_LONG = 56  # from here on the size stands beside the prefix
_SHORT = [bytes((0x80 + size,)) for size in range(_LONG)]


def encode_integer(value: int) -> bytes:
    """A non-negative integer as its shortest big-endian byte string; 0 is the empty string."""
    return encode_bytes(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def encode_list(encoded: Sequence[bytes]) -> bytes:
    """A list of items that are encoded already."""
    body = b"".join(encoded)
    return _prefix(len(body), 0xC0) + body


def _prefix(size: int, base: int) -> bytes:
    if size < _LONG:
        return bytes((base + size,))
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((base + 55 + len(digits),)) + digits


def decode_list(data: bytes) -> list[Item]:
    """The items of one encoded list that fills `data` exactly.

    Raises:
        LedgerError: Anything else, or an encoding that is not the shortest.
    """
    item, end = _decode(data, 0)
    if end != len(data) or not isinstance(item, list):
        raise LedgerError("These bytes are not one RLP list.")
    return item


_HASH_BYTES = 32
_HASH = 0x80 + _HASH_BYTES


def _decode(data: bytes, at: int) -> tuple[Item, int]:
    if at >= len(data):
        raise LedgerError("An RLP item ends too early.")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    base = 0x80 if first < 0xC0 else 0xC0
    start, size = _span(data, at, first - base)
    end = start + size
    if end > len(data):
        raise LedgerError("An RLP item ends too early.")
    if base == 0x80:
        text = data[start:end]
        if size == 1 and text[0] < 0x80:
            raise LedgerError("An RLP item is longer than it has to be.")
        return text, end
    items: list[Item] = []
    while start < end:
        if data[start] == _HASH and start + _HASH_BYTES < end:  # most items of a trie's nodes
            items.append(data[start + 1 : start + 1 + _HASH_BYTES])
            start += 1 + _HASH_BYTES
            continue
        item, start = _decode(data[:end], start)
        items.append(item)
    return items, end


def _span(data: bytes, at: int, short: int) -> tuple[int, int]:
    """Start and size of an item's body."""
    if short < 56:
        return at + 1, short
    width = short - 55
    digits = data[at + 1 : at + 1 + width]
    size = int.from_bytes(digits, "big")
    if len(digits) != width or size < 56 or digits[0] == 0:
        raise LedgerError("An RLP item is longer than it has to be.")
    return at + 1 + width, size
