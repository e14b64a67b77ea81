"""Fold raw events issuer by issuer into tables beside the live ones; several processes share the issuers.

Memory is bounded by what one issuer has besides records and status changes: those are written as they come.
"""

import gc
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine

from registry.credential.place import ContractId
from registry.ledger.decode import BlockRef, LedgerEvent, decode
from registry.ledger.entities import ENTITY_TYPES, AnyEntity, Batch, StatusChange
from registry.ledger.history import history_of
from registry.ledger.projection import fold
from registry.ledger.state import State
from registry.ledger.word import WordDomain
from registry.store import bulk
from registry.store.engine import open_engine, reading, transaction
from registry.store.rows import entity_rows, raw_log
from registry.store.shadow import SHADOWS

_AT_ONCE = 10_000
_WRITTEN_ONCE: tuple[type[AnyEntity], ...] = (Batch, StatusChange)
_KEPT: tuple[type[AnyEntity], ...] = tuple(kind for kind in ENTITY_TYPES if kind not in _WRITTEN_ONCE)
_FLUSH_ROWS = 20_000


def refold_part(url: str, domain: WordDomain, until: int, part: int, parts: int) -> int:
    """Fold the issuers whose id leaves `part` when divided by `parts`, up to block `until`; how many events.

    Raises:
        LedgerError: The raw events do not chain: some are missing or were changed.
    """
    reader, writer = open_engine(url), open_engine(url)
    contract = ContractId(domain.chain_id, domain.contract)
    collecting = gc.isenabled()
    gc.disable()  # rows and events hold no cycles; looking for some again and again costs a tenth
    try:
        with reading(reader) as connection:
            return _Refold(writer, contract, domain).run(_raw(connection, contract, until, part, parts))
    finally:
        if collecting:
            gc.enable()
        reader.dispose()
        writer.dispose()


def _raw(connection: Connection, contract: ContractId, until: int, part: int, parts: int) -> Iterator[Any]:
    """Canonical event rows by issuer and place, streamed: the driver's own cursor, binary on PostgreSQL."""
    joined = "JOIN" if connection.dialect.name != "sqlite" else "CROSS JOIN"
    query = (
        "SELECT e.issuer_id, e.block_number, e.log_index, e.block_hash, e.tx_hash, e.topics, e.data, b.block_time "  # noqa: S608
        f"FROM event e {joined} block b ON b.chain_id = e.chain_id AND b.block_number = e.block_number "
        "AND b.block_hash = e.block_hash "
        f"WHERE e.chain_id = {int(contract.chain_id)} AND e.block_number <= {int(until)} AND b.canonical "
        f"AND e.issuer_id % {int(parts)} = {int(part)} ORDER BY e.issuer_id, e.block_number, e.log_index"
    )
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor() if connection.dialect.name == "sqlite" else driver.cursor("refold", binary=True)
    cursor.arraysize = 2_000
    cursor.execute(query)
    while rows := cursor.fetchmany(2_000):
        yield from rows
    cursor.close()


class _Refold:
    def __init__(self, engine: Engine, contract: ContractId, domain: WordDomain) -> None:
        self.engine = engine
        self.contract = contract
        self.domain = domain
        self.rows: dict[type[Any], list[bulk.Row]] = {kind: [] for kind in SHADOWS}
        self.buffered = 0

    def run(self, raw: Iterator[Any]) -> int:
        count = 0
        for _, group in groupby(raw, itemgetter(0)):
            count += self._issuer(group)
            if self.buffered >= _FLUSH_ROWS:
                self._flush()
        self._flush()
        return count

    def _issuer(self, group: Iterator[Any]) -> int:
        state, count = State(), 0
        while items := [self._decoded(row) for row in islice(group, _AT_ONCE)]:
            fold(state, self.domain, items)
            count += len(items)
            self._keep_history(items)
            for kind in _WRITTEN_ONCE:
                self._keep(kind, state.all(kind))
            if len(items) == _AT_ONCE:
                self._flush()
            state = State(entity for kind in _KEPT for entity in state.all(kind))
        for kind in _KEPT:
            self._keep(kind, state.all(kind))
        return count

    def _decoded(self, row: Any) -> LedgerEvent:
        return decode(raw_log(self.contract, row[1:7]), BlockRef(row[1], row[3], row[7]))

    def _keep_history(self, items: list[LedgerEvent]) -> None:
        for item in items:
            for row in history_of(item):
                self._keep(type(row), [row])

    def _keep(self, kind: type[Any], entities: list[Any]) -> None:
        self.rows[kind] += entity_rows(self.contract.chain_id, kind, entities)
        self.buffered += len(entities)

    def _flush(self) -> None:
        if not self.buffered:
            return
        with transaction(self.engine) as connection:
            for kind, rows in self.rows.items():
                bulk.append(connection, SHADOWS[kind], rows)
                rows.clear()
        self.buffered = 0
