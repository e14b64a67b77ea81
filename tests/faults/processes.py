"""Faults of the indexer's own process and database: killed at a system call, disk errors, an abandoned connection.

`python tests/faults/processes.py` kills the indexer at every write to SQLite and at every message to PostgreSQL.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn
from unittest import mock

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "support")]

from faults import oracle
from faults.world import World, index, world
from sqlalchemy import text

from registry import bootstrap, cli

BLOCKS = 40
_SECONDS = 60


@dataclass(frozen=True)
class Ended:
    """How a process ended: exit code (negative: the signal), and what it said."""

    code: int
    said: str


def command(here: World, *arguments: str) -> list[str]:
    """Arguments of `hallmark` on the world's chain and database."""
    return [*arguments, "--rpc", here.url, "--deployment", str(here.deployment), "--database", here.database]


def hallmark(here: World, *arguments: str, trace: Sequence[str] = (), log: str = os.devnull) -> Ended:
    """Run a `hallmark` command in a fork of this process, which has imported everything already.

    Args:
        here: Its chain and database.
        arguments: The command and its options.
        trace: Options of strace, which is attached before the command starts.
        log: Where strace writes.
    """
    running = begin(here, *arguments, trace=trace, log=log)
    code = end(running)
    running.said.seek(0)
    return Ended(code, running.said.read())


@dataclass(frozen=True)
class Running:
    """A `hallmark` process that runs, the strace beside it, and what it says."""

    pid: int
    said: IO[str]
    tracer: "subprocess.Popen[str] | None" = None


def begin(here: World, *arguments: str, trace: Sequence[str] = (), log: str = os.devnull) -> Running:
    """Start a `hallmark` command as `hallmark` does, without waiting for its end."""
    said = tempfile.TemporaryFile("w+")  # noqa: SIM115  lives as long as the process
    child = os.fork()
    if not child:
        _child(command(here, *arguments), said.fileno())
    os.waitpid(child, os.WUNTRACED)  # it stops itself until strace is there
    tracer = attach(child, trace, log) if trace else None
    os.kill(child, signal.SIGCONT)
    return Running(child, said, tracer)


def end(running: Running) -> int:
    """Wait until it ends; its exit code (negative: the signal)."""
    code = wait_for(running.pid)
    if running.tracer:
        running.tracer.wait(_SECONDS)
    return code


def level(here: World) -> bool:
    """Whether the mirror stands on the chain's newest block."""
    point = oracle.checkpoint(here)
    newest = here.rpc("eth_getBlockByNumber", "latest", False)
    return point is not None and "0x" + point.block.hash.hex() == newest["hash"]


def wait_until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once it is done; AssertionError when it is not in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        time.sleep(0.05)


def _child(arguments: Sequence[str], said: int) -> NoReturn:
    sys.stdout = sys.stderr = os.fdopen(said, "w", buffering=1, closefd=False)
    os.kill(os.getpid(), signal.SIGSTOP)
    code = 70
    try:
        code = cli.main(list(arguments))
    finally:
        os._exit(code)


def attach(child: int, options: Sequence[str], log: str) -> "subprocess.Popen[str]":
    """Trace a process; returns once strace has it."""
    line = ["strace", "-f", "-o", log, "-p", str(child), *options]
    tracer = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr
    if "attached" not in (answer := tracer.stderr.readline()):
        raise RuntimeError(f"strace cannot attach: {answer}")
    return tracer


def wait_for(child: int) -> int:
    """The exit code of a child (negative: the signal); one that hangs is killed, and told."""
    deadline = time.monotonic() + _SECONDS
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise RuntimeError("the process did not end in time")
        time.sleep(0.002)


