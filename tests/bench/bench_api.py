"""bench-api: the API beside a bare ASGI "hello" on the same server, over SQLite with 10,000,000 leaves.

A ratio is the CPU time that the process takes for a hello, by that for a request of ours; wrk asks both in turn, round
by round. Requests a second are in the samples: they suffer from whatever else the machine does. The registry is
`hallmark serve` with one worker, as it is installed; every request looks for another leaf, or brings another badge.
"""

import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import api_world
from api_servers import CONNECTIONS, Load, Server, alone, bare, serve
from cli_figures import FILES, cli_cost, offline_scaling
from harness import Bench


def main() -> int:
    bench = Bench(
        "api", "The API beside a bare ASGI hello on the same server, SQLite", ("uvicorn", "uvloop", "httptools")
    )
    if shutil.which("wrk") is None:
        print("SKIPPED: bench-api needs wrk (on Debian: apt-get install wrk)")
        return 0
    leaves = 100_000 if bench.quick else 10_000_000
    folder = api_world.made(leaves)
    bench.notes.append(
        f"{leaves:,} leaves, {(folder / 'hallmark.sqlite').stat().st_size / 2**20:,.0f} MB; wrk, 1 thread"
    )
    bench.limit("hello", "bare ASGI: one header more than the least, five bytes")
    jcs, rdf = folder / "badges-jcs.ndjson", folder / "badges-rdf.ndjson"
    size = len(jcs.read_text().splitlines()[0])
    bench.notes.append(f"{api_world.BADGES} badges of {size:,} bytes with their anchors, {api_world.SAMPLE:,} leaves")
    with bare(folder) as hello, serve(folder, HALLMARK_API_RATE="0") as ours:
        subjects = {"get": (folder / "leaves.txt", 0.55), "verify": (jcs, 0.13), "verify_rdfc": (rdf, None)}
        _ratios(bench, hello, ours, subjects)
        _latency(bench, hello, ours, jcs)
    _overload(bench, folder, jcs)
    _command(bench)
    return bench.finish()


def _ratios(bench: Bench, hello: Server, ours: Server, subjects: dict[str, tuple[Path, float | None]]) -> None:
    """Each round asks for a hello before and after each of ours: the ratio is taken within the round."""
    seconds, rounds = (2, 3) if bench.quick else (5, max(bench.options.rounds or 5, 3))
    for name, (file, _) in subjects.items():
        ours.load(name.split("_")[0], file, 2)
    found: dict[str, list[float]] = {name: [] for name in subjects}
    costs: dict[str, list[float]] = {name: [] for name in ("hello", *subjects)}
    rates: dict[str, list[float]] = {name: [] for name in ("hello", *subjects)}
    for _ in range(rounds):
        for name, (file, _) in subjects.items():
            before = hello.load("hello", None, seconds)
            load = ours.load(name.split("_")[0], file, seconds)
            if load.refused or load.broken:
                raise SystemExit(f"bench-api: {load.refused} refused, {load.broken} broken answers of {name}")
            after = hello.load("hello", None, seconds)
            base = (before.cost + after.cost) / 2
            found[name].append(base / load.cost)
            costs["hello"] += [before.cost, after.cost]
            costs[name].append(load.cost)
            rates["hello"] += [before.requests / before.seconds]
            rates[name].append(load.requests / load.seconds)
    bench.record("CPU a request", costs, "one worker, uvloop + httptools")
    for name, (_, aim) in subjects.items():
        bench.metric(f"{name}_vs_hello", statistics.median(found[name]), aim=aim)
        bench.samples[f"{name}_vs_hello"] = found[name]
    bench.samples["requests a second"] = rates


def _latency(bench: Bench, hello: Server, ours: Server, badges: Path) -> None:
    """Half of what it can do, with requests at random moments: the slowest of a hundred by the median."""
    seconds, rounds = (3, 3) if bench.quick else (10, 3)
    tails: dict[str, list[float]] = {"hello": [], "verify": []}
    for _ in range(rounds):
        for name, server, file in (("hello", hello, None), ("verify", ours, badges)):
            half, granted = _half_load(server, name, file, seconds)
            tails[name].append(half.tail)
            bench.samples.setdefault(f"half load: {name}", []).append(half._asdict())
    placed = "have a core each and go first" if granted else "share the cores with all else"
    bench.notes.append(f"half load: server and wrk {placed}; see samples for how long they waited for one")
    bench.metric("p99_cost", statistics.median(tails["verify"]), aim=10)
    # what generator and machine do to the slowest of a hundred by themselves
    bench.metric("hello_p99_cost", statistics.median(tails["hello"]))


def _half_load(server: Server, what: str, file: Path | None, seconds: float) -> tuple[Load, bool]:
    """64 connections ask half of what one core can answer; also whether server and wrk had a core each."""
    capacity = 1 / server.load(what, file, 2).cost
    with alone(server) as granted:
        time.sleep(0.2)
        return server.load(what, file, seconds, connections=64, pause=64 / (capacity / 2) * 1000), granted


def _overload(bench: Bench, folder: Path, badges: Path) -> None:
    """Ten times as many connections as it takes to keep it busy, with the limits that a registry has by itself."""
    seconds = 5 if bench.quick else 600 if os.environ.get("LONG") else 30
    with serve(folder) as ours:
        # what is made once, threads, buffers, what is kept of the mirror, is no growth
        ours.load("verify", badges, max(seconds // 20, 2), connections=10 * CONNECTIONS)
        before = ours.memory()
        load = ours.load("verify", badges, seconds, connections=10 * CONNECTIONS)
        after = ours.memory()
        started, answered = time.monotonic(), 0
        while not answered and time.monotonic() - started < 30:
            answered = 1 - ours.load("verify", badges, 1, connections=1, pause=200).refused
        recovered = time.monotonic() - started
    memory = {"memory before": before, "after": after, "recovered after s": recovered}
    bench.samples["overload"] = load._asdict() | memory
    bench.metric("overload_refused_share", load.refused / max(load.requests, 1))
    bench.metric("overload_median_ms", load.median / 1000)
    bench.metric("overload_growth_mb", after - before)
    bench.notes.append(
        f"overload: {load.requests / load.seconds:,.0f} answers/s for {load.seconds:.0f} s, {load.broken} broken; "
        f"memory {before:.0f} → {after:.0f} MB; good answers again after {recovered:.0f} s"
    )


def _command(bench: Bench) -> None:
    """What the command pays to start, and gains from a second core."""
    cost, scaling = cli_cost(5 if bench.quick else 15), offline_scaling(2_000 if bench.quick else FILES)
    bench.metric("cli_cost", cost.ratio, aim=6)
    bench.metric("offline_scaling", scaling.ratio, aim=1.6)
    bench.samples |= {"cli_cost": cost.samples, "offline_scaling": scaling.samples}


if __name__ == "__main__":
    sys.exit(main())
