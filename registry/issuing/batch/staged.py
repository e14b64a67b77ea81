"""A staged batch on disk: documents that lack their anchor proof only, with salts and hashes, in parts.

batches/<batch id>/
    part-00000.ndjson   one document a line, in RFC 8785 form
    part-00000.index    "HMSTAGE1" ‖ count u32 ‖ bare u32 ‖ foreign u32 ‖ records ‖ names of their files as a JSON array
    staged.json         what the batch is; written last

A record is salt(32) ‖ docHash(32) ‖ length u32 ‖ start u32 ‖ insert u32 ‖ end u32 ‖ crc u32: the line's bytes without
its line break; where the member "proof" begins and ends, so that `docHash` is that of the rest; where a further proof
goes; and CRC-32 of the member. `bare` documents of the part have no proof yet, `foreign` ones no pointer. Every part
but the last holds 2,048 documents, so that it is a whole subtree (RFC 9162). A crash before staged.json is there
leaves parts that nobody believes in; nothing of them has left the house.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, count, islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from registry.errors import InputError
from registry.issuing.batch.files import make_private, write_private

PART = 2048
FORMAT = 1
_PIECES_AT_ONCE = 512  # fewer than IOV_MAX, and small enough for the processor's cache
_MAGIC = b"HMSTAGE1"
_HEAD = struct.Struct(">8sIII")
BARE = len(b',"proof":[')  # so far into the member a further proof goes where it is the first
RECORD = struct.Struct(">32s32sIIIII")


class Record(NamedTuple):
    """One line's record: `salt` and `doc_hash` of 32 bytes, lengths and places in bytes, `crc` of the member proof."""

    salt: bytes
    doc_hash: bytes
    length: int
    start: int
    insert: int
    end: int
    crc: int


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive documents.

    Attributes:
        text: Their lines, each with its line break.
        records: 84 bytes for each.
        names: Of their files.
        without_pointer: How many carry no pointer.
    """

    text: bytes
    records: bytes
    names: Sequence[str]
    without_pointer: int = 0

    @property
    def lines(self) -> list[bytes]:
        """The lines without their line breaks."""
        return [self.text[begin : end - 1] for begin, end in pairwise((*self.places(), len(self.text)))]

    def places(self) -> list[int]:
        """Where each line begins in the text."""
        lengths = [record[2] + 1 for record in RECORD.iter_unpack(self.records)]
        return [*accumulate(lengths[:-1], initial=0)]

    def record_values(self) -> Iterator[Record]:
        """The records in order."""
        return map(Record._make, RECORD.iter_unpack(self.records))


def record_of(line: bytes, salt: bytes, doc_hash: bytes, start: int, insert: int, end: int) -> bytes:
    """The 84-byte record of a line."""
    return RECORD.pack(salt, doc_hash, len(line), start, insert, end, zlib.crc32(line[start:end]))


def part_paths(folder: Path, number: int) -> tuple[Path, Path]:
    """Where the text of a part lies, and its index."""
    return folder / f"part-{number:05}.ndjson", folder / f"part-{number:05}.index"


def write_part(folder: Path, number: int, part: Part) -> None:
    """Write one part, for its owner's eyes only; staged.json makes it count, and is written when parts are on disk."""
    with private_file(part_paths(folder, number)[0]) as handle:
        write_pieces(handle, [part.text], 0)
    write_index(folder, number, part)


def write_index(folder: Path, number: int, part: Part) -> None:
    """Write the index of a part whose text is written already."""
    bare = sum([at - start <= BARE for _, _, _, start, at, _, _ in RECORD.iter_unpack(part.records)])
    head = _HEAD.pack(_MAGIC, len(part.names), bare, part.without_pointer)
    names = json.dumps(part.names, ensure_ascii=False).encode("utf-8", "surrogatepass")
    with private_file(part_paths(folder, number)[1]) as handle:
        write_pieces(handle, [head, part.records, names], 0)


