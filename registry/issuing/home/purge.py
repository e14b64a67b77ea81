"""Forget people's documents after delivery. What is kept (batch id, root, transaction) says nothing about anybody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from registry.credential.times import parse_stamp
from registry.errors import InputError
from registry.issuing.batch.finish import batch_folder
from registry.issuing.home.batches import forget_documents, named
from registry.issuing.home.workspace import Workspace
from registry.ports.store import Journal, JournalEntry


def chosen(
    entries: Sequence[JournalEntry], ids: Sequence[str], before: datetime | None, home: Workspace
) -> list[JournalEntry]:
    """The batches that are meant; only released ones can be.

    Args:
        entries: The journal.
        ids: Batch ids in hex, or how they begin.
        before: Every released batch that was staged before this moment, besides.
        home: Where the documents lie.

    Raises:
        InputError: An id that names no batch or several, or one that is not released.
    """
    if not ids and before is None:
        raise InputError("No batch was named.", todo="name one (see `hallmark batches`), or give --older-than DAYS")
    wanted = [_released(named(entries, text)) for text in ids]
    old = [entry for entry in entries if before and entry.state == "released" and parse_stamp(entry.created) < before]
    unique = {entry.batch_id: entry for entry in (*wanted, *old)}
    # A purge that was interrupted is told again.
    return [entry for entry in unique.values() if entry.state != "purged" or home.batch_folder(entry.batch_id).exists()]


def _released(entry: JournalEntry) -> JournalEntry:
    if entry.state not in ("released", "purged"):
        what = f"Batch {entry.batch_id.hex()} is {entry.state}: without its documents it can never be finished."
        raise InputError(what, todo="finish it first with `hallmark issue --resume`")
    return entry


def undelivered(entry: JournalEntry) -> bool:
    """Whether the folder that the credentials were written to is gone, as far as that can be seen from here."""
    return not (batch_folder(Path(entry.out), entry.batch_id) / "report.json").is_file()


def purge(entry: JournalEntry, journal: Journal, home: Workspace) -> None:
    """Delete the staged documents and salts. A crash between leaves a batch that is told to be purged, and is again."""
    journal.put(replace(entry, state="purged"))
    forget_documents(home, entry.batch_id)
