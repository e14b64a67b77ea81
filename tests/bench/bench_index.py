"""make bench-index: our indexer and Ponder on the same anvil chains and the same PostgreSQL, a command's start to rows.

A is 2,000 blocks × 100 events, B 5,000 blocks × 4 transactions × 1 event, each over 1,000 issuers of our contract.
Both are whole commands: start-up, tables, historical sync, until the rows can be queried. Ponder's request limiter is
lifted. `…_sync_only` leaves Ponder's start-up out and keeps ours in. Each run of either side finds a server at rest and
its own database vacuumed and analyzed: what the run before left to be written out, or vacuumed, is nobody else's time.
"""

# ruff: noqa: E402  the folders of shared helpers come first

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests")]

import clusters
import index_ponder
from harness import Bench, Timings
from index_chain import BuiltChain, Shape, opened
from index_content import content_of_ours, content_of_ponder
from index_reorg import seconds_to_repair

FULL = (Shape("A", 2_000, 1, 100), Shape("B", 5_000, 4, 1))
QUICK = (Shape("A", 100, 1, 100, issuers=200), Shape("B", 200, 4, 1, issuers=200))
HALLMARK = Path(sys.executable).with_name("hallmark")
Times = dict[str, list[float]]


def hallmark(*arguments: str) -> tuple[float, float]:
    """Run the command; its seconds and its peak resident memory in MB, that of its reading process added."""
    began = time.perf_counter()
    process = subprocess.Popen([HALLMARK, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    beside = [0.0]
    threading.Thread(target=_watch_children, args=(process.pid, beside), daemon=True).start()
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"hallmark {' '.join(arguments)}: {said}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024 + beside[0]


def _watch_children(pid: int, peak: list[float]) -> None:
    """Keep the largest sum of the peaks of a process's children, which count shared pages once more, until it ends."""
    with contextlib.suppress(OSError):
        while True:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            peak[0] = max(peak[0], sum(index_ponder.peak_mb(int(child)) for child in children))
            time.sleep(0.05)


def at_rest(database: str) -> None:
    """Vacuum and analyze the database, and write out what the server holds; first let autovacuum end (30 s at most).

    Who reads rows first after they were written marks each as committed; with checksums (PostgreSQL 18's default) and
    a checkpoint in between, every page so marked is written to the log whole. Autovacuum does so within minutes of any
    large write; here its minute is not waited for.
    """
    from sqlalchemy import create_engine, text

    engine = create_engine(database, isolation_level="AUTOCOMMIT")
    vacuuming = text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'")
    deadline = time.monotonic() + 30
    with engine.connect() as connection:
        while connection.scalar(vacuuming) and time.monotonic() < deadline:
            time.sleep(0.2)
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))
    engine.dispose()


def one_round(built: BuiltChain, cluster: clusters.Cluster, times: Times, *, ours_first: bool) -> None:
    """Both sides once, then both rebuild from what they keep; equal content or RuntimeError."""
    ours, theirs = cluster.new_database(), cluster.new_database()
    try:
        for side in ("ours", "ponder") if ours_first else ("ponder", "ours"):
            if side == "ours":
                _run_ours(built, ours, times)
            else:
                _run_ponder(built, theirs, times)
        if (one := content_of_ours(ours)) != (other := content_of_ponder(theirs, "first")):
            raise RuntimeError(f"the two indexers disagree: {one} and {other}")
        if (counted := one["batch"][0]) != built.shape.anchors:
            raise RuntimeError(f"{counted} anchors are indexed, {built.shape.anchors} were made")
    finally:
        clusters.drop_database(ours)
        clusters.drop_database(theirs)


def _run_ours(built: BuiltChain, database: str, times: Times) -> None:
    place = ("--deployment", str(built.deployment), "--database", database)
    at_rest(database)
    seconds, peak = hallmark("index", "--rpc", built.chain.url, *place)
    times["ours"].append(seconds)
    times["ours_peak_mb"].append(peak)
    before = content_of_ours(database)
    at_rest(database)
    seconds, peak = hallmark("index", "--from-events", "--rpc", built.chain.url, *place)
    times["ours_rebuild"].append(seconds)
    times["ours_rebuild_peak_mb"].append(peak)
    if content_of_ours(database) != before:
        raise RuntimeError("the rebuild changed the rows")


