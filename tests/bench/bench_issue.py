"""make bench-issue: a table of results to proof-carrying NDJSON; ours, a straightforward pipeline, packages, the limit.

Ours goes from the CSV to finished credentials on disk (rows read and checked, badges made, signed, hashed, salted,
staged and synced; tree; proofs; written and synced), by one process for each core that stays between rounds. The limit
is orjson dump + hashlib SHA-256 + PyNaCl sign + write and sync of the same finished credentials, which lie in memory,
by as many processes. The straightforward pipeline is one process, as is OpenAttestation's. Wall-clock time, interleaved
rounds; metrics that end in `_cpu` compare CPU seconds of all processes, which other work on the machine disturbs less.
A whole run of the command on a development chain gives `peak_mb` and `command_s`.
"""

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import issue_input
import issue_others
import node_peers
from harness import FOLDER, MIN_ROUNDS, Bench, Timings
from issue_ours import Ours
from process_tree import cpu_seconds, watch

from registry.merkle import Tree

WORK = FOLDER / "issue-run"
HALLMARK = Path(sys.executable).with_name("hallmark")
OA_DOCUMENTS = 16_000


@dataclass(frozen=True)
class Side:
    """One side: what it does, and for how many documents."""

    run: Callable[[], object]
    documents: int


@dataclass(frozen=True)
class Measured:
    """Seconds a document, by the clock on the wall and in CPU time."""

    wall: Timings
    cpu: Timings


def interleaved(bench: Bench, what: str, sides: Mapping[str, Side], rounds: int) -> Measured:
    """All sides in turn after one warm-up each; the order turns."""
    wall: dict[str, list[float]] = {name: [] for name in sides}
    cpu: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for side in sides.values():
        side.run()
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            began, used = time.perf_counter(), cpu_seconds()
            sides[name].run()
            wall[name].append((time.perf_counter() - began) / sides[name].documents)
            cpu[name].append((cpu_seconds() - used) / sides[name].documents)
    counts = ", ".join(f"{name} {side.documents:,}" for name, side in sides.items())
    bench.record(f"{what}, wall", wall, f"documents: {counts}")
    bench.record(f"{what}, CPU", cpu)
    return Measured(Timings(wall), Timings(cpu))


