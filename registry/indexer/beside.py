"""Read a long catch-up in a process of its own, so that reading takes no time from folding and writing.

The process is forked before anything else has begun: it opens its own connections to the endpoints, asks for range
after range, checks and decodes them, and hands them over through a pipe, which lets it be some ranges ahead; last comes
the proof that ends the catch-up. It never writes, so it may end at any moment: whoever takes the ranges reads on by
itself from the same block. It ends by itself when it has read everything, and at the first fault or trouble with an
endpoint: the same question is asked again by the process that deals with faults, counts them and sets endpoints aside.
When that process is gone, however it ended, the orders' pipe ends, and with it the reading one.
"""

import fcntl
import os
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from registry.errors import HallmarkError
from registry.indexer.fetch import Fetched
from registry.indexer.wire import Proof, pack, pack_proof, unpack
from registry.ports import ChainSource

_ORDER = struct.Struct(">qq")
_SIZE = struct.Struct(">q")
_NEWEST = -1
_PIPE_BYTES = 1 << 20


class Reader:
    """The forked process, seen from the one that takes its ranges."""

    def __init__(self, pid: int, orders: BinaryIO, answers: BinaryIO) -> None:
        self._pid = pid
        self._orders = orders
        self._answers = answers
        self._begun = False
        self._proof: Proof | None = None
        self.alive = True

    def begin(self, first: int, until: int | None = None) -> None:
        """Let it read from block `first` to `until`, or to the newest one."""
        self._begun = True
        with suppress(OSError):  # it is gone, as `take` will see
            self._orders.write(_ORDER.pack(first, _NEWEST if until is None else until))
            self._orders.flush()

    def take(self, first: int, target: int) -> Fetched | None:
        """Its next range, which starts at `first`, at most to `target`; None where it has none: it has ended then."""
        answer = self._next()
        if isinstance(answer, Fetched) and answer.first == first and answer.last <= target:
            return answer
        self.end()
        return None

    def proof(self) -> Proof | None:
        """The storage after the last block that it read, once all ranges are taken; None where it has none."""
        if self._proof is None:
            self._next()
        self.end()
        return self._proof

    def _next(self) -> Fetched | Proof | None:
        if not self._begun:  # it would wait for an order for ever
            self.end()
        if not self.alive:
            return None
        try:
            (size,) = _SIZE.unpack(self._answers.read(_SIZE.size))
            answer = unpack(self._answers.read(size))
        except (OSError, ValueError, struct.error):
            return None  # it ended, perhaps within an answer
        if not isinstance(answer, Fetched):
            self._proof = answer
        return answer

    def end(self) -> None:
        """End it now; what it has read is dropped."""
        if not self.alive:
            return
        self.alive = False
        with suppress(OSError):
            self._orders.close()
        self._answers.close()
        with suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


@dataclass(frozen=True)
class Reading:
    """What the process reads, and how.

    Attributes:
        chain: Where; nothing was asked of it yet, so that no connection is shared.
        ranges: Gives the range from a block on, at most to another.
        ask, answer: Ask for the proof of a block; and what came of it.
        troubled: Whether an endpoint was set aside.
        least: Fewer blocks than these it leaves to others.
    """

    chain: ChainSource
    ranges: Callable[[int, int], Fetched]
    ask: Callable[[int], None]
    answer: Callable[[], Proof | None]
    troubled: Callable[[], bool]
    least: int

    def answers(self, order: "_Order") -> Iterator[bytes]:
        """Identity and height while the parent still looks where it stands; then range after range, and the proof."""
        self.chain.check_identity()
        newest = self.chain.tiers().latest
        first, until = order()
        target = newest if until == _NEWEST else min(until, newest)
        if target - first < self.least:
            return
        self.ask(target)
        while first <= target:
            fetched = self.ranges(first, target)
            if self.troubled():
                return
            first = fetched.last + 1
            yield pack(fetched)
        proof = self.answer()
        if proof is not None and not self.troubled():
            yield pack_proof(proof)


def fork_reader(reading: Reading) -> Reader | None:
    """Fork a process that reads; None where the system refuses, or where it is not safe: beside threads, off Linux."""
    if not _alone():
        return None
    (told, tell), (read, write) = os.pipe(), os.pipe()
    try:
        pid = os.fork()
    except OSError:
        for end in (told, tell, read, write):
            os.close(end)
        return None
    if pid == 0:
        os.close(tell)
        os.close(read)
        _live(told, write, reading)
    os.close(told)
    os.close(write)
    return Reader(pid, os.fdopen(tell, "wb"), os.fdopen(read, "rb"))


def _alone() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _live(told: int, write: int, reading: Reading) -> NoReturn:
    """The forked process's whole life; it leaves without running what its parent had in mind for its own end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's matter, whose end it sees
    try:
        with suppress(OSError):  # a larger pipe is only quicker, and a limit may forbid it
            fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        answers = os.fdopen(write, "wb")
        for data in reading.answers(_Order(told)):
            answers.write(_SIZE.pack(len(data)))
            answers.write(data)
            answers.flush()
    except (HallmarkError, OSError):
        pass  # the parent asks again, where faults are dealt with
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


class _Order:
    """What the parent wants, read when it is needed; once it is known, the pipe's end is the parent's."""

    def __init__(self, told: int) -> None:
        self._told = told

    def __call__(self) -> tuple[int, int]:
        """First block, and last one or `_NEWEST`; OSError where the parent wants nothing any more."""
        data = os.read(self._told, _ORDER.size)
        if len(data) < _ORDER.size:
            raise BrokenPipeError
        threading.Thread(target=self._end_with_parent, daemon=True).start()
        first, until = _ORDER.unpack(data)
        return first, until

    def _end_with_parent(self) -> None:
        os.read(self._told, 1)
        os._exit(0)
