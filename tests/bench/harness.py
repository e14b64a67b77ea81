"""What all benches share: interleaved rounds, medians, a table for people, and build/bench/NAME.json for programs.

A bench makes a `Bench`, times its subjects with `rounds`, names what it derives with `metric`, and ends with `finish`:

    bench = Bench("credential", "…what is measured, on what…")
    timings = bench.rounds("2 KB badge", {"ours": Subject(ours, 2_000), "peer": Subject(peer, 200)})
    bench.metric("ours_vs_peer", timings.ratio("peer", "ours"), aim=9)
    sys.exit(bench.finish())
"""

import argparse
import contextlib
import gc
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
MIN_ROUNDS = 3


@dataclass(frozen=True)
class Subject:
    """One thing to time: `run` is called `calls` times a round; `note` says what it is made of."""

    run: Callable[[], object]
    calls: int = 1
    note: str = ""


@dataclass(frozen=True)
class Timings:
    """Seconds a call, one number a round; round i of every subject ran beside round i of the others."""

    seconds: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, slow: str, fast: str) -> float:
        """How many times longer `slow` takes than `fast`: the median over rounds of the ratio within each round."""
        pairs = zip(self.seconds[slow], self.seconds[fast], strict=True)
        return statistics.median(one / other for one, other in pairs)


@dataclass
class Bench:
    """One bench: its options, its rounds and what it found.

    Args:
        name: Names the file build/bench/NAME.json.
        title: One line above the table.
        packages: Distributions whose versions belong into the file.
    """

    name: str
    title: str
    packages: tuple[str, ...] = ()
    options: argparse.Namespace = field(default_factory=argparse.Namespace)
    metrics: dict[str, float] = field(default_factory=dict)
    samples: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)
    aims: dict[str, float] = field(default_factory=dict)
    peers: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _rows: list[tuple[str, str, float, float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        parser = argparse.ArgumentParser(description=self.title)
        parser.add_argument("--quick", action="store_true", help="fewer calls and rounds, under a minute")
        parser.add_argument("--rounds", type=int, default=0, help=f"rounds, at least {MIN_ROUNDS}")
        self.options = parser.parse_args(namespace=self.options)
        self.peers.update({package: version(package) for package in self.packages})

    @property
    def quick(self) -> bool:
        return bool(self.options.quick)

    def rounds(
        self,
        what: str,
        subjects: Mapping[str, Subject],
        *,
        rounds: int = 9,
        clock: Callable[[], float] = time.process_time,
    ) -> Timings:
        """Time all subjects in turn, round by round; the order turns, so that none always follows the same other.

        Args:
            what: The input, for the table.
            subjects: By name.
            rounds: How many, unless the options say otherwise.
            clock: CPU time of this process, which other work on the machine disturbs least; `time.perf_counter`
                where a subject waits or works elsewhere.
        """
        count = max(self.options.rounds or (MIN_ROUNDS if self.quick else rounds), MIN_ROUNDS)
        seconds: dict[str, list[float]] = {name: [] for name in subjects}
        for subject in subjects.values():
            subject.run()
        names = list(subjects)
        for number in range(count):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                seconds[name].append(_time(subjects[name], 10 if self.quick else 1, clock))
        timings = Timings(seconds)
        for name, subject in subjects.items():
            self.samples[f"{what}: {name}"] = seconds[name]
            self._rows.append((what, name, timings.median(name), min(seconds[name]), subject.note))
        return timings

    def record(self, what: str, seconds: Mapping[str, list[float]], note: str = "") -> Timings:
        """Take in what was timed elsewhere: seconds by name, one number a round."""
        timings = Timings(seconds)
        for name, values in seconds.items():
            self.samples[f"{what}: {name}"] = values
            self._rows.append((what, name, timings.median(name), min(values), note))
        return timings

    def limit(self, name: str, made_of: str) -> None:
        """Say what a lower limit is made of."""
        self.limits[name] = made_of

    def metric(self, name: str, value: float, *, aim: float | None = None) -> None:
        """A figure of the file; ratios are ours against the other, larger better; _cost and _mb: smaller."""
        self.metrics[name] = round(value, 4)
        if aim is not None:
            self.aims[name] = aim

    def finish(self) -> int:
        """Print the tables and write the file; 0 (a missed aim is printed, not an error)."""
        self._print()
        FOLDER.mkdir(parents=True, exist_ok=True)
        body = {key: getattr(self, key) for key in ("metrics", "aims", "samples", "limits", "peers", "notes")}
        path = FOLDER / f"{self.name}.json"
        path.write_text(json.dumps({**body, "machine": machine(), "quick": self.quick}, indent=2) + "\n")
        Console(soft_wrap=True).print(f"written to {path.relative_to(FOLDER.parents[1])}")
        return 0

    def _print(self) -> None:
        console = Console(width=None if sys.stdout.isatty() else 140)
        console.print(self.title, style="bold")
        table = Table("input", "what", "median µs", "fastest µs", "made of")
        for what, name, median, fastest, note in self._rows:
            table.add_row(what, name, f"{median * 1e6:,.2f}", f"{fastest * 1e6:,.2f}", note)
        console.print(table)
        figures = Table("metric", "value", "aim")
        for name, value in self.metrics.items():
            figures.add_row(name, f"{value:,.2f}", self._aim(name, value))
        console.print(figures)
        for note in self.notes:
            console.print(note, style="dim")

    def _aim(self, name: str, value: float) -> str:
        if name not in self.aims:
            return ""
        aim, cost = self.aims[name], name.endswith(("_cost", "_mb"))
        met = value <= aim if cost else value >= aim
        return f"{'≤' if cost else '≥'} {aim:g}" + ("" if met else "  MISSED")


def _time(subject: Subject, divisor: int, clock: Callable[[], float]) -> float:
    """Seconds a call, with the collector off: a collection would be charged to whoever happens to run."""
    calls, run = max(subject.calls // divisor, 1), subject.run
    gc.collect()
    gc.disable()
    try:
        started = clock()
        for _ in range(calls):
            run()
        return (clock() - started) / calls
    finally:
        gc.enable()


@contextlib.contextmanager
def first() -> Iterator[bool]:
    """Whatever is started meanwhile goes before all else on this machine (sched(7)); whether this user may ask for it.

    For wall-clock figures of a second or two: the kernel keeps a twentieth of the time for the others.
    """
    if not hasattr(os, "sched_setscheduler"):  # macOS
        yield False
        return
    granted = False
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        granted = True
    try:
        yield granted
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count() or 0}
