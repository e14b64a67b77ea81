"""Undo the events above a block: their rows become what the rows below say they were, by one query a table.

Nothing is folded again. Each undone event names the rows that it touched; what they were stands in rows that were never
overwritten: status changes, the history rows (ledger/history.py) and the issuer's event before.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, case, delete, select, update

from registry.credential.place import ContractId
from registry.ledger import accreditation as acc
from registry.ledger import events as ev
from registry.ledger import history as hi
from registry.ledger.decode import BlockRef, LedgerEvent, decode
from registry.ledger.entities import (
    Accreditation,
    Accreditor,
    Batch,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.store import bulk
from registry.store import tables as t
from registry.store.raw_events import last_word
from registry.store.rows import COLUMNS, entity_rows, raw_log

Keys = dict[bulk.Row, None]
_SLOT = ("issuer_id", "batch_id", "epoch", "word_index")


def rewind(connection: Connection, contract: ContractId, ancestor: int) -> None:
    """Make `ancestor` the newest canonical block, in the caller's transaction."""
    chain = contract.chain_id
    undone = list(canonical_events(connection, contract, t.event.c.block_number > ancestor))
    above = and_(t.block.c.chain_id == chain, t.block.c.block_number > ancestor)
    connection.execute(update(t.block).where(above).values(canonical=False))
    _Undo(connection, contract, undone).run()
    _move_checkpoint(connection, chain)


def canonical_events(connection: Connection, contract: ContractId, where: Any) -> Iterable[LedgerEvent]:
    """Decoded events of canonical blocks, in chain order."""
    e, b = t.event.c, t.block.c
    same = and_(b.chain_id == e.chain_id, b.block_number == e.block_number, b.block_hash == e.block_hash)
    query = (
        select(e.block_number, e.log_index, e.block_hash, e.tx_hash, e.topics, e.data, b.block_time)
        .select_from(t.event.join(t.block, same))
        .where(e.chain_id == contract.chain_id, b.canonical, where)
        .order_by(e.block_number, e.log_index)
    )
    for *row, time in connection.execute(query):
        yield decode(raw_log(contract, row), BlockRef(row[0], row[2], time))