def traceable() -> bool:
    """Whether strace is here and may trace."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True).returncode == 0


class Scene:
    """A world whose mirror is half indexed: each attempt starts from a copy of that half.

    Args:
        here: Its world; the database is SQLite, or PostgreSQL.
        restore: Brings the database back to the half.
    """

    def __init__(self, here: World, restore: Callable[[], None]) -> None:
        self.here = here
        self.restore = restore
        self.attempts = 0

    def attempt(self, *arguments: str, inject: str = "") -> tuple[Ended, list[str]]:
        """Restore, run under the fault, and check: whole up to the checkpoint at once, and level after a plain run.

        In every second attempt a process of its own reads.
        """
        self.restore()
        self.attempts += 1
        with mock.patch.dict(os.environ, HALLMARK_READER_BLOCKS=str(self.attempts % 2)):
            return self._attempt(arguments, inject)

    def _attempt(self, arguments: Sequence[str], inject: str) -> tuple[Ended, list[str]]:
        call = inject.partition(":")[0]
        trace = ("-e", f"trace={call}", "-e", f"inject={inject}") if inject else ()
        ended = hallmark(self.here, "index", *arguments, trace=trace)
        problems = torn(self.here)
        again = hallmark(self.here, "index")
        if again.code:
            problems.append(f"does not go on: {again.said[-300:]}")
        return ended, problems + oracle.differences(self.here)

    def calls(self, name: str) -> int:
        """How often the main thread makes this system call in a plain run of the second half."""
        self.restore()
        with tempfile.NamedTemporaryFile() as log:
            hallmark(self.here, "index", trace=("-e", f"trace={name}"), log=log.name)
            lines = Path(log.name).read_text().splitlines()
        main = lines[0].split()[0]
        return sum(line.startswith(f"{main} {name}(") for line in (re.sub(r"\s+", " ", line) for line in lines))


def torn(here: World) -> list[str]:
    """What breaks the promise that rows and checkpoint are one: events beyond it, or missing below it."""
    point = oracle.checkpoint(here)
    last = point.block.number if point else 0
    stored = oracle.mirrored_logs(here, here.head)
    if stored != oracle.chain_logs(here, last):
        return [f"the checkpoint says block {last}, the {len(stored)} events say otherwise"]
    return []


@contextmanager
def sqlite_scene(seed: int, *, poisoned: bool = False) -> Iterator[Scene]:
    """SQLite: the half is a copy of the file; `poisoned`: with forged raw events of the other half in it."""
    with world(seed, slots=2) as here, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = Path(here.database.removeprefix("sqlite:///"))
        _half(here)
        if poisoned:
            _poison(here)
        shutil.copy(path, folder / "half.sqlite")

        def restore() -> None:
            for left in path.parent.glob(path.name + "*"):
                left.unlink()
            shutil.copy(folder / "half.sqlite", path)

        yield Scene(here, restore)


@contextmanager
def postgres_scene(seed: int, server: str) -> Iterator[Scene]:
    """PostgreSQL: each attempt indexes the half again into a new database made from a template."""
    import clusters
    from sqlalchemy import create_engine, make_url

    half = clusters.make_database(server)
    with world(seed, slots=2, database=half) as here:
        _half(here)

        def restore() -> None:
            if here.database != half:
                clusters.drop_database(here.database)
            name = f"attempt_{random.randrange(2**40):x}"
            engine = create_engine(server, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                template = make_url(half).database
                connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
            engine.dispose()
            here.database = make_url(server).set(database=name).render_as_string(hide_password=False)

        yield Scene(here, restore)


def _half(here: World) -> None:
    here.act(BLOCKS // 2)
    index(here.settings(honest=True))
    here.act(BLOCKS // 2)


def _poison(here: World) -> None:
    """The other half was read from a liar and rolled back again: its raw events are still there, and more of them."""
    mirror = bootstrap.mirror(here.settings(honest=True))
    point = mirror.checkpoint()
    assert point is not None
    index(here.settings(honest=True))
    mirror.rewind(point.block.number)
    columns = "chain_id, block_number, {} block_hash, issuer_id, tx_hash, topics, data"
    more = f"INSERT INTO event SELECT {columns.format('log_index + 1000,')} FROM event WHERE block_number > :half"
    with mirror.engine.begin() as connection:
        connection.execute(
            text("UPDATE event SET data = topics WHERE block_number > :half"), {"half": point.block.number}
        )
        assert connection.execute(text(more), {"half": point.block.number}).rowcount
    mirror.engine.dispose()


def kill_everywhere(scene: Scene, call: str, step: int = 1) -> tuple[int, list[str]]:
    """Kill the indexer at every `step`-th system call `call`; how often it died, and what was wrong."""
    died, problems = 0, list[str]()
    for number in range(1, scene.calls(call) + 1, step):
        ended, found = scene.attempt(inject=f"{call}:signal=KILL:when={number}")
        died += ended.code in (-signal.SIGKILL, 128 + signal.SIGKILL)
        problems += [f"killed at {call} {number}: {problem[:300]}" for problem in found]
    return died, problems


def main() -> int:
    """Kill everywhere on both databases; exit 1 when anything was wrong."""
    import clusters

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="only every so many calls")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    if not traceable():
        print("SKIPPED: strace is not installed, or may not trace (apt-get install strace)")
        return 0
    failed = False
    with clusters.server() as server:
        scenes = (
            ("SQLite", "pwrite64", sqlite_scene(args.seed)),
            ("PostgreSQL", "sendto", postgres_scene(args.seed, server)),
        )
        for name, call, opening in scenes:
            with opening as scene:
                died, problems = kill_everywhere(scene, call, args.step)
            print(f"{name}: killed at {died} calls of {call}; {len(problems)} problems", flush=True)
            print("".join(f"  {problem}\n" for problem in problems), end="", flush=True)
            failed |= bool(problems) or not died
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
