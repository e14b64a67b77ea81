"""The engine's process: started under a keeper, waited for, stopped or killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Final

from devchain.errors import StartFailedError

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 40.0
_KEEPER: Final = str(Path(__file__).with_name("keeper.py"))


class EngineProcess:
    """One running engine. It ends at the latest when this process does."""

    def __init__(self, command: Sequence[str]) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", _KEEPER, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,  # a terminal's Ctrl-C reaches us alone, and we stop it in order
        )

    @property
    def alive(self) -> bool:
        """True while the engine runs."""
        return self._keeper.poll() is None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Return once `ready` does.

        Raises:
            StartFailedError: the engine ended first, or was not ready in START_SECONDS.
        """
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if not self.alive:
                raise StartFailedError(f"the engine ended at once: {self.last_words()}")
            if time.monotonic() > deadline:
                self.kill()
                raise StartFailedError(f"no answer from the engine in {START_SECONDS:.0f} s: {self.last_words()}")
            time.sleep(0.01)

    def last_words(self) -> str:
        """The end of what the engine wrote to standard error."""
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace").strip() or "it said nothing"

    def stop(self) -> None:
        """End in order: a saved state is written. Does nothing if it has ended."""
        self._order(b"")

    def kill(self) -> None:
        """End at once, like a crash: nothing is saved. Does nothing if it has ended."""
        self._order(b"k")

    def _order(self, word: bytes) -> None:
        """Send the keeper a word, close its input, and wait for it to go."""
        if not self.alive:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._keeper.communicate(word, timeout=STOP_SECONDS)
        if self.alive:
            # Not reaped yet, so the process group is still ours to signal.
            os.killpg(self._keeper.pid, signal.SIGKILL)
            self._keeper.wait()


def free_port(host: str) -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def can_connect(host: str, port: int) -> bool:
    """True when something listens there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
        return True
    return False
