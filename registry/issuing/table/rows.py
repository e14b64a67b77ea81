"""A table of results as typed rows, in one pass; every complaint names file, row, column and what to write instead."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from registry.credential.times import seconds_of
from registry.errors import MalformedError
from registry.issuing.table import cells
from registry.issuing.table.columns import FIELDS, Columns, blank, known_names, nameless, resolve
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import Line, TableOptions
from registry.issuing.table.tables import open_table

tuple_of = tuple.__new__
"""Makes a named tuple of as many values as it has names, in half the time that its `_make` takes."""


class ResultRow(NamedTuple):
    """One learner's result.

    Attributes:
        id: Unique in the file; names the credential's file.
        name: The learner's name.
        email: For a salted identity hash; may be empty.
        did: The learner's DID; may be empty.
        awarded: dateTimeStamp, or empty.
        expires: dateTimeStamp, or empty.
        result: Grade or score, or empty.
        evidence: URL of evidence, or empty.
        replaces, replaces_digest: Pointer and digest of the credential that this one supersedes, or empty; no columns.
    """

    id: str
    name: str
    email: str = ""
    did: str = ""
    awarded: str = ""
    expires: str = ""
    result: str = ""
    evidence: str = ""
    replaces: str = ""
    replaces_digest: str = ""


_AWARDED, _EXPIRES = FIELDS.index("awarded"), FIELDS.index("expires")
_MOST_STAMPS = 100_000
# What nearly every row looks like, fields joined by US (0x1F): it has no fault, which a property test holds against the
# checks one by one. Everything else is looked at by them.
_LETTERS = r"[A-Za-z\u00c0\u00c1\u00c4-\u00ff\u0100-\u017f\u0391-\u03ff\u0410-\u044f\u0621-\u064a\u4e00-\u9fff]"
_DAY = r"(?:(?:19|20)\d\d-[01]\d-[0-3]\d)?"
_ORDINARY = re.compile(
    r"(?!(?:[Cc][Oo][Mm]|[Ll][Pp][Tt])[0-9]\x1f)(?=[A-Za-z_]{0,59}[0-9])\w{1,60}\x1f"
    rf"{_LETTERS}{{1,60}}(?:[ '-]{_LETTERS}{{1,60}}){{0,7}}\x1f"
    r"(?:[a-z0-9_-]{1,30}(?:\.[a-z0-9_-]{1,30})?@(?:[a-z0-9-]{1,63}\.){1,3}[a-z]{2,20})?\x1f"
    r"\x1f"
    rf"{_DAY}\x1f{_DAY}\x1f"
    r"(?:[A-Za-z0-9][A-Za-z0-9.,%]{0,60})?\x1f"
    r"(?:https://[a-z0-9-]{1,60}(?:\.[a-z0-9-]{1,60}){1,3}(?:/[A-Za-z0-9._~-]+){0,8})?",
    re.ASCII,
)


@contextmanager
def open_rows(
    source: Path, options: TableOptions, created: str, complaints: Complaints
) -> Iterator[Iterator[tuple[int, ResultRow]]]:
    """Row number and row of each row in which nothing is wrong, while the context lasts.

    Args:
        source: A CSV or XLSX.
        options: How it is to be read.
        created: dateTimeStamp of this run, the award date of rows without one.
        complaints: Told everything else; whether the input can be issued is known when the rows are through.

    Raises:
        InputError: The file cannot be read at all.
    """
    with open_table(source, options, known_names(options), complaints) as lines:
        yield _rows(lines, options, created, complaints)


def _rows(
    lines: Iterator[Line], options: TableOptions, created: str, complaints: Complaints
) -> Iterator[tuple[int, ResultRow]]:
    header: Sequence[str] = next(lines, (0, ()))[1]
    if blank(header):
        where = "" if options.header_row == 1 else f" in row {options.header_row}"
        complaints.error(f"there is no header{where}: the file is empty", f"start it with {','.join(FIELDS)}")
        return
    columns = resolve(header, options, complaints)
    if columns is None:
        return
    reading = _Reading(header, columns, options, created, complaints)
    ordinary, looked_at = reading.ordinary, reading.looked_at
    for number, line in lines:
        row = ordinary(number, line) or looked_at(number, line)
        if row is not None:
            yield number, row
    if not reading.filled and not complaints.errors:
        complaints.error("there are no rows below the header", "add one for each learner")


@dataclass
class _Reading:
    """The rows of one table on their way through the checks."""

    header: Sequence[str]
    columns: Columns
    options: TableOptions
    created: str
    complaints: Complaints
    seen: dict[str, int] = field(default_factory=dict)
    filled: bool = False
    empty: list[int] = field(default_factory=list)
    stamps: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pick = self.columns.picker()
        self._all_named = all(name.strip() for name in self.header[: self.columns.width])
        self._ordinary_width = self.columns.width if self._all_named else -1

    def ordinary(self, number: int, line: Sequence[str]) -> ResultRow | None:
        """The row, if it is like most, with dates that were looked at before; None says nothing of it."""
        if len(line) != self._ordinary_width or self.empty:
            return None
        values = self._pick(line)
        stamps = self.stamps.get((values[_AWARDED], values[_EXPIRES]))
        if stamps is None or _ORDINARY.fullmatch("\x1f".join(values)) is None:
            return None
        if self.seen.setdefault(values[0].casefold(), number) != number:  # as cells.same_file has it in ASCII
            return None
        return tuple_of(ResultRow, (*values[:_AWARDED], *stamps, *values[_EXPIRES + 1 :], "", ""))

    def looked_at(self, number: int, line: Sequence[str]) -> ResultRow | None:
        """The row; None where it is empty or something is wrong with it."""
        width = self.columns.width
        if len(line) != width:
            fitted = self._fitted(number, line)
            if fitted is None:
                return None
            line = fitted
        values = self._pick(line)
        ordinary = self._all_named and _ORDINARY.fullmatch("\x1f".join(values)) is not None
        if not ordinary:
            values = tuple([value.strip() for value in values])
            if blank(line):
                self._note_empty(number)
                return None
        self._tell_gap()
        before = len(self.complaints.errors)
        values = self._stamped(number, values)
        if not ordinary:
            self._look(number, line, values)
        self._look_for_another(number, values[0])
        return ResultRow(*values) if len(self.complaints.errors) == before else None

    def _fitted(self, number: int, line: Sequence[str]) -> Sequence[str] | None:
        """The line in the header's width: Excel writes empty cells behind the last column, and leaves out others."""
        width = self.columns.width
        if blank(line):
            self._note_empty(number)
            return None
        if len(line) > width and blank(line[width:]):
            return line[:width]
        if self.columns.needed <= len(line) < width:
            return [*line, *[""] * (width - len(line))]
        self._tell_gap()
        what = f"has {len(line)} values, the header has {width} columns"
        self.complaints.error(what, "put a value that holds a separator or a line break into quotes", number)
        return None

    def _note_empty(self, number: int) -> None:
        """Empty rows at the end are nothing; ones in between may have been a learner."""
        self.empty = [self.empty[0], number] if self.empty else [number, number]

    def _tell_gap(self) -> None:
        self.filled = True
        if self.empty:
            first, last = self.empty
            what = "is empty" if first == last else f"and the rows down to {last} are empty"
            self.complaints.error(what, "delete it" if first == last else "delete them", first)
            self.empty = []

    def _stamped(self, number: int, values: tuple[str, ...]) -> tuple[str, ...]:
        """The values with their dates as dateTimeStamps."""
        awarded, expires = values[_AWARDED], values[_EXPIRES]
        if not awarded and not expires:
            self.stamps["", ""] = ("", "")
            return values
        found = list(values)
        for place, end in ((_AWARDED, False), (_EXPIRES, True)):
            try:
                found[place] = values[place] and cells.stamp_of_cell(values[place], self.options.dates, end=end)
            except MalformedError as error:
                self.complaints.error(error.what, error.todo, number, self.columns.names[place])
                return values
        before = len(self.complaints.errors)
        self._look_at_period(number, values, found)
        if len(self.complaints.errors) == before and len(self.stamps) < _MOST_STAMPS:
            self.stamps[awarded, expires] = (found[_AWARDED], found[_EXPIRES])
        return tuple(found)

    def _look_at_period(self, number: int, values: Sequence[str], stamps: Sequence[str]) -> None:
        begin, end = stamps[_AWARDED] or self.created, stamps[_EXPIRES]
        if begin and end and _not_after(end, begin):
            what = f"{values[_EXPIRES]!r} lies before the award ({values[_AWARDED] or begin})"
            self.complaints.error(what, "write a later day, or leave it empty", number, self.columns.names[_EXPIRES])

    def _look(self, number: int, line: Sequence[str], values: Sequence[str]) -> None:
        """All checks of a row that is not an ordinary one."""
        for place in nameless(self.header, line):
            self.complaints.error(f"column {place} holds a value, but the header has no name for it", _NAME_IT, number)
        for name, shown, text in zip(FIELDS, self.columns.names, values, strict=True):
            if not text:
                if name in ("id", "name"):
                    self.complaints.error("is empty", f"write the learner's {name}", number, shown)
                continue
            for what, write in (*cells.text_faults(name, text), *_CHECKS.get(name, _no_faults)(text)):
                self.complaints.error(what, write, number, shown)
            if meant := cells.mojibake(text):
                self.complaints.warn(
                    f"{text[:60]!r} was perhaps {meant[:60]!r}", "save the file in UTF-8", number, shown
                )

    def _look_for_another(self, number: int, text: str) -> None:
        before = self.seen.setdefault(cells.same_file(text), number)
        if before != number and text:
            what = f"the id {text!r} stands in row {before} already"
            self.complaints.error(what, "give each learner an id of their own", number, self.columns.names[0])


def _not_after(end: str, begin: str) -> bool:
    """Whether a dateTimeStamp is not after another; those of four digits a year, in UTC and seconds, sort as texts."""
    if len(end) == len(begin) == 20 and end[-1] == begin[-1] == "Z":
        return end <= begin
    return seconds_of(end) <= seconds_of(begin)


_NAME_IT = "name the column, or delete what stands below it"


def _no_faults(_text: str) -> Iterator[cells.Fault]:
    return iter(())


_CHECKS = {
    "id": cells.id_faults,
    "email": cells.email_faults,
    "did": cells.did_faults,
    "evidence": cells.evidence_faults,
}
