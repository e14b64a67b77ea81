"""The issuing journal: what was about to be sent is on disk before it is sent (the port Journal).

A crash between two writes leaves the former state, from which the same command goes on.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, select
from sqlalchemy.dialects.sqlite import insert

from registry.errors import StoreError
from registry.ports import JournalEntry
from registry.store.engine import open_engine, transaction

_metadata = MetaData()
_batch = Table(
    "issuing",
    _metadata,
    Column("batch_id", LargeBinary, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("leaf_count", BigInteger, nullable=False),
    Column("created", String(32), nullable=False),
    Column("account", LargeBinary, nullable=False),
    Column("out", String(4096), nullable=False),
    Column("nonce", BigInteger),
    Column("raw", LargeBinary),
    Column("tx_hash", LargeBinary),
    Column("block_number", BigInteger),
    Column("gas_used", BigInteger),
    Column("gas_price", BigInteger),
)


class SqlJournal:
    """A journal in one SQLite file of the issuer, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        self._lock_path = path.with_suffix(".lock")
        self._engine = open_engine(f"sqlite:///{path}", durable=True)
        with transaction(self._engine) as connection:
            _metadata.create_all(connection)

    def get(self, batch_id: bytes) -> JournalEntry | None:
        """The entry of a batch."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(_batch).where(_batch.c.batch_id == batch_id)).first()
        return None if row is None else JournalEntry(**row._mapping)

    def put(self, entry: JournalEntry) -> None:
        """Insert or replace an entry; durable when this returns."""
        statement = insert(_batch).values(asdict(entry))
        values = {
            column.name: statement.excluded[column.name] for column in _batch.columns if column.name != "batch_id"
        }
        with transaction(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["batch_id"], set_=values))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the issuer's lock; StoreError at once when another run holds it. The system frees it at a crash."""
        with self._lock_path.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StoreError(
                    "Another issuing run of this issuer is at work.", todo="wait for it, then run the command again"
                ) from None
            yield
