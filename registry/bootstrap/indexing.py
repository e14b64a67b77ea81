"""The indexer in the process that serves: a thread that begins anew after whatever ended it."""

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from registry.bootstrap.mirrors import follower, leading, waiting
from registry.config import Settings
from registry.errors import HallmarkError

if TYPE_CHECKING:
    from registry.indexer.follow import Follower

Say = Callable[[str], None]
_LONGEST_PAUSE = 60.0


class Indexing:
    """Keeps the mirror level with the chain beside the API. The thread ends with the process.

    Args:
        begin: Makes what follows, at each beginning; told whom to tell that another process leads, it gives the steps.
        say: Takes a line for the log.
        pause: Sleeps, seconds.
    """

    def __init__(
        self,
        begin: Callable[[], Callable[[Say], Iterator[object]]],
        say: Say,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._begin, self._say, self._pause = begin, say, pause
        self._trouble = ""

    def trouble(self) -> str:
        """Why nobody follows the chain here; empty while somebody does, here or in another process."""
        return self._trouble

    def start(self) -> None:
        """Begin in a thread of its own; what cannot even begin is the caller's to tell."""
        steps = self._begin()
        threading.Thread(target=self.run, args=(steps,), daemon=True, name="indexer").start()

    def run(self, steps: Callable[[Say], Iterator[object]]) -> None:
        """Follow without end. After a failure of any kind: log it, tell it, wait (1 s, then twice as long), go on."""
        failures = 0
        while True:
            try:
                for _ in steps(self._led_elsewhere):
                    self._trouble, failures = "", 0
                self._stopped("it ended by itself")
            except Exception as error:  # whoever serves must know that nobody follows, whatever the reason
                self._stopped(str(error) if isinstance(error, HallmarkError) else traceback.format_exc().rstrip())
            self._pause(min(2.0**failures, _LONGEST_PAUSE))
            failures += 1
            steps = self._again

    def _again(self, say: Say) -> Iterator[object]:
        return self._begin()(say)

    def _stopped(self, why: str) -> None:
        self._say(f"indexing stopped: {why}")
        self._trouble = f"Indexing stopped and begins anew in a moment: {why.rpartition(chr(10))[2]}"

    def _led_elsewhere(self, line: str) -> None:
        self._trouble = ""
        self._say(line)


def indexing(settings: Settings, say: Say) -> Indexing:
    """The indexer beside the API that these settings name."""

    def begin() -> Callable[[Say], Iterator[object]]:
        made = follower(settings)
        return lambda tell: _steps(settings, made, tell)

    return Indexing(begin, say)


def _steps(settings: Settings, made: "Follower", tell: Say) -> Iterator[object]:
    from registry.store.writing.mirror import SqlMirror

    try:
        with leading(made, None, tell), waiting(settings, tell) as idle:
            yield from made.run(forever=True, idle=idle)
    finally:
        if isinstance(made.mirror, SqlMirror):
            made.mirror.engine.dispose()
