"""Runs one command and never lets it outlive the process that asked for it.

    python keeper.py COMMAND [ARGUMENT…]

The asking process holds the other end of our standard input. When that end closes, because `stop` closed
it or because the process died in any way, the command is asked to end (SIGTERM, so that anvil saves its
state) and is killed if it does not. Stopping and being orphaned are the same path. The byte "k" on our
standard input kills the command at once. Where the kernel can (Linux), the command also dies with us, so
that a killed keeper leaves nothing behind either. "{scratch}" in an argument becomes a folder that goes when the
command ends, however it ends: anvil keeps the states of old blocks there and would leave them when it is killed.

Only the standard library, and run as a file, so that it starts in about ten milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence

POLL_SECONDS = 0.1
GRACE_SECONDS = 30.0
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """In the child, before exec: ask Linux for SIGKILL when the keeper is gone (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def order(parent: int) -> str:
    """Wait a moment for an order: "kill", "end" (standard input closed, or our parent gone), or none."""
    readable, _, _ = select.select([0], [], [], POLL_SECONDS)
    if readable:
        return "kill" if os.read(0, 1) == b"k" else "end"
    return "end" if os.getppid() != parent else ""


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end, and kill it when it has not after GRACE_SECONDS."""
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main(command: Sequence[str]) -> int:
    """Keep COMMAND until it ends or its reason to run is gone; return its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    with tempfile.TemporaryDirectory(prefix="devchain-", ignore_cleanup_errors=True) as scratch:
        filled = [argument.replace("{scratch}", scratch) for argument in command]
        child = subprocess.Popen(filled, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        while child.poll() is None:
            match order(parent):
                case "end":
                    end(child)
                case "kill":
                    child.kill()
                    child.wait()
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
