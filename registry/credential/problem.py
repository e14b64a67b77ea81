"""One broken rule: where it is, what is expected there, and the W3C problem code."""

import re
from collections.abc import Iterator
from typing import Any

from registry.patterns import Pattern
from registry.values import value

MALFORMED = "MALFORMED_VALUE_ERROR"
RANGE = "RANGE_ERROR"

_NAME = Pattern(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SHOWN = 80


@value
class Problem:
    """`path` is a JSONPath (RFC 9535) into the document; `message` says what must stand there.

    `code` is the last part of a problem type of VC Data Model 2.0 (section 7.1).
    """

    path: str
    message: str
    code: str = MALFORMED

    def __str__(self) -> str:
        return f"{self.path} {self.message}"

    def to_json(self) -> dict[str, str]:
        """Path, code and detail, as verification reports and problem details show them."""
        return {"path": self.path, "code": self.code, "detail": str(self)}


def member(path: str, name: str) -> str:
    """The path of a member: `$.name`, or `$['@context']` where the name is no identifier; long names are cut."""
    if _NAME.fullmatch(name):
        return f"{path}.{name}"
    shown = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    return f"{path}['{shown.translate(_ESCAPES)}']"


# RFC 9535, section 2.3.1.1: single-quoted names escape the quote, the backslash and control characters.
_ESCAPES = {code: f"\\u{code:04x}" for code in range(32)} | {ord("'"): "\\'", ord("\\"): "\\\\"}


def each(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The items of a list with their paths, or the value itself: JSON-LD takes one for a set of one."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield f"{path}[{number}]", item
    else:
        yield path, value
