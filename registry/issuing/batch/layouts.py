"""How finished credentials lie in their folder: one file each, folders of a thousand, one NDJSON, or a zip each.

Files are written beside and renamed, so that a crash leaves none half written.
"""

import io
import os
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from registry.errors import InputError

NDJSON = "credentials.ndjson"
_FOLDER = 1000
# What a zip says about the time of its entries: nothing, so that the same batch gives the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def path_of(layout: str, out: Path, name: str, index: int) -> Path:
    """Where a credential lies, in every layout but `ndjson`."""
    if layout == "sharded":
        return out / f"{index // _FOLDER:05}" / f"{name}.json"
    return out / (f"{name}.zip" if layout == "zip" else f"{name}.json")


class Files(NamedTuple):
    """Where files are written.

    Attributes:
        layout: `files`, `sharded` or `zip`.
        out: The folder.
        durably: Whether each file is on disk before the next one is begun.
    """

    layout: str
    out: Path
    durably: bool


def write_files(
    place: Files, names: Sequence[str], lines: Iterable[bytes], first: int, beside: tuple[str, bytes]
) -> None:
    """Write credentials as files; those that are there with the same content are left alone.

    Args:
        place: Where and how.
        names: Of the credentials.
        lines: Their RFC 8785 form.
        first: Index of the first of them.
        beside: Name and content of what lies beside a credential in its zip.

    Raises:
        InputError: A file of that name holds something else; nothing of it is touched.
    """
    for index, (name, line) in enumerate(zip(names, lines, strict=True), first):
        path = path_of(place.layout, place.out, name, index)
        if place.layout == "sharded" and (index == first or index % _FOLDER == 0):
            path.parent.mkdir(exist_ok=True)
        data = indented(line)
        write_new(path, _zip(name, data, beside) if place.layout == "zip" else data, durably=place.durably)


def indented(line: bytes) -> bytes:
    """A credential for a person's eyes."""
    return orjson.dumps(orjson.loads(line), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _zip(name: str, data: bytes, beside: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in ((f"{name}.json", data), beside):
            archive.writestr(zipfile.ZipInfo(member, _NO_TIME), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def write_new(path: Path, data: bytes, *, durably: bool) -> None:
    """Write a file that is not there yet; an empty one is what a loss of power leaves, and is written again."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        pass
    else:
        with os.fdopen(handle, "rb") as file:
            there = file.read()
        if there == data:
            return
        if there:
            raise InputError(f"{path} exists and holds something else.", todo="name another folder with --out")
    beside = path.with_name(path.name + ".new")
    with beside.open("wb", buffering=0) as file:
        file.write(data)
        if durably:
            os.fsync(file.fileno())
    beside.replace(path)
