"""Single values: URLs, language tags, digests. Each function says whether a text is one, and never raises."""

import re
from base64 import b64decode, urlsafe_b64decode
from binascii import Error as BadBase64
from typing import Any
from urllib.parse import urlsplit

import base58

from registry.patterns import Pattern

_SCHEME = Pattern(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_FORBIDDEN = Pattern(r'[\s<>"{}|\\^`\x00-\x1f\x7f]')
# What nearly every URL looks like; the rest is looked at more closely.
ORDINARY_URL = r"https?://[A-Za-z0-9.-]+(?:/[\w.~:/?#@!$&'()*+,;=%-]*)?|(?:did|urn):[\w.:%#/?=&-]+"
_ORDINARY = Pattern(ORDINARY_URL, re.ASCII)
_SRI = Pattern(r"(sha256|sha384|sha512)-([A-Za-z0-9+/]+={0,2})(\?[!-~]*)?", re.ASCII)
_SRI_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}
_MAX_DIGEST = 200
_SHA2_256 = b"\x12\x20"

# RFC 5646, section 2.1: well-formed tags, the irregular ones by name.
_LANGUAGE_TAG = Pattern(
    r"""(?: (?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})
            (?:-[a-z]{4})? (?:-(?:[a-z]{2}|\d{3}))?
            (?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*
            (?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*
            (?:-x(?:-[a-z0-9]{1,8})+)?
          | x(?:-[a-z0-9]{1,8})+
          | en-gb-oed | i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)
          | sgn-(?:be-fr|be-nl|ch-de) )""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


def is_url(value: Any) -> bool:
    """Whether `value` is an absolute URL: a scheme, something behind it, and no character that no URL holds."""
    if not isinstance(value, str):
        return False
    if _ORDINARY.fullmatch(value):
        return True
    if not _SCHEME.match(value) or _FORBIDDEN.search(value):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.netloc if parts.scheme in ("http", "https") else value.partition(":")[2])


def is_language_tag(value: Any) -> bool:
    """Whether `value` is a well-formed BCP 47 tag."""
    return isinstance(value, str) and len(value) <= 100 and _LANGUAGE_TAG.fullmatch(value) is not None


def is_sri_digest(value: Any) -> bool:
    """Whether `value` is one or more Subresource Integrity hashes, each as long as its algorithm makes them."""
    if not isinstance(value, str) or not value.split():
        return False
    return all(_is_one_sri(part) for part in value.split())


def _is_one_sri(text: str) -> bool:
    match = _SRI.fullmatch(text)
    if match is None:
        return False
    try:
        return len(b64decode(match[2], validate=True)) == _SRI_BYTES[match[1]]
    except BadBase64:
        return False


def is_multibase_digest(value: Any) -> bool:
    """Whether `value` is a multihash (code, length, digest) in multibase base64url `u` or base58 `z`."""
    _, rest = _varint(_multibase(value))
    length, digest = _varint(rest)
    return length is not None and len(digest) == length >= 16


def sha256_digests(*values: Any) -> set[bytes]:
    """Every SHA-256 digest, 32 bytes each, among texts of SRI or multibase digests; other algorithms are left out."""
    found = set()
    for value in values:
        if is_multibase_digest(value) and (data := _multibase(value)).startswith(_SHA2_256):
            found.add(data[len(_SHA2_256) :])
        elif is_sri_digest(value):
            parts = (part.partition("?")[0] for part in value.split())
            found |= {b64decode(part[7:]) for part in parts if part.startswith("sha256-")}
    return found


def _multibase(value: Any) -> bytes:
    """The bytes of a text in multibase `u` or `z`; none where it is no such text."""
    if not isinstance(value, str) or not 1 < len(value) <= _MAX_DIGEST or not value.isascii():
        return b""
    try:
        if value[0] == "u":
            return urlsafe_b64decode(value[1:] + "=" * (-len(value[1:]) % 4))
        return base58.b58decode(value[1:]) if value[0] == "z" else b""
    except ValueError:
        return b""


def _varint(data: bytes) -> tuple[int | None, bytes]:
    number = 0
    for position, byte in enumerate(data[:4]):
        number |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return number, data[position + 1 :]
    return None, b""


def as_list(value: Any) -> list[Any]:
    """A member that may be one thing or several, as JSON-LD has it: a list of them; empty where there is none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
