"""The mirror's writer: rows, raw events, blocks and checkpoint in one transaction (the port Mirror)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from registry.credential.place import ContractId
from registry.errors import ConfigError
from registry.ledger.decode import BlockRef, LedgerEvent, RawLog, decode
from registry.ledger.entities import AnyEntity
from registry.ledger.projection import fold
from registry.ledger.state import COLUMNS, RowKey, State
from registry.ledger.word import WordDomain
from registry.ports import Checkpoint, Header, Step
from registry.store import tables as t
from registry.store.engine import migrate, transaction


class SqlMirror:
    """One contract's mirror in one database.

    Args:
        engine: Where it lives.
        contract: Which contract it mirrors.
    """

    def __init__(self, engine: Engine, contract: ContractId) -> None:
        self.engine = engine
        self.contract = contract
        self._chain = contract.chain_id

    def prepare(self) -> None:
        """Make or migrate the tables; ConfigError when they mirror another contract of this chain."""
        migrate(self.engine)
        with transaction(self.engine) as connection:
            row = connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == self._chain)).first()
        if row is not None and row.contract != self.contract.address:
            raise ConfigError(
                f"The database mirrors the contract 0x{row.contract.hex()}, not {self.contract}.",
                todo="name another database with --database",
            )

    def checkpoint(self) -> Checkpoint | None:
        """The newest indexed block; None before the first."""
        with transaction(self.engine) as connection:
            row = connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == self._chain)).first()
        if row is None:
            return None
        return Checkpoint(BlockRef(row.block_number, row.block_hash, row.block_time), row.safe, row.final)

    def known_hashes(self, above: int) -> dict[int, bytes]:
        """Number → hash of canonical blocks from the newest known one at or below `above` on."""
        ours = and_(t.block.c.chain_id == self._chain, t.block.c.canonical)
        floor = select(func.max(t.block.c.block_number)).where(ours, t.block.c.block_number <= above)
        query = select(t.block.c.block_number, t.block.c.block_hash).where(
            ours, t.block.c.block_number >= func.coalesce(floor.scalar_subquery(), 0)
        )
        with transaction(self.engine) as connection:
            return {row.block_number: row.block_hash for row in connection.execute(query)}

    def load(self, keys: Iterable[RowKey]) -> State:
        """A state that holds these rows, where they exist."""
        with transaction(self.engine) as connection:
            found = (self._row(connection, kind, key) for kind, key in set(keys))
            return State(entity for entity in found if entity is not None)

    def _row(self, connection: Connection, kind: type[Any], key: tuple[Any, ...]) -> AnyEntity | None:
        row = connection.execute(select(*_columns(kind)).where(self._named(kind, key))).first()
        return None if row is None else kind(*row)

    def _named(self, kind: type[Any], key: tuple[Any, ...]) -> Any:
        table = t.ENTITY_TABLES[kind]
        pairs = zip(("chain_id", *kind.KEY), (self._chain, *key), strict=True)
        return and_(*(table.c[name] == value for name, value in pairs))

    def commit(self, step: Step) -> None:
        """One transaction: a crash leaves the former checkpoint with the former rows."""
        with transaction(self.engine) as connection:
            self._write_blocks(connection, step.headers)
            self._write_events(connection, step.events)
            self._write_rows(connection, step.state)
            self._write_checkpoint(connection, step.checkpoint)

    def _write_blocks(self, connection: Connection, headers: Sequence[Header]) -> None:
        rows = [
            {
                "chain_id": self._chain,
                "block_hash": header.block.hash,
                "block_number": header.block.number,
                "parent_hash": header.parent_hash,
                "block_time": header.block.time,
                "canonical": True,
            }
            for header in headers
        ]
        _upsert(connection, t.block, rows)

    def _write_events(self, connection: Connection, events: Sequence[tuple[RawLog, LedgerEvent]]) -> None:
        rows = [
            {
                "chain_id": self._chain,
                "block_hash": log.block_hash,
                "log_index": log.log_index,
                "block_number": log.block_number,
                "issuer_id": item.event.issuer_id,
                "tx_hash": log.tx_hash,
                "topics": b"".join(log.topics),
                "data": log.data,
            }
            for log, item in events
        ]
        _upsert(connection, t.event, rows)

    def _write_rows(self, connection: Connection, state: State) -> None:
        puts: dict[type[Any], list[dict[str, Any]]] = {}
        for (kind, key), entity in state.changes():
            if entity is None:
                connection.execute(delete(t.ENTITY_TABLES[kind]).where(self._named(kind, key)))
            else:
                row = {name: getattr(entity, name) for name in COLUMNS[kind]}
                puts.setdefault(kind, []).append({"chain_id": self._chain, **row})
        for kind, rows in puts.items():
            _upsert(connection, t.ENTITY_TABLES[kind], rows)

    def _write_checkpoint(self, connection: Connection, point: Checkpoint) -> None:
        row = {
            "chain_id": self._chain,
            "contract": self.contract.address,
            "block_number": point.block.number,
            "block_hash": point.block.hash,
            "block_time": point.block.time,
            "safe": point.safe,
            "final": point.final,
        }
        _upsert(connection, t.checkpoint, [row])

    def rewind(self, ancestor: int) -> None:
        """Blocks above `ancestor` lose their place; their issuers' rows are folded again, in one transaction."""
        with transaction(self.engine) as connection:
            above = and_(t.block.c.chain_id == self._chain, t.block.c.block_number > ancestor)
            orphaned = select(t.event.c.issuer_id).where(
                t.event.c.chain_id == self._chain, t.event.c.block_number > ancestor
            )
            issuers = [row.issuer_id for row in connection.execute(orphaned.distinct())]
            connection.execute(update(t.block).where(above).values(canonical=False))
            self._fold_again(connection, issuers)
            self._move_checkpoint(connection, ancestor)

    def _fold_again(self, connection: Connection, issuers: Sequence[int]) -> None:
        for table in t.ENTITY_TABLES.values():
            connection.execute(delete(table).where(table.c.chain_id == self._chain, table.c.issuer_id.in_(issuers)))
        domain, state = WordDomain(self._chain, self.contract.address), State()
        for issuer_id in issuers:
            fold(state, domain, self._canonical_events(connection, issuer_id))
        self._write_rows(connection, state)

    def _canonical_events(self, connection: Connection, issuer_id: int) -> Iterator[LedgerEvent]:
        joined = t.event.join(
            t.block, and_(t.block.c.chain_id == t.event.c.chain_id, t.block.c.block_hash == t.event.c.block_hash)
        )
        query = (
            select(t.event, t.block.c.block_time)
            .select_from(joined)
            .where(t.event.c.chain_id == self._chain, t.event.c.issuer_id == issuer_id, t.block.c.canonical)
            .order_by(t.event.c.block_number, t.event.c.log_index)
        )
        for row in connection.execute(query):
            yield decode(_raw(self.contract, row), BlockRef(row.block_number, row.block_hash, row.block_time))

    def _move_checkpoint(self, connection: Connection, ancestor: int) -> None:
        """To the newest canonical block that is known at or below the ancestor; before the first one, away."""
        known = select(t.block).where(t.block.c.chain_id == self._chain, t.block.c.canonical)
        row = connection.execute(known.order_by(t.block.c.block_number.desc()).limit(1)).first()
        where = t.checkpoint.c.chain_id == self._chain
        if row is None:
            connection.execute(delete(t.checkpoint).where(where))
            return
        values = {"block_number": row.block_number, "block_hash": row.block_hash, "block_time": row.block_time}
        connection.execute(update(t.checkpoint).where(where).values(values))

    def rows(self, kind: type[Any]) -> Iterator[AnyEntity]:
        """All rows of a kind, ordered by key."""
        table = t.ENTITY_TABLES[kind]
        query = select(*_columns(kind)).where(table.c.chain_id == self._chain)
        with transaction(self.engine) as connection:
            for row in connection.execute(query.order_by(*(table.c[name] for name in kind.KEY))):
                yield kind(*row)


def _columns(kind: type[Any]) -> list[Any]:
    return [t.ENTITY_TABLES[kind].c[name] for name in COLUMNS[kind]]


def _raw(contract: ContractId, row: Any) -> RawLog:
    topics = tuple(row.topics[i : i + 32] for i in range(0, len(row.topics), 32))
    place = (row.block_number, row.block_hash, row.tx_hash, row.log_index)
    return RawLog(contract.address, topics, row.data, *place)


def _upsert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows; those whose key exists are replaced, so that writing a range twice changes nothing."""
    if not rows:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    values = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    statement = (
        insert.on_conflict_do_update(index_elements=keys, set_=values) if values else insert.on_conflict_do_nothing()
    )
    connection.execute(statement, rows)
