"""From a table's header to the fields of a row: by the fields' own names, or by the mapping of the achievement file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import TableOptions, fold

REQUIRED = ("id", "name")
FIELDS = (*REQUIRED, "email", "did", "awarded", "expires", "result", "evidence")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields stand.

    Attributes:
        places: For each of FIELDS the indexes of its columns (none: it is empty; several: joined by a blank).
        names: For each of FIELDS what a person calls it.
        width: How many columns the header has.
        needed: How many a row must have at least, so that the required ones are there.
    """

    places: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    width: int
    needed: int

    def picker(self) -> Callable[[Sequence[str]], tuple[str, ...]]:
        """A function from a row's cells, at least `width` of them, to its values in the order of FIELDS."""
        places = self.places
        if all(len(found) <= 1 for found in places):
            # As nearly always: a field is a column, or is not there and is the empty cell put behind them.
            width, getter = self.width, itemgetter(*[found[0] if found else self.width for found in places])
            return lambda cells: getter([*cells[:width], ""])

        def pick(cells: Sequence[str]) -> tuple[str, ...]:
            return tuple(
                [
                    cells[found[0]] if len(found) == 1 else " ".join(part for i in found if (part := cells[i].strip()))
                    for found in places
                ]
            )

        return pick


def known_names(options: TableOptions) -> set[str]:
    """All names, folded, by which a header of this table is recognised."""
    return {fold(name) for name in (*FIELDS, *(options.columns or ()))}


def resolve(header: Sequence[str], options: TableOptions, complaints: Complaints) -> Columns | None:
    """The fields' places; None when the header cannot be used, and the complaints say why."""
    row = options.header_row
    names = [fold(name) for name in header]
    while names and not names[-1]:
        names.pop()
    before = len(complaints.errors)
    targets = {fold(column): field for column, field in (options.columns or {}).items()}
    fields = {fold(field): field for field in FIELDS if field not in targets.values()}
    _doubled(header, names, row, complaints)
    if options.columns is None:
        unknown = [header[i] for i, name in enumerate(names) if name and name not in fields]
        if unknown:
            write = f"use {', '.join(FIELDS)}, or map it with `columns` in the achievement file"
            complaints.error(f"unknown column {_listed(unknown)}", write, row)
    else:
        _unmapped(header, names, targets, fields, row, complaints)
    found = {field: _places(field, names, targets, fields) for field in FIELDS}
    missing = [field for field in REQUIRED if not found[field]]
    if missing:
        write = "add it to the header, or map another column to it with `columns` in the achievement file"
        complaints.error(f"missing column {_listed(missing)}", write, row)
    if len(complaints.errors) > before:
        return None
    places = tuple(found[field] for field in FIELDS)
    shown = tuple(" + ".join(header[i].strip() for i in found[field]) or field for field in FIELDS)
    needed = 1 + max(i for field in REQUIRED for i in found[field])
    return Columns(places, shown, len(names), needed)


def _places(
    field: str, names: Sequence[str], targets: dict[str, str | None], fields: dict[str, str]
) -> tuple[int, ...]:
    """Indexes of the columns of a field, in the order of the mapping."""
    mapped = [column for column, target in targets.items() if target == field]
    wanted = mapped or [name for name, target in fields.items() if target == field and name not in targets]
    return tuple(names.index(column) for column in wanted if column in names)


def _doubled(header: Sequence[str], names: Sequence[str], row: int, complaints: Complaints) -> None:
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        complaints.error(f"column {header[names.index(name)]!r} stands twice", "rename or delete one of them", row)


def _unmapped(
    header: Sequence[str],
    names: Sequence[str],
    targets: dict[str, str | None],
    fields: dict[str, str],
    row: int,
    complaints: Complaints,
) -> None:
    for column in targets:
        if column not in names:
            shown = _listed([name for name in header if name.strip()])
            what = f"the mapping names a column {column!r} that the table does not have"
            complaints.error(what, f"it has {shown}; correct `columns` in the achievement file", row)
    unused = [header[i] for i, name in enumerate(names) if name and name not in targets and name not in fields]
    if unused:
        complaints.notes.append(f"columns that are not used: {_listed(unused)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def blank(cells: Sequence[str]) -> bool:
    """Whether a row holds nothing but white space."""
    return not any(cell.strip() for cell in cells)


def nameless(header: Sequence[str], cells: Sequence[str]) -> Iterator[int]:
    """Columns, from 1, of cells that hold something below a header that has no name for them."""
    for place, cell in enumerate(cells, start=1):
        if cell.strip() and (place > len(header) or not header[place - 1].strip()):
            yield place
