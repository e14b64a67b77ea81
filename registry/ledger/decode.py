"""Raw logs to typed events: topics and data as the EVM encodes them, every padding bit checked (SPEC.md, 5.2, 5.3).

This is the hot path of the mirror: each kind of event has its layout compiled once, so that a log costs one unpacking.
"""

import struct
from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from registry.errors import LedgerError
from registry.ledger.events import ABI, AnyEvent, WordMask
from registry.ledger.keccak import keccak

_MASKS = "(uint64,uint256)[]"
_WORD = 32


class BlockRef(NamedTuple):
    """A block: number, hash (32 bytes), time in seconds since 1970."""

    number: int
    hash: bytes
    time: int


class RawLog(NamedTuple):
    """A log as the node gave it: topics of 32 bytes, data, and where it stands in the chain."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


class LedgerEvent(NamedTuple):
    """A decoded event with its payload hash (32 bytes, SPEC.md 5.2), its block and its place in the block."""

    event: AnyEvent
    payload: bytes
    block: BlockRef
    log_index: int
    tx_hash: bytes


class _Layout(NamedTuple):
    """How the fixed words of an event are unpacked.

    Attributes:
        kind: The event's class.
        make: An event of it from the tuple of its values, without the detour of a call in Python.
        topics: The topics' sizes, with the first.
        size: Bytes of topics (without the first) and fixed data together.
        unpack: Paddings and values of these bytes, given with the place where they start.
        values: Picks the values out.
        paddings: Picks the paddings out.
        zeros: What they must be.
        array: Place of the array among the fields, or -1.
    """

    kind: type[AnyEvent]
    make: Callable[[tuple[Any, ...]], AnyEvent]
    topics: list[int]
    size: int
    unpack: Callable[[bytes, int], tuple[Any, ...]]
    values: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    paddings: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    zeros: tuple[bytes, ...]
    array: int


# Type → (format, bytes of padding, whether it stands behind the value). The array's word is its offset.
_FORMATS = {
    "uint8": ("31sB", 31, False),
    "uint16": ("30sH", 30, False),
    "uint64": ("24sQ", 24, False),
    "address": ("12s20s", 12, False),
    "bytes16": ("16s16s", 16, True),
    "bytes32": ("32s", 0, False),
    _MASKS: ("24sQ", 24, False),
}


def _layout(kind: type[AnyEvent], abi: str) -> tuple[bytes, _Layout]:
    parameters = [part.split() for part in abi.replace("(uint64,uint256)", "(uint64;uint256)").split(",")]
    types = [parameter[0].replace(";", ",") for parameter in parameters]
    topics = [_WORD] * (1 + sum("indexed" in parameter for parameter in parameters))
    values, paddings, zeros, place = [], [], [], 0
    for name in types:
        _, padding, behind = _FORMATS[name]
        if padding:
            paddings.append(place + behind)
            zeros.append(bytes(padding))
        values.append(place + (padding > 0 and not behind))
        place += 2 if padding else 1
    fixed = struct.Struct(">" + "".join(_FORMATS[name][0] for name in types))
    picks = (itemgetter(*values), itemgetter(*paddings), tuple(zeros))
    array = types.index(_MASKS) if _MASKS in types else -1
    signature = f"{kind.__name__}({','.join(types)})"
    return keccak(signature.encode()), _Layout(
        kind, partial(tuple.__new__, kind), topics, fixed.size, fixed.unpack_from, *picks, array
    )


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
    if layout is None or len(topics) != len(layout.topics):
        raise _forged(log, "it is no event of this contract")
    if list(map(len, topics)) != layout.topics:
        raise _forged(log, "a topic is not 32 bytes long")
    whole = b"".join((*topics, log.data))
    end = _WORD + layout.size
    if len(whole) < end or (layout.array < 0 and len(whole) > end):
        raise _forged(log, "it has another number of fields")
    parts = layout.unpack(whole, _WORD)
    if layout.paddings(parts) != layout.zeros:
        raise _forged(log, "a field has bits that do not belong to it")
    values = layout.values(parts)
    if layout.array >= 0:
        values, words = _with_masks(log, layout, values, whole[_WORD:])
        whole = topics[0] + words
    return LedgerEvent(layout.make(values), keccak(whole[: layout.size]), block, log.log_index, log.tx_hash)


def _with_masks(log: RawLog, layout: _Layout, values: tuple[Any, ...], words: bytes) -> tuple[tuple[Any, ...], bytes]:
    """The one event with an array: its elements stand behind the fixed words, its hash stands in the payload."""
    offset, elements = values[layout.array], words[layout.size + _WORD :]
    count = int.from_bytes(words[layout.size : layout.size + _WORD], "big")
    start = layout.size - _WORD * (len(layout.topics) - 1)
    if len(words) < layout.size + _WORD or offset != start or len(elements) != count * _MASK.size:
        raise _forged(log, "its array has another length")
    masks = []
    for padding, index, mask in _MASK.iter_unpack(elements):
        if any(padding):
            raise _forged(log, "a word index has bits that do not belong to it")
        masks.append(WordMask(index, int.from_bytes(mask, "big")))
    at = layout.array
    hashed = words[: at * _WORD] + keccak(elements) + words[(at + 1) * _WORD : layout.size]
    return (*values[:at], tuple(masks), *values[at + 1 :]), hashed


def _forged(log: RawLog, why: str) -> LedgerError:
    return LedgerError(
        f"Log {log.log_index} of block {log.block_number} cannot come from the contract: {why}.",
        todo="ask another endpoint; check the contract's address",
    )
