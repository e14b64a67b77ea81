"""Canonical bytes and their hash: RFC 8785 (JCS) and SHA-256."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from hashlib import sha256
from itertools import count
from typing import Any

from registry.credential.fast_json import FastDecoder
from registry.errors import MalformedError
from registry.patterns import Pattern

# Loading orjson takes 9 ms of a short command, as long as 100 slow writings.
_SLOW_CALLS = 64
_calls = count()
_PROOF, _COMMA = b'"proof":', ord(",")

# What orjson writes otherwise than ECMAScript: whole numbers with a fraction, and exponents; or a text that looks so.
_OTHER_NUMBER = Pattern(rb"[:\[,]-?\d+(?:\.0[,\]}]|(?:\.\d+)?e)")


def canonical_bytes(value: Any, *, plain: bool = False) -> bytes:
    """RFC 8785 form of a JSON value (dict, list, str, int, float, bool, None) that was read or built.

    orjson writes it where it writes what RFC 8785 asks for, which is nearly always; rfc8785 decides about the rest,
    and writes the first few.

    Args:
        value: The value.
        plain: It is a `plain` reading of `read_canonical`, or made of parts of one: its floats need no look.

    Raises:
        MalformedError: A value that has no canonical form (integers beyond 2^53, NaN, lone surrogates).
    """
    fast = next(_calls) >= _SLOW_CALLS and isinstance(value, dict | list)
    written = sorted_bytes(value) if fast else None
    if written is None or not (plain or _holds_plain_numbers(written)):
        return _by_the_library(value)
    return written


def sorted_bytes(value: Any) -> bytes | None:
    """The RFC 8785 form by orjson, up to the spelling of floats; None where the order of names could differ.

    orjson sorts names by their UTF-8 bytes, RFC 8785 (section 3.2.3) by UTF-16 code units. Both agree unless a
    character beyond U+FFFF (first byte F0 to F4) meets one of U+E000 to U+FFFF (first byte EE or EF).
    """
    try:
        written = _sorting_writer()(value)
    except TypeError:  # orjson's JSONEncodeError
        return None
    if not written.isascii() and _mixes_planes(written):
        return None
    return written


@cache
def _sorting_writer() -> Callable[[Any], bytes]:
    import orjson

    options = (
        orjson.OPT_SORT_KEYS
        | orjson.OPT_STRICT_INTEGER
        | orjson.OPT_PASSTHROUGH_DATACLASS
        | orjson.OPT_PASSTHROUGH_DATETIME
        | orjson.OPT_PASSTHROUGH_SUBCLASS
    )
    return partial(orjson.dumps, option=options)


def _mixes_planes(written: bytes) -> bool:
    if b"\xef" not in written and b"\xee" not in written:
        return False
    return any(lead in written for lead in (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4"))


def _holds_plain_numbers(written: bytes) -> bool:
    """Whether every number is spelled as ECMAScript spells it; a null may be a NaN that orjson hid."""
    if b"null" in written:
        return False
    if _NUMBERS.is_ready():
        return _NUMBERS.decode(written) is not ...
    return _OTHER_NUMBER.search(written) is None


def _spelling(digits: str) -> None:
    if digits.endswith(".0") or "e" in digits:
        raise ValueError(digits)


_NUMBERS = FastDecoder(_spelling)


def _by_the_library(value: Any) -> bytes:
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise MalformedError(f"The value has no canonical form (RFC 8785): {error}.") from error


def canonical_hash(value: Any) -> bytes:
    """SHA-256 of the RFC 8785 form, 32 bytes."""
    return sha256(canonical_bytes(value)).digest()


def hash_without_proof(document: Mapping[str, Any], canonical: bytes, *, plain: bool) -> bytes:
    """`docHash` of a document whose whole RFC 8785 form is at hand: the member "proof" is cut out of it, 32 bytes.

    Where its name stands there once only, that is the member: nothing else has to be written again.
    """
    if "proof" not in document:
        return sha256(canonical).digest()
    start = canonical.find(_PROOF)
    if canonical.find(_PROOF, start + 1) != -1:
        return document_hash(document, plain=plain)
    end = start + len(_PROOF) + len(canonical_bytes(document["proof"], plain=plain))
    if canonical[start - 1] == _COMMA:
        return sha256(canonical[: start - 1] + canonical[end:]).digest()
    return sha256(canonical[:start] + canonical[end:].removeprefix(b",")).digest()


def document_hash(document: Mapping[str, Any], *, plain: bool = False) -> bytes:
    """`docHash`: SHA-256(JCS(document without "proof")), 32 bytes (SPEC.md, section 1); `plain` as above."""
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    return sha256(canonical_bytes(unsecured, plain=plain)).digest()
