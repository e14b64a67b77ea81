"""Where an event's fields stand in its topics and data, so that a database can cut them out by itself.

From the same declarations (events.ABI) that `decode` is made from, by the Solidity ABI's rule for events: indexed
parameters are topics, the others words of 32 bytes in the data; numbers and addresses at a word's end, bytesN at its
start. No padding is checked here: that is `decode`'s, which saw every event before it was stored.
"""

from typing import NamedTuple

from registry.ledger.events import ABI, AnyEvent

_WORD = 32


class FieldPlace(NamedTuple):
    """Bytes `start` … `start + size` of an event's data, or of its topics one behind the other, the first included.

    `number` tells a big-endian unsigned number from bytes.
    """

    indexed: bool
    start: int
    size: int
    number: bool

    def cut(self, topics: bytes, data: bytes) -> bytes:
        """The field's bytes."""
        return (topics if self.indexed else data)[self.start : self.start + self.size]


def places_of(kind: type[AnyEvent]) -> dict[str, FieldPlace]:
    """Field → place, for all fixed fields; an array's elements have no fixed place and are left out."""
    parameters = ABI[kind].replace("(uint64,uint256)[]", "array").split(",")
    places, topics, data = {}, _WORD, 0  # the first topic names the event
    for name, parameter in zip(kind.__struct_fields__, parameters, strict=True):
        type_, *rest = parameter.split()
        indexed = "indexed" in rest
        if type_ != "array":
            places[name] = _place(type_, topics if indexed else data, indexed=indexed)
        topics, data = topics + _WORD * indexed, data + _WORD * (not indexed)
    return places


def _place(type_: str, word: int, *, indexed: bool) -> FieldPlace:
    if type_.startswith("bytes"):
        return FieldPlace(indexed, word, int(type_.removeprefix("bytes")), number=False)
    number = type_.startswith("uint")
    size = int(type_.removeprefix("uint")) // 8 if number else 20
    return FieldPlace(indexed, word + _WORD - size, size, number)
