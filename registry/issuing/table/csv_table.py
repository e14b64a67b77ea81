"""CSV as spreadsheets write it: encoding and separator are found out and said, quotes are taken strictly (RFC 4180)."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from registry.errors import InputError
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import Line, TableOptions, fold

_SEPARATORS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_HEAD = 65_536
_CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Bytes that mean nothing in Windows-1252.
_NOT_1252 = b"\x81\x8d\x8f\x90\x9d"


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec's name, and what to tell a person when it was guessed."""

    name: str
    note: str = ""


def encoding_of(chunks: Iterator[bytes]) -> Encoding:
    """UTF-8, UTF-16 by its byte order mark, else Windows-1252.

    Raises:
        InputError: None of these; the message says at which byte.
    """
    first = next(chunks, b"")
    for mark, name in _BOMS:
        if first.startswith(mark):
            return Encoding(name)
    if b"\0" in first[:_HEAD]:
        raise InputError("it holds zero bytes, as UTF-16 without a byte order mark does", todo=_SAVE)
    return _utf8_or_1252(first, chunks)


_SAVE = "save it as CSV in UTF-8, or as .xlsx"


def _utf8_or_1252(first: bytes, chunks: Iterator[bytes]) -> Encoding:
    decoder, offset, fault, odd = codecs.getincrementaldecoder("utf-8")(), 0, "", None
    chunk = first
    while chunk:
        if not fault:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                fault = _word_at(error.object, error.start)
        # Windows-1252 is only taken where it can be the whole file: what was UTF-8 so far is looked at too.
        odd = odd if odd is not None else _first_odd(chunk, offset)
        if fault and odd is not None:
            raise InputError(f"byte {odd} is neither UTF-8 nor Windows-1252", todo=_SAVE)
        offset += len(chunk)
        chunk = next(chunks, b"")
    if not fault:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            fault = _word_at(error.object, error.start)
    if not fault:
        return Encoding("utf-8")
    if odd is not None:
        raise InputError(f"byte {odd} is neither UTF-8 nor Windows-1252", todo=_SAVE)
    return Encoding("cp1252", f"it is not UTF-8 and was read as Windows-1252: look whether {fault!r} is right")


def _first_odd(chunk: bytes, offset: int) -> int | None:
    """Place in the file of the first byte that means nothing in Windows-1252."""
    places = [found for byte in _NOT_1252 if (found := chunk.find(byte)) >= 0]
    return offset + min(places) if places else None


def _word_at(data: bytes, place: int) -> str:
    """The word around a byte, as Windows-1252 has it."""
    begin = max(data.rfind(mark, 0, place) for mark in b',;\t\n"') + 1
    ends = [end for mark in b',;\t\r\n"' if (end := data.find(mark, place)) >= 0]
    return data[max(begin, place - 40) : min([place + 40, *ends])].decode("cp1252", "replace").strip()


@contextmanager
def read_csv(
    path: Path, options: TableOptions, known: Collection[str], complaints: Complaints
) -> Iterator[Iterator[Line]]:
    """The lines of a CSV (see tables.open_table)."""
    encoding = Encoding(options.encoding) if options.encoding else _detect(path)
    complaints.notes += [encoding.note] if encoding.note else []
    try:
        file = path.open(encoding=encoding.name, newline="")
    except LookupError:
        raise InputError(f"{options.encoding!r} is no encoding.", todo="correct `encoding`, or leave it out") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        yield _lines(path, file, options, known, complaints)


def _detect(path: Path) -> Encoding:
    try:
        with path.open("rb") as file:
            return encoding_of(iter(lambda: file.read(_CHUNK), b""))
    except InputError as error:
        raise InputError(f"{path}: {error.what}.", todo=error.todo) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _lines(
    path: Path, file: io.TextIOWrapper, options: TableOptions, known: Collection[str], complaints: Complaints
) -> Iterator[Line]:
    number = 0
    try:
        separator, named = separator_of(file.read(_HEAD), options.header_row, known)
        file.seek(0)
        number = 1 if named and file.readline() else 0
        if separator != ",":
            complaints.notes.append(f"its columns are separated by {_NAMES.get(separator, repr(separator))}")
        for cells in csv.reader(file, delimiter=separator, strict=True):
            number += 1
            if number >= options.header_row:
                yield number, cells
    except csv.Error as error:
        complaints.error(f"{error}", "check the quotes: the rows after it were not read", number + 1)
    except UnicodeDecodeError as error:
        what = f"{path}: after row {number} there are bytes that are not {options.encoding or error.encoding}."
        raise InputError(what, todo=_SAVE) from None


def separator_of(head: str, header_row: int, known: Collection[str]) -> tuple[str, bool]:
    """The separator, and whether a first line `sep=…` names it, as Excel understands it.

    The one that makes most names of the header known ones, else most columns.
    """
    first = head.partition("\n")[0].strip("\r\ufeff")
    if len(first) == 5 and first.lower().startswith("sep="):
        return first[4], True

    def score(separator: str) -> tuple[int, int]:
        header = _header(head, separator, header_row)
        return sum(fold(name) in known for name in header), len(header)

    return max(_SEPARATORS, key=score), False


def _header(head: str, separator: str, header_row: int) -> Sequence[str]:
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    try:
        return next(islice(reader, header_row - 1, None), [])
    except csv.Error:
        return []
