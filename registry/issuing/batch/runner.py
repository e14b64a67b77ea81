"""Who does the work of chunks: this process, or several on this machine; results come in the order of the jobs."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from registry.errors import InputError

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")

# So many jobs are on their way for each worker: enough to keep it busy, few enough to keep memory flat.
_AHEAD = 3


class Runner(Protocol):
    """Does jobs, wherever."""

    @property
    def shares_disk(self) -> bool:
        """Whether whoever does the jobs writes to this machine's disk."""

    def map(self, work: Callable[[JobT], ResultT], jobs: Iterable[JobT]) -> Iterator[ResultT]:
        """The results in the order of the jobs, which are taken only a little ahead of the results."""


def in_order(submit: Callable[[JobT], Any], jobs: Iterable[JobT], workers: int) -> Iterator[Any]:
    """The results in the order of the jobs, which are taken only a little ahead; those left at an end are cancelled.

    Args:
        submit: Sends a job away, and gives a future that knows `result` and `cancel`.
        jobs: The jobs.
        workers: How many there are.
    """
    waiting: deque[Any] = deque()
    try:
        for job in jobs:
            waiting.append(submit(job))
            if len(waiting) >= _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


class Here:
    """This process, one job at a time."""

    shares_disk = True

    def map(self, work: Callable[[JobT], ResultT], jobs: Iterable[JobT]) -> Iterator[ResultT]:
        """The results in the order of the jobs."""
        return map(work, jobs)


class Processes:
    """Processes on this machine, started when there is work for more than one.

    They are started from a server process that holds no threads and no keys of an account (`forkserver`): they get what
    they need through their pipes.

    Args:
        count: How many; 0: one for each core.
    """

    shares_disk = True

    def __init__(self, count: int = 0) -> None:
        self.count = count or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def map(self, work: Callable[[JobT], ResultT], jobs: Iterable[JobT]) -> Iterator[ResultT]:
        """The results in the order of the jobs.

        Raises:
            InputError: A worker ended before its time.
        """
        queue = iter(jobs)
        first = list(islice(queue, 2))
        if self.count == 1 or len(first) < 2:
            yield from map(work, chain(first, queue))
            return
        pool = self._started()
        try:
            yield from in_order(lambda job: pool.submit(work, job), chain(first, queue), self.count)
        except BrokenProcessPool:
            self._pool = None
            what = "A worker process ended before its time (out of memory, or it was killed)."
            raise InputError(what, todo="run the command again; --workers 1 needs least memory") from None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["registry.issuing.batch.stage", "registry.issuing.batch.finish"])
            self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_end_with_parent)
        return self._pool


def _end_with_parent() -> None:
    """A command that is killed takes its workers, and the key in their memory, with it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_await_end, args=(parent.sentinel,), daemon=True).start()


def _await_end(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
