"""How a table is to be read, as the achievement file says it, and how names of columns are compared."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

DATE_STYLES = ("YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY")

# Row number (from 1, as a spreadsheet shows it) and the row's cells.
Line = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is to be read, as the achievement file says it.

    Attributes:
        columns: Column of the table → field, or None for a column that is not used; None: they have the fields' names.
        header_row: The row with the columns' names, from 1.
        sheet: Which sheet of a workbook; None: the first that is visible.
        encoding: Encoding of a CSV; None: found out.
        dates: How dates without a time are written, one of DATE_STYLES; YYYY-MM-DD is always read too.
    """

    columns: dict[str, str | None] | None = None
    header_row: int = 1
    sheet: str | None = None
    encoding: str | None = None
    dates: str = "YYYY-MM-DD"


def fold(name: str) -> str:
    """A column's name as names are compared: without case, without white space more than one blank, composed (NFC)."""
    from unicodedata import normalize

    return normalize("NFC", " ".join(name.split())).casefold()


def options_of(body: dict[str, Any], known: Collection[str]) -> Iterator[str]:
    """What is wrong with the members beside `achievement` of an achievement file, one sentence each."""
    types = {"columns": dict, "headerRow": int, "sheet": str, "encoding": str, "dates": str}
    for name, value in body.items():
        if name not in types:
            yield f"$.{name} is none of achievement, {', '.join(types)}"
        elif not isinstance(value, types[name]) or isinstance(value, bool):
            yield f"$.{name} must be {_KINDS[types[name]]}"
    if isinstance(body.get("headerRow"), int) and body["headerRow"] < 1:
        yield "$.headerRow counts from 1"
    if isinstance(body.get("dates"), str) and body["dates"] not in DATE_STYLES:
        yield f"$.dates must be one of {', '.join(DATE_STYLES)}"
    yield from _columns(body.get("columns"), known)


_KINDS = {dict: "an object", int: "a whole number", str: "a text"}


def _columns(columns: Any, known: Collection[str]) -> Iterator[str]:
    if not isinstance(columns, dict):
        return
    for column, field in columns.items():
        if field is not None and field not in known:
            yield f"$.columns[{column!r}] is {field!r}; map it to {', '.join(known)}, or to null if it is not used"
    seen: dict[str, str] = {}
    for column in columns:
        before = seen.setdefault(fold(column), column)
        if before != column:
            yield f"$.columns names {column!r} and {before!r}, which is one column"
    fields = [field for field in columns.values() if field is not None]
    twice = sorted({str(field) for field in fields if field != "name" and fields.count(field) > 1})
    if twice:
        yield f"$.columns maps several columns to {', '.join(twice)}; only name can be made of several"


def options_from(body: dict[str, Any]) -> TableOptions:
    """The options of an achievement file in which nothing is wrong."""
    columns, header_row = body.get("columns"), body.get("headerRow", 1)
    return TableOptions(columns, header_row, body.get("sheet"), body.get("encoding"), body.get("dates", DATE_STYLES[0]))
