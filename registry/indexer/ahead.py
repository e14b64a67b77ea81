"""Fetch the next ranges while the present one is folded and written."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from registry.errors import ChainUnavailable, HallmarkError, RangeTooLarge
from registry.indexer.beside import Reader
from registry.indexer.early import FAR_BLOCKS, EarlyProof
from registry.indexer.fetch import Fetched, fetch_range
from registry.indexer.places import Verify
from registry.indexer.plan import RangePlan
from registry.ports.chain import ChainSource

_RANGES = 2  # while one waits for the node, the other one is decoded


class Ahead:
    """Two ranges ahead, each in a thread; nothing of them is believed before its turn.

    Args:
        chain: Where to read.
        verify: How far ranges are checked before their turn.
        reader: A process that reads a long catch-up instead of the threads, as far as it comes.
    """

    def __init__(self, chain: ChainSource, *, verify: Verify = Verify.PLACES, reader: Reader | None = None) -> None:
        self._chain = chain
        self._reader = reader
        self._verify = verify
        self._plan = RangePlan()
        self._pool = ThreadPoolExecutor(_RANGES, thread_name_prefix="fetch")
        self._asked: deque[tuple[int, int, Future[Fetched | None]]] = deque()

    def begin(self, first: int, early: EarlyProof, until: int | None = None) -> None:
        """Ask for the first range of a long catch-up, and for its proof, before anybody is ready to take them.

        A short one is left alone, and whatever fails is asked for again in its turn, where faults are dealt with.

        Args:
            first: First block.
            early: Who asks for the proof.
            until: Last block; None: the newest.
        """
        if self._reader is not None:
            self._reader.begin(first, until)
            return
        last = first + self._plan.blocks - 1

        def ask() -> Fetched | None:
            try:
                self._chain.check_identity()
                latest = self._chain.tiers().latest
                target = latest if until is None else min(until, latest)
                if target - first < FAR_BLOCKS:
                    return None
                early.ask(target)
                return self._fetch(first, last)
            except HallmarkError:
                return None

        self._asked.append((first, last, self._pool.submit(ask)))

    def take(self, first: int, target: int) -> Fetched:
        """The range that starts at `first`, at most to `target`; those behind it are asked for at once.

        Raises:
            ChainUnavailable, LedgerError: As `fetch_range` does; a range that is too large is made smaller here.
        """
        fetched = self._reader.take(first, target) if self._reader else None
        fetched = fetched or self._waiting(first, target)
        while fetched is None:
            last = min(target, first + self._plan.blocks - 1)
            fetched = self._try(first, last, lambda last=last: self._fetch(first, last))  # type: ignore[misc]
        self._plan = self._plan.after(fetched.last - first + 1, len(fetched.events))
        if self._reader is None or not self._reader.alive:
            self._ask_ahead(fetched.last + 1, target)
        return fetched

    def forget(self) -> None:
        """Drop what was asked ahead: the chain, or the endpoint, is another one now."""
        self._asked.clear()
        if self._reader is not None:
            self._reader.end()

    def _fetch(self, first: int, last: int) -> Fetched:
        return fetch_range(self._chain, first, last, verify=self._verify)

    def _waiting(self, first: int, target: int) -> Fetched | None:
        if not self._asked:
            return None
        start, last, future = self._asked.popleft()
        fits = start == first and last <= target
        fetched = self._try(first, last, future.result) if fits else None
        if fetched is None:
            self.forget()  # those behind start at another place now
        return fetched

    def _ask_ahead(self, first: int, target: int) -> None:
        first = self._asked[-1][1] + 1 if self._asked else first
        while first <= target and len(self._asked) < _RANGES:
            last = min(target, first + self._plan.blocks - 1)
            self._asked.append((first, last, self._pool.submit(self._fetch, first, last)))
            first = last + 1

    def _try(self, first: int, last: int, get: Callable[[], Fetched | None]) -> Fetched | None:
        """The range, or None when it has to be asked for again, or to be smaller.

        A time-out counts as too large, but for a single block.
        """
        try:
            return get()
        except ChainUnavailable as error:
            if last == first or not (isinstance(error, RangeTooLarge) or "timed out" in error.what):
                raise
            self._plan = self._plan.refused(last - first + 1)
            return None
