"""SQLAlchemy tables. The projected ones are made from the ledger's entities: same names, same columns.

Every key starts with (chain_id, issuer_id) where an issuer is known, so that rows of one issuer stay together when
the tables are distributed. Hashes and accounts are bytes; times are block seconds; numbers are 64-bit.
"""

from dataclasses import fields
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, MetaData, String, Table

from registry.ledger.entities import ENTITY_TYPES

metadata = MetaData()


def _column(name: str, kind: Any, *, key: bool) -> Column[Any]:
    return Column(
        name, LargeBinary if kind is bytes else BigInteger, primary_key=key, nullable=False, autoincrement=False
    )


def _entity_table(kind: type[Any]) -> Table:
    columns = [_column(field.name, field.type, key=field.name in kind.KEY) for field in fields(kind)]
    return Table(kind.TABLE, metadata, _column("chain_id", int, key=True), *columns)


ENTITY_TABLES = {kind: _entity_table(kind) for kind in ENTITY_TYPES}

block = Table(
    "block",
    metadata,
    _column("chain_id", int, key=True),
    _column("block_hash", bytes, key=True),
    _column("block_number", int, key=False),
    _column("parent_hash", bytes, key=False),
    _column("block_time", int, key=False),
    Column("canonical", Boolean, nullable=False),
    Index("block_by_number", "chain_id", "block_number"),
)

event = Table(
    "event",
    metadata,
    _column("chain_id", int, key=True),
    _column("block_hash", bytes, key=True),
    _column("log_index", int, key=True),
    _column("block_number", int, key=False),
    _column("issuer_id", int, key=False),
    _column("tx_hash", bytes, key=False),
    _column("topics", bytes, key=False),
    _column("data", bytes, key=False),
    Index("event_by_place", "chain_id", "block_number", "log_index"),
    Index("event_by_issuer", "chain_id", "issuer_id", "block_number", "log_index"),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    _column("chain_id", int, key=True),
    _column("contract", bytes, key=False),
    _column("block_number", int, key=False),
    _column("block_hash", bytes, key=False),
    _column("block_time", int, key=False),
    _column("safe", int, key=False),
    _column("final", int, key=False),
)

document = Table(
    "document",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("id", String(160), primary_key=True),
    _column("body", bytes, key=False),
)

leaf = Table(
    "leaf",
    metadata,
    _column("leaf_hash", bytes, key=True),
    _column("chain_id", int, key=True),
    _column("issuer_id", int, key=False),
    _column("batch_id", bytes, key=False),
    _column("leaf_index", int, key=False),
)
