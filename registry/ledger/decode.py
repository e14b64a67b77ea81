"""Raw logs to typed events: topics and data as the EVM encodes them, every padding bit checked (SPEC.md, 5.2, 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from registry.errors import LedgerError
from registry.ledger.events import EVENT_TYPES, AnyEvent, WordMask
from registry.ledger.keccak import keccak

_MASKS = "(uint64,uint256)[]"


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block: number, hash (32 bytes), time in seconds since 1970."""

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as the node gave it: topics of 32 bytes, data, and where it stands in the chain."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """A decoded event with its payload hash (32 bytes, SPEC.md 5.2), its block and its place in the block."""

    event: AnyEvent
    payload: bytes
    block: BlockRef
    log_index: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class _Layout:
    kind: type[AnyEvent]
    types: tuple[str, ...]
    indexed: int


def _layout(kind: type[AnyEvent]) -> tuple[bytes, _Layout]:
    parameters = [part.split() for part in kind.ABI.replace("(uint64,uint256)", "(uint64;uint256)").split(",")]
    types = tuple(parameter[0].replace(";", ",") for parameter in parameters)
    indexed = sum("indexed" in parameter for parameter in parameters)
    return keccak(f"{kind.__name__}({','.join(types)})".encode()), _Layout(kind, types, indexed)


_LAYOUTS = dict(_layout(kind) for kind in EVENT_TYPES)
TOPICS = {layout.kind: topic for topic, layout in _LAYOUTS.items()}


def decode(log: RawLog, block: BlockRef) -> LedgerEvent:
    """The event that a log of the contract holds.

    Raises:
        LedgerError: A topic that the contract does not emit, or bytes that it cannot have emitted.
    """
    layout = _LAYOUTS.get(log.topics[0] if log.topics else b"")
    if layout is None or [len(topic) for topic in log.topics] != [32] * (layout.indexed + 1) or len(log.data) % 32:
        raise _forged(log, "it is no event of this contract")
    words = [*log.topics[1:], *(log.data[i : i + 32] for i in range(0, len(log.data), 32))]
    if _MASKS in layout.types:
        values, hashed = _with_masks(log, layout, words)
    else:
        if len(words) != len(layout.types):
            raise _forged(log, "it has another number of fields")
        values = [_value(log, kind, word) for kind, word in zip(layout.types, words, strict=True)]
        hashed = words[:-1]
    payload = keccak(log.topics[0] + b"".join(hashed))
    names = [field.name for field in fields(layout.kind)]
    event = layout.kind(**dict(zip(names, values, strict=True)))  # type: ignore[arg-type]
    return LedgerEvent(event, payload, block, log.log_index, log.tx_hash)


def _with_masks(log: RawLog, layout: _Layout, words: Sequence[bytes]) -> tuple[list[object], list[bytes]]:
    """The one event with an array: its elements stand behind the fixed words, its hash stands in the payload."""
    fixed, place = len(layout.types), layout.types.index(_MASKS)
    if len(words) <= fixed:
        raise _forged(log, "it has another number of fields")
    elements = words[fixed + 1 :]
    offset, count = int.from_bytes(words[place], "big"), int.from_bytes(words[fixed], "big")
    if offset != 32 * (fixed - layout.indexed) or len(elements) != 2 * count:
        raise _forged(log, "its array has another length")
    values = [_value(log, kind, word) for kind, word in zip(layout.types, words, strict=False) if kind != _MASKS]
    numbers = [_value(log, kind, word) for kind, word in zip(("uint64", "uint256") * count, elements, strict=True)]
    masks = tuple(WordMask(int(w), int(m)) for w, m in zip(numbers[::2], numbers[1::2], strict=True))  # type: ignore[call-overload]
    hashed = [*words[: fixed - 1]]
    hashed[place] = keccak(b"".join(elements))
    return [*values[:place], masks, *values[place:]], hashed


def _value(log: RawLog, kind: str, word: bytes) -> object:
    if kind == "bytes32":
        return word
    if kind == "address":
        head, value = word[:12], word[12:]
    elif kind == "bytes16":
        head, value = word[16:], word[:16]
    else:
        size = int(kind.removeprefix("uint")) // 8
        head, value = word[: 32 - size], word[32 - size :]
    if any(head):
        raise _forged(log, f"a {kind} has bits that do not belong to it")
    return value if kind in ("address", "bytes16") else int.from_bytes(value, "big")


def _forged(log: RawLog, why: str) -> LedgerError:
    return LedgerError(
        f"Log {log.log_index} of block {log.block_number} cannot come from the contract: {why}.",
        todo="ask another endpoint; check the contract's address",
    )
