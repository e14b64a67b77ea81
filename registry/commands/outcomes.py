"""What `hallmark verify` says of a credential, and the exit code of several together."""

from collections.abc import Iterable, Set
from typing import NamedTuple

_EXIT = {"valid": 0, "invalid": 1, "unknown": 2}


class Row(NamedTuple):
    """Outcomes of one credential or of several: exit code and text, JSON or lines."""

    code: int
    text: str


def joined(rows: Iterable[Row], *, as_json: bool) -> Row:
    """Several rows as one."""
    known = list(rows)
    return Row(together({row.code for row in known}), (",\n" if as_json else "\n").join(row.text for row in known))


def together(codes: Set[int]) -> int:
    """The exit code of any invalid one, else of any unknown one; of none: nothing is known."""
    return 1 if 1 in codes else max(codes, default=_EXIT["unknown"])


def exit_code(verdict: str) -> int:
    """The exit code that a verdict has."""
    return _EXIT[verdict]
