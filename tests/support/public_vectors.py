"""Vectors made by others: read in place, never copied; where they are absent the tests are skipped aloud."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = Path(os.environ.get("HALLMARK_VECTORS") or REPOSITORY.parent / "shared" / "vectors")
PRESENT = (ROOT / "README.md").is_file()
ABSENT = (
    "the public test vectors are ABSENT: put them at ../shared/vectors beside the repository, "
    "or name their folder in HALLMARK_VECTORS"
)
needed = pytest.mark.skipif(not PRESENT, reason=ABSENT)


def describe() -> str:
    return "found" if PRESENT else f"ABSENT, their tests are skipped ({ABSENT})"


def path(name: str) -> Path:
    """A vector file or folder; skips the calling test aloud where the vectors are absent."""
    if not PRESENT:
        pytest.skip(ABSENT)
    return ROOT / name


def load(name: str) -> Any:
    return json.loads(path(name).read_bytes())


def each(folder: str, pattern: str = "*.json") -> list[Any]:
    """One test parameter a file, ordered by name; one skipped parameter where the vectors are absent."""
    if not PRESENT:
        return [pytest.param(None, marks=pytest.mark.skip(reason=ABSENT), id="absent")]
    base = ROOT / folder
    files = sorted(base.rglob(pattern))
    assert files, f"no vectors match {folder}/{pattern}"
    return [pytest.param(file, id=str(file.relative_to(base).with_suffix(""))) for file in files]
