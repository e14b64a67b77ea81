"""Compare two sets of rows, column by column, and name each difference."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from registry.ledger.entities import AnyEntity
from registry.ledger.state import COLUMNS, key_of


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
        return f"{place}: the chain says {self.expected}, the registry has {self.found}"


def differences(
    kind: type[AnyEntity], expected: Iterable[AnyEntity], found: Iterable[AnyEntity]
) -> Iterator[Difference]:
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


def _cells(kind: type[AnyEntity], expected: AnyEntity, found: AnyEntity) -> Iterator[Difference]:
    for name in COLUMNS[kind]:
        ours, theirs = getattr(expected, name), getattr(found, name)
        if ours != theirs:
            yield Difference(kind.TABLE, _shown_key(expected), name, shown(ours), shown(theirs))


def _shown_key(entity: AnyEntity) -> str:
    return ", ".join(f"{name}={shown(getattr(entity, name))}" for name in entity.KEY)


def shown(value: Any) -> str:
    """Bytes as 0x hex, everything else as it prints."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
