"""Read a long catch-up in a process of its own, so that reading takes no time from folding and writing.

The process is forked before anything else has begun: it opens its own connections to the endpoints, asks for range
after range (`reading`), checks and decodes them, and hands them over through a pipe; while nobody takes them it goes on
reading until some megabytes wait. Last comes the proof that ends the catch-up. It never writes, so it may end at any
moment: whoever takes the ranges reads on by itself from the same block. It ends by itself when it has read everything,
and at the first fault or trouble with an endpoint: the same question is asked again by the process that deals with
faults, counts them and sets endpoints aside. When that process is gone, however it ended, the orders' pipe ends, and
with it the reading one.
"""

import ctypes
import fcntl
import os
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Queue
from typing import BinaryIO, NoReturn

from registry.errors import HallmarkError
from registry.indexer.fetch import Fetched
from registry.indexer.wire import Proof, unpack

Order = tuple[int, int | None]
"""First block to read, and last one; None: the newest."""

_ORDER = struct.Struct(">qq")
_SIZE = struct.Struct(">q")
_NEWEST = -1
_PIPE_BYTES = 1 << 20
_ARENA_MAX = -8  # mallopt(3)
_CHUNK_BYTES = 1 << 16
_CHUNKS = 64  # 4 MiB wait beside the pipe


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
        fetched = self._next()
        if fetched is not None and fetched.first == first and fetched.last <= target:
            return fetched
        self.end()
        return None

    def proof(self) -> Proof | None:
        """The storage after the last block that it read, once all ranges are taken; None where it has none."""
        if self._proof is None:
            self._next()
        self.end()
        return self._proof

    def _next(self) -> Fetched | None:
        """The next range; None where there is none, and then perhaps the proof has come."""
        if not self._begun:  # it would wait for an order for ever
            self.end()
        if not self.alive:
            return None
        try:
            (size,) = _SIZE.unpack(self._answers.read(_SIZE.size))
            answer = unpack(self._answers.read(size))
        except (OSError, ValueError, struct.error):
            return None  # it ended, perhaps within an answer
        if isinstance(answer, tuple):
            self._proof = answer
            return None
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


def fork_reader(answers: Callable[[Callable[[], Order]], Iterator[bytes]]) -> Reader | None:
    """Fork a process that reads; None where the system refuses, or where it is not safe: beside threads, off Linux.

    Args:
        answers: Called there with who waits for the order; gives ranges and the proof, packed (`wire`).
    """
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
        _live(told, write, answers)
    os.close(told)
    os.close(write)
    return Reader(pid, os.fdopen(tell, "wb"), os.fdopen(read, "rb"))


def _alone() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _live(told: int, write: int, answers: Callable[[Callable[[], Order]], Iterator[bytes]]) -> NoReturn:
    """The forked process's whole life; it leaves without running what its parent had in mind for its own end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's matter, whose end it sees
    _share_one_heap()
    try:
        with _Answers(write) as pipe:
            for data in answers(_Orders(told)):
                pipe.put(data)
    except (HallmarkError, OSError):
        pass  # the parent asks again, where faults are dealt with
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _share_one_heap() -> None:
    """One heap for all threads: each would keep what an endpoint's answer took, which the next one cannot use then."""
    with suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


class _Orders:
    """What the parent wants, read when it is needed; once it is known, the pipe's end is the parent's."""

    def __init__(self, told: int) -> None:
        self._told = told

    def __call__(self) -> Order:
        """Waits for it; OSError where the parent wants nothing any more."""
        data = os.read(self._told, _ORDER.size)
        if len(data) < _ORDER.size:
            raise BrokenPipeError
        threading.Thread(target=self._end_with_parent, daemon=True).start()
        first, until = _ORDER.unpack(data)
        return first, None if until == _NEWEST else until

    def _end_with_parent(self) -> None:
        os.read(self._told, 1)
        os._exit(0)


class _Answers:
    """What waits to be taken, written by a thread of its own, so that reading goes on meanwhile: up to some megabytes.

    Leaving the block of code waits until all is written.
    """

    def __init__(self, write: int) -> None:
        with suppress(OSError):  # a larger pipe is only quicker, and a limit may forbid it
            fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._chunks: Queue[bytes] = Queue(_CHUNKS)
        self._writer = threading.Thread(target=self._write, args=(os.fdopen(write, "wb"),), daemon=True)
        self._writer.start()

    def put(self, data: bytes) -> None:
        """Hand an answer over; waits while too much of others waits."""
        self._chunks.put(_SIZE.pack(len(data)))
        for start in range(0, len(data), _CHUNK_BYTES):
            self._chunks.put(data[start : start + _CHUNK_BYTES])

    def __enter__(self) -> "_Answers":
        return self

    def __exit__(self, *_: object) -> None:
        self._chunks.put(b"")
        self._writer.join()

    def _write(self, pipe: BinaryIO) -> None:
        try:
            while chunk := self._chunks.get():
                pipe.write(chunk)
                pipe.flush()
        except OSError:  # nobody will take the rest
            os._exit(0)