def _run_ponder(built: BuiltChain, database: str, times: Times) -> None:
    url = database.replace("postgresql+psycopg", "postgresql")
    at_rest(database)
    with index_ponder.running(built, url, "first") as run:
        times["ponder"].append(run.ready)
        times["ponder_sync_only"].append(run.ready - run.sync_began)
        times["ponder_peak_mb"].append(run.peak_mb)
    at_rest(database)
    with index_ponder.running(built, url, "second") as again:
        if not again.cached:
            raise RuntimeError("Ponder's re-index did not come from its cache")
        times["ponder_rebuild"].append(again.ready)
        times["ponder_rebuild_sync_only"].append(again.ready - again.sync_began)
    if content_of_ponder(database, "first") != content_of_ponder(database, "second"):
        raise RuntimeError("Ponder's re-index has other rows")


def measure(bench: Bench, shape: Shape, cluster: clusters.Cluster, rounds: int) -> Times:
    """All rounds on one chain; what each took."""
    times: Times = defaultdict(list)
    built = opened(shape)
    try:
        for number in range(rounds):
            one_round(built, cluster, times, ours_first=number % 2 == 0)
            print(
                f"{shape.name} round {number + 1}: " + ", ".join(f"{k} {v[-1]:.1f}" for k, v in times.items()),
                flush=True,
            )
    finally:
        built.chain.kill()
    note = f"{shape.total_events:,} events in {shape.blocks:,} blocks"
    bench.record(shape.name, {name: values for name, values in times.items() if "peak" not in name}, note)
    bench.samples.update({f"{shape.name}: {name}": values for name, values in times.items() if "peak" in name})
    return times


def main() -> int:
    """Both chains, the rebuild, the reorg."""
    bench = Bench("index", "Historical sync to queryable rows, same chain, same PostgreSQL", ("sqlalchemy", "psycopg"))
    index_ponder.install()
    bench.notes.append(
        "before each run of either side, its database: VACUUM (ANALYZE), CHECKPOINT, no autovacuum at work"
    )
    bench.peers |= {"ponder": index_ponder.version(), "request limiter of ponder": "lifted (INITIAL_MAX_RPS, MAX_RPS)"}
    a, b = QUICK if bench.quick else FULL
    rounds = 1 if bench.quick else max(3, bench.options.rounds)
    cluster = clusters.Cluster()
    try:
        of_a, of_b = (measure(bench, shape, cluster, rounds) for shape in (a, b))
    finally:
        cluster.remove()
    for name, times, aim in (("a", of_a, 6.0), ("b", of_b, 20.0)):
        bench.metric(f"{name}_vs_ponder", Timings(times).ratio("ponder", "ours"), aim=aim)
        bench.metric(f"{name}_vs_ponder_sync_only", Timings(times).ratio("ponder_sync_only", "ours"))
    bench.metric("rebuild_vs_ponder", Timings(of_a).ratio("ponder_rebuild", "ours_rebuild"), aim=12.0)
    bench.metric("rebuild_vs_ponder_sync_only", Timings(of_a).ratio("ponder_rebuild_sync_only", "ours_rebuild"))
    peak = max(max(times["ours_peak_mb"]) for times in (of_a, of_b))
    bench.metric("peak_mb", peak)
    bench.metric("ponder_peak_mb", max(of_a["ponder_peak_mb"]))
    reorgs = [seconds_to_repair() for _ in range(1 if bench.quick else 3)]
    bench.record("64-block reorg", {"ours": reorgs}, "anvil_reorg to the repaired mirror, `index --follow`")
    bench.metric("reorg64_s", sorted(reorgs)[len(reorgs) // 2])
    if bench.quick:
        bench.notes.append(
            "--quick: one round on small chains, where start-up weighs most; the aims are for the whole run"
        )
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
