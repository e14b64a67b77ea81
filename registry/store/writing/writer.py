"""Read and write projected rows by kind, in the live tables or in those that a rebuild fills."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table

from registry.ledger.entities import Batch, StatusChange
from registry.ledger.history import HistoryRow
from registry.ledger.state import RowKey, State
from registry.store import bulk
from registry.store import tables as t
from registry.store.rows import COLUMNS, by_kind, entity_rows

Tables = Mapping[type[Any], Table]
LIVE: Tables = t.ENTITY_TABLES
_WRITTEN_ONCE = (Batch, StatusChange)


def load_state(connection: Connection, chain_id: int, keys: Iterable[RowKey], tables: Tables = LIVE) -> State:
    """A state that holds these rows, where they exist: one query a table."""
    wanted: dict[type[Any], dict[bulk.Row, None]] = {}
    for kind, key in keys:
        wanted.setdefault(kind, {})[chain_id, *key] = None
    return State(
        kind(*row)
        for kind, found in wanted.items()
        for row in bulk.fetch(connection, tables[kind], COLUMNS[kind], ("chain_id", *kind.KEY), list(found))
    )


def write_state(connection: Connection, chain_id: int, state: State, tables: Tables = LIVE) -> None:
    """What changed in a state."""
    puts, drops = by_kind(state)
    for kind, keys in drops.items():
        bulk.remove(connection, tables[kind], ("chain_id", *kind.KEY), [(chain_id, *key) for key in keys])
    for kind, entities in puts.items():
        write = bulk.put_new if kind in _WRITTEN_ONCE else bulk.upsert
        write(connection, tables[kind], entity_rows(chain_id, kind, entities))


def write_history(
    connection: Connection, chain_id: int, history: Sequence[HistoryRow], tables: Tables = LIVE, *, fresh: bool
) -> None:
    """History rows; `fresh` where none of their blocks was seen before."""
    rows: dict[type[Any], list[HistoryRow]] = {}
    for row in history:
        rows.setdefault(type(row), []).append(row)
    for kind, of_kind in rows.items():
        write = bulk.append if fresh else bulk.upsert
        write(connection, tables[kind], entity_rows(chain_id, kind, of_kind))