@contextmanager
def private_file(path: Path) -> Iterator[int]:
    """The handle of an empty file that only its owner reads."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def write_pieces(handle: int, pieces: Iterable[bytes | memoryview], offset: int) -> int:
    """Write pieces one behind the other at a place in a file, and tell where they end.

    They are neither joined nor all held in memory.
    """
    iterator = iter(pieces)
    while some := list(islice(iterator, _PIECES_AT_ONCE)):
        wanted = sum(map(len, some))
        if os.pwritev(handle, some, offset) != wanted:
            _write_slowly(handle, b"".join(some), offset)
        offset += wanted
    return offset


def _write_slowly(handle: int, data: bytes, offset: int) -> None:
    """What the system did not take at once; OSError when it takes no more."""
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written


def begin(folder: Path) -> None:
    """An empty folder for the parts of a batch; what an unfinished staging left there is removed.

    A complete staging is set aside, not removed: the journal may be the one that was lost, and its salts in use.
    """
    if (folder / "staged.json").exists():
        number = next(n for n in count(1) if not folder.with_name(f"{folder.name}.{n}").exists())
        folder.rename(folder.with_name(f"{folder.name}.{number}"))
    make_private(folder)
    for path in folder.glob("part-*"):
        path.unlink()


def complete(folder: Path, count: int, about: Mapping[str, Any]) -> "StagedFiles":
    """Make the parts count: from here on they are the batch.

    Args:
        folder: Where the parts lie.
        count: Documents in all of them.
        about: More to remember, as JSON: what they were made with.
    """
    write_private(folder / "staged.json", json.dumps({"format": FORMAT, "count": count, **about}).encode() + b"\n")
    return StagedFiles(folder, count, dict(about))


@dataclass(frozen=True, slots=True)
class StagedFiles:
    """A complete staging: its folder, how many documents it holds, and what it was made with."""

    folder: Path
    count: int
    about: Mapping[str, Any]

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-self.count // PART)

    def records(self, number: int) -> Part:
        """Records and names of a part, without its text.

        Raises:
            ValueError, OSError: The file is missing or damaged.
        """
        data = part_paths(self.folder, number)[1].read_bytes()
        magic, count, _, without = _HEAD.unpack_from(data)
        if magic != _MAGIC or count != min(PART, self.count - number * PART):
            raise ValueError(f"part {number} is no part of this batch")
        end = _HEAD.size + count * RECORD.size
        names = json.loads(data[end:].decode("utf-8", "surrogatepass"))
        if len(names) != count:
            raise ValueError(f"part {number} lacks names")
        return Part(b"", data[_HEAD.size : end], names, without)

    def part(self, number: int, *, check: bool) -> Part:
        """A part with its text; `check` holds each line against its record (a run that was taken up again).

        Raises:
            ValueError, OSError: A file is missing or damaged.
        """
        index = self.records(number)
        part = Part(part_paths(self.folder, number)[0].read_bytes(), index.records, index.names, index.without_pointer)
        if len(part.text) != sum(record[2] + 1 for record in RECORD.iter_unpack(part.records)):
            raise ValueError(f"part {number} has another length")
        if check and not all(map(_is_whole, part.lines, part.record_values())):
            raise ValueError(f"part {number} was changed")
        return part

    def extent(self, number: int) -> tuple[int, int]:
        """Bytes of a part's lines, and how many of its documents have no proof yet."""
        text, index = part_paths(self.folder, number)
        with index.open("rb") as file:
            _, _, bare, _ = _HEAD.unpack(file.read(_HEAD.size))
        return text.stat().st_size, bare

    def names(self) -> Iterator[str]:
        """The names of all files, in index order."""
        for number in range(self.parts):
            yield from self.records(number).names


def _is_whole(line: bytes, record: Record) -> bool:
    member = line[record.start : record.end]
    return sha256(line[: record.start] + line[record.end :]).digest() == record.doc_hash and (
        zlib.crc32(member) == record.crc
    )


def open_staged(folder: Path) -> StagedFiles:
    """A complete staging.

    Raises:
        InputError: There is none, or of a format that is not read here.
    """
    try:
        about = json.loads((folder / "staged.json").read_text("utf-8"))
        if about.pop("format") != FORMAT:
            raise InputError(f"{folder} was staged by another version.", todo="go on with the version that staged it")
        return StagedFiles(folder, int(about.pop("count")), about)
    except (OSError, ValueError, KeyError, AttributeError):
        what = f"The staged documents in {folder} are missing or damaged."
        raise InputError(what, todo=f"restore {folder} from your backup") from None


def with_proofs(bare: bytes, at: int, proofs: bytes, salt: bytes, doc_hash: bytes) -> tuple[bytes, bytes]:
    """A line and its record: the member `proof` put into a document's RFC 8785 form at its place.

    Args:
        bare: The document without proofs.
        at: Where the names behind "proof" begin (at their comma, or at the closing bracket).
        proofs: Its proofs, parted by commas; may be empty.
        salt: 32 bytes.
        doc_hash: SHA-256 of `bare`.
    """
    before, behind = (b",", b"") if at > 1 else (b"", b"," if bare[1:2] != b"}" else b"")
    member = b'%b"proof":[%b]%b' % (before, proofs, behind)
    line = bare[:at] + member + bare[at:]
    insert = at + len(before) + len(b'"proof":[') + len(proofs)
    return line, record_of(line, salt, doc_hash, at, insert, at + len(member))
