"""bench-api: the API beside a bare ASGI "hello" on the same server, over SQLite with 10,000,000 leaves.

A ratio is the CPU time that the process takes for a hello, by that for a request of ours; wrk asks both in turn, round
by round. Requests a second are in the samples: they suffer from whatever else the machine does. The registry is
`hallmark serve` with one worker, as it is installed; every request looks for another leaf, or brings another badge.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import api_world
from cli_figures import FILES, cli_cost, offline_scaling
from harness import Bench

ROOT = Path(__file__).resolve().parents[2]
LUA = Path(__file__).with_name("api_load.lua")
CONNECTIONS = 16
HELLO = """
import sys
sys.path[:0] = [sys.argv[1]]
from registry.api.server import server_of
HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"5")]

async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"hello"})

async def app(scope, receive, send):
    if scope["type"] == "http":
        await hello(scope, receive, send)

server, socket = server_of(app, "127.0.0.1", 0)
socket.listen()
print(f"serving on http://127.0.0.1:{socket.getsockname()[1]}", flush=True)
server.run(sockets=[socket])
"""


class Load(NamedTuple):
    """One run of wrk: requests, seconds, refusals, broken ones, latencies in µs, and the server's CPU seconds."""

    requests: int
    seconds: float
    refused: int
    broken: int
    median: float
    p99: float
    slowest: float
    cpu: float

    @property
    def cost(self) -> float:
        """CPU seconds a request."""
        return self.cpu / max(self.requests, 1)


class Server:
    """A server process and its address."""

    def __init__(self, address: str, process: subprocess.Popen[str]) -> None:
        self.address, self.process = address, process

    def cpu(self) -> float:
        """CPU seconds that the process has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident megabytes of its own: without the database's pages, which the kernel shares."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def load(
        self, what: str, file: Path | None, seconds: float, connections: int = CONNECTIONS, pause: float = 0
    ) -> Load:
        """Ask for some seconds; `pause` is the mean of a connection's milliseconds between two requests."""
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds:.0f}s",
            "-s",
            str(LUA),
            "--timeout",
            "10s",
            self.address,
        ]
        before = self.cpu()
        done = subprocess.run(
            [*command, "--", what, str(file or "-"), str(pause)], capture_output=True, text=True, check=True
        )
        cpu = self.cpu() - before
        line = next(line for line in done.stdout.splitlines() if line.startswith("@ "))
        count, duration, refused, broken, median, p99, slowest = map(float, line.split()[1:])
        return Load(int(count), duration / 1e6, int(refused), int(broken), median, p99, slowest, cpu)


@contextlib.contextmanager
def running(folder: Path, command: list[str], **environment: str) -> Iterator[Server]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
    with (folder / "bench.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("serving on "):
                raise SystemExit(f"bench-api: the server does not start, see {folder / 'bench.log'}")
            yield Server(line.split()[2].rstrip("/"), process)
        finally:
            process.terminate()
            process.wait(20)


def serve(folder: Path, **limits: str) -> contextlib.AbstractContextManager[Server]:
    return running(folder, [sys.executable, "-m", "registry.cli", "serve", "--port", "0"], **limits)


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
    with (
        running(folder, [sys.executable, "-c", HELLO, str(ROOT)]) as hello,
        serve(folder, HALLMARK_API_RATE="0") as ours,
    ):
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
    found, bare = [], []
    for _ in range(rounds):
        most = hello.load("hello", None, seconds)
        same = hello.load("hello", None, seconds, connections=64, pause=64 / (most.requests / most.seconds / 2) * 1000)
        bare.append(same.p99 / same.median)
        full = ours.load("verify", badges, seconds)
        capacity = full.requests / full.seconds
        half = ours.load("verify", badges, seconds, connections=64, pause=64 / (capacity / 2) * 1000)
        found.append(half.p99 / half.median)
        bench.samples.setdefault("half load", []).append(
            {"share": half.requests / half.seconds / capacity, "median µs": half.median, "p99 µs": half.p99}
        )
    bench.metric("p99_cost", statistics.median(found), aim=10)
    # what the machine itself does to the slowest of a hundred while others work on it
    bench.metric("hello_p99_cost", statistics.median(bare))


def _overload(bench: Bench, folder: Path, badges: Path) -> None:
    """Ten times as many connections as it takes to keep it busy, with the limits that a registry has by itself."""
    seconds = 5 if bench.quick else 600 if os.environ.get("LONG") else 30
    with serve(folder) as ours:
        ours.load("verify", badges, 2)
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
