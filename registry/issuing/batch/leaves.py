"""The leaf hash of a credential that was issued before: from its batch's manifest, or from what was staged."""

from pathlib import Path

from registry.credential.place import BatchId
from registry.errors import HallmarkError, InputError
from registry.issuing.batch.assemble import LeafMaker
from registry.issuing.batch.finish import batch_folder
from registry.issuing.batch.staged import PART, open_staged
from registry.issuing.home.workspace import Workspace
from registry.merkle import HASH_BYTES
from registry.ports.store import JournalEntry


def leaf_of(home: Workspace, entry: JournalEntry, batch: BatchId, place: int) -> bytes:
    """The leaf hash, 32 bytes.

    Args:
        home: Where batches are staged.
        entry: The batch in the journal.
        batch: Its full name.
        place: The credential's index in it.

    Raises:
        InputError: Neither manifest nor staged documents are there any more.
    """
    manifest = batch_folder(Path(entry.out), entry.batch_id) / "manifest.bin"
    try:
        with manifest.open("rb") as file:
            file.seek(place * HASH_BYTES)
            leaf = file.read(HASH_BYTES)
        if len(leaf) == HASH_BYTES:
            return leaf
    except OSError:
        pass
    try:
        part = open_staged(home.batch_folder(entry.batch_id)).records(place // PART)
        return LeafMaker(batch, entry.account, entry.created).leaves(part, place - place % PART)[place % PART]
    except (HallmarkError, OSError, ValueError):
        what = f"the leaf hashes of batch {entry.batch_id.hex()} are gone, {manifest} too"
        todo = f"restore {manifest}, or choose --duplicates allow and revoke it yourself"
        raise InputError(what, todo=todo) from None
