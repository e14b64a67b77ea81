"""Excel workbooks by openpyxl, row by row: cells as a person sees them; what nobody sees there is said.

Where a workbook shows something else than it holds (hidden rows, merged cells, formulas without a value), reading on
would sign what nobody looked at, so that is an error.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

from registry.errors import InputError
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import Line, TableOptions

_CHUNK = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0"
# Excel keeps 15 digits of a number; further ones became zeros before we saw them.
_MAX_EXACT = 10**15
_FIXED = re.compile(r"0(\.(?P<decimals>0+))?(?P<percent>%?)(_\)|;.*)?")
_PADDED = re.compile(r"0{2,20}")
_TAG = re.compile(rb"<(?:\w+:)?(?:c|row|col|mergeCell)\b")
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d+)"[^>]*?\bhidden="(?:1|true)"')
_COL = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+(\d+):[A-Z]+(\d+))"')
_NO_VALUE = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]+(\d+))"[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


@dataclass
class Hidden:
    """What a sheet's own XML says beside its values; rows counted from 1."""

    rows: list[int] = field(default_factory=list)
    columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[str, int]] = field(default_factory=list)
    uncalculated: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def read_xlsx(path: Path, options: TableOptions, complaints: Complaints) -> Iterator[Iterator[Line]]:
    """The lines of a sheet (see tables.open_table)."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as file:
            protected = file.read(4) == _OLE
        if protected:
            todo = "save it as .xlsx without a password"
            raise InputError(f"{path} is protected by a password, or an old .xls.", todo=todo)
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (BadZipFile, InvalidFileException, KeyError, ValueError):
        raise InputError(f"{path} is no Excel workbook.", todo="save it as .xlsx, or as CSV in UTF-8") from None
    try:
        sheet = _sheet(path, book, options, complaints)
        with sheet._get_source() as source:
            _complain(hidden_of(source), options, complaints)
        # The size that a workbook claims for its sheets is often wrong.
        sheet.reset_dimensions()
        yield _lines(path, sheet, options, complaints)
    finally:
        book.close()


def _sheet(path: Path, book: Any, options: TableOptions, complaints: Complaints) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if options.sheet is not None:
        if options.sheet not in sheets:
            shown = ", ".join(map(repr, sheets))
            what = f"{path} has no sheet {options.sheet!r}; it has {shown}."
            raise InputError(what, todo="correct `sheet` in the achievement file")
        return sheets[options.sheet]
    visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if not visible:
        raise InputError(f"{path} has no visible sheet.", todo="name one with `sheet` in the achievement file")
    if len(sheets) > 1:
        others = ", ".join(repr(name) for name in sheets if name != visible[0].title)
        complaints.notes.append(f"sheet {visible[0].title!r} was read, not {others}")
    return visible[0]


def hidden_of(source: IO[bytes]) -> Hidden:
    """Hidden rows and columns, merged cells, and formulas that were never calculated, from a sheet's XML."""
    found, tail = Hidden(), b""
    while chunk := source.read(_CHUNK):
        data = tail + chunk
        if len(chunk) == _CHUNK:
            # A cell that goes on in the next chunk is looked at there.
            cut = max((match.start() for match in _TAG.finditer(data, max(0, len(data) - 65_536))), default=len(data))
            data, tail = data[:cut], data[cut:]
        _look(data, found)
    return found


def _look(data: bytes, found: Hidden) -> None:
    if b"hidden=" in data:
        found.rows += [int(match[1]) for match in _ROW.finditer(data)]
        for tag in _COL.findall(data):
            attributes = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
            if attributes.get(b"hidden") in (b"1", b"true"):
                found.columns.append((int(attributes[b"min"]), int(attributes[b"max"])))
    if b"mergeCell" in data:
        found.merged += [(match[1].decode(), int(match[3])) for match in _MERGE.finditer(data)]
    if b"<f" in data or b":f" in data:
        found.uncalculated += [(match[1].decode(), int(match[2])) for match in _NO_VALUE.finditer(data)]


def _complain(found: Hidden, options: TableOptions, complaints: Complaints) -> None:
    first = options.header_row
    hidden = [row for row in found.rows if row >= first]
    if hidden:
        what = f"{_ranges(hidden)} hidden, perhaps by a filter"
        complaints.error(what, "show these rows if they are meant, or delete them", hidden[0])
    for ref, last in found.merged:
        if last >= first:
            row = int(re.sub(r"\D", "", ref.partition(":")[0]))
            complaints.error(f"cells {ref} are merged", "unmerge them and fill in each one", row)
    for ref, row in found.uncalculated:
        if row >= first:
            what = f"cell {ref} holds a formula that was never calculated"
            complaints.error(what, "open and save the workbook in Excel, or write the value itself", row)
    if found.columns:
        from openpyxl.utils import get_column_letter

        shown = [f"{get_column_letter(a)}{'–' + get_column_letter(b) if b > a else ''}" for a, b in found.columns]
        complaints.notes.append(f"hidden columns are read like the others: {', '.join(shown)}")


def _ranges(rows: Sequence[int]) -> str:
    """`row 5 is` or `rows 5–9, 12 are`, ten ranges at most."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    shown = ", ".join(f"{a}–{b}" if b > a else f"{a}" for a, b in spans[:10]) + (", …" if len(spans) > 10 else "")
    return f"row {shown} is" if len(rows) == 1 else f"rows {shown} are"


def _lines(path: Path, sheet: Any, options: TableOptions, complaints: Complaints) -> Iterator[Line]:
    from xml.etree.ElementTree import ParseError

    number = 0
    try:
        for number, row in enumerate(sheet.iter_rows(), start=1):
            if number >= options.header_row:
                yield number, [_text(cell, number, complaints) for cell in row]
    except (ParseError, ValueError, KeyError, IndexError, BadZipFile) as error:
        what = f"{path} is damaged after row {number}: {error}."
        raise InputError(what, todo="open and save it in Excel, or save it as CSV in UTF-8") from None


def _text(cell: Any, row: int, complaints: Complaints) -> str:
    """What a person sees in the cell."""
    value = cell.value
    if isinstance(value, str):
        if cell.data_type == "e":
            complaints.error(f"cell {cell.coordinate} holds the error {value}", "correct the formula", row)
            return ""
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, cell, row, complaints)
    return _moment(value)


def _number(value: float, cell: Any, row: int, complaints: Complaints) -> str:
    shown = cell.number_format or "General"
    if abs(value) >= _MAX_EXACT:
        what = f"cell {cell.coordinate} holds a number of more than 15 digits, of which Excel keeps 15"
        complaints.error(what, "format the column as text and write it again", row)
    if _PADDED.fullmatch(shown) and value == int(value):
        return f"{int(value):0{len(shown)}d}"
    fixed = _FIXED.fullmatch(shown)
    if fixed and (fixed["decimals"] or fixed["percent"]):
        decimals, percent = len(fixed["decimals"] or ""), fixed["percent"]
        return f"{value * 100 if percent else value:.{decimals}f}{percent}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _moment(value: date | datetime | time | timedelta) -> str:
    """A date as 2026-01-31; with a time as 2026-01-31T09:30:00, whose zone Excel does not know."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)
