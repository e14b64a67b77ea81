"""One batch of a home folder, by what a person calls it; and to forget its documents."""

import shutil
from collections.abc import Sequence

from registry.errors import InputError
from registry.issuing.home.workspace import Workspace
from registry.ports.store import JournalEntry


def named(entries: Sequence[JournalEntry], text: str) -> JournalEntry:
    """The batch whose id, in hex, is `text` or begins with it; InputError where there is none, or several."""
    found = [entry for entry in entries if text and entry.batch_id.hex().startswith(text.lower())]
    if len(found) != 1:
        raise InputError(f"{len(found)} batches begin with {text!r}.", todo="see `hallmark batches`")
    return found[0]


def forget_documents(home: Workspace, batch_id: bytes) -> None:
    """Delete the staged documents and salts of a batch; one that was interrupted can be told again."""
    folder = home.batch_folder(batch_id)
    # Stagings that were set aside have a number behind their name.
    for each in (folder, *folder.parent.glob(f"{folder.name}.*")):
        if each.exists():
            shutil.rmtree(each)
