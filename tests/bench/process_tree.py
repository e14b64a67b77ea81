"""CPU time and memory of a process and everything that it started."""

import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def family(root: int) -> list[int]:
    """The process and its descendants that are alive."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        fields = _stat(place)
        if fields:
            children.setdefault(int(fields[1]), []).append(int(place.parent.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def _stat(place: Path) -> list[str]:
    """The fields behind the command's name: state, parent, …"""
    try:
        return place.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(root: int | None = None) -> float:
    """CPU seconds of a process and its descendants, in steps of 10 ms; those that ended are not counted."""
    fields = [_stat(Path(f"/proc/{pid}/stat")) for pid in family(root or os.getpid())]
    return sum(int(one[11]) + int(one[12]) for one in fields if one) / _TICK


def resident_mb(root: int) -> float:
    """Memory of a process and its descendants: what they share is counted once (PSS)."""
    total = 0
    for pid in family(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


@dataclass
class Watched:
    """A command that ended: its output, and the most memory that it and its descendants used at one time."""

    said: str
    peak_mb: float


def watch(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Watched:
    """Run a command, looking at its memory five times a second; RuntimeError when it fails."""
    ended, peaks = threading.Event(), [0.0]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def look() -> None:
        while not ended.wait(0.2):
            peaks.append(resident_mb(process.pid))

    thread = threading.Thread(target=look)
    thread.start()
    said, _ = process.communicate()
    ended.set()
    thread.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {said}")
    return Watched(said, max(peaks))
