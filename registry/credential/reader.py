"""Read one JSON document strictly, so that every reader in the world sees the same value (I-JSON, RFC 7493).

The fast way is taken only where its guards prove that `strict_reader` and `rfc8785` would give the same value and the
same bytes; everything else, and every refusal, is theirs. `make credential-deep` holds both against each other.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

from registry.credential.canonical import canonical_bytes, sorted_bytes
from registry.credential.fast_json import FastDecoder
from registry.credential.strict_reader import MAX_DEPTH, MAX_INTEGER, Json, check_brackets, read_strict
from registry.errors import ParsingError

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_INTEGER", "Json", "Reading", "read_canonical", "read_document"]

MAX_BYTES = 256 * 1024

# Indented by two a level, what stands inside the 32nd level has 64 spaces before it: an empty container there
# would be the 33rd level. A line break never stands in a written string. Whoever gets there has passed a line of each
# of 2, 4, … 64 spaces, which the form without white space lacks.
_TOO_DEEP = b"\n" + b" " * (2 * MAX_DEPTH)
# The decoder recurses on the C stack, 280 bytes a level, and libraries raise Python's limit (py_ecc: to 100,000). What
# may nest deeper than this is looked at first; the rest cannot fill the smallest stack of a thread, 1 MB.
_SAFE_DEPTH = 3_000
_OBJECT_BYTES = 5
_DEEP_MARGIN = sum(1 + 2 * level for level in range(1, MAX_DEPTH + 1))


class Reading(NamedTuple):
    """A document and the RFC 8785 form of the whole of it.

    `plain` says that orjson writes it, and every part of it, as RFC 8785 asks (see `canonical_bytes`).
    """

    document: Json
    canonical: bytes
    plain: bool


def read_document(data: bytes, *, max_bytes: int = MAX_BYTES) -> Json:
    """Read a JSON object: UTF-8 without BOM, no duplicate members, finite numbers, integers within ±(2^53−1).

    A whole number within that range is an `int`, however it is spelled (1.0, 1e0): RFC 8785 writes them alike.

    Args:
        data: The document, at most `max_bytes` bytes (262,144 unless told).
        max_bytes: Another limit, for documents that are not credentials.

    Raises:
        ParsingError: Whatever is not such a document, or nests deeper than 32 levels.
    """
    return read_canonical(data, max_bytes=max_bytes).document


def read_canonical(data: bytes, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read as `read_document` does, and give the RFC 8785 form with it.

    Raises:
        ParsingError: As for `read_document`.
    """
    if len(data) > max_bytes:
        raise ParsingError(
            f"The document has {len(data):,} bytes; the limit is {max_bytes:,}.", todo="split or shrink it"
        )
    reading = _read_fast(data) if _FAST.is_ready() else None
    if reading is None:
        document = read_strict(data)
        reading = Reading(document, canonical_bytes(document), False)
    return reading


def _read_fast(data: bytes) -> Reading | None:
    """None wherever it is not certain that the strict reader would return the same."""
    if b"\\" in data and b"\\u" in data:
        return None
    if len(data) > _SAFE_DEPTH and data.count(b"[") + len(data) // _OBJECT_BYTES > _SAFE_DEPTH:
        check_brackets(data)
    document = _FAST.decode(data)
    written = sorted_bytes(document) if type(document) is dict else None
    if written is None or _may_have_dropped(data, written):
        return None
    # Few brackets cannot nest deeply, wherever they stand.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _is_deep(document, written):
        return None
    return Reading(document, written, True)


def _is_deep(document: Json, written: bytes) -> bool:
    """Whether it nests deeper than 32 levels, which the form with a level's spaces shows."""
    indented = _indenting_writer()(document)
    return len(indented) - len(written) >= _DEEP_MARGIN and _TOO_DEEP in indented


@cache
def _indenting_writer() -> Callable[[Any], bytes]:
    import orjson  # loaded with the fast decoder: not for a few documents

    return partial(orjson.dumps, option=orjson.OPT_INDENT_2)


def _may_have_dropped(data: bytes, written: bytes) -> bool:
    r"""Whether a member that stood twice could have gone.

    No token is written longer than it was read, so equal lengths mean that nothing is gone; and without \u escapes
    a colon stays a colon, so one less means that a member is gone.
    """
    return len(written) != len(data) and written.count(b":") != data.count(b":")


def _number(digits: str) -> int | float:
    """A number with a fraction, where orjson writes it as ECMAScript does and no longer; ValueError elsewhere."""
    number = float(digits)
    if not 1e-4 <= abs(number) < 1e15 or "e" in digits or "E" in digits:
        raise ValueError(digits)
    return int(number) if number.is_integer() else number


_FAST = FastDecoder(_number)
