"""The issuing journal: what was about to be sent is on disk before it is sent (the port Journal).

A crash between two writes leaves the former state, from which the same command goes on.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    delete,
    inspect,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.schema import CreateColumn

from registry.errors import StoreError
from registry.ports.accounts import SignedTransaction
from registry.ports.store import JournalEntry
from registry.store.engine import open_engine, reading, transaction

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
    Column("request", LargeBinary),
)
_offer = Table(
    "issuing_offer",
    _metadata,
    Column("batch_id", LargeBinary, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("gas", BigInteger, nullable=False),
    # Wei as text: a price in wei need not fit into 64 bits.
    Column("max_fee", String(78), nullable=False),
    Column("tip", String(78), nullable=False),
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
            _add_columns(connection)

    def get(self, batch_id: bytes) -> JournalEntry | None:
        """The entry of a batch."""
        found = self._read(_batch.c.batch_id == batch_id)
        return found[0] if found else None

    def entries(self) -> list[JournalEntry]:
        """All entries, in the order in which they were staged."""
        return self._read(true())

    def put(self, entry: JournalEntry) -> None:
        """Insert or replace an entry with its offers; durable when this returns."""
        row = {column.name: getattr(entry, column.name) for column in _batch.columns}
        statement = insert(_batch).values(row)
        values = {name: statement.excluded[name] for name in row if name != "batch_id"}
        offers = [_row_of(entry.batch_id, *item) for item in enumerate(entry.offers)]
        with transaction(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["batch_id"], set_=values))
            # Whatever left may still be mined, so no offer is ever removed.
            if offers:
                connection.execute(insert(_offer).on_conflict_do_nothing(), offers)

    def drop(self, batch_id: bytes) -> None:
        """Forget a batch that was never signed, durably; StoreError where anything of it may leave."""
        never_signed = (_batch.c.state == "staged") & _batch.c.request.is_(None)
        offers = select(_offer.c.number).where(_offer.c.batch_id == batch_id).exists()
        with transaction(self._engine) as connection:
            statement = delete(_batch).where(_batch.c.batch_id == batch_id, never_signed, ~offers)
            if connection.execute(statement).rowcount != 1:
                raise StoreError(f"Batch {batch_id.hex()} is not there, or was signed.", todo="see `hallmark batches`")

    def _read(self, which: ColumnElement[bool]) -> list[JournalEntry]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(_batch).where(which).order_by(_batch.c.created, literal_column("rowid")))
            found = [dict(row._mapping) for row in rows]
            sent = [connection.execute(_offers_of(row["batch_id"])) for row in found]
            return [
                JournalEntry(**row, offers=tuple(_offer_of(offer) for offer in offers))
                for row, offers in zip(found, sent, strict=True)
            ]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the issuer's lock; StoreError at once when another run holds it. The system frees it at a crash."""
        self._lock_path.touch(mode=0o600)
        with self._lock_path.open("r+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(
                    f"Another issuing run of this issuer is at work ({handle.read().strip() or 'starting'}).",
                    todo="wait for it, then run the command again",
                ) from None
            # Only for people: what holds is the system's lock, which ends with its process.
            handle.write(f"process {os.getpid()}".ljust(24))
            handle.flush()
            yield


def _add_columns(connection: Connection) -> None:
    """Journals of earlier versions lack columns; all of them may be empty or have a default."""
    there = {column["name"] for column in inspect(connection).get_columns(_batch.name)}
    for column in _batch.columns:
        if column.name not in there:
            definition = CreateColumn(column).compile(connection)
            connection.exec_driver_sql(f"ALTER TABLE {_batch.name} ADD COLUMN {definition}")


def _offers_of(batch_id: bytes) -> Select[Any]:
    return select(_offer).where(_offer.c.batch_id == batch_id).order_by(_offer.c.number)


def _row_of(batch_id: bytes, number: int, offer: SignedTransaction) -> dict[str, Any]:
    prices = {"max_fee": str(offer.max_fee), "tip": str(offer.tip)}
    return {"batch_id": batch_id, "number": number, **asdict(offer), **prices}


def _offer_of(row: Row[Any]) -> SignedTransaction:
    return SignedTransaction(row.raw, row.hash, row.nonce, row.gas, int(row.max_fee), int(row.tip))
