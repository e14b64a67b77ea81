"""The strict reader (I-JSON, RFC 7493) that decides: plain Python, with a reason and a place for every refusal.

`reader.py` answers for it where its guards prove that the answer is the same.
"""

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from registry.errors import ParsingError
from registry.patterns import Pattern

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1

_SAFE_BRACKETS = 256
# Possessive, and an unclosed string runs to the end: linear in the length, whatever the quotes and escapes.
_STRINGS = Pattern(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKETS = Pattern(rb"[{}\[\]]")

Json = dict[str, Any]


def read_strict(data: bytes) -> Json:
    """Read a JSON object: UTF-8 without BOM, no duplicate members, finite numbers, integers within ±(2^53−1).

    A whole number within that range is an `int`, however it is spelled (1.0, 1e0): RFC 8785 writes them alike.

    Raises:
        ParsingError: Whatever is not such a document, or nests deeper than 32 levels.
    """
    if not data.strip():
        raise ParsingError("The document is empty.", todo="give a JSON document")
    text = _decode(data)
    check_brackets(data)
    value = _parse(text)
    if not isinstance(value, dict):
        raise ParsingError("The document is JSON, but not an object.", todo="a credential starts with '{'")
    _check_tree(value, surrogates=b"\\u" in data)
    return value


def _decode(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise ParsingError("The document starts with a byte order mark.", todo="save it as UTF-8 without BOM")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParsingError(f"Byte {error.start} is not UTF-8.", todo="save the document as UTF-8") from None


def check_brackets(data: bytes) -> None:
    """Refuse deep nesting before the parser meets it: its recursion could exhaust the C stack of the process.

    A document with few brackets cannot nest deeply, so most documents are not scanned at all.
    """
    if data.count(b"{") + data.count(b"[") <= _SAFE_BRACKETS:
        return
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", data)):
        depth += 1 if bracket in b"{[" else -1
        if depth > MAX_DEPTH:
            raise _too_deep()


def _too_deep() -> ParsingError:
    return ParsingError(f"The document nests deeper than {MAX_DEPTH} levels.", todo="flatten it")


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise ParsingError(f"Line {error.lineno}, column {error.colno} is not JSON: {error.msg}.") from None


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ParsingError(f"The member {twice!r} stands twice in one object.", todo="remove one of them")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ParsingError(f"{name} is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise ParsingError(f"The integer {digits[:20]}… is outside ±(2^53−1).", todo="write it as a string")
    return int(digits)


def _finite(digits: str) -> int | float:
    number = float(digits)
    if not math.isfinite(number):
        raise ParsingError(f"The number {digits[:20]} is too large for a double.", todo="write it as a string")
    # RFC 8785 writes whole numbers below 1e21 without exponent: as an integer that _integer would refuse.
    if number.is_integer() and MAX_INTEGER < abs(number) < 1e21:
        raise ParsingError(f"The number {digits[:20]} is outside ±(2^53−1).", todo="write it as a string")
    return int(number) if number.is_integer() and abs(number) <= MAX_INTEGER else number


def _check_tree(root: Json, *, surrogates: bool) -> None:
    """Walk without recursion: depth, and lone surrogates, which only an escape can bring in."""
    stack: list[tuple[Any, int]] = [(root, 1)]
    while stack:
        value, depth = stack.pop()
        if isinstance(value, str):
            if surrogates:
                _check_text(value)
        elif isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                raise _too_deep()
            children = [*value.keys(), *value.values()] if isinstance(value, dict) else value
            stack.extend((child, depth + 1) for child in children)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ParsingError("A string holds half of a surrogate pair.", todo="write the whole character") from None
