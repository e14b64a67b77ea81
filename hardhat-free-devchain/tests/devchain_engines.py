"""Which engines the tests run on, and what processes they leave behind."""

import contextlib
import socket
import time
from pathlib import Path

import pytest
from devchain import anvil
from devchain.errors import EngineMissingError


def anvil_missing():
    try:
        anvil.find()
    except EngineMissingError as error:
        return str(error)
    return ""


MISSING = anvil_missing()
needs_anvil = pytest.mark.skipif(bool(MISSING), reason=MISSING)
ENGINES = [pytest.param("anvil", marks=needs_anvil), "py-evm"]


def listening(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def until(condition, seconds=8.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def status(pid):
    """The state letter and the parent of a process, or two blanks once it is gone or a zombie."""
    with contextlib.suppress(OSError):
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        return (state, parent) if state != "Z" else ("", "")
    return "", ""


def alive(pid):
    return bool(status(pid)[0])


def offspring(pid):
    """Living processes below `pid`."""
    pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    direct = [one for one in pids if status(one)[1] == str(pid)]
    return direct + [below for one in direct for below in offspring(one)]
