"""Fold raw events issuer by issuer into tables beside the live ones.

Either all events, each checked against its issuer's word and hashed as the contract does; or all but the anchors,
whose records the database makes by itself (records.py). Memory is bounded by what one issuer has besides records and
status changes, which are written as they come, and by some ten thousands of rows.
"""

import gc
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import islice
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from registry.errors import LedgerError
from registry.ledger.decode import BlockRef, LedgerEvent, RawLog, decode
from registry.ledger.entities import ENTITY_TYPES, AnyEntity, Batch, Issuer, StatusChange
from registry.ledger.events import ACCREDITATION_TYPES, Anchored
from registry.ledger.history import history_rows
from registry.ledger.projection import apply, effect, rows_needed
from registry.ledger.state import RowKey, State
from registry.ledger.word import IssuerWord, WordDomain, gap
from registry.store.plain import Row, Session, connect
from registry.store.rebuilding.records import canonical, is_kind, last_words
from registry.store.rebuilding.shadow import KINDS, columns_of, shadow_of, types_of

_AT_ONCE = 10_000
_WRITTEN_ONCE: tuple[type[AnyEntity], ...] = (Batch, StatusChange)
_KEPT: tuple[type[AnyEntity], ...] = tuple(kind for kind in ENTITY_TYPES if kind not in (*_WRITTEN_ONCE, Issuer))
_FLUSH_ROWS = 20_000
_COLUMNS = "e.block_number, e.log_index, e.block_hash, e.tx_hash, e.topics, e.data, b.block_time"
_GETTERS = {kind: attrgetter(*columns_of(kind)[1:]) for kind in KINDS}


class Refold:
    """One pass over the raw events up to a block.

    Args:
        reader: Within a transaction that is one look at the events.
        writer: Fills the tables; the same session, or on SQLite another one, whose transactions are short.
        domain: The contracts.
        until: The last block.
        records: Whether anchors are folded as well; otherwise the records are left out.
    """

    def __init__(self, reader: Session, writer: Session, domain: WordDomain, until: int, *, records: bool) -> None:
        self.reader = reader
        self.writer = writer
        self.domain = domain
        self.until = until
        self.records = records
        self.counts: dict[int, int] = {}  # issuer → events of the registry that were folded
        self.words: dict[int, bytes] = {}  # issuer → its word after the last event
        self._rows: dict[type[Any], list[Row]] = {kind: [] for kind in KINDS}
        self._issuers: list[Issuer] = []
        self._buffered = 0

    def run(self, part: int = 0, parts: int = 1) -> int:
        """Fold the issuers whose id leaves `part` when divided by `parts`; how many events.

        Raises:
            LedgerError: The raw events do not follow from each other: some are missing or were changed.
        """
        where = [f"e.issuer_id % {parts} = {part}", f"e.block_number <= {self.until}"]
        where += [] if self.records else [f"NOT {is_kind(self.reader, Anchored)}"]
        query = f"SELECT {_COLUMNS}, e.issuer_id {canonical(self.reader, self.domain.chain_id, *where)}"
        count, state = 0, State()
        collecting = gc.isenabled()
        gc.disable()  # rows and events hold no cycles; looking for some again and again costs a tenth
        try:
            with closing(self.reader.stream(f"{query} ORDER BY e.issuer_id, e.block_number, e.log_index")) as events:
                while items := [decoded(self.domain, row) for row in islice(events, _AT_ONCE)]:
                    state = self._fold(state, items)
                    count += len(items)
            self._keep_issuers(state, None)
            self._finish_issuers()
        finally:
            if collecting:
                gc.enable()
        return count

    def _fold(self, state: State, items: Sequence[LedgerEvent]) -> State:
        """The next events; what their last issuer, which may go on, has so far comes back."""
        for item in items:
            self._step(state, item)
        for row in history_rows(items):
            self._keep(type(row), [row])
        for kind in _WRITTEN_ONCE:
            self._keep(kind, state.all(kind))
        going_on = self._keep_issuers(state, items[-1].event.issuer_id)
        if len(self._issuers) >= _FLUSH_ROWS:
            self._finish_issuers()
        elif self._buffered >= _FLUSH_ROWS:
            self._flush()
        return going_on

    def _keep_issuers(self, state: State, last: int | None) -> State:
        """What all issuers have but the last, whose entities come back."""
        for kind in _KEPT:
            self._keep(kind, [entity for entity in state.all(kind) if entity.issuer_id != last])
        self._issuers += [issuer for issuer in state.all(Issuer) if issuer.issuer_id != last]
        kinds = (*_KEPT, Issuer)
        return State(entity for kind in kinds for entity in state.all(kind) if entity.issuer_id == last)

    def _step(self, state: State, item: LedgerEvent) -> None:
        event = item.event
        if isinstance(event, ACCREDITATION_TYPES):
            apply(state, self.domain, item)
            return
        self.counts[event.issuer_id] = self.counts.get(event.issuer_id, 0) + 1
        issuer = state.get(Issuer, event.issuer_id)
        before = IssuerWord.unpack(issuer.word).sequence if issuer else 0
        sequence = IssuerWord.unpack(event.word).sequence
        if self.records or issuer is None or sequence == before + 1:
            apply(state, self.domain, item)
        elif sequence > before:
            effect(state, item)  # anchors stand between, which are counted at the end
        else:
            raise gap(item, f"it is number {sequence} of its issuer, after number {before}")

    def _finish_issuers(self) -> None:
        """Issuers last: without the anchors, their words are the last events', whatever these are."""
        ids = [issuer.issuer_id for issuer in self._issuers]
        found = {} if self.records else last_words(self.reader, self.domain.chain_id, self.until, ids)
        self._issuers = [replace(issuer, word=found.get(issuer.issuer_id, issuer.word)) for issuer in self._issuers]
        self.words |= {issuer.issuer_id: issuer.word for issuer in self._issuers}
        self._keep(Issuer, self._issuers)
        self._issuers = []
        self._flush()

    def _keep(self, kind: type[Any], entities: Sequence[Any]) -> None:
        self._rows[kind] += rows_of(self.domain.chain_id, kind, entities)
        self._buffered += len(entities)

    def _flush(self) -> None:
        with self.writer.transaction():
            for kind, rows in self._rows.items():
                append(self.writer, kind, rows)
                rows.clear()
        self._buffered = 0


