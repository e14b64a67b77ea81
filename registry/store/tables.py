"""SQLAlchemy tables. The projected ones are made from the ledger's entities: same names, same columns.

Hashes and accounts are bytes; times are block seconds; numbers are 64-bit.

**How the tables spread over machines** (Citus; a test holds these rules). `DISTRIBUTION` names each table's
distribution column, which stands in its primary key; no table has another unique constraint or a foreign key.

- Everything that belongs to an issuer, raw events included, is distributed by `issuer_id` and so co-located: folding,
  rewinding and answering about one issuer touch one shard. An event's issuer follows from its bytes, so having it in
  the key makes no event unique that was not so before.
- `leaf` and `document` are distributed by their hash or name, which is all that a lookup knows.
- `block`, `checkpoint`, `signed_checkpoint` and `lease` are reference tables, a copy on every machine: every question
  about events joins `block` (is it canonical?), one row a block that has events; the others have few rows a chain.

Keys of blocks and events start with the place in the chain, so that rows are appended and read in chain order; the
block's hash in them lets the blocks of two branches stand side by side.
"""

from typing import Any

from msgspec.structs import fields
from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, MetaData, String, Table

from registry.ledger.entities import ENTITY_TYPES, Accreditation
from registry.ledger.history import HISTORY_TYPES

metadata = MetaData()


def _column(name: str, kind: Any, *, key: bool = False) -> Column[Any]:
    return Column(
        name, LargeBinary if kind is bytes else BigInteger, primary_key=key, nullable=False, autoincrement=False
    )


def _table(name: str, *parts: Any, by: str | None = "issuer_id", **options: Any) -> Table:
    return Table(name, metadata, *parts, info={"distribution": by}, **options)


def _entity_table(kind: type[Any]) -> Table:
    columns = [_column(field.name, field.type, key=field.name in kind.KEY) for field in fields(kind)]
    return _table(kind.TABLE, _column("chain_id", int, key=True), *columns, *_INDEXES.get(kind, ()))


# whom others accredited is asked by the subject
_INDEXES = {Accreditation: (Index("accreditation_by_subject", "chain_id", "subject"),)}
ENTITY_TABLES = {kind: _entity_table(kind) for kind in (*ENTITY_TYPES, *HISTORY_TYPES)}
"""The projections: everything that can be rebuilt from `event` and `block`."""

block = _table(
    "block",
    _column("chain_id", int, key=True),
    _column("block_number", int, key=True),
    _column("block_hash", bytes, key=True),
    _column("parent_hash", bytes),
    _column("block_time", int),
    Column("canonical", Boolean, nullable=False),
    Index("block_by_time", "chain_id", "block_time"),
    by=None,
)

event = _table(
    "event",
    _column("chain_id", int, key=True),
    _column("block_number", int, key=True),
    _column("log_index", int, key=True),
    _column("block_hash", bytes, key=True),
    _column("issuer_id", int, key=True),
    _column("tx_hash", bytes),
    _column("topics", bytes),
    _column("data", bytes),
    Index("event_by_issuer", "chain_id", "issuer_id", "block_number", "log_index"),
)

checkpoint = _table(
    "checkpoint",
    _column("chain_id", int, key=True),
    _column("contract", bytes),
    _column("accreditation", bytes),
    _column("block_number", int),
    _column("block_hash", bytes),
    _column("block_time", int),
    _column("safe", int),
    _column("final", int),
    _column("proven", int),
    Column("evidence", String(16), nullable=False),
    _column("storage_root", bytes),
    Column("halted", String(400), nullable=False),
    by=None,
)

signed_checkpoint = _table(
    "signed_checkpoint",
    _column("chain_id", int, key=True),
    _column("block_number", int, key=True),
    _column("through", int, key=True),
    _column("body", bytes),
    by=None,
)

lease = _table(
    "lease",
    _column("chain_id", int, key=True),
    _column("token", int),
    Column("holder", String(128), nullable=False),
    _column("expires_ms", int),
    by=None,
)

document = _table(
    "document",
    Column("kind", String(16), primary_key=True),
    Column("id", String(160), primary_key=True),
    _column("body", bytes),
    by="id",
)

leaf = _table(
    "leaf",
    _column("leaf_hash", bytes, key=True),
    _column("chain_id", int, key=True),
    _column("issuer_id", int),
    _column("batch_id", bytes),
    _column("leaf_index", int),
    by="leaf_hash",
    sqlite_with_rowid=False,
)

DISTRIBUTION: dict[str, str | None] = {name: table.info["distribution"] for name, table in metadata.tables.items()}
"""Table → distribution column; None: a reference table."""


def citus_statements() -> list[str]:
    """What an operator runs once, after the migrations and before the first row, where Citus is installed."""
    statements = []
    for name, column in sorted(DISTRIBUTION.items(), key=lambda pair: (pair[1] is not None, pair)):
        if column is None:
            statements.append(f"SELECT create_reference_table('{name}')")
        else:
            together = "issuer" if column == "issuer_id" and name != "issuer" else "none"
            statements.append(f"SELECT create_distributed_table('{name}', '{column}', colocate_with => '{together}')")
    # what is co-located with `issuer` comes after it
    return sorted(statements, key=lambda text: "colocate_with => 'issuer'" in text)
