"""The mirror's writer: rows, raw events, blocks and checkpoint in one transaction (the port Mirror)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select, update

from registry.credential.place import ContractId
from registry.errors import ConfigError
from registry.ledger.header import Header
from registry.ledger.history import history_rows
from registry.ledger.state import RowKey, State
from registry.ports.store import Checkpoint, Step
from registry.store import bulk
from registry.store import tables as t
from registry.store.engine import announce_writing, migrate, reading, transaction
from registry.store.looking import SqlLook
from registry.store.reached import block_of, reached
from registry.store.rows import COLUMNS, block_rows, event_rows
from registry.store.writing.lease import Lease
from registry.store.writing.rewind import rewind
from registry.store.writing.writer import load_state, write_history, write_state


class SqlMirror:
    """One contract's mirror in one database.

    Args:
        engine: Where it lives.
        contract: Which contract it mirrors.
        lease: The writer's lease: whatever is written fails once another writer has taken it.
        accreditation: The accreditation contract beside it (20 bytes), where there is one.
    """

    def __init__(
        self, engine: Engine, contract: ContractId, lease: Lease | None = None, accreditation: bytes | None = None
    ) -> None:
        self.engine = engine
        self.contract = contract
        self.accreditation = accreditation
        self.lease = lease
        self._chain = contract.chain_id

    def prepare(self) -> None:
        """Make or migrate the tables; ConfigError when they mirror other contracts of this chain."""
        migrate(self.engine)
        with reading(self.engine) as connection:
            row = reached(connection, self._chain)
        if row is not None and row.contract != self.contract.address:
            raise ConfigError(
                f"The database mirrors the contract 0x{row.contract.hex()}, not {self.contract}.",
                todo="name another database with --database",
            )
        if row is not None and row.accreditation != (self.accreditation or b""):
            theirs, ours = (f"0x{a.hex()}" if a else "none" for a in (row.accreditation, self.accreditation))
            raise ConfigError(
                f"The database mirrors another accreditation contract ({theirs}) than the deployment names ({ours}).",
                todo="index into another database, named with --database",
            )

    def checkpoint(self) -> Checkpoint | None:
        """The newest indexed block; None before the first."""
        with reading(self.engine) as connection:
            row = reached(connection, self._chain)
        if row is None:
            return None
        block = block_of(row)
        completeness = (row.proven, row.evidence, row.storage_root, row.halted)
        return Checkpoint(block, row.safe, row.final, *completeness)

    def known_hashes(self, above: int) -> dict[int, bytes]:
        """Number → hash of canonical blocks from the newest known one at or below `above` on."""
        ours = and_(t.block.c.chain_id == self._chain, t.block.c.canonical)
        floor = select(func.max(t.block.c.block_number)).where(ours, t.block.c.block_number <= above)
        query = select(t.block.c.block_number, t.block.c.block_hash).where(
            ours, t.block.c.block_number >= func.coalesce(floor.scalar_subquery(), 0)
        )
        with reading(self.engine) as connection:
            return {row.block_number: row.block_hash for row in connection.execute(query)}

    def load(self, keys: Iterable[RowKey]) -> State:
        """A state that holds these rows, where they exist: one query a table."""
        with reading(self.engine) as connection:
            return load_state(connection, self._chain, keys)

    def commit(self, step: Step) -> None:
        """Write rows, raw events, blocks and checkpoint in one transaction; the same step twice changes nothing.

        The step's raw events take the place of all that was stored about its blocks before.

        Raises:
            StoreError: The database refuses, or the lease is another writer's; the former checkpoint holds.
        """
        rows = history_rows([item for _, item in step.events])
        with transaction(self.engine) as connection:
            self._fence(connection)
            fresh = self._write_raw(connection, step)
            write_state(connection, self._chain, step.state)
            write_history(connection, self._chain, rows, fresh=fresh)
            self._write_checkpoint(connection, step.checkpoint)

    def _fence(self, connection: Connection) -> None:
        announce_writing(connection)
        if self.lease is not None:
            self.lease.fence(connection)

    def _write_raw(self, connection: Connection, step: Step) -> bool:
        """Blocks and raw events; whether none of these blocks was there before."""
        fresh = not self._knows_blocks(connection, [header.block.number for header in step.headers])
        blocks, events = block_rows(self._chain, step.headers), event_rows(self._chain, step.events)
        if fresh:
            bulk.append(connection, t.block, blocks)
        else:
            self._forget(connection, step.headers)
            bulk.upsert(connection, t.block, blocks)
        bulk.append(connection, t.event, events)
        return fresh

    def _forget(self, connection: Connection, headers: Sequence[Header]) -> None:
        """What was stored about these blocks before may be what a liar said of them: only what comes now counts.

        Known blocks between them that the step does not keep lose their place.
        """
        numbers, block = [header.block.number for header in headers], t.block.c
        if numbers:
            within = block.block_number.between(min(numbers), max(numbers))
            connection.execute(update(t.block).where(block.chain_id == self._chain, within).values(canonical=False))
        named = [(self._chain, header.block.number, header.block.hash) for header in headers]
        bulk.remove(connection, t.event, ("chain_id", "block_number", "block_hash"), named)

    def _knows_blocks(self, connection: Connection, numbers: Sequence[int]) -> bool:
        if not numbers:
            return True
        within = t.block.c.block_number.between(min(numbers), max(numbers))
        query = select(t.block.c.block_number).where(t.block.c.chain_id == self._chain, within).limit(1)
        return connection.execute(query).first() is not None

    def _write_checkpoint(self, connection: Connection, point: Checkpoint) -> None:
        block = (point.block.number, point.block.hash, point.block.time)
        completeness = (point.proven, point.evidence, point.storage_root, point.halted)
        row = (
            self._chain,
            self.contract.address,
            self.accreditation or b"",
            *block,
            point.safe,
            point.final,
            *completeness,
        )
        bulk.upsert(connection, t.checkpoint, [row])

    def rewind(self, ancestor: int) -> None:
        """Go back to block `ancestor` in one transaction: blocks above it lose their place, rows become what they were.

        What is read and written grows with the events that are undone, not with all that their issuers ever did.
        Raw events stay.
        """
        with transaction(self.engine) as connection:
            self._fence(connection)
            rewind(connection, self.contract, ancestor)

    def halt(self, reason: str) -> None:
        """Remember why nothing may be written any more; an empty reason clears it. StoreError without the lease."""
        with transaction(self.engine) as connection:
            self._fence(connection)
            where = t.checkpoint.c.chain_id == self._chain
            connection.execute(update(t.checkpoint).where(where).values(halted=reason[:400]))

    @contextmanager
    def look(self) -> Iterator[SqlLook]:
        """Everything in it as it is now, for an audit."""
        with reading(self.engine) as connection:
            yield SqlLook(connection, self._chain)

    def count(self, kind: type[Any]) -> int:
        """How many rows of a kind there are."""
        table = t.ENTITY_TABLES[kind]
        with reading(self.engine) as connection:
            query = select(func.count()).select_from(table).where(table.c.chain_id == self._chain)
            return int(connection.execute(query).scalar_one())

    def rows(self, kind: type[Any]) -> Iterator[Any]:
        """All rows of a kind, history kinds too, ordered by key."""
        table = t.ENTITY_TABLES[kind]
        query = select(*(table.c[name] for name in COLUMNS[kind])).where(table.c.chain_id == self._chain)
        with reading(self.engine) as connection:
            for row in connection.execute(query.order_by(*(table.c[name] for name in kind.KEY))):
                yield kind(*row)
