"""Give up batches that were staged and never sent: their learners may be issued again, by another file."""

from collections.abc import Callable, Sequence

from registry.errors import InputError
from registry.issuing.batch.staged import open_staged
from registry.issuing.batch.staging import shard_batch_id
from registry.issuing.duplicates import Issued
from registry.issuing.home.batches import forget_documents, named
from registry.issuing.home.workspace import Workspace
from registry.ports.store import Journal, JournalEntry


def chosen(
    entries: Sequence[JournalEntry], ids: Sequence[str], home: Workspace, recorded: Callable[[bytes], int]
) -> list[JournalEntry]:
    """The batches that are meant, each input's first shard before its others: shards are given up together.

    Args:
        entries: The journal.
        ids: Batch ids in hex, or how they begin.
        home: Where the documents lie.
        recorded: Asks the contract: block time of a batch's record, 0 where there is none.

    Raises:
        InputError: An id that names no batch or several, or one that was signed, handed to a relayer or anchored.
    """
    meant = {one.batch_id: one for text in ids for one in _input_of(named(entries, text), entries, home)}
    for entry in meant.values():
        _refuse_sent(entry, recorded)
    return list(meant.values())


def _input_of(entry: JournalEntry, entries: Sequence[JournalEntry], home: Workspace) -> list[JournalEntry]:
    """All shards of the input that this batch is one of, in order; itself where its documents are gone."""
    (_, count), by_id = _place_among_shards(entry, home), {one.batch_id: one for one in entries}
    for first in entries if count > 1 else ():
        if _place_among_shards(first, home) != (0, count):
            continue
        ids = [shard_batch_id(home.batch_secret(), first.batch_id, shard) for shard in range(count)]
        if entry.batch_id in ids:
            return [by_id[one] for one in ids if one in by_id]
    return [entry]


def _place_among_shards(entry: JournalEntry, home: Workspace) -> tuple[int, int]:
    """Which shard of its input it is, from 0, and how many there are."""
    try:
        about = open_staged(home.batch_folder(entry.batch_id)).about
    except InputError:
        return 0, 1  # a drop that was interrupted
    return int(about.get("shard", 0)), int(about.get("shards", 1))


def _refuse_sent(entry: JournalEntry, recorded: Callable[[bytes], int]) -> None:
    """What has a signature may reach the chain whenever somebody has its bytes, and needs its salts then."""
    what, finish = f"Batch {entry.batch_id.hex()}", "finish it with `hallmark issue --resume`; nothing was dropped"
    if entry.request is not None:
        todo = "have it sent with `hallmark relay`, then run `hallmark issue --resume`; nothing was dropped"
        raise InputError(f"{what} was signed for a relayer, who may send it.", todo=todo)
    if entry.state in ("released", "purged"):
        todo = "revoke its credentials with `hallmark status revoke --batch`; nothing was dropped"
        raise InputError(f"{what} is anchored, for ever.", todo=todo)
    if entry.state != "staged" or entry.offers:
        raise InputError(f"{what} was signed, and its transaction may be mined.", todo=finish)
    if recorded(entry.batch_id):
        raise InputError(f"{what} is anchored, though this folder never sent it.", todo=finish)


def drop(entry: JournalEntry, journal: Journal, issued: Issued, home: Workspace) -> None:
    """Forget a batch: its learners, documents and salts, at last its entry. A crash between is mended by a second."""
    issued.forget(entry.batch_id)
    forget_documents(home, entry.batch_id)
    journal.drop(entry.batch_id)
