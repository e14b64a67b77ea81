"""Which credentials a person means: by file, by id, by a list of ids, or a whole batch of this issuer's home folder."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.credential.place import BatchId, parse_pointer
from registry.errors import HallmarkError, InputError
from registry.issuing.home.batches import named
from registry.issuing.status import BatchRef
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import TableOptions, fold
from registry.issuing.table.tables import open_table
from registry.ports.store import JournalEntry

_ANCHORED = ("included", "final", "released", "purged")
_HEADERS = ("id", "credential")
_URN = "urn:uuid:"
_POINTER = "urn:hallmark:"


@dataclass(frozen=True)
class KnownBatches:
    """What the home folder knows of its batches.

    Attributes:
        batch_of: The place of a batch by its 16-byte id.
        entries: The journal.
        names: The names of a batch's credentials in index order; raises InputError where they were purged.
        urn_of: The id of the credential that was made from a table's row of this name, in this batch.
        by_credential: Places (16-byte batch id, index) of a credential id that came with its document.
        by_row: Places of a table's row id, also where the documents were purged.
    """

    batch_of: Callable[[bytes], BatchId]
    entries: Sequence[JournalEntry]
    names: Callable[[bytes], Iterator[str]]
    urn_of: Callable[[bytes, str], str]
    by_credential: Callable[[str], Sequence[tuple[bytes, int]]]
    by_row: Callable[[str], Sequence[tuple[bytes, int]]]

    def ref(self, entry: JournalEntry) -> BatchRef:
        """The record of a batch, as the contract wants it named."""
        return BatchRef(self.batch_of(entry.batch_id), entry.root, entry.leaf_count, entry.account)

    def named(self, text: str) -> JournalEntry:
        """The anchored batch whose id is, or begins with, `text`; InputError where there is none or several."""
        found = named(self.entries, text.rpartition(":")[2])
        if found.state not in _ANCHORED:
            what = f"Batch {found.batch_id.hex()} is {found.state}, and not anchored yet."
            raise InputError(what, todo="finish it first with `hallmark issue --resume`")
        return found


def places_of_ids(
    ids: Iterable[str], known: KnownBatches, within: JournalEntry | None = None
) -> dict[BatchRef, list[int]]:
    """The places of credentials by id: a row's id, the credential's own, or its pointer `urn:hallmark:…`.

    Args:
        ids: What a person wrote.
        known: The home folder.
        within: The one batch that is meant; needed where a row's id stands in several.

    Raises:
        InputError: Every id that names no credential, or several; nothing was changed.
    """
    wanted = list(dict.fromkeys(text.strip() for text in ids if text.strip()))
    entries = [within] if within else [entry for entry in known.entries if entry.state in _ANCHORED]
    found: dict[str, list[tuple[JournalEntry, int]]] = {text: [] for text in wanted}
    by_id = {entry.batch_id: entry for entry in entries}
    for text in wanted:
        places = _pointed(text, known) if text.startswith(_POINTER) else known.by_credential(text)
        found[text] += [(by_id[batch], index) for batch, index in places if batch in by_id]
    missing = {text for text, places in found.items() if not places}
    gone = _search(missing, entries, known, found) if missing else []
    _refuse_unclear(found, gone)
    chosen: dict[BatchRef, list[int]] = defaultdict(list)
    for ((entry, index),) in found.values():
        chosen[known.ref(entry)].append(index)
    return dict(chosen)


def _pointed(text: str, known: KnownBatches) -> list[tuple[bytes, int]]:
    try:
        place = parse_pointer(text if "#" in text else f"{text}#revocation")
    except HallmarkError as error:
        raise InputError(str(error), todo="copy it as it stands in the credential; nothing was changed") from None
    same = place.batch == known.batch_of(place.batch.batch_id)
    return [(place.batch.batch_id, place.index)] if same else []


def _search(
    missing: set[str],
    entries: Sequence[JournalEntry],
    known: KnownBatches,
    found: dict[str, list[tuple[JournalEntry, int]]],
) -> list[str]:
    """Look through the names of all batches; of those whose names are gone, which are told, the index knows rows."""
    urns = any(text.startswith(_URN) for text in missing)
    gone: dict[bytes, JournalEntry] = {}
    for entry in entries:
        try:
            for index, name in enumerate(known.names(entry.batch_id)):
                if name in missing:
                    found[name].append((entry, index))
                if urns and (urn := known.urn_of(entry.batch_id, name)) in missing:
                    found[urn].append((entry, index))
        except InputError:
            gone[entry.batch_id] = entry
    for text in missing if gone else ():
        found[text] += [(gone[batch], index) for batch, index in known.by_row(text) if batch in gone]
    return [batch.hex() for batch in gone]


def _refuse_unclear(found: Mapping[str, Sequence[tuple[JournalEntry, int]]], gone: Sequence[str]) -> None:
    none = [text for text, places in found.items() if not places]
    if none:
        shown = ", ".join(map(repr, none[:20])) + (", …" if len(none) > 20 else "")
        what = f"{len(none)} of {len(found)} ids name no credential of this issuer: {shown}."
        if not gone:
            raise InputError(what, todo="correct them, or name the credentials' files; nothing was changed")
        batches = "1 batch" if len(gone) == 1 else f"{len(gone)} batches"
        what += f" The documents of {batches} were purged: of those only the ids of table rows are still known."
        todo = "name a row's id, the credential's file, or its pointer (urn:hallmark:…); nothing was changed"
        raise InputError(what, todo=todo)
    several = next((text for text, places in found.items() if len(places) > 1), None)
    if several is not None:
        batches = ", ".join(entry.batch_id.hex()[:8] for entry, _ in found[several])
        what = f"The id {several!r} stands in {len(found[several])} places: {batches}."
        raise InputError(what, todo="name one with --batch; nothing was changed")


def ids_of_table(path: Path) -> list[str]:
    """Ids from a CSV or XLSX: its column `id` or `credential`, or its only column, with or without a header."""
    complaints = Complaints(str(path))
    with open_table(path, TableOptions(), _HEADERS, complaints) as lines:
        header = next(lines, (0, ()))[1]
        names = [fold(name) for name in header]
        column = next((names.index(name) for name in _HEADERS if name in names), None)
        filled = [name for name in names if name]
        if column is None and len(filled) != 1:
            raise InputError(f"{path} has no column 'id'.", todo="add one, or leave only one column")
        place = names.index(filled[0]) if column is None else column
        first = [header[place]] if column is None else []
        ids = [*first, *(cells[place] for _, cells in lines if len(cells) > place)]
    complaints.refuse()
    return [text.strip() for text in ids if text.strip()]
