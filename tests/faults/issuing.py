"""Faults of an issuing run's own process: killed, or refused by the disk, at a system call; several runs at once.

`python tests/faults/issuing.py` does it at every write of a run (needs strace).
"""

import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "support")]

import devchain
from desk import Desk
from faults.processes import Ended, attach, traceable, wait_for

from registry import cli
from registry.issuing.batch.staged import open_staged
from registry.ledger.decode import TOPICS
from registry.ledger.events import Anchored

CALLS = (
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "ftruncate",
    "unlink",
    "mkdir",
    "openat",
    "sendto",
    "recvfrom",
    "flock",
)
"""System calls that change a disk, or a chain, or tell of it."""
DISK = ("write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "ftruncate")
ROWS = 3
ISSUE = "issue results.csv --achievement achievement.json --out credentials --wait 1"


@dataclass
class Begun:
    """A run in a process of its own, and what it says."""

    pid: int
    said: "tempfile._TemporaryFileWrapper[str]"
    tracer: object = None

    def end(self) -> Ended:
        """Wait for it."""
        code = wait_for(self.pid)
        if self.tracer is not None:
            self.tracer.wait(30)  # type: ignore[attr-defined]
        self.said.seek(0)
        return Ended(code, self.said.read())


def begin(folder: Path, key: str, line: str, trace: Sequence[str] = (), log: str = os.devnull) -> Begun:
    """Start `hallmark LINE` in a folder, as a fork of this process, which has imported everything already."""
    said = tempfile.NamedTemporaryFile("w+")  # noqa: SIM115  lives as long as the process
    child = os.fork()
    if not child:
        _child(folder, key, line.split(), said.fileno())
    os.waitpid(child, os.WUNTRACED)  # it stops itself until strace is there
    tracer = attach(child, trace, log) if trace else None
    os.kill(child, signal.SIGCONT)
    return Begun(child, said, tracer)


def _child(folder: Path, key: str, arguments: Sequence[str], said: int) -> NoReturn:
    os.chdir(folder)
    os.environ["HALLMARK_PRIVATE_KEY"] = key
    sys.stdout = sys.stderr = os.fdopen(said, "w", buffering=1, closefd=False)
    os.kill(os.getpid(), signal.SIGSTOP)
    code = 70
    try:
        code = cli.main(list(arguments))
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


@dataclass
class Office:
    """An issuer on a chain of its own; every attempt is a new desk with a copy of its home and an input of its own.

    Attributes:
        desk: The issuer as it registered.
        folder: Where the attempts are.
        salts: Every salt that was seen on any disk, with the batch that it belongs to.
    """

    desk: Desk
    folder: Path
    salts: dict[bytes, str] = field(default_factory=dict)
    number: int = 0

    def fresh(self) -> Desk:
        """A desk with an input that was never issued."""
        self.number += 1
        folder = self.folder / f"attempt-{self.number}"
        shutil.copytree(self.desk.folder, folder)
        made = Desk(folder, self.desk.chain)
        made.write_csv(ROWS, first=1)
        rows = (folder / "results.csv").read_text().replace("Learner", f"Learner {self.number}.")
        (folder / "results.csv").write_text(rows)
        return made

    def nonce(self) -> int:
        """How many transactions of the account were mined."""
        return int(self.desk.chain.rpc("eth_getTransactionCount", self.desk.chain.accounts[0].address, "latest"), 16)

    def anchored(self, batch_id: str) -> int:
        """How many records of a batch there ever were, by the chain's own logs."""
        topics = ["0x" + TOPICS[Anchored].hex(), None, "0x" + batch_id.ljust(64, "0")]
        query = {"fromBlock": "0x0", "toBlock": "latest", "topics": topics}
        return len(self.desk.chain.rpc("eth_getLogs", query))

    def problems(self, desk: Desk, mined_before: int) -> list[str]:
        """What is wrong after the batch was said to be issued: record, transactions, credentials, salts."""
        found = [folder.name for folder in (desk.folder / "issuer" / "batches").iterdir()]
        batches = [name for name in found if "." not in name]
        if len(batches) != 1:
            return [f"{len(batches)} batches are staged"]
        wrong = []
        if (count := self.anchored(batches[0])) != 1:
            wrong.append(f"{count} records on chain")
        if (mined := self.nonce() - mined_before) != 1:
            wrong.append(f"{mined} transactions were mined")
        wrong += self._salts(desk, batches[0])
        desk.mine()
        names = [f"credentials/{number:03}.json" for number in range(1, ROWS + 1)]
        verified = desk.run("verify " + " ".join(names))
        if verified.code:
            wrong.append(f"credentials are not valid: {verified.text[-300:]}")
        left = [path.name for path in (desk.folder / "credentials").rglob("*.new")]
        return wrong + [f"left behind: {name}" for name in left]

    def _salts(self, desk: Desk, batch: str) -> list[str]:
        files = open_staged(desk.folder / "issuer" / "batches" / batch)
        wrong = []
        for number in range(files.parts):
            for record in files.records(number).record_values():
                if self.salts.setdefault(record.salt, batch) != batch:
                    wrong.append("a salt was used twice")
        return wrong

    def attempt(self, inject: str) -> tuple[Ended, list[str]]:
        """Issue under a fault, then again as a person would; how it ended first, and what is wrong in the end."""
        desk, mined = self.fresh(), self.nonce()
        call = inject.partition(":")[0]
        trace = ("-e", f"trace={call}", "-e", f"inject={inject}")
        ended = begin(desk.folder, desk.key, ISSUE, trace).end()
        again = begin(desk.folder, desk.key, ISSUE).end()
        wrong = []
        if "Traceback" in ended.said + again.said:
            wrong.append(f"a traceback: {(ended.said + again.said)[-400:]}")
        if again.code and "already anchored" not in again.said:
            wrong.append(f"does not go on: {again.said[-300:]}")
        wrong += [] if wrong else self.problems(desk, mined)
        shutil.rmtree(desk.folder)
        return ended, wrong

    def calls(self, name: str) -> int:
        """How often a run makes this system call."""
        desk = self.fresh()
        with tempfile.NamedTemporaryFile() as log:
            begin(desk.folder, desk.key, ISSUE, ("-e", f"trace={name}"), log.name).end()
            lines = [re.sub(r"\s+", " ", line) for line in Path(log.name).read_text().splitlines()]
        shutil.rmtree(desk.folder)
        main = lines[0].split()[0] if lines else ""
        return sum(line.startswith(f"{main} {name}(") for line in lines)


@contextlib.contextmanager
def office() -> Iterator[Office]:
    """An issuer that is registered on a chain of its own."""
    with devchain.start(block_time=0) as chain, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "office").mkdir()
        desk = Desk(folder / "office", chain)
        desk.ok("deploy --out deployment.json")
        desk.ok(f"issuer register --name 'Northwind Institute' --recovery {desk.recovery}")
        made = Office(desk, folder)
        warm = made.fresh()
        warm.ok(ISSUE)  # everything is imported before the first fork
        yield made


def main() -> int:
    """Kill at every call, and refuse every write to disk; exit 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="only every so many calls")
    parser.add_argument("--calls", default=",".join(CALLS), help="only these system calls")
    args = parser.parse_args()
    if not traceable():
        print("SKIPPED: strace is not installed, or may not trace (apt-get install strace)")
        return 0
    failed = False
    with office() as here:
        for call in args.calls.split(","):
            failed |= _everywhere(here, call, "signal=KILL", args.step)
            if call in DISK:
                failed |= _everywhere(here, call, "error=ENOSPC", args.step)
                failed |= _everywhere(here, call, "error=EIO", args.step)
    return int(failed)


def _everywhere(here: Office, call: str, what: str, step: int) -> bool:
    count, hit, problems = here.calls(call), 0, list[str]()
    for number in range(random.randrange(step) + 1 if step > 1 else 1, count + 1, step):
        ended, found = here.attempt(f"{call}:{what}:when={number}")
        hit += ended.code != 0
        problems += [f"{call} {number}: {problem[:400]}" for problem in found]
    print(f"{what} at {call}: {count} calls, {hit} runs ended early; {len(problems)} problems", flush=True)
    print("".join(f"  {problem}\n" for problem in problems), end="", flush=True)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
