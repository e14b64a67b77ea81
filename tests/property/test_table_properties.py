"""Any table reads back the same rows from every separator, encoding and workbook; rows without a fault make conforming
badges; the short cut for ordinary rows finds nothing right that the checks one by one find wrong."""

import csv
import io
import string
import tempfile
from pathlib import Path

import openpyxl
import orjson
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry.credential.conformance.rules import conformance_problems
from registry.credential.place import BatchId, ContractId
from registry.issuing.batch.badges import BadgeMaker
from registry.issuing.table import rows as rows_module
from registry.issuing.table.cells import names_a_file, same_file
from registry.issuing.table.columns import FIELDS
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import TableOptions
from registry.issuing.table.rows import ResultRow, open_rows

NOW = "2026-06-01T12:00:00Z"
LETTERS = string.ascii_letters + "ÄÖÜäöüßéèñçøåÆŒœž"
FOREIGN = LETTERS + "łŁŐřאבגدعشकखग李小龍ไทยあア한글"


def words(alphabet, most=12):
    """Names and grades, with separators, quotes and line breaks inside."""
    inner = st.text(alphabet + " ,;|\t\"'.-\n", max_size=most)
    return st.builds(lambda a, b, c: a + b + c, st.sampled_from(alphabet), inner, st.sampled_from(alphabet))


def tables(alphabet):
    row = st.builds(
        ResultRow,
        id=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,11}", fullmatch=True).filter(names_a_file),
        name=words(alphabet),
        email=st.sampled_from(["", "a@b.example", "x.y-z@mail.example.org"]),
        did=st.sampled_from(["", "did:example:123"]),
        awarded=st.sampled_from(["", "2026-01-31T00:00:00Z", "2026-01-31T09:30:00+01:00"]),
        expires=st.sampled_from(["", "2030-12-31T23:59:59Z"]),
        result=st.one_of(st.just(""), words(alphabet), st.sampled_from(["1.3", "100%", "0,7", "+2"])),
        evidence=st.sampled_from(["", "https://a.example/b;c,d?e=1"]),
        replaces=st.just(""),
        replaces_digest=st.just(""),
    )
    return st.lists(row, min_size=1, max_size=6, unique_by=lambda row: same_file(row.id))


def read_back(path):
    complaints = Complaints(str(path))
    with open_rows(path, TableOptions(), NOW, complaints) as found:
        return [row for _, row in found], [*map(str, complaints.errors)]


def as_csv(rows, separator, line_end="\r\n"):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=line_end)
    writer.writerow(FIELDS)
    writer.writerows(row[: len(FIELDS)] for row in rows)
    return text.getvalue()


@given(
    rows=tables(FOREIGN),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_reads_back_in_every_separator_and_unicode_encoding(rows, separator, encoding, line_end):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(as_csv(rows, separator, line_end).encode(encoding))
        assert read_back(path) == (rows, [])


@given(rows=tables(LETTERS), separator=st.sampled_from(",;\t|"))
def test_csv_of_windows_reads_back(rows, separator):
    data = as_csv(rows, separator).encode("cp1252")
    try:
        data.decode("utf-8")
        assume(data.isascii())  # by chance both: what it means cannot be told
    except UnicodeDecodeError:
        pass
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(data)
        assert read_back(path) == (rows, [])


@settings(max_examples=25)
@given(rows=tables(FOREIGN))
def test_workbook_reads_back(rows):
    book = openpyxl.Workbook()
    book.active.append(FIELDS)
    for row in rows:
        book.active.append(row[: len(FIELDS)])
    for cells in book.active.iter_rows():
        for cell in cells:
            cell.data_type = "s" if cell.value else cell.data_type  # "+2" is a text here, and no formula
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        book.save(path)
        assert read_back(path) == (rows, [])


# Cells as people fill them in: right, nearly right, wrong.
ODD = st.one_of(
    st.text(max_size=8),
    st.text(string.ascii_letters + string.digits + " .-_@:/%+=#", max_size=14),
    st.sampled_from(
        ["COM1", "lpt9", "nul", "1.", "a@b.cd", "a.@b.cd", "a@b.c0m", "a@-.de", "did:web:a.example", "did:a:b c",
         "2026-02-30", "2026-01-31", "2026-13-01", "https://a.example", "https://a..b", "https://a.b/c d", "=A1",
         "#N/A", "https://[::1", "http://a:99999", "O'Brien", "a\u00a0b", "A\u200bB"]
    ),
)  # fmt: skip
CELLS = st.fixed_dictionaries(
    {"id": st.one_of(st.from_regex(r"[A-Za-z0-9_]{1,6}", fullmatch=True), ODD), "name": st.one_of(st.just("Ada"), ODD)},
    optional=dict.fromkeys(FIELDS[2:], ODD),
)
ACHIEVEMENT = {
    "id": "https://northwind.example/a",
    "type": ["Achievement"],
    "name": "A",
    "description": "B",
    "criteria": {"narrative": "C"},
}
MAKER = BadgeMaker(
    BatchId(ContractId(1, bytes(20)), 1, bytes(16)),
    bytes(32),
    orjson.dumps({"id": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", "type": ["Profile"], "name": "N"}),
    orjson.dumps(ACHIEVEMENT),
    NOW,
    "https://registry.example",
)


def judged(cells, *others):
    """The rows and the complaints, through the reader's own loop."""
    complaints = Complaints("x")
    header = [*cells]
    table = [header, *([row[name] for name in header] for row in (cells, *others))]
    lines = enumerate(table, 1)
    return list(rows_module._rows(lines, TableOptions(), NOW, complaints)), [*map(str, complaints.errors)]


@settings(max_examples=250)
@given(CELLS)
def test_row_without_a_fault_makes_a_conforming_badge(cells):
    found, _ = judged(cells)
    for _, row in found:
        assert conformance_problems(MAKER.document(row, 0)) == ()


@settings(max_examples=250)
@given(CELLS)
def test_short_cut_for_ordinary_rows_changes_nothing(cells):
    import re

    quick = judged(cells)
    real = rows_module._ORDINARY
    rows_module._ORDINARY = re.compile(r"(?!)")
    try:
        assert judged(cells) == quick
    finally:
        rows_module._ORDINARY = real


ORDINARY_ROWS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 20).map(str),
        "name": st.sampled_from(["Ada Lovelace", "Zoë"]),
        "awarded": st.sampled_from(["", "2026-01-31", "2026-09-01"]),
        "expires": st.sampled_from(["", "2026-08-31"]),
    }
)
OTHER_ROWS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "A3", "a3", "4 ", "COM1"]),
        "name": st.sampled_from(["Ada", " Ada", "", "=A1"]),
        "awarded": st.sampled_from(["2026-01-31", "2026-02-30"]),
        "expires": st.sampled_from(["", "2026-01-30"]),
    }
)
EMPTY_ROWS = st.just({"id": "", "name": "", "awarded": "", "expires": ""})


@settings(max_examples=250)
@given(st.lists(st.one_of(ORDINARY_ROWS, ORDINARY_ROWS, OTHER_ROWS, EMPTY_ROWS), min_size=1, max_size=9))
def test_short_cut_for_rows_whose_dates_were_looked_at_changes_nothing(table):
    quick = judged(*table)
    real = rows_module._Reading.ordinary
    rows_module._Reading.ordinary = lambda *_: None
    try:
        assert judged(*table) == quick
    finally:
        rows_module._Reading.ordinary = real
