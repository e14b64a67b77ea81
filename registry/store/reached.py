"""How far a chain is mirrored: the one row of `checkpoint` that everything else is read beside."""

from typing import Any

from sqlalchemy import Connection, Row, select

from registry.ledger.decode import BlockRef
from registry.store import tables as t


def reached(connection: Connection, chain_id: int) -> Row[Any] | None:
    """The checkpoint's row, with all columns of the table; None before the first block is mirrored.

    Whoever reads other rows beside it reads both within one snapshot (`engine.reading`).
    """
    return connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == chain_id)).first()


def block_of(row: Row[Any]) -> BlockRef:
    """The block that a checkpoint's row names."""
    return BlockRef(row.block_number, row.block_hash, row.block_time)
