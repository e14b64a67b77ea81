"""Files that survive a crash whole, and files that only their owner reads."""

import os
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads; complete and on disk, or not there at all."""
    make_private(path.parent)
    write_durably(path, data, mode=0o600)


def make_private(folder: Path) -> None:
    """Make a folder that only its owner enters, and those above it that are missing."""
    if not folder.exists():
        make_private(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)


def write_durably(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write beside, fsync, rename, fsync the folder: a crash leaves the old file, or the new one, whole."""
    beside = path.with_name(path.name + ".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """The names in a folder are on disk when this returns."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_private(path: Path) -> None:
    """Write zeros over a file and remove it (a backup, or a disk that copies on write, still has it)."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
