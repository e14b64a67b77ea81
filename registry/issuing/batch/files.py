"""Files that survive a crash whole, and files that only their owner reads."""

import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self


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
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """What a file holds, or the names in a folder, are on disk when this returns, whoever wrote them."""
    # An error in writing back that nobody was told of yet is told to whoever opens the file next (Linux 4.16).
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Syncer:
    """Brings files to disk while more is written; when its context ends without an error, all it was told of is there.

    A thread does it, for to wait for a disk takes no processor's time; the first few files wait for the end.
    """

    def __init__(self) -> None:
        self._told = 0
        self._files: dict[Path, None] = {}
        self._thread: ThreadPoolExecutor | None = None
        self._begun: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def add(self, *paths: Path) -> None:
        """These were written; perhaps more will be, which is told again."""
        self._told += 1
        self._files.update(dict.fromkeys(paths))
        if self._told > _AT_END:
            self._thread = self._thread or ThreadPoolExecutor(1)
            self._begun.append(self._thread.submit(_sync_files, [*self._files]))
            self._files.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=kind is not None)
        if kind is None:
            for future in self._begun:
                future.result()
            _sync_files([*self._files])


_AT_END = 2


def _sync_files(paths: Iterable[Path]) -> None:
    for path in paths:
        sync_path(path)


def remove_private(path: Path) -> None:
    """Write zeros over a file and remove it (a backup, or a disk that copies on write, still has it)."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
