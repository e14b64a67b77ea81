"""Two figures of the command line: how dear the start of one check is, and what a second core gains over many files.

`cli_cost`: CPU seconds of `hallmark verify` of one file, offline, over those of `python -c pass`; smaller is better.
`offline_scaling`: wall seconds of `hallmark verify` of many files with one process over those with two.
Both are read by bench_api.py, and stand alone: `python tests/bench/cli_figures.py [--files N]`.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness import first

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

FILES = 10_000
BADGE = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "id": "did:example:learner",
        "achievement": {
            "id": "urn:uuid:0b0c8a9e-7a4f-4a40-9a43-1d3f6f0a0001",
            "type": ["Achievement"],
            "criteria": {"narrative": "Three projects, each reviewed by two people, and a talk about one of them."},
            "description": "Reads, cleans and explains data of middling size with open tools. " * 8,
            "name": "Working with data",
        },
    },
}


class Figure(NamedTuple):
    """A ratio and what it was made of."""

    ratio: float
    samples: dict[str, list[float]]


def make_files(folder: Path, count: int) -> list[str]:
    """A batch of badges, signed with eddsa-jcs-2022 and anchored, one file each, and the deployment that is trusted."""
    import world

    issuer = {"id": world.DID, "type": ["Profile"], "name": "Example University"}
    batch = world.build(size=count, changes={**BADGE, "issuer": issuer})
    for number, credential in enumerate(batch.credentials):
        (folder / f"{number:05}.json").write_text(json.dumps(credential))
    entry = world.trusted(world.CONTRACT)
    deployment = {
        "contract": str(entry.contract),
        "genesisHash": "0x" + entry.genesis_hash.hex(),
        "codeHash": "0x" + entry.code_hash.hex(),
        "blockNumber": 1,
        "confirmations": {"safe": 1, "final": 1},
    }
    (folder / "deployment.json").write_text(json.dumps(deployment))
    return [f"{number:05}.json" for number in range(count)]


def _run(folder: Path, command: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command and its children."""
    # compiled modules are kept, as where it is installed
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, env=env)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 2) or done.stderr:
        raise RuntimeError(f"{command[:4]} ended with {done.returncode}: {done.stderr.decode()[:500]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _verify(*more: str) -> list[str]:
    command = [sys.executable, "-m", "registry.cli", "verify", "--deployment", "deployment.json"]
    return [*command, *more]


def cli_cost(rounds: int = 15) -> Figure:
    """CPU of checking one file offline, over that of a bare Python; both at their least, run in turns."""
    samples: dict[str, list[float]] = {"bare": [], "verify": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder, 1)
        _run(folder, _verify("00000.json"))
        for _ in range(rounds):
            samples["bare"].append(_run(folder, [sys.executable, "-c", "pass"])[1])
            samples["verify"].append(_run(folder, _verify("00000.json"))[1])
    return Figure(min(samples["verify"]) / min(samples["bare"]), samples)


def offline_scaling(count: int = FILES, rounds: int = 3) -> Figure:
    """Wall time of many files by one process, over that by two; medians, run in turns.

    Both before all else that the machine does, where that is granted: a second core that works for somebody else
    cannot be gained. What both took of the CPU is in the samples too.
    """
    samples: dict[str, list[float]] = {"one": [], "two": [], "CPU of one": [], "CPU of two": []}
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        files = make_files(folder, count)
        for _ in range(rounds):
            for name, jobs in (("one", "1"), ("two", "2")):
                with first():
                    wall, cpu = _run(folder, _verify("--jobs", jobs, *files))
                samples[name].append(wall)
                samples[f"CPU of {name}"].append(cpu)
    return Figure(statistics.median(samples["one"]) / statistics.median(samples["two"]), samples)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=FILES)
    args = parser.parse_args()
    cost, scaling = cli_cost(), offline_scaling(args.files)
    best = {name: min(values) * 1000 for name, values in cost.samples.items()}
    print(f"cli_cost         {cost.ratio:5.2f}   (CPU: bare {best['bare']:.1f} ms, verify {best['verify']:.1f} ms)")
    seconds = {name: statistics.median(values) for name, values in scaling.samples.items()}
    took = f"{args.files:,} files: {seconds['one']:.2f} s, {seconds['two']:.2f} s"
    print(f"offline_scaling  {scaling.ratio:5.2f}   ({took})")


if __name__ == "__main__":
    main()
