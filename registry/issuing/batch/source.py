"""An input while it is open: a table's rows or documents that are ready, looked through for earlier credentials."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from registry.errors import InputError
from registry.issuing.achievement import AchievementFile
from registry.issuing.batch.ready import ready_documents
from registry.issuing.duplicates import Screen, screened_documents, screened_rows
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.rows import open_rows
from registry.issuing.table.tables import is_table


class Source(NamedTuple):
    """What is in an input.

    Attributes:
        items: Rows with their numbers, or names and bytes of documents.
        rows: Whether they are rows.
    """

    items: Iterator[Any]
    rows: bool


@contextmanager
def open_source(
    path: Path,
    achievement: AchievementFile | None,
    did: str | None,
    created: str,
    complaints: Complaints,
    screen: Screen | None,
) -> Iterator[Source]:
    """What is in an input, one at a time, while the context lasts.

    Args:
        path: A table, an .ndjson file, or a folder of .json files.
        achievement: What a table's rows are about, and how it is read.
        did: The issuer; None: nobody can tell whose documents are.
        created: dateTimeStamp of this run.
        complaints: Told what is wrong with it.
        screen: Looks for earlier credentials; None: nobody looks.

    Raises:
        InputError: It cannot be read at all, or is a table without an achievement.
    """
    if not is_table(path):
        ready = ready_documents(path)
        yield Source(screened_documents(screen, ready, did) if screen and did else ready, rows=False)
        return
    if achievement is None:
        raise InputError(f"{path} needs an achievement.", todo="name one with --achievement FILE.json")
    with open_rows(path, achievement.table, created, complaints) as rows:
        about = achievement.achievement["id"]
        yield Source(screened_rows(screen, rows, about) if screen else rows, rows=True)
