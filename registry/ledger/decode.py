"""Raw logs to typed events: topics and data as the EVM encodes them, every padding bit checked (SPEC.md, 5.2, 5.3).

This is the hot path of the mirror: each kind of event has its layout compiled once, so that a log costs one unpacking.
"""

import struct
from collections.abc import Callable
from typing import Any

import msgspec

from registry.errors import LedgerError
from registry.ledger.block import BlockRef as BlockRef  # whoever decodes names blocks
from registry.ledger.events import ABI, AnyEvent, WordMask
from registry.ledger.keccak import keccak_function

_keccak = keccak_function()
_MASKS = "(uint64,uint256)[]"
_WORD = 32


class RawLog(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A log as the node gave it: topics of 32 bytes, data, and where it stands in the chain."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


class LedgerEvent(msgspec.Struct, frozen=True, gc=False):
    """A decoded event with its payload hash (32 bytes, SPEC.md 5.2), its block and its place in the block."""

    event: AnyEvent
    payload: bytes
    block: BlockRef
    log_index: int
    tx_hash: bytes


class _Layout(msgspec.Struct, frozen=True):
    """How the fixed words of an event are unpacked.

    Attributes:
        kind: The event's class.
        topics: The topics' sizes, with the first.
        size: Bytes of topics and fixed data together.
        unpack: Values of these bytes.
        padding: Set bits where these bytes, read as one number, must have none.
        array: Place of the array among the fields, or -1.
    """

    kind: type[AnyEvent]
    topics: list[int]
    size: int
    unpack: Callable[[bytes], tuple[Any, ...]]
    padding: int
    array: int


# Type → (format of the value, its bytes, whether it stands at the word's end). The array's word is its offset.
_FORMATS = {
    "uint8": ("B", 1, True),
    "uint16": ("H", 2, True),
    "uint64": ("Q", 8, True),
    "address": ("20s", 20, True),
    "bytes16": ("16s", 16, False),
    "bytes32": ("32s", 32, True),
    _MASKS: ("Q", 8, True),
}


def _layout(kind: type[AnyEvent], abi: str) -> tuple[bytes, _Layout]:
    parameters = [part.split() for part in abi.replace("(uint64,uint256)", "(uint64;uint256)").split(",")]
    types = [parameter[0].replace(";", ",") for parameter in parameters]
    topics = [_WORD] * (1 + sum("indexed" in parameter for parameter in parameters))
    words, padding = zip(*map(_word, types), strict=True)
    fixed = struct.Struct(f">{_WORD}x{''.join(words)}")
    array = types.index(_MASKS) if _MASKS in types else -1
    signature = _keccak(f"{kind.__name__}({','.join(types)})".encode())
    return signature, _Layout(kind, topics, fixed.size, fixed.unpack, int.from_bytes(b"".join(padding), "big"), array)


def _word(type_: str) -> tuple[str, bytes]:
    """The format of one word, and the same word with its padding set."""
    value, size, at_end = _FORMATS[type_]
    gap, set_bits = f"{_WORD - size}x", b"\xff" * (_WORD - size)
    return (gap + value, set_bits + bytes(size)) if at_end else (value + gap, bytes(size) + set_bits)


_LAYOUTS = dict(_layout(kind, abi) for kind, abi in ABI.items())
TOPICS = {layout.kind: topic for topic, layout in _LAYOUTS.items()}
_MASK = struct.Struct(">24sQ32s")


def decode(log: RawLog, block: BlockRef) -> LedgerEvent:
    """The event that a log of the contract holds.

    Raises:
        LedgerError: A topic that the contract does not emit, or bytes that it cannot have emitted.
    """
    topics = log.topics
    layout = _LAYOUTS.get(topics[0]) if topics else None
    if layout is None:
        raise _forged(log, "it is no event of this contract")
    if list(map(len, topics)) != layout.topics:
        raise _forged(log, "it has other topics than such an event")
    hashed = words = b"".join((*topics, log.data))
    if layout.array >= 0:
        words, masks, hashed = _with_masks(log, layout, words)
    if len(words) != layout.size:
        raise _forged(log, "it has another number of fields")
    if int.from_bytes(words, "big") & layout.padding:
        raise _forged(log, "a field has bits that do not belong to it")
    values = layout.unpack(words)
    if layout.array >= 0:
        values = (*values[: layout.array], masks, *values[layout.array + 1 :])
    return LedgerEvent(layout.kind(*values), _keccak(hashed[:-_WORD]), block, log.log_index, log.tx_hash)


def _with_masks(log: RawLog, layout: _Layout, words: bytes) -> tuple[bytes, tuple[WordMask, ...], bytes]:
    """The one event with an array: its fixed words, its elements, which stand behind them, and what is hashed.

    In the payload the elements' hash takes the place of their offset.
    """
    fixed, count, elements = (
        words[: layout.size],
        words[layout.size : layout.size + _WORD],
        words[layout.size + _WORD :],
    )
    at, start = (1 + layout.array) * _WORD, layout.size - _WORD * len(layout.topics)
    offset, size = int.from_bytes(fixed[at : at + _WORD], "big"), int.from_bytes(count, "big") * _MASK.size
    if len(count) != _WORD or offset != start or len(elements) != size:
        raise _forged(log, "its array has another length")
    masks = []
    for padding, index, mask in _MASK.iter_unpack(elements):
        if any(padding):
            raise _forged(log, "a word index has bits that do not belong to it")
        masks.append(WordMask(index, int.from_bytes(mask, "big")))
    return fixed, tuple(masks), fixed[:at] + _keccak(elements) + fixed[at + _WORD :]


def _forged(log: RawLog, why: str) -> LedgerError:
    return LedgerError(
        f"Log {log.log_index} of block {log.block_number} cannot come from the contract: {why}.",
        todo="ask another endpoint; check the contract's address",
    )
