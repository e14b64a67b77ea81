"""Write a finished batch: one file a credential, and a folder with manifest, profile and report for the registry."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from registry.errors import InputError
from registry.issuing.stage import StagedBatch
from registry.issuing.workspace import write_durably
from registry.ports import JournalEntry


def batch_folder(out: Path, batch_id: bytes) -> Path:
    """Where manifest, profile and report of a batch lie."""
    return out / f"batch-{batch_id.hex()}"


def check_folder(out: Path, names: Sequence[str]) -> None:
    """Before anything is paid for: the folder can be written to, and no file of these names is in the way.

    Raises:
        InputError: It cannot, or one is.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".hallmark-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"{out} cannot be written to: {error.strerror}.", todo="name another folder with --out"
        ) from None
    taken = next((name for name in names if (out / f"{name}.json").exists()), None)
    if taken is not None:
        what = f"{out / taken}.json exists and holds something else."
        raise InputError(what, todo="name another folder with --out; nothing was sent")


def write_batch(out: Path, staged: StagedBatch, profile: Mapping[str, Any], entry: JournalEntry) -> None:
    """Write everything; files that are there already with the same content are left alone (a run that goes on).

    Raises:
        InputError: A file of that name holds something else; nothing of it is touched.
    """
    folder = batch_folder(out, entry.batch_id)
    folder.mkdir(parents=True, exist_ok=True)
    unanchored = 0
    for name, credential in staged.finished():
        _write_new(out / f"{name}.json", _pretty(credential))
        unanchored += "urn:hallmark:" not in json.dumps(credential.get("credentialStatus", ""))
    write_durably(folder / "manifest.bin", b"".join(staged.tree.levels[0]))
    write_durably(folder / "profile.json", _pretty(profile))
    report = {
        "batch": str(staged.batch),
        "root": "0x" + staged.tree.root.hex(),
        "leafCount": staged.tree.size,
        "account": "0x" + entry.account.hex(),
        "transaction": "0x" + entry.tx_hash.hex() if entry.tx_hash else None,
        "block": entry.block_number,
        "gasUsed": entry.gas_used,
        "withoutPointer": unanchored,
    }
    write_durably(folder / "report.json", _pretty(report))


def _write_new(path: Path, data: bytes) -> None:
    if path.exists() and path.read_bytes() != data:
        raise InputError(f"{path} exists and holds something else.", todo="name another folder with --out")
    write_durably(path, data)


def _pretty(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
