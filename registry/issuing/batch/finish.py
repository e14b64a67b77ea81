"""Write a finished batch: the credentials, and a folder with manifest, profile and report for the registry."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from registry.errors import InputError
from registry.issuing.batch.assemble import (
    StagedBatch,
    anchor_proofs,
    finished_extent,
    finished_lines,
    finished_pieces,
)
from registry.issuing.batch.files import Syncer, sync_path, write_durably
from registry.issuing.batch.jobs import Progress
from registry.issuing.batch.layouts import NDJSON, Files, path_of, write_files
from registry.issuing.batch.runner import Here, Runner
from registry.issuing.batch.staged import PART, write_pieces
from registry.merkle import HASH_BYTES
from registry.ports.store import JournalEntry

# Up to so many files are synced one by one, which leaves other programs' files alone.
_FEW = 256


@dataclass(frozen=True)
class Delivery:
    """How a batch is delivered.

    Attributes:
        out: The folder.
        layout: `files`, `sharded`, `ndjson` or `zip`.
        runner: Who does the work.
        progress: Told how far it is.
    """

    out: Path
    layout: str = "files"
    runner: Runner = field(default_factory=Here)
    progress: Progress = lambda _what, _done, _total: None

    def path(self, batch_id: bytes, name: str, index: int) -> Path:
        """The file that a credential lies in."""
        if self.layout == "ndjson":
            return batch_folder(self.out, batch_id) / NDJSON
        return path_of(self.layout, self.out, name, index)


def batch_folder(out: Path, batch_id: bytes) -> Path:
    """Where manifest, profile and report of a batch lie."""
    return out / f"batch-{batch_id.hex()}"


def check_folder(delivery: Delivery, staged: StagedBatch) -> None:
    """Before anything is paid for: the folder can be written to, and no file of these names is in the way.

    Raises:
        InputError: It cannot, or one is.
    """
    out = delivery.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".hallmark-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"{out} cannot be written to: {error.strerror}.", todo="name another folder with --out"
        ) from None
    taken = next((path for path in _paths(delivery, staged) if path.exists()), None)
    if taken is not None:
        what = f"{taken} exists and holds something else."
        raise InputError(what, todo="name another folder with --out; nothing was sent")


def is_delivered(delivery: Delivery, staged: StagedBatch) -> bool:
    """Whether every file of the batch is there."""
    return all(path.is_file() for path in _paths(delivery, staged))


def _paths(delivery: Delivery, staged: StagedBatch) -> Iterator[Path]:
    if delivery.layout == "ndjson":
        yield delivery.path(staged.batch.batch_id, "", 0)
        return
    for index, name in enumerate(staged.names()):
        yield delivery.path(staged.batch.batch_id, name, index)


def write_batch(delivery: Delivery, staged: StagedBatch, profile: Mapping[str, Any], entry: JournalEntry) -> None:
    """Write everything; files that are there already with the same content are left alone (a run that goes on).

    Raises:
        InputError: A file of that name holds something else; nothing of it is touched.
    """
    folder = batch_folder(delivery.out, entry.batch_id)
    folder.mkdir(parents=True, exist_ok=True)
    unanchored = done = 0
    shared = _shared(folder, delivery.layout)
    for path in shared:
        path.write_bytes(b"")
    with Syncer() as disk:
        for count, without in delivery.runner.map(finish, _jobs(delivery, staged, folder, _pretty(profile))):
            done, unanchored = done + count, unanchored + without
            disk.add(*shared)
            delivery.progress("writing", done, staged.size)
    _settle(delivery, folder, staged.size)
    write_durably(folder / "profile.json", _pretty(profile))
    report = {
        "batch": str(staged.batch),
        "root": "0x" + staged.root.hex(),
        "leafCount": staged.size,
        "account": "0x" + entry.account.hex(),
        "transaction": "0x" + entry.tx_hash.hex() if entry.tx_hash else None,
        "block": entry.block_number,
        "gasUsed": entry.gas_used,
        "withoutPointer": unanchored,
        "layout": delivery.layout,
    }
    write_durably(folder / "report.json", _pretty(report))


def _settle(delivery: Delivery, folder: Path, size: int) -> None:
    """What the parts were written into gets its name, and everything is on disk before the journal says so."""
    (folder / "manifest.bin.new").replace(folder / "manifest.bin")
    if delivery.layout == "ndjson":
        (folder / f"{NDJSON}.new").replace(folder / NDJSON)
    elif size > _FEW:
        os.sync()  # one for all files: a million of them cannot be waited for one by one
    else:
        sync_path(delivery.path(b"", "", 0).parent)


def _shared(folder: Path, layout: str) -> list[Path]:
    """The files that every part is written into at its place."""
    return [folder / "manifest.bin.new"] + ([folder / f"{NDJSON}.new"] if layout == "ndjson" else [])


@dataclass(frozen=True)
class FinishJob:
    """One part to be finished.

    Attributes:
        staged: The batch.
        out, layout: Where the credentials go, and how they lie there.
        folder: The batch's folder.
        number: Which part.
        offset: Where its lines begin in the NDJSON file.
        profile: The profile document.
    """

    staged: StagedBatch
    out: Path
    layout: str
    folder: Path
    number: int
    offset: int
    profile: bytes


def _jobs(delivery: Delivery, staged: StagedBatch, folder: Path, profile: bytes) -> Iterator[FinishJob]:
    parts = staged.files.parts
    extents = (finished_extent(staged, number) for number in range(parts - 1))
    for number, offset in enumerate(accumulate(extents, initial=0)):
        yield FinishJob(staged, delivery.out, delivery.layout, folder, number, offset, profile)


def finish(job: FinishJob) -> tuple[int, int]:
    """Finish and write one part: how many credentials it holds, and how many of them carry no pointer."""
    first, part = job.number * PART, job.staged.part(job.number)
    leaves = job.staged.leaves(part, job.number)
    _write_at(job.folder / "manifest.bin.new", first * HASH_BYTES, [b"".join(leaves)])
    proofs = anchor_proofs(job.staged, part, job.number, leaves)
    if job.layout == "ndjson":
        _write_at(job.folder / f"{NDJSON}.new", job.offset, finished_pieces(part, proofs))
    else:
        place, beside = Files(job.layout, job.out, job.staged.size <= _FEW), f"{job.folder.name}/profile.json"
        write_files(place, part.names, finished_lines(part, proofs), first, (beside, job.profile))
    return len(part.names), part.without_pointer


def _write_at(path: Path, offset: int, pieces: Iterable[bytes | memoryview]) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        write_pieces(handle, pieces, offset)
    finally:
        os.close(handle)


def _pretty(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
