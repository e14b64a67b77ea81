"""Build all projections again from the raw events, beside the live tables, and swap them in without downtime.

Readers see the old tables or the new ones, whole, at every moment; the follower may go on meanwhile: what it commits is
folded on top before the swap. A crash leaves the live tables as they were, and tables beside them that the next
rebuild removes.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from registry.credential.place import ContractId
from registry.errors import StoreError
from registry.ledger.entities import Accreditor, Issuer
from registry.ledger.history import history_of
from registry.ledger.projection import fold, rows_needed
from registry.ledger.word import WordDomain
from registry.store import shadow
from registry.store import tables as t
from registry.store.engine import exclude_everybody, reading, transaction
from registry.store.lease import Lease
from registry.store.refold import refold_part
from registry.store.rewind import canonical_events
from registry.store.shadow import SHADOWS
from registry.store.writer import load_state, write_history, write_state

Speaker = type[Issuer] | type[Accreditor]
Witness = Callable[[Speaker, Sequence[int], int, bytes], Mapping[int, bytes]]
_REBUILDING = -1  # in the place of a chain id: one rebuild at a time
_TRIES = 3
_LOCK_SECONDS = 2.0
_LOCK_TRIES = 30
_WORTH_A_PROCESS = 50_000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: events folded, of them while the tables were locked, and for how many seconds they were."""

    events: int
    late_events: int
    locked_seconds: float


class _Moved(Exception):
    """The chain replaced blocks that were folded already."""


def rebuild(engine: Engine, contract: ContractId, *, witness: Witness | None = None, workers: int = 0) -> Rebuilt:
    """Rebuild the projections of one contract; those of other chains in the same database are copied.

    Args:
        engine: The mirror's database.
        contract: Whose events are folded.
        witness: The contracts' own words for ids of issuers or accreditors at a block (number, hash): decides where the
            rebuilt words are not the live ones. Without it such a rebuild is refused, because either may be wrong.
        workers: Processes that fold; 0: as many as there are processors, one for a short chain.

    Raises:
        StoreError: Nothing to rebuild, another rebuild is at work, or words that differ; the live tables stay.
        LedgerError: Raw events are missing or were changed; the live tables stay.
    """
    lease = Lease(engine, _REBUILDING)
    lease.acquire(wait=0)
    try:
        for _ in range(_TRIES):
            try:
                return _Rebuild(engine, contract, witness, lease).run(workers)
            except _Moved:
                continue
        raise StoreError("The chain was reorganised during each of three rebuilds.", todo="try again later")
    finally:
        with transaction(engine) as connection:
            shadow.drop(connection)
        lease.release()