def against_limit_and_naive(bench: Bench, count: int, rounds: int) -> None:
    """share_of_limit and the ratios to the straightforward pipeline, suite by suite."""
    few = {"jcs": 1_000, "rdf": 50} if bench.quick else {"jcs": 4_000, "rdf": 200}
    for suite, aim in (("jcs", 12.0), ("rdf", 40.0)):
        ours = Ours(WORK / suite, count if suite == "jcs" else count // 4, suite)
        finished = ours.issue()
        limit = issue_others.Limit(finished, WORK, ours.count, ours.runner.count)
        table, out = issue_input.write_table(WORK / "naive.csv", few[suite]), WORK / "naive.ndjson"
        sides = {
            "ours": Side(ours.issue, ours.count),
            "limit": Side(limit.run, ours.count),
            "straightforward": Side(
                lambda suite=suite, table=table, out=out: issue_others.naive(table, out, suite), few[suite]
            ),
        }
        with ours.runner, limit.pool:
            measured = interleaved(bench, f"eddsa-{suite}", sides, rounds)
        name = "share_of_limit" if suite == "jcs" else "share_of_limit_rdfc"
        bench.metric(name, measured.wall.ratio("limit", "ours"), aim=0.6 if suite == "jcs" else None)
        bench.metric(f"{name}_cpu", measured.cpu.ratio("limit", "ours"))
        versus = "jcs_vs_naive" if suite == "jcs" else "rdfc_vs_naive"
        bench.metric(versus, measured.wall.ratio("straightforward", "ours"), aim=aim)
        bench.metric(f"{versus}_one_core_cpu", measured.cpu.ratio("straightforward", "ours"))
        ours.remove()


def _oa(run: dict[str, float]) -> tuple[str, float, float]:
    return "openattestation", run["seconds"], run["cpu"]


def against_packages(bench: Bench, rounds: int) -> None:
    """OpenAttestation's wrap of 16,000 documents against issuing as many; trees of as many leaves."""
    ours = Ours(WORK / "oa", OA_DOCUMENTS, "jcs")
    documents = WORK / "documents.ndjson"
    with documents.open("w", encoding="utf-8") as file:
        for values in issue_input.rows(OA_DOCUMENTS):
            row = dict(zip(issue_input.HEADER.split(","), values, strict=True))
            file.write(json.dumps(issue_others.document(row), ensure_ascii=False) + "\n")
    leaves = [os.urandom(32) for _ in range(OA_DOCUMENTS)]
    wall: dict[str, list[float]] = {"ours": [], "openattestation": []}
    cpu: dict[str, list[float]] = {"ours": [], "openattestation": []}
    trees: dict[str, list[float]] = {"ours": [], "openzeppelin": [], "merkletreejs": []}
    with ours.runner:
        ours.issue()
        for _ in range(rounds):
            each = _each(ours)
            peer = node_peers.timed("openattestation", documents)
            for name, seconds, used in (("ours", each[0] * ours.count, each[1] * ours.count), _oa(peer)):
                wall[name].append(seconds)
                cpu[name].append(used)
            began = time.process_time()
            sum(map(len, Tree(leaves).paths()))
            trees["ours"].append(time.process_time() - began)
            for name in ("openzeppelin", "merkletreejs"):
                trees[name].append(node_peers.timed(name, OA_DOCUMENTS)["cpu"])
    bench.record(f"{OA_DOCUMENTS:,} documents, all of them", wall, "ours issues, OpenAttestation only wraps")
    bench.record(f"{OA_DOCUMENTS:,} leaves, all of them", trees, "tree and all proofs, CPU")
    bench.metric("vs_openattestation_16k", Timings(wall).ratio("openattestation", "ours"), aim=20)
    bench.metric("vs_openattestation_16k_one_core_cpu", Timings(cpu).ratio("openattestation", "ours"))
    for name in ("openzeppelin", "merkletreejs"):
        bench.metric(f"tree_vs_{name}_16k", Timings(trees).ratio(name, "ours"))
    ours.remove()


def _each(ours: Ours) -> tuple[float, float]:
    """Seconds for each document: by the clock on the wall, and CPU."""
    began, used = time.perf_counter(), cpu_seconds()
    ours.issue()
    return (time.perf_counter() - began) / ours.count, (cpu_seconds() - used) / ours.count


def linearity(bench: Bench, many: int, rounds: int) -> None:
    """Time for each of many against time for each of 10,000."""
    few, big = Ours(WORK / "few", 10_000, "jcs"), Ours(WORK / "many", many, "jcs")
    big.runner = few.runner
    names = ("10,000", f"{many:,}")
    wall: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    with few.runner:
        few.issue()
        for _ in range(rounds):
            small = [_each(few) for _ in range(5)]
            for name, one in zip(
                names, (tuple(map(statistics.median, zip(*small, strict=True))), _each(big)), strict=True
            ):
                wall[name].append(one[0])
                cpu[name].append(one[1])
    bench.record("time for each, wall", wall)
    bench.record("time for each, CPU", cpu)
    bench.metric("linearity_cost", Timings(wall).ratio(names[1], names[0]), aim=1.2)
    bench.metric("linearity_cpu_cost", Timings(cpu).ratio(names[1], names[0]))
    few.remove()
    big.remove()


def whole_command(bench: Bench, many: int) -> tuple[float, float]:
    """Seconds, and the most memory of all processes together, in MB.

    `hallmark issue` on a development chain, from the CSV to anchored credentials, a few of which are verified.
    """
    import devchain

    folder = WORK / "command"
    folder.mkdir()
    issue_input.write_table(folder / "results.csv", many)
    issue_input.write_achievement(folder / "achievement.json")
    with devchain.start(block_time=1) as chain:
        environment = {"HALLMARK_RPC": chain.url, "HALLMARK_DEPLOYMENT": "deployment.json"}
        environment["HALLMARK_PRIVATE_KEY"] = chain.accounts[0].private_key

        def hallmark(line: str) -> float:
            watched = watch([str(HALLMARK), *line.split()], folder, environment)
            return watched.peak_mb

        hallmark("deploy --out deployment.json")
        hallmark(f"issuer register --name Northwind --recovery {chain.accounts[9].address}")
        began = time.perf_counter()
        peak = hallmark(
            "issue results.csv --achievement achievement.json --out out --layout ndjson --suite jcs --wait 1"
        )
        seconds = time.perf_counter() - began
        (finished,) = folder.glob("out/batch-*/credentials.ndjson")
        with finished.open("rb") as lines:
            for number, line in enumerate(lines):
                if number % (many // 4) == 0:
                    (finished.parent / f"{number}.json").write_bytes(line)
        time.sleep(3)  # a few blocks, for the anchor to be safe
        hallmark("verify " + " ".join(str(path) for path in finished.parent.glob("[0-9]*.json")))
    bench.notes.append(
        f"command: {many:,} credentials of {finished.stat().st_size // many:,} bytes in one file, four verified."
    )
    shutil.rmtree(folder)
    return seconds, peak


def main() -> int:
    """Run every part and write build/bench/issue.json."""
    packages = ("orjson", "PyNaCl", "rfc8785", "cryptography", "PyLD", "gmpy2")
    bench = Bench("issue", "From a table of results to proof-carrying credentials", packages)
    bench.peers |= node_peers.install()
    bench.limit("limit", "orjson.dumps + hashlib.sha256 + PyNaCl sign + write and fsync, as many processes as ours")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    rounds = max(bench.options.rounds or (MIN_ROUNDS if bench.quick else 5), MIN_ROUNDS)
    many = 100_000 if bench.quick else 1_000_000
    try:
        against_limit_and_naive(bench, 20_000 if bench.quick else 100_000, rounds)
        against_packages(bench, 1 if bench.quick else MIN_ROUNDS)
        linearity(bench, many, 1 if bench.quick else MIN_ROUNDS)
        _, small = whole_command(bench, 20_000)
        seconds, peak = whole_command(bench, many)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    bench.metric("command_s", seconds)
    bench.metric("peak_mb", peak, aim=1500)
    bench.metric("peak_mb_20k", small)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    bench.notes.append(f"load average at the end: {load}; {os.cpu_count()} cores, as many processes.")
    if bench.quick:
        bench.notes.append(f"--quick: up to {many:,} documents; the aims are for the whole run.")
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