class _Undo:
    """One rewind: what the undone events touched, and what it is without them."""

    def __init__(self, connection: Connection, contract: ContractId, undone: Sequence[LedgerEvent]) -> None:
        self.connection = connection
        self.contract = contract
        self.chain = contract.chain_id
        self.undone = undone

    def run(self) -> None:
        """Remove what the events added, then restore what they changed."""
        self._remove_added()
        self._restore_words()
        self._restore(Key, hi.KeyChange, ("issuer_id", "account"), self._touched(hi.KeyChange), hi.key_of_changes)
        self._restore_requests()
        record = ("issuer_id", "batch_id")
        reaffirmed = self._touched(hi.RecordReaffirmed)
        self._restore(Reaffirmation, hi.RecordReaffirmed, record, reaffirmed, hi.reaffirmation_of_changes)
        said = self._touched(acc.AccreditationChange)
        statement, accreditors = ("issuer_id", "subject", "scope"), {key[:1]: None for key in said}
        self._restore(Accreditation, acc.AccreditationChange, statement, said, acc.accreditation_of_changes)
        self._restore(Accreditor, acc.AccreditationChange, ("issuer_id",), accreditors, acc.accreditor_of_changes)
        self._restore_issuers()

    def _touched(self, kind: type[Any]) -> Keys:
        """What the undone history rows of a kind are about: their keys without the place in the chain."""
        subject = kind.KEY[:-2]
        rows = (row for item in self.undone for row in hi.history_of(item) if type(row) is kind)
        return {tuple(getattr(row, name) for name in subject): None for row in rows}

    def _remove_added(self) -> None:
        added: dict[type[Any], Keys] = {}
        for item in self.undone:
            for kind, key in _added(item):
                added.setdefault(kind, {})[self.chain, *key] = None
        for kind, keys in added.items():
            bulk.remove(self.connection, t.ENTITY_TABLES[kind], ("chain_id", *kind.KEY), list(keys))

    def _restore(
        self, kind: type[Any], source: type[Any], key: Sequence[str], keys: Keys, make: Callable[[Any], Any]
    ) -> None:
        """Rows of `kind` with these keys become what the remaining `source` rows of the same key make of them."""
        named = [(self.chain, *each) for each in keys]
        bulk.remove(self.connection, t.ENTITY_TABLES[kind], ("chain_id", *key), named)
        groups = self._grouped(source, ("chain_id", *key), named)
        made = [entity for entity in map(make, groups) if entity is not None]
        bulk.append(self.connection, t.ENTITY_TABLES[kind], entity_rows(self.chain, kind, made))

    def _grouped(self, source: type[Any], key: Sequence[str], keys: Sequence[bulk.Row]) -> list[list[Any]]:
        """Remaining rows with these keys, one list a key, oldest first."""
        found = bulk.fetch(self.connection, t.ENTITY_TABLES[source], COLUMNS[source], key, keys)

        def subject(row: Any) -> tuple[Any, ...]:
            return tuple(getattr(row, name) for name in key[1:])

        rows = sorted((source(*row) for row in found), key=lambda row: (subject(row), hi.place_of(row)))
        return [list(group) for _, group in groupby(rows, subject)]

    def _restore_words(self) -> None:
        keys: Keys = {}
        for item in self.undone:
            if isinstance(item.event, ev.StatusChanged):
                slot = (item.event.issuer_id, item.event.batch_id, item.event.epoch)
                keys |= {(*slot, change.word_index): None for change in item.event.changes}
        self._restore(StatusWord, StatusChange, _SLOT, keys, hi.word_of_changes)

    def _restore_requests(self) -> None:
        touched = self._touched(hi.RequestChange)
        ids = [(self.chain, issuer_id) for issuer_id in sorted({key[0] for key in touched})]
        groups = self._grouped(hi.IssuerChange, ("chain_id", "issuer_id"), ids)
        changes = {group[0].issuer_id: group for group in groups}

        def make(group: list[hi.RequestChange]) -> PendingChange | None:
            return hi.pending_of_changes(group, changes[group[0].issuer_id])

        self._restore(PendingChange, hi.RequestChange, ("issuer_id", "requester", "account"), touched, make)

    def _restore_issuers(self) -> None:
        """Word, recovery and profiles; an issuer that is not registered any more has lost its row already."""
        ids = sorted(
            {item.event.issuer_id for item in self.undone if not isinstance(item.event, ev.ACCREDITATION_TYPES)}
        )
        profiles = {issuer_id for issuer_id, facet in self._touched(hi.IssuerChange) if facet == hi.Facet.PROFILE}
        bulk.remove(
            self.connection,
            t.ENTITY_TABLES[ProfilePeriod],
            ("chain_id", "issuer_id"),
            [(self.chain, i) for i in profiles],
        )
        changes = self._grouped(hi.IssuerChange, ("chain_id", "issuer_id"), [(self.chain, i) for i in ids])
        issuers, periods = [], []
        for group in changes:
            issuer_id = group[0].issuer_id
            slots = hi.profiles_of_changes(group)
            issuers.append(hi.issuer_of_changes(group, last_word(self.connection, self.contract, issuer_id)))
            periods += slots if issuer_id in profiles else []
        bulk.append(self.connection, t.ENTITY_TABLES[ProfilePeriod], entity_rows(self.chain, ProfilePeriod, periods))
        bulk.upsert(self.connection, t.ENTITY_TABLES[Issuer], entity_rows(self.chain, Issuer, issuers))


def _added(item: LedgerEvent) -> Iterable[tuple[type[Any], tuple[Any, ...]]]:
    """Rows that this event alone made: kind and key."""
    event = item.event
    if isinstance(event, ev.IssuerRegistered):
        yield Issuer, (event.issuer_id,)
    elif isinstance(event, ev.Anchored):
        yield Batch, (event.issuer_id, event.batch_id)
    elif isinstance(event, ev.StatusChanged):
        for position, change in enumerate(event.changes):
            slot = (event.issuer_id, event.batch_id, event.epoch, change.word_index)
            yield StatusChange, (*slot, item.block.number, item.log_index, position)
    for row in hi.history_of(item):
        yield type(row), tuple(getattr(row, name) for name in row.KEY)


def _move_checkpoint(connection: Connection, chain: int) -> None:
    """To the newest canonical block that is known; away where there is none."""
    known = select(t.block).where(t.block.c.chain_id == chain, t.block.c.canonical)
    row = connection.execute(known.order_by(t.block.c.block_number.desc()).limit(1)).first()
    c, where = t.checkpoint.c, t.checkpoint.c.chain_id == chain
    if row is None:
        connection.execute(delete(t.checkpoint).where(where))
        return
    lowered = {
        name: case((c[name] < row.block_number, c[name]), else_=row.block_number)
        for name in ("safe", "final", "proven")
    }
    values = {"block_number": row.block_number, "block_hash": row.block_hash, "block_time": row.block_time}
    connection.execute(update(t.checkpoint).where(where).values(values | lowered | {"storage_root": b""}))
