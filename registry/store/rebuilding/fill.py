"""Fill the tables beside the live ones with everything that the raw events up to the checkpoint lead to.

Either by counting: the database makes the records by itself while all other events are folded here, and both together
must be as many as the issuers' last words say. Or event by event, each hashed again, in several processes.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Thread

from registry.errors import StoreError
from registry.ledger.entities import Batch
from registry.ledger.word import WordDomain
from registry.store.plain import PostgresSession, Session, connect
from registry.store.rebuilding import shadow
from registry.store.rebuilding.records import build_records, canonical, glance, parts, records_by_issuer
from registry.store.rebuilding.refold import Refold, check_counts, refold_part
from registry.store.rebuilding.shadow import KINDS

Reached = tuple[int, bytes]
"""Number and hash of a block."""
Filled = tuple[Refold, int, dict[int, int]]
"""What was folded, from how many events, and issuer → how many records were made."""
_WORTH_A_PROCESS = 50_000
_SETTINGS = (
    "SET LOCAL lock_timeout = '60s'",  # two sessions wait for each other, which the server cannot see: not for ever
    "SET LOCAL jit = off",
    # Pages are read in their order, which the system reads ahead: to let another process of the server (18) fetch each
    # costs two switches, and took a tenth of the time.
    "SET LOCAL effective_io_concurrency = 0",
)
_OTHERS = tuple(kind for kind in KINDS if kind is not Batch)


class Moved(Exception):
    """The chain replaced blocks that were folded already."""


def checkpoint(session: Session, chain_id: int) -> Reached:
    """The newest indexed block of a chain; StoreError where there is none."""
    rows = session.rows("SELECT block_number, block_hash FROM checkpoint WHERE chain_id = ?", chain_id)
    if not rows:
        raise StoreError("There are no events to rebuild from.", todo="run `hallmark index`")
    return rows[0][0], rows[0][1]


class Filling:
    """One filling of the tables beside.

    Args:
        url: The database, for sessions beside `session`.
        session: Makes and fills the tables.
        domain: The contracts.
    """

    def __init__(self, url: str, session: Session, domain: WordDomain) -> None:
        self.url = url
        self.session = session
        self.domain = domain
        self.chain = domain.chain_id
        self.reached: Reached = (0, b"")  # newest block that is folded

    def by_counting(self) -> int:
        """Records by the database, the rest folded; how many events.

        Raises:
            LedgerError: Raw events are missing, doubled or out of order.
        """
        build = self._two_at_once if isinstance(self.session, PostgresSession) else self._one_by_one
        refold, count, records = build()
        check_counts(refold, records)
        return count + sum(records.values())

    def _two_at_once(self) -> Filled:
        """Two connections that see the same moment; what the follower does meanwhile comes afterwards."""
        session = self.session
        assert isinstance(session, PostgresSession)
        with session.transaction():
            glance(session)
            shadow.create(session, (Batch,))  # where both see it
        with ExitStack() as until_both_end:
            with session.transaction(snapshot=True):
                session.run(*_SETTINGS)
                self.reached = checkpoint(session, self.chain)
                same = session.rows("SELECT pg_export_snapshot()")[0][0]
                left = iter(parts(session, self.chain))
                with _Beside(lambda: self._build(session, left)):  # begun before the other one is connected
                    other = until_both_end.enter_context(session.beside())
                    refold, count = self._fold_beside(other, same, left)
            with _Beside(lambda: shadow.finish(session, (Batch,))), other.transaction():
                other.run("SET LOCAL max_parallel_workers_per_gather = 0")  # processors are there for the index
                records = records_by_issuer(other, self.chain)
                shadow.finish(other, _OTHERS)
        return refold, count, records

    def _fold_beside(self, other: Session, same: str, left: Iterator[str]) -> tuple[Refold, int]:
        """All but the records, then records of the parts that are left."""
        with other.transaction(snapshot=True):
            other.run(f"SET TRANSACTION SNAPSHOT '{same}'", *_SETTINGS)
            shadow.create(other, _OTHERS)
            refold = Refold(other, other, self.domain, self.reached[0], records=False)
            count = refold.run()
            self._build(other, left)
        return refold, count

    def _build(self, session: Session, left: Iterator[str]) -> None:
        """Records of the parts that are left, one after the other; another session may take from them as well."""
        for part in left:
            build_records(session, self.chain, self.reached[0], part)

    def _one_by_one(self) -> Filled:
        """SQLite has one writer; the events that it read must still be all of them at the end."""
        with connect(self.url) as reader, reader.transaction(snapshot=True):
            self.reached = checkpoint(reader, self.chain)
            expected = self._count_events(reader)
            shadow.create(self.session, KINDS)
            refold = Refold(reader, self.session, self.domain, self.reached[0], records=False)
            count = refold.run()
        for part in parts(self.session, self.chain):
            with self.session.transaction():  # each by itself, so that the follower gets its turn
                build_records(self.session, self.chain, self.reached[0], part)
        records = records_by_issuer(self.session, self.chain)
        if count + sum(records.values()) != expected:
            raise Moved
        return refold, count, records

    def by_hashing(self, workers: int) -> int:
        """Every event hashed into its issuer's word again, by so many processes (0: as fits); how many events.

        Raises:
            LedgerError: Raw events do not follow from each other.
        """
        with self.session.transaction(snapshot=True):
            self.reached = checkpoint(self.session, self.chain)
            expected = self._count_events(self.session)
        shadow.create(self.session, KINDS)
        folded = self._refold(workers or _workers(expected), self.reached[0])
        if folded != expected:
            raise Moved
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

    def _count_events(self, session: Session) -> int:
        upto = canonical(session, self.chain, f"e.block_number <= {self.reached[0]}")
        return int(session.rows(f"SELECT count(*) {upto}")[0][0])


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
