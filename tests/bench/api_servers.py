"""The servers that bench-api asks, and what wrk says of them: a bare ASGI "hello", and `hallmark serve` itself."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

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
    """One run of wrk: requests, seconds, refusals, broken ones, latencies in µs, and seconds of the two processes.

    Attributes:
        cpu: What the server worked.
        waited: What it wanted to work, and had no core.
        late: The same of wrk: so long it may have sent later than it meant to, or seen answers later than they came.
    """

    requests: int
    seconds: float
    refused: int
    broken: int
    median: float
    p99: float
    slowest: float
    cpu: float
    waited: float
    late: float

    @property
    def cost(self) -> float:
        """CPU seconds a request."""
        return self.cpu / max(self.requests, 1)

    @property
    def tail(self) -> float:
        """The slowest of a hundred by the median."""
        return self.p99 / self.median


class Server:
    """A server process and its address."""

    def __init__(self, address: str, process: subprocess.Popen[str]) -> None:
        self.address, self.process = address, process

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
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", str(LUA), "--timeout", "10s"]
        command += [self.address, "--", what, str(file or "-"), str(pause)]
        cpu, waited = _cpu(self.process.pid), _waited(self.process.pid)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as generator:
            late = _watched(generator)
            assert generator.stdout is not None
            said = generator.stdout.read()
        cpu, waited = _cpu(self.process.pid) - cpu, _waited(self.process.pid) - waited
        line = next(line for line in said.splitlines() if line.startswith("@ "))
        count, duration, refused, broken, median, p99, slowest = map(float, line.split()[1:])
        counts = int(count), duration / 1e6, int(refused), int(broken)
        return Load(*counts, median, p99, slowest, cpu, waited, late)


def _cpu(pid: int) -> float:
    """CPU seconds that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _waited(pid: int) -> float:
    """Seconds that its threads were ready to run and did not (proc(5), schedstat); 0 where Linux does not count it."""
    waited = 0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may end while it is looked at
        for task in Path(f"/proc/{pid}/task").iterdir():
            waited += int((task / "schedstat").read_text().split()[1])
    return waited / 1e9


def _watched(process: subprocess.Popen[str]) -> float:
    """How long a process waited for a core until shortly before its end."""
    waited = 0.0
    while process.poll() is None:
        waited = max(waited, _waited(process.pid))
        time.sleep(0.1)
    return waited


@contextlib.contextmanager
def alone(server: Server) -> Iterator[bool]:
    """Meanwhile the server has a core, wrk another one, and both go before whatever else the machine does.

    So a tail is theirs and not the machine's. Whether that was possible: it takes two cores and the right to ask.
    """
    cores = sorted(os.sched_getaffinity(0))
    tasks = [int(task.name) for task in Path(f"/proc/{server.process.pid}/task").iterdir()]
    granted = len(cores) > 1
    with contextlib.suppress(PermissionError):
        granted = granted and _place(tasks, {cores[0]}, os.SCHED_FIFO) and _place([0], {cores[1]}, os.SCHED_FIFO)
    try:
        yield granted
    finally:
        _place([*tasks, 0], set(cores), os.SCHED_OTHER)


def _place(tasks: list[int], cores: set[int], policy: int) -> bool:
    for task in tasks:
        with contextlib.suppress(ProcessLookupError):  # a thread that had ended by then
            os.sched_setscheduler(task, policy, os.sched_param(int(policy == os.SCHED_FIFO)))
            os.sched_setaffinity(task, cores)
    return True


@contextlib.contextmanager
def running(folder: Path, command: list[str], **environment: str) -> Iterator[Server]:
    """A server that says its address in its first line."""
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


def bare(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """The bare hello."""
    return running(folder, [sys.executable, "-c", HELLO, str(ROOT)])


def serve(folder: Path, **limits: str) -> contextlib.AbstractContextManager[Server]:
    """Ours, over the mirror in the folder."""
    return running(folder, [sys.executable, "-m", "registry.cli", "serve", "--port", "0"], **limits)
