"""A CSV of results as typed rows; every complaint names file, row and column."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.credential.times import parse_stamp
from registry.errors import InputError, MalformedError

REQUIRED = ("id", "name")
_LONGEST_NAME = 200
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
OPTIONAL = ("email", "did", "awarded", "expires", "result", "evidence")


@dataclass(frozen=True, slots=True)
class ResultRow:
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
    """

    id: str
    name: str
    email: str = ""
    did: str = ""
    awarded: str = ""
    expires: str = ""
    result: str = ""
    evidence: str = ""


def read_rows(path: Path) -> list[ResultRow]:
    """Read a CSV in UTF-8 (a byte order mark is allowed) with a header line.

    Raises:
        InputError: Every problem of the file, each with its row (the header is row 1).
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8.", todo="save the file as CSV in UTF-8") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    # newline="" leaves line breaks inside quotes as they are: what a name holds is signed as it was written.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise InputError(f"{path}, row {reader.line_num}: {error}.", todo="check the quotes") from None
    if not lines:
        raise InputError(f"{path} is empty.", todo=f"start it with the header {','.join(REQUIRED + OPTIONAL)}")
    header = _header(path, [name.strip().lower() for name in lines[0]])
    problems: list[str] = []
    rows = list(_rows(header, lines[1:], problems))
    if not lines[1:]:
        problems.append("there are no rows below the header")
    if problems:
        raise InputError(f"{path}: " + "; ".join(problems) + ".", todo="correct these rows; nothing was issued")
    return rows


def _header(path: Path, header: Sequence[str]) -> Sequence[str]:
    unknown = [name for name in header if name not in REQUIRED + OPTIONAL]
    missing = [name for name in REQUIRED if name not in header]
    twice = sorted({name for name in header if header.count(name) > 1})
    faults = [
        f"unknown column {', '.join(map(repr, unknown))}" if unknown else "",
        f"missing column {', '.join(map(repr, missing))}" if missing else "",
        f"column {', '.join(map(repr, twice))} stands twice" if twice else "",
    ]
    shown = "; ".join(fault for fault in faults if fault)
    if shown:
        raise InputError(f"{path}, row 1: {shown}.", todo=f"use the columns {', '.join(REQUIRED + OPTIONAL)}")
    return header


def _rows(header: Sequence[str], lines: Sequence[Sequence[str]], problems: list[str]) -> Iterator[ResultRow]:
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=2):
        values = dict(zip(header, (value.strip() for value in line), strict=False))
        if not any(values.values()):
            problems.append(f"row {number} is empty")
        elif len(line) != len(header):
            problems.append(f"row {number} has {len(line)} values, the header has {len(header)} columns")
        else:
            # Some file systems do not tell A.json from a.json.
            before = seen.setdefault(values["id"].casefold(), number)
            if before != number:
                problems.append(f"row {number}: the id {values['id']!r} stands in row {before} already")
            values |= _dates(number, values, problems)
            problems += [f"row {number}: {fault}" for fault in _faults(values)]
            yield ResultRow(**values)


def _faults(values: dict[str, str]) -> Iterator[str]:
    for name in REQUIRED:
        if not values[name]:
            yield f"column {name!r} is empty"
    if not names_a_file(values["id"]):
        yield f"the id {values['id'][:40]!r} cannot name a file; use at most 60 letters, digits, '-' and '_'"
    if values.get("email") and "@" not in values["email"]:
        yield f"column 'email': {values['email']!r} is no e-mail address"
    if values.get("did") and not values["did"].startswith("did:"):
        yield f"column 'did': {values['did']!r} is no DID"


def names_a_file(name: str) -> bool:
    """Whether `name` and `.json` name a file on every common system: at most 200 bytes, nothing reserved."""
    if len(name.encode()) > _LONGEST_NAME or name.startswith(".") or name.endswith((".", " ")):
        return False
    if name.partition(".")[0].upper() in _RESERVED:
        return False
    return name.isprintable() and not any(character in '/\\:*?"<>|' for character in name)


def _dates(number: int, values: dict[str, str], problems: list[str]) -> dict[str, str]:
    stamps: dict[str, str] = {}
    for name in ("awarded", "expires"):
        text = values.get(name, "")
        stamp = f"{text}T00:00:00Z" if len(text) == 10 else text
        try:
            if text:
                parse_stamp(stamp)
            stamps[name] = text and stamp
        except MalformedError:
            problems.append(f"row {number}, column {name!r}: {text!r} is no date; write it like 2026-01-31")
    return stamps
