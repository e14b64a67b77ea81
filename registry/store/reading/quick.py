"""The mirror's rows by plain SQLite, for the two requests that come most often; all others go through SQLAlchemy.

What was read is kept until the database changes, which SQLite tells in a microsecond (`PRAGMA data_version`). The
connection belongs to one thread, which blocks for as long as a lookup by primary key takes.
"""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table

from registry.ledger.entities import (
    Batch,
    Issuer,
    Key,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.store import tables as t
from registry.store.reading.present import ByKey
from registry.store.refusals import refused
from registry.store.rows import COLUMNS

_CACHE_KIB = 64 * 1024
_MAPPED_BYTES = 1 << 30


def quick_file(engine: Engine) -> str | None:
    """The file of an SQLite database; None for any other database, and for one in memory."""
    name = engine.url.database
    plain = engine.dialect.name == "sqlite" and name and name != ":memory:" and not name.startswith("file:")
    return str(Path(name).absolute()) if plain and name else None


class QuickRows(ByKey):
    """Projected rows of one chain as they stand (present.Rows), each by its whole key.

    Args:
        file: The database's file; opened at the first question, for reading only.
        chain_id: Which chain.
    """

    def __init__(self, file: str, chain_id: int) -> None:
        self._file, self._chain_id = file, chain_id
        self._opened: sqlite3.Connection | None = None
        self._queries = {kind: _by_key(t.ENTITY_TABLES[kind], kind) for kind in _KINDS}

    def version(self) -> int:
        """A number that changes when another connection has changed the database."""
        return int(self.ask("PRAGMA data_version")[0][0])

    def ask(self, query: str, *values: Any) -> list[Any]:
        """All rows of a query; StoreError where the database refuses."""
        try:
            return self._connection().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise refused(error) from None

    def begin(self) -> None:
        """Start a snapshot for several questions; `end` it soon."""
        self.ask("BEGIN")

    def end(self) -> None:
        """End the snapshot."""
        if self._opened is not None and self._opened.in_transaction:
            self._opened.execute("ROLLBACK")

    def status_changes(
        self, issuer_id: int, batch_id: bytes, epoch: int, word_index: int, most: int
    ) -> list[StatusChange]:
        """The newest changes of these bits, newest first, at most so many."""
        slot = ("chain_id", "issuer_id", "batch_id", "epoch", "word_index")
        where = " AND ".join(f'"{name}" = ?' for name in slot)
        query = (
            f"SELECT {_columns(StatusChange)} FROM status_change WHERE {where} "  # noqa: S608  names of our own
            "ORDER BY block_number DESC, log_index DESC, position DESC LIMIT ?"
        )
        rows = self.ask(query, self._chain_id, issuer_id, batch_id, epoch, word_index, most)
        return [StatusChange(*row) for row in rows]

    def profiles(self, issuer_id: int) -> list[ProfilePeriod]:
        """All profile slots."""
        query = f"SELECT {_columns(ProfilePeriod)} FROM profile WHERE chain_id = ? AND issuer_id = ?"  # noqa: S608
        return [ProfilePeriod(*row) for row in self.ask(query, self._chain_id, issuer_id)]

    def _one(self, kind: type[Any], *key: Any) -> Any:
        rows = self.ask(self._queries[kind], self._chain_id, *key)
        return kind(*rows[0]) if rows else None

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            opened = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, cached_statements=64)
            for pragma in (f"cache_size=-{_CACHE_KIB}", f"mmap_size={_MAPPED_BYTES}", "query_only=ON"):
                opened.execute(f"PRAGMA {pragma}")
            self._opened = opened
        return self._opened


_KINDS: tuple[type[Any], ...] = (Issuer, Batch, Key, Reaffirmation, StatusWord)


def _columns(kind: type[Any]) -> str:
    return ", ".join(f'"{name}"' for name in COLUMNS[kind])


def _by_key(table: Table, kind: type[Any]) -> str:
    where = " AND ".join(f'"{name}" = ?' for name in ("chain_id", *kind.KEY))
    return f'SELECT {_columns(kind)} FROM "{table.name}" WHERE {where}'  # noqa: S608  names of our own
