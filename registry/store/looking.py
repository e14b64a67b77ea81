"""One look at everything in a mirror, for an audit: rows are streamed, whatever their number."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from registry.ledger.decode import BlockRef
from registry.ports.store import Checkpoint
from registry.store import tables as t
from registry.store.bulk import Row
from registry.store.rows import COLUMNS

_AT_ONCE = 2_000
_b, _e, _l = t.block.c, t.event.c, t.leaf.c
_BLOCK = (_b.block_number, _b.block_hash, _b.parent_hash, _b.block_time, _b.canonical)
_EVENT = (_e.block_number, _e.log_index, _e.block_hash, _e.issuer_id, _e.tx_hash, _e.topics, _e.data)
_LEAF = (_l.leaf_hash, _l.issuer_id, _l.batch_id, _l.leaf_index)


class SqlLook:
    """What one snapshot of the database holds (the port `audit.look.Look`).

    Args:
        connection: In a transaction that shows one moment (`engine.reading`).
        chain_id: The mirror's chain.
    """

    def __init__(self, connection: Connection, chain_id: int) -> None:
        self.connection = connection
        self._chain = chain_id

    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint's row; None where there is none."""
        row = self.connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == self._chain)).first()
        if row is None:
            return None
        block = BlockRef(row.block_number, row.block_hash, row.block_time)
        return Checkpoint(block, row.safe, row.final, row.proven, row.evidence, row.storage_root, row.halted)

    def chains(self) -> set[int]:
        """Ids of all chains that the database mirrors."""
        return set(self.connection.execute(select(t.checkpoint.c.chain_id)).scalars())

    def newest_block(self, *, canonical: bool) -> Row | None:
        """Number, hash and time of the highest block, canonical or of any kind; None where there is none."""
        where = (_b.chain_id == self._chain, *([_b.canonical] if canonical else []))
        query = select(_b.block_number, _b.block_hash, _b.block_time).where(*where)
        row = self.connection.execute(query.order_by(_b.block_number.desc()).limit(1)).first()
        return None if row is None else tuple(row)

    def rows(self, kind: type[Any]) -> Iterator[Any]:
        """All projected rows of a kind, ordered by key."""
        c = t.ENTITY_TABLES[kind].c
        query = select(*(c[name] for name in COLUMNS[kind])).where(c.chain_id == self._chain)
        return (kind(*row) for row in self._stream(query.order_by(*(c[name] for name in kind.KEY))))

    def blocks(self, first: int, last: int) -> Iterator[Row]:
        """Known blocks, canonical or not, in order of their numbers."""
        return self._blocks(_b.block_number.between(first, last))

    def outside(self, first: int, last: int) -> Iterator[Row]:
        """Canonical blocks below `first` or above `last`."""
        return self._blocks(_b.canonical & ((_b.block_number < first) | (_b.block_number > last)))

    def _blocks(self, where: ColumnElement[bool]) -> Iterator[Row]:
        return self._stream(select(*_BLOCK).where(_b.chain_id == self._chain, where).order_by(_b.block_number))

    def events(self, first: int, last: int) -> Iterator[Row]:
        """Raw events of canonical blocks, in chain order."""
        same = and_(_b.chain_id == _e.chain_id, _b.block_number == _e.block_number, _b.block_hash == _e.block_hash)
        query = select(*_EVENT).select_from(t.event.join(t.block, same)).where(_e.chain_id == self._chain, _b.canonical)
        where = _e.block_number.between(first, last)
        return self._stream(query.where(where).order_by(_e.block_number, _e.log_index))

    def documents(self) -> Iterator[tuple[str, str]]:
        """Kind and id of every kept document, of every chain."""
        c = t.document.c
        return ((kind, name) for kind, name in self._stream(select(c.kind, c.id).order_by(c.kind, c.id)))

    def body(self, kind: str, name: str) -> bytes:
        """A kept document's bytes."""
        c = t.document.c
        return bytes(self.connection.execute(select(c.body).where(c.kind == kind, c.id == name)).scalar_one())

    def leaves(self) -> Iterator[Row]:
        """All rows of `leaf`: leaf hash, issuer id, batch id, index."""
        return self._stream(select(*_LEAF).where(_l.chain_id == self._chain))

    def leaves_of(self, issuer_id: int, batch_id: bytes) -> Iterator[Row]:
        """Those of one batch, found by reading all of them."""
        where = (_l.chain_id == self._chain, _l.issuer_id == issuer_id, _l.batch_id == batch_id)
        return self._stream(select(*_LEAF).where(*where))

    def leaf(self, leaf_hash: bytes) -> Row | None:
        """The row of one leaf."""
        query = select(*_LEAF).where(_l.chain_id == self._chain, _l.leaf_hash == leaf_hash)
        row = self.connection.execute(query).first()
        return None if row is None else tuple(row)

    def signed(self) -> Iterator[Row]:
        """Chain id, block, through and body of every signed checkpoint, of every chain, oldest first."""
        c = t.signed_checkpoint.c
        query = select(c.chain_id, c.block_number, c.through, c.body)
        return self._stream(query.order_by(c.chain_id, c.block_number, c.through))

    def _stream(self, query: Select[Any]) -> Iterator[Row]:
        """Rows as they come: a driver that is asked for all of them at once holds them all."""
        result = self.connection.execute(query, execution_options={"yield_per": _AT_ONCE})
        for part in result.partitions():
            yield from map(tuple, part)
