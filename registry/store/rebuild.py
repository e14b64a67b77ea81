"""Build all projections again from the raw events, beside the live tables, and swap them in without downtime.

Readers see the old tables or the new ones, whole, at every moment; the follower may go on meanwhile: what it commits is
folded on top before the swap. A crash leaves the live tables as they were, and tables beside them that the next
rebuild removes.

**What is checked.** The records are made by the database itself and everything else is folded here. Each event was
hashed into its issuer's word before it was stored; a rebuild does not hash it again where it follows a record. It
counts: every issuer's events are as many as its last word says, and the words that result are the live ones, or the
contract's. So a raw event that is missing, doubled or out of order is noticed; one whose bytes were edited in the
database only by a rebuild that hashes everything again (`rehash`), or by an audit.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from registry.credential.place import ContractId
from registry.errors import StoreError
from registry.ledger.entities import Accreditor, Batch, Issuer
from registry.ledger.word import WordDomain
from registry.store import shadow
from registry.store.plain import PostgresSession, Session, connect, newest_schema
from registry.store.records import build_records, canonical, records_by_issuer
from registry.store.refold import Refold, catch_up, check_counts, refold_part
from registry.store.shadow import KINDS, columns_of, shadow_of

Speaker = type[Issuer] | type[Accreditor]
Witness = Callable[[Speaker, Sequence[int], int, bytes], Mapping[int, bytes]]
REBUILDING = -1
"""In the place of a chain id: one rebuild at a time."""
_TRIES = 3
_LOCK_SECONDS = 2.0
_LOCK_TRIES = 30
_WORTH_A_PROCESS = 50_000
_OTHERS = tuple(kind for kind in KINDS if kind is not Batch)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: events folded, of them while the tables were locked, and for how many seconds they were."""

    events: int
    late_events: int
    locked_seconds: float


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The contracts whose events are in the database: the registry's, and the accreditation contract's address."""

    contract: ContractId
    accreditation: bytes | None = None


class _Moved(Exception):
    """The chain replaced blocks that were folded already."""


def rebuild(
    url: str,
    mirrored: Mirrored,
    *,
    witness: Witness | None = None,
    rehash: bool = False,
    workers: int = 0,
    prepare: Callable[[], object] | None = None,
) -> Rebuilt:
    """Rebuild the projections of one contract; those of other chains in the same database are copied.

    Args:
        url: SQLAlchemy URL of the mirror's database, whose tables exist.
        mirrored: Whose events are folded.
        witness: The contracts' own words for ids of issuers or accreditors at a block (number, hash): decides where the
            rebuilt words are not the live ones. Without it such a rebuild is refused, because either may be wrong.
        rehash: Hash every event into its issuer's word again: many times the work.
        workers: Processes that do so; 0: as many as there are processors, one for a short chain.
        prepare: Called where the database is not as this program makes it: makes it so, or says what is wrong.

    Raises:
        StoreError: Nothing to rebuild, another rebuild is at work, or words that differ; the live tables stay.
        LedgerError: Raw events are missing or were changed; the live tables stay.
    """
    with connect(url) as session, _only_one(session):
        if prepare is not None and not _is_current(session, mirrored):
            prepare()
        try:
            for _ in range(_TRIES):
                try:
                    return _Rebuild(url, session, mirrored, witness).run(workers if rehash else None)
                except _Moved:
                    continue
            raise StoreError("The chain was reorganised during each of three rebuilds.", todo="try again later")
        finally:
            shadow.drop(session)


def _is_current(session: Session, mirrored: Mirrored) -> bool:
    """Whether the tables are this version's, and the rows these contracts'."""
    chain, address = mirrored.contract.chain_id, mirrored.contract.address
    try:
        version = session.rows("SELECT version_num FROM alembic_version")
        mirrors = session.rows("SELECT contract, accreditation FROM checkpoint WHERE chain_id = ?", chain)
    except StoreError:
        return False
    return version == [(newest_schema(),)] and mirrors == [(address, mirrored.accreditation or b"")]


@contextmanager
def _only_one(session: Session) -> Iterator[None]:
    with session.alone(REBUILDING) as alone:
        if not alone:
            from registry.store.lease import LeaseHeld

            raise LeaseHeld("Another rebuild is at work in this database.", todo="wait for it, or stop it")
        yield


class _Rebuild:
    def __init__(self, url: str, session: Session, mirrored: Mirrored, witness: Witness | None) -> None:
        self.url = url
        self.session = session
        self.witness = witness
        self.chain = mirrored.contract.chain_id
        self.domain = WordDomain(self.chain, mirrored.contract.address, mirrored.accreditation)
        self.reached = (0, b"")  # newest block that is folded into the tables beside
        self.others: list[Any] = []  # checkpoints of other chains when their rows were copied
        self.confirmed: dict[tuple[Speaker, int], bytes] = {}  # words that the contract itself gave

    def run(self, workers: int | None) -> Rebuilt:
        """With `workers` every event is hashed again."""
        folded = self._build(workers)
        with self.session.transaction():
            self._copy_other_chains()
        with self.session.transaction():
            folded += self._catch_up()
            self._ask_witness()
        late, seconds = self._swap()
        shadow.look(self.session)
        return Rebuilt(folded + late, late, seconds)

    def _build(self, workers: int | None) -> int:
        """Fill the tables beside with all events up to the checkpoint; how many these are."""
        return self._count_by_count() if workers is None else self._event_by_event(workers)

    def _count_by_count(self) -> int:
        """The database makes the records, meanwhile the other events are folded; then both are counted."""
        build = self._two_at_once if isinstance(self.session, PostgresSession) else self._one_by_one
        refold, count = build()
        records = records_by_issuer(self.session, self.chain)
        check_counts(refold, records)
        return count + sum(records.values())

    def _two_at_once(self) -> tuple[Refold, int]:
        """Two connections that see the same moment; a reorganisation meanwhile is noticed by `_still_canonical`."""
        assert isinstance(self.session, PostgresSession)
        with self.session.beside() as other, other.transaction(snapshot=True):
            self.reached = self._checkpoint(other)
            same = other.rows("SELECT pg_export_snapshot()")[0][0]
            with self.session.transaction(snapshot=True):
                self.session.run(f"SET TRANSACTION SNAPSHOT '{same}'")
                with _Beside(self._build_records):
                    shadow.create(other, _OTHERS)
                    refold = Refold(other, other, self.domain, self.reached[0], records=False)
                    count = refold.run()
                    shadow.finish(other, _OTHERS)
        return refold, count

    def _build_records(self) -> None:
        build_records(self.session, self.chain, self.reached[0])
        shadow.finish(self.session, (Batch,))

    def _one_by_one(self) -> tuple[Refold, int]:
        """SQLite has one writer; the events that it read must still be all of them at the end."""
        with connect(self.url) as reader, reader.transaction(snapshot=True):
            self.reached = self._checkpoint(reader)
            expected = self._count_events(reader)
            shadow.create(self.session, KINDS)
            refold = Refold(reader, self.session, self.domain, self.reached[0], records=False)
            count = refold.run()
        build_records(self.session, self.chain, self.reached[0])
        if count + sum(records_by_issuer(self.session, self.chain).values()) != expected:
            raise _Moved
        return refold, count

    def _event_by_event(self, workers: int) -> int:
        with self.session.transaction(snapshot=True):
            self.reached = self._checkpoint(self.session)
            expected = self._count_events(self.session)
        shadow.create(self.session, KINDS)
        folded = self._refold(workers or _workers(expected), self.reached[0])
        if folded != expected:
            raise _Moved
        shadow.finish(self.session, KINDS)
        return folded

    def _refold(self, workers: int, until: int) -> int:
        if workers == 1:
            return refold_part(self.url, self.domain, until, 0, 1)
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            parts = [pool.submit(refold_part, self.url, self.domain, until, part, workers) for part in range(workers)]
            return sum(part.result() for part in parts)

    def _checkpoint(self, session: Session) -> tuple[int, bytes]:
        rows = session.rows("SELECT block_number, block_hash FROM checkpoint WHERE chain_id = ?", self.chain)
        if not rows:
            raise StoreError("There are no events to rebuild from.", todo="run `hallmark index`")
        return rows[0][0], rows[0][1]

    def _count_events(self, session: Session) -> int:
        upto = canonical(session, self.chain, f"e.block_number <= {self.reached[0]}")
        return int(session.rows(f"SELECT count(*) {upto}")[0][0])

    def _copy_other_chains(self) -> None:
        """Their rows as they are now; again within the swap, if they moved since."""
        self.others = self._other_checkpoints()
        # the chain's id is the key's first column: two ranges of it are found without reading ours
        others, statements = f"chain_id < {self.chain} OR chain_id > {self.chain}", []
        for kind in KINDS:
            names = ", ".join(f'"{name}"' for name in columns_of(kind))
            statements.append(f'DELETE FROM "{shadow_of(kind)}" WHERE {others}')  # noqa: S608
            statements.append(
                f'INSERT INTO "{shadow_of(kind)}" ({names}) SELECT {names} FROM "{kind.TABLE}" WHERE {others}'  # noqa: S608
            )
        self.session.run(*statements)

    def _other_checkpoints(self) -> list[Any]:
        return self.session.rows("SELECT * FROM checkpoint WHERE chain_id <> ? ORDER BY chain_id", self.chain)

    def _still_canonical(self) -> None:
        """_Moved unless the block up to which was folded still has its place."""
        query = "SELECT 1 FROM block WHERE chain_id = ? AND block_number = ? AND block_hash = ? AND canonical"
        if not self.session.rows(query, self.chain, *self.reached):
            raise _Moved

    def _catch_up(self) -> int:
        """Fold what the follower committed since; how many events."""
        self._still_canonical()
        number, _ = self.reached
        self.reached = self._checkpoint(self.session)
        return catch_up(self.session, self.domain, number) if self.reached[0] != number else 0

    def _swap(self) -> tuple[int, float]:
        """The last events and the swap, in one transaction that waits its turn without holding others up for long."""
        for attempt in range(_LOCK_TRIES):
            reached = self.reached
            try:
                with self.session.transaction():
                    self._exclude_everybody()
                    started = time.monotonic()
                    late = self._catch_up()
                    if self._other_checkpoints() != self.others:
                        self._copy_other_chains()
                    for speaker in (Issuer, Accreditor):
                        self._compare_words(speaker)
                    shadow.swap(self.session)
                return late, time.monotonic() - started
            except StoreError as error:
                if "lock timeout" not in str(error) or attempt == _LOCK_TRIES - 1:
                    raise
                self.reached = reached
                time.sleep(_LOCK_SECONDS)
        raise AssertionError

    def _exclude_everybody(self) -> None:
        """Wait until nobody reads or writes, and let nobody begin (as `engine.exclude_everybody`)."""
        if not self.session.sqlite:
            timeout = f"SET LOCAL lock_timeout = {int(_LOCK_SECONDS * 1000)}"
            self.session.run(timeout, "LOCK TABLE checkpoint IN ACCESS EXCLUSIVE MODE")

    def _ask_witness(self) -> None:
        """Before anything is locked: where rebuilt words are not the live ones, which does the contract give?"""
        for speaker in (Issuer, Accreditor):
            differing = self._differing(speaker)
            told = self.witness(speaker, sorted(differing), *self.reached) if differing and self.witness else {}
            self.confirmed |= {(speaker, i): word for i, word in differing.items() if told.get(i) == word}

    def _compare_words(self, speaker: Speaker) -> None:
        """Refuse rebuilt words that are neither the live ones nor confirmed."""
        differing = self._differing(speaker)
        wrong = [i for i, word in sorted(differing.items()) if self.confirmed.get((speaker, i)) != word]
        if any((speaker, i) in self.confirmed for i in wrong):
            raise _Moved  # it has spoken again since it was asked about
        if wrong:
            raise StoreError(
                f"The raw events lead {speaker.TABLE} {wrong[0]} to another word than the mirror holds "
                f"({len(wrong)} such); nothing was changed.",
                todo="run `hallmark audit`, which asks the contract; if events are missing, index into a new database",
            )

    def _differing(self, speaker: Speaker) -> dict[int, bytes]:
        """Id → rebuilt word (zeros: none) where the live one is another."""
        ours, theirs = (
            f'SELECT issuer_id, word FROM "{table}" WHERE chain_id = {self.chain}'  # noqa: S608
            for table in (shadow_of(speaker), speaker.TABLE)
        )
        rebuilt: dict[int, bytes] = dict(self.session.rows(f"{ours} EXCEPT {theirs}"))
        gone: dict[int, bytes] = dict(self.session.rows(f"{theirs} EXCEPT {ours}"))
        return dict.fromkeys(gone, bytes(32)) | rebuilt


class _Beside(Thread):
    """Work beside a block of code, which ends when both have; the work's own error comes out there."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True, name="records")
        self._work = work
        self._error: BaseException | None = None

    def run(self) -> None:
        """The work."""
        try:
            self._work()
        except BaseException as error:
            self._error = error

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.join()
        if self._error is not None:
            raise self._error


def _workers(events: int) -> int:
    return max(1, min(os.cpu_count() or 1, events // _WORTH_A_PROCESS))
