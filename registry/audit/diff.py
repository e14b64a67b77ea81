"""Compare two sets of rows, column by column, and name each difference."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

_MOST_SHOWN = 200


class AnyRow(Protocol):
    """A frozen row with named columns: projected ones (ledger/entities.py, history.py), and those of audit/raw.py."""

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    __struct_fields__: ClassVar[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell, or a whole row (`column` empty), that differs: what it should be, and what it is."""

    table: str
    key: str
    column: str
    expected: str
    found: str

    def __str__(self) -> str:
        place = f"table {self.table}, row {self.key}" + (f", column {self.column}" if self.column else "")
        return f"{place}: the chain says {_short(self.expected)}, the registry has {_short(self.found)}"


def key_of(row: Any) -> tuple[Any, ...]:
    """The values that name this row."""
    return tuple(getattr(row, name) for name in row.KEY)


def differences(kind: type[AnyRow], expected: Iterable[Any], found: Iterable[Any]) -> Iterator[Difference]:
    """Every difference between the rows of one kind, in key order."""
    theirs = {key_of(entity): entity for entity in found}
    for entity in expected:
        row = theirs.pop(key_of(entity), None)
        if row is None:
            yield Difference(kind.TABLE, _shown_key(entity), "", "there is such a row", "none")
        elif row != entity:
            yield from _cells(kind, entity, row)
    for entity in theirs.values():
        yield Difference(kind.TABLE, _shown_key(entity), "", "there is no such row", "one")


def _cells(kind: type[AnyRow], expected: Any, found: Any) -> Iterator[Difference]:
    for name in kind.__struct_fields__:
        ours, theirs = getattr(expected, name), getattr(found, name)
        if ours != theirs:
            yield Difference(kind.TABLE, _shown_key(expected), name, shown(ours), shown(theirs))


def _shown_key(entity: Any) -> str:
    return ", ".join(f"{name}={shown(getattr(entity, name))}" for name in entity.KEY)


def shown(value: Any) -> str:
    """Bytes as 0x hex, everything else as it prints."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