class _Rebuild:
    def __init__(self, engine: Engine, contract: ContractId, witness: Witness | None, lease: Lease) -> None:
        self.engine = engine
        self.contract = contract
        self.witness = witness
        self.lease = lease
        self.chain = contract.chain_id
        self.domain = WordDomain(contract.chain_id, contract.address)
        self.reached = (0, b"")  # newest block that is folded into the shadows
        self.confirmed: dict[tuple[Speaker, int], bytes] = {}  # words that the contract itself gave

    def run(self, workers: int) -> Rebuilt:
        with transaction(self.engine) as connection:
            shadow.create(connection)
        with reading(self.engine) as connection:
            self.reached = self._checkpoint(connection)
            self.domain = self._domain(connection)
            expected = self._count(connection, self.reached[0])
        folded = self._refold(workers or _workers(expected), self.reached[0])
        if folded != expected:
            raise _Moved
        with transaction(self.engine) as connection:
            self._copy_other_chains(connection)
            shadow.finish(connection)
        self.lease.renew()
        with transaction(self.engine) as connection:
            folded += self._catch_up(connection)
            self._ask_witness(connection)
        late, seconds = self._swap()
        return Rebuilt(folded + late, late, seconds)

    def _refold(self, workers: int, until: int) -> int:
        url = self.engine.url.render_as_string(hide_password=False)
        fold_part = partial(refold_part, url, self.domain, until, parts=workers)
        if workers == 1:
            return fold_part(part=0)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            return sum(task.result() for task in [pool.submit(fold_part, part=part) for part in range(workers)])

    def _checkpoint(self, connection: Connection) -> tuple[int, bytes]:
        row = connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == self.chain)).first()
        if row is None:
            raise StoreError("There are no events to rebuild from.", todo="run `hallmark index`")
        return row.block_number, row.block_hash

    def _domain(self, connection: Connection) -> WordDomain:
        """The contracts that this database mirrors."""
        c = t.checkpoint.c
        address = connection.execute(select(c.accreditation).where(c.chain_id == self.chain)).scalar_one()
        return WordDomain(self.chain, self.contract.address, address or None)

    def _count(self, connection: Connection, until: int) -> int:
        e, b = t.event.c, t.block.c
        same = (b.chain_id == e.chain_id) & (b.block_number == e.block_number) & (b.block_hash == e.block_hash)
        joined = t.event.join(t.block, same)
        query = select(func.count()).select_from(joined)
        return int(
            connection.execute(query.where(e.chain_id == self.chain, b.canonical, e.block_number <= until)).scalar_one()
        )

    def _copy_other_chains(self, connection: Connection) -> None:
        for kind, table in SHADOWS.items():
            live = t.ENTITY_TABLES[kind]
            columns = [column.name for column in live.columns]
            others = select(live).where(live.c.chain_id != self.chain)
            connection.execute(table.insert().from_select(columns, others))

    def _catch_up(self, connection: Connection) -> int:
        """Fold what the follower committed since; how many events."""
        number, block_hash = self.reached
        b = t.block.c
        same = (b.chain_id == self.chain) & (b.block_number == number) & (b.block_hash == block_hash) & b.canonical
        if connection.execute(select(b.block_number).where(same)).first() is None:
            raise _Moved
        self.reached = self._checkpoint(connection)
        if self.reached[0] == number:
            return 0
        items = list(canonical_events(connection, self.contract, t.event.c.block_number > number))
        state = load_state(connection, self.chain, (key for item in items for key in rows_needed(item)), SHADOWS)
        fold(state, self.domain, items)
        write_state(connection, self.chain, state, SHADOWS)
        history = [row for item in items for row in history_of(item)]
        write_history(connection, self.chain, history, SHADOWS, fresh=True)
        return len(items)

    def _swap(self) -> tuple[int, float]:
        """The last events and the swap, in one transaction that waits its turn without holding others up for long."""
        for attempt in range(_LOCK_TRIES):
            reached = self.reached
            try:
                with transaction(self.engine) as connection:
                    exclude_everybody(connection, _LOCK_SECONDS)
                    started = time.monotonic()
                    self.lease.fence(connection)
                    late = self._catch_up(connection)
                    for speaker in (Issuer, Accreditor):
                        self._compare_words(connection, speaker)
                    shadow.swap(connection)
                return late, time.monotonic() - started
            except StoreError as error:
                if "lock timeout" not in str(error) or attempt == _LOCK_TRIES - 1:
                    raise
                self.reached = reached
                time.sleep(_LOCK_SECONDS)
        raise AssertionError

    def _ask_witness(self, connection: Connection) -> None:
        """Before anything is locked: where rebuilt words are not the live ones, which does the contract give?"""
        for speaker in (Issuer, Accreditor):
            differing = self._differing(connection, speaker)
            told = self.witness(speaker, sorted(differing), *self.reached) if differing and self.witness else {}
            self.confirmed |= {(speaker, i): word for i, word in differing.items() if told.get(i) == word}

    def _compare_words(self, connection: Connection, speaker: Speaker) -> None:
        """Refuse rebuilt words that are neither the live ones nor confirmed."""
        differing = self._differing(connection, speaker)
        wrong = [i for i, word in sorted(differing.items()) if self.confirmed.get((speaker, i)) != word]
        if any((speaker, i) in self.confirmed for i in wrong):
            raise _Moved  # it has spoken again since it was asked about
        if wrong:
            raise StoreError(
                f"The raw events lead {speaker.TABLE} {wrong[0]} to another word than the mirror holds "
                f"({len(wrong)} such); nothing was changed.",
                todo="run `hallmark audit`, which asks the contract; if events are missing, index into a new database",
            )

    def _differing(self, connection: Connection, speaker: Speaker) -> dict[int, bytes]:
        """Id → rebuilt word (zeros: none) where the live one is another."""
        live, rebuilt = t.ENTITY_TABLES[speaker], SHADOWS[speaker]
        ours, theirs = (_words(table, self.chain) for table in (rebuilt, live))
        rows = [*connection.execute(ours.except_(theirs)), *connection.execute(theirs.except_(ours))]
        ids = {row.issuer_id for row in rows}
        mine = connection.execute(ours.where(rebuilt.c.issuer_id.in_(ids))) if ids else ()
        return dict.fromkeys(ids, bytes(32)) | {row.issuer_id: row.word for row in mine}


def _words(table: Any, chain: int) -> Any:
    return select(table.c.issuer_id, table.c.word).where(table.c.chain_id == chain)


def _workers(events: int) -> int:
    return max(1, min(os.cpu_count() or 1, events // _WORTH_A_PROCESS))