def check_counts(refold: Refold, records: dict[int, int]) -> None:
    """As many events as each issuer's word counts were folded or became records: none is missing, none twice.

    Raises:
        LedgerError: It is not so.
    """
    for issuer_id in refold.words.keys() | records.keys():
        found = refold.counts.get(issuer_id, 0) + records.get(issuer_id, 0)
        counted = IssuerWord.unpack(refold.words.get(issuer_id, bytes(32))).sequence
        if found != counted:
            raise LedgerError(
                f"Issuer {issuer_id} has {found} raw events, but its last one is number {counted}.",
                todo="raw events are missing or were added: index into a new database",
            )


def refold_part(url: str, domain: WordDomain, until: int, part: int, parts: int) -> int:
    """Fold every event of a part of the issuers, in a process of its own; how many."""
    with connect(url) as reader, connect(url) as writer, reader.transaction(snapshot=True):
        return Refold(reader, writer, domain, until, records=True).run(part, parts)


def catch_up(session: Session, domain: WordDomain, above: int) -> int:
    """Fold what was committed above a block into the tables beside, in the caller's transaction; how many events."""
    where = canonical(session, domain.chain_id, f"e.block_number > {int(above)}")
    query = f"SELECT {_COLUMNS} {where} ORDER BY e.block_number, e.log_index"
    items = [decoded(domain, row) for row in session.stream(query)]
    state = _load(session, domain.chain_id, rows_needed(items))
    for item in items:
        apply(state, domain, item)
    for kind, rows in state.changes():
        matching = " AND ".join(f'"{name}" = ?' for name in ("chain_id", *kind.KEY))
        for key in rows:
            session.change(f'DELETE FROM "{shadow_of(kind)}" WHERE {matching}', domain.chain_id, *key)  # noqa: S608
        append(session, kind, rows_of(domain.chain_id, kind, [row for row in rows.values() if row is not None]))
    for row in history_rows(items):
        append(session, type(row), rows_of(domain.chain_id, type(row), [row]))
    return len(items)


def _load(session: Session, chain_id: int, keys: Iterable[RowKey]) -> State:
    """A state of these rows, where they exist."""
    found = []
    for kind, key in dict.fromkeys(keys):
        names = ", ".join(f'"{name}"' for name in columns_of(kind)[1:])
        matching = " AND ".join(f'"{name}" = ?' for name in ("chain_id", *kind.KEY))
        query = f'SELECT {names} FROM "{shadow_of(kind)}" WHERE {matching}'  # noqa: S608
        found += [kind(*row) for row in session.rows(query, chain_id, *key)]
    return State(found)


def append(session: Session, kind: type[Any], rows: Sequence[Row]) -> None:
    """Rows of one kind into the table beside."""
    if rows:
        session.append(shadow_of(kind), columns_of(kind), types_of(kind), rows)


def rows_of(chain_id: int, kind: type[Any], entities: Iterable[Any]) -> list[Row]:
    """Entities or history rows as rows in the order of `columns_of`."""
    get, head = _GETTERS[kind], (chain_id,)
    return [head + get(entity) for entity in entities]


def decoded(domain: WordDomain, row: Row) -> LedgerEvent:
    """An event row (number, log index, block hash, tx hash, topics, data, block time)."""
    number, index, block_hash, tx_hash, topics, data, time, *_ = row
    parts = tuple(topics[i : i + 32] for i in range(0, len(topics), 32))
    log = RawLog(domain.contract, parts, data, number, block_hash, tx_hash, index)
    return decode(log, BlockRef(number, block_hash, time))
