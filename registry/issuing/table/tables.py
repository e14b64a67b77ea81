"""A spreadsheet as lines of texts, whatever wrote it; one pass, one line in memory."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from registry.errors import InputError
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import Line, TableOptions

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


def is_table(source: Path) -> bool:
    """Whether the name says that it is a table."""
    return source.suffix.lower() in (*SUFFIXES, ".xls", ".ods")


def open_table(
    source: Path, options: TableOptions, known: Collection[str], complaints: Complaints
) -> AbstractContextManager[Iterator[Line]]:
    """The table's lines, the header first; open while the context lasts.

    Args:
        source: A CSV, or an Excel workbook.
        options: How it is to be read.
        known: Names of columns, folded by `fold`, by which a CSV's separator is recognised.
        complaints: Told what is wrong with the file, and how it was read.

    Raises:
        InputError: It cannot be read at all.
    """
    kind = source.suffix.lower()
    if kind in (".xls", ".ods"):
        raise InputError(f"{source} is no .xlsx workbook.", todo="save it as .xlsx, or as CSV in UTF-8")
    if kind in (".xlsx", ".xlsm"):
        from registry.issuing.table.xlsx_table import read_xlsx  # openpyxl takes its time

        return read_xlsx(source, options, complaints)
    from registry.issuing.table.csv_table import read_csv

    return read_csv(source, options, known, complaints)
