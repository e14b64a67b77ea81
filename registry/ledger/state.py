"""A set of entities by kind and key, which remembers what changed since it was read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from registry.ledger.entities import ENTITY_TYPES, AnyEntity

E = TypeVar("E", bound=AnyEntity)
RowKey = tuple[type[AnyEntity], tuple[Any, ...]]


COLUMNS: dict[type[Any], tuple[str, ...]] = {kind: kind.__struct_fields__ for kind in ENTITY_TYPES}
"""All fields of each kind, in order."""


def _key_getter(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    if len(kind.KEY) > 1:
        return attrgetter(*kind.KEY)
    assert kind.KEY == ("issuer_id",)
    return lambda entity: (entity.issuer_id,)


_KEYS = {kind: _key_getter(kind) for kind in ENTITY_TYPES}


def key_of(entity: AnyEntity) -> tuple[Any, ...]:
    """The values that name this entity."""
    return _KEYS[type(entity)](entity)


class State:
    """Entities in memory: a whole mirror for a replay, or just the rows that a range of events touches."""

    def __init__(self, entities: Iterable[AnyEntity] = ()) -> None:
        self._read: dict[type[Any], dict[tuple[Any, ...], Any]] = {kind: {} for kind in ENTITY_TYPES}
        for entity in entities:
            self._read[type(entity)][key_of(entity)] = entity
        # what was put, or None where it was dropped: it hides what was read
        self._changed: dict[type[Any], dict[tuple[Any, ...], Any]] = {kind: {} for kind in ENTITY_TYPES}

    def get(self, kind: type[E], *key: Any) -> E | None:
        """The entity of this kind and key, or None."""
        changed = self._changed[kind]
        row: E | None = changed[key] if key in changed else self._read[kind].get(key)
        return row

    def put(self, entity: AnyEntity) -> None:
        """Insert or replace an entity."""
        kind = type(entity)
        self._changed[kind][_KEYS[kind](entity)] = entity

    def drop(self, kind: type[AnyEntity], *key: Any) -> None:
        """Remove an entity, if it is there."""
        self._changed[kind][key] = None

    def all(self, kind: type[E]) -> list[E]:
        """All entities of a kind, ordered by key."""
        rows = self._read[kind] | self._changed[kind]
        return [rows[key] for key in sorted(rows) if rows[key] is not None]

    def changes(self) -> Iterator[tuple[type[Any], Mapping[tuple[Any, ...], Any]]]:
        """Kind by kind, what was put (key → entity) or dropped (key → None) since the state was made."""
        return ((kind, rows) for kind, rows in self._changed.items() if rows)
