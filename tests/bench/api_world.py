"""What bench-api serves: a registry with 10,000,000 leaves in SQLite, and real badges that are in it.

The badges are issued on a chain, anchored, indexed and deposited by the commands. The other leaves are random hashes in
batches of 100,000 whose records stand beside the real one: a lookup cannot tell. Kept in build/bench/api.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench" / "api"
SUPPORT = Path(__file__).parents[1] / "support"
BATCH = 100_000
BADGES = 64
SAMPLE = 20_000
_SLICES = 512

ACHIEVEMENT = {
    "id": "urn:uuid:6b2a9a8e-51b1-4d06-8d8e-6f6a0d6a3c11",
    "type": ["Achievement"],
    "name": "Spreadsheets",
    "description": "Cleans, joins and charts data, and explains what the charts show.",
    "criteria": {"narrative": "Two practical tasks and a review."},
}


def made(leaves: int) -> Path:
    """The folder with deployment, database, badges and a sample of leaves; made at the first call for this size."""
    folder = FOLDER / str(leaves)
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sys.path[:0] = [str(SUPPORT)]
        _issue(folder)
        _fill(folder / "hallmark.sqlite", leaves)
        _sample(folder)
        (folder / "complete").touch()
    return folder


def _issue(folder: Path) -> None:
    import devchain
    from desk import Desk
    from served import deposited, serving

    with devchain.start(block_time=0) as chain:
        for suite in ("jcs", "rdf"):
            desk = Desk(folder, chain)
            if suite == "jcs":
                desk.ok("deploy --out deployment.json")
                desk.ok(f"issuer register --name Northwind --recovery {desk.recovery}")
            rows = [f"{suite}{n:03},Learner {n},learner{n}@example.org" for n in range(BADGES)]
            (folder / "results.csv").write_text("id,name,email\n" + "\n".join(rows) + "\n")
            (folder / "achievement.json").write_text(json.dumps(ACHIEVEMENT))
            shutil.rmtree(folder / "credentials", ignore_errors=True)
            desk.ok(f"issue results.csv --achievement achievement.json --out credentials --wait 1 --suite {suite}")
            desk.mine(4)
            with serving(desk) as (address, _):
                deposited(desk, address)
            paths = sorted((folder / "credentials").glob("*.json"))
            badges = [json.dumps(json.loads(path.read_bytes()), separators=(",", ":")) for path in paths]
            (folder / f"badges-{suite}.ndjson").write_text("\n".join(badges) + "\n")


def _fill(file: Path, leaves: int) -> None:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-400000")
        database.execute("BEGIN")
        (chain_id, issuer_id, account, anchored_at, block) = database.execute(
            "SELECT chain_id, issuer_id, account, anchored_at, block_number FROM batch LIMIT 1"
        ).fetchone()
        batches = [os.urandom(16) for _ in range(-(-leaves // BATCH))]
        rows = [
            (chain_id, issuer_id, batch, os.urandom(32), BATCH, account, anchored_at, block, os.urandom(32))
            for batch in batches
        ]
        database.executemany("INSERT INTO batch VALUES (?,?,?,?,?,?,?,?,?)", rows)
        database.executemany("INSERT INTO leaf VALUES (?,?,?,?,?)", _leaves(chain_id, issuer_id, batches, leaves))
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _leaves(chain_id: int, issuer_id: int, batches: list[bytes], count: int) -> Iterator[tuple[object, ...]]:
    """Random hashes in order, so that the tree is filled from left to right; their places are spread out."""
    number = 0
    for part in range(_SLICES):
        size = count * (part + 1) // _SLICES - count * part // _SLICES
        high = 2**256 * part // _SLICES
        span = 2**256 // _SLICES
        hashes = sorted(high + int.from_bytes(os.urandom(33), "big") % span for _ in range(size))
        for value in hashes:
            yield value.to_bytes(32, "big"), chain_id, issuer_id, batches[number % len(batches)], number // len(batches)
            number += 1


def _sample(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "hallmark.sqlite")) as database:
        found = []
        while len(found) < SAMPLE:
            row = database.execute(
                "SELECT hex(leaf_hash) FROM leaf WHERE leaf_hash >= ? LIMIT 1", (os.urandom(32),)
            ).fetchone()
            found += [row[0].lower()] if row else []
    (folder / "leaves.txt").write_text("\n".join(found) + "\n")
