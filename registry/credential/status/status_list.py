"""Status lists outside the chain, as values: Bitstring Status List 1.0 and the 1EdTech Revocation List.

A credential's entry (`list_entry`) names a list; whoever holds the list asks it for the entry's
value. Who signed the list, and where it came from, is judged by the caller.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from registry.credential.conformance.rules import Validity, issuer_of, validity_of
from registry.credential.status.list_entry import REVOCATION_LIST, ListEntry, is_count, text_of
from registry.credential.values import as_list
from registry.errors import (
    MalformedError,
    StatusListLengthError,
    StatusRangeError,
    StatusRetrievalError,
    StatusVerificationError,
)
from registry.values import value

BITSTRING_LIST = "BitstringStatusList"
BITSTRING_CREDENTIAL = "BitstringStatusListCredential"

MIN_ENTRIES = 131_072
MAX_INFLATED = 4 * 1024 * 1024
MAX_LIST_BYTES = 6 * 1024 * 1024


@value
class StatusList:
    """A list that was read.

    Attributes:
        id: Its own identifier; None where it names none.
        issuer: Who issued it.
        purposes: Of a bitstring list; `("revocation",)` of a 1EdTech list.
        bits: The inflated bitstring, first bit leftmost; empty for a 1EdTech list.
        revoked: Of a 1EdTech list: (credential id, reason) of everything that it revokes.
        validity: When it may be relied on.
        ttl: Seconds after which a copy must be fetched again; None: not said.
    """

    id: str | None
    issuer: str
    purposes: tuple[str, ...]
    bits: bytes
    revoked: tuple[tuple[str, str], ...]
    validity: Validity
    ttl: float | None


@value
class Status:
    """What a list says about one entry: `value` 0 is good; `text` is a message or a reason, where there is one."""

    purpose: str
    value: int
    text: str = ""


def read_list(document: Mapping[str, Any]) -> StatusList:
    """A list document of either kind.

    Raises:
        StatusVerificationError: It is no such list, or breaks its own format.
    """
    try:
        if BITSTRING_CREDENTIAL in as_list(document.get("type")):
            return _bitstring_list(document)
        if "revokedCredential" in document or REVOCATION_LIST in as_list(document.get("type")):
            return _revocation_list(document)
    except MalformedError as error:
        raise StatusVerificationError(f"The status list is malformed: {error.what}") from None
    raise StatusVerificationError(f"The document is neither a {BITSTRING_CREDENTIAL} nor a {REVOCATION_LIST}.")


def _bitstring_list(document: Mapping[str, Any]) -> StatusList:
    subject = document.get("credentialSubject")
    if not isinstance(subject, Mapping) or BITSTRING_LIST not in as_list(subject.get("type")):
        raise MalformedError(f"credentialSubject is no {BITSTRING_LIST}.")
    purposes = tuple(purpose for purpose in as_list(subject.get("statusPurpose")) if isinstance(purpose, str))
    ttl = subject.get("ttl")
    if not purposes or (ttl is not None and not is_count(ttl)):
        raise MalformedError("statusPurpose is missing, or ttl is no number of milliseconds.")
    bits = decode_bits(text_of(subject, "encodedList"))
    seconds = None if ttl is None else ttl / 1000
    return StatusList(_id(document), _issuer(document), purposes, bits, (), validity_of(document), seconds)


def _revocation_list(document: Mapping[str, Any]) -> StatusList:
    """1EdTech Revocation List: `revokedCredential` holds `id`, `revoked` and perhaps `revocationReason`."""
    items = as_list(document.get("revokedCredential"))
    if not all(isinstance(item, Mapping) and isinstance(item.get("revoked", True), bool) for item in items):
        raise MalformedError("revokedCredential is not a list of {id, revoked}.")
    revoked = tuple((text_of(i, "id"), str(i.get("revocationReason", ""))) for i in items if i.get("revoked", True))
    return StatusList(_id(document), _issuer(document), ("revocation",), b"", revoked, Validity(None, None), None)


def decode_bits(encoded: str) -> bytes:
    """`encodedList`: multibase base64url of a GZIP stream (section 3.1), inflated to at most 4 MiB.

    Raises:
        MalformedError: Another alphabet, a broken or unfinished stream, bytes behind it, or more than the limit.
    """
    try:
        packed = urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)) if encoded[:1] == "u" else b""
    except ValueError:
        packed = b""
    if not packed or urlsafe_b64encode(packed).rstrip(b"=").decode() != encoded[1:]:
        raise MalformedError("encodedList is not multibase base64url ('u…').")
    stream = zlib.decompressobj(wbits=31)
    try:
        bits = stream.decompress(packed, MAX_INFLATED + 1)
    except zlib.error:
        raise MalformedError("encodedList is not GZIP.") from None
    if len(bits) > MAX_INFLATED:
        raise MalformedError(f"encodedList inflates to more than {MAX_INFLATED:,} bytes.")
    if not stream.eof or stream.unused_data:
        raise MalformedError("encodedList is cut off, or has bytes behind its end.")
    return bits


def encode_bits(bits: bytes) -> str:
    """The reverse of `decode_bits`; the same bits give the same text.

    Args:
        bits: First bit leftmost, at least 131,072 of them; zeros are put behind fewer.
    """
    packed = zlib.compressobj(9, wbits=31)
    data = packed.compress(bits.ljust(MIN_ENTRIES // 8, b"\0")) + packed.flush()
    return "u" + urlsafe_b64encode(data).rstrip(b"=").decode()


def check_binding(entry: ListEntry, found: StatusList, issuers: Sequence[str | None], now: float) -> None:
    """That the list may speak about the entry at all: issuer, purpose, validity period (sections 2.2 and 3.2).

    Args:
        entry: The credential's entry.
        found: The list.
        issuers: Who may issue it: the credential's issuer, and delegates that the issuer named.
        now: Seconds since 1970.

    Raises:
        StatusVerificationError: One of them does not fit.
    """
    if found.issuer not in issuers:
        raise StatusVerificationError(f"The status list was issued by {found.issuer}, not by the credential's issuer.")
    if entry.purpose not in found.purposes:
        has = ", ".join(found.purposes)
        raise StatusVerificationError(f"The status list is for {has}, but the entry's purpose is {entry.purpose}.")
    period = found.validity
    if (period.since is not None and now < period.since) or (period.until is not None and now > period.until):
        raise StatusVerificationError("The status list is outside its validity period.")


def status_delegate(profile: Mapping[str, Any]) -> str | None:
    """Whom an issuer's profile document names to sign its status lists (SPEC.md, section 4)."""
    delegate = profile.get("statusDelegate")
    return delegate if isinstance(delegate, str) and delegate else None


def id_matches(entry: ListEntry, found: StatusList) -> bool:
    """Whether the list calls itself what the entry calls it; a list without a name is known by its address only."""
    return found.id is None or found.id == entry.url


def status_of(entry: ListEntry, found: StatusList, credential_id: str | None) -> Status:
    """The value of an entry in its list (section 3.2, steps 7 to 10).

    Raises:
        StatusListLengthError: The bitstring has fewer than 131,072 entries.
        StatusRangeError: The index lies behind its end.
        StatusRetrievalError: A 1EdTech entry of a credential without `id`: nothing to look for.
    """
    if entry.type == REVOCATION_LIST:
        return _revocation_status(found, credential_id)
    total = len(found.bits) * 8
    if total // entry.size < MIN_ENTRIES:
        raise StatusListLengthError(f"The status list has {total // entry.size:,} entries; {MIN_ENTRIES:,} are needed.")
    first = entry.index * entry.size
    if first + entry.size > total:
        raise StatusRangeError(f"The status list ends before entry {entry.index:,}.")
    start, end = first // 8, (first + entry.size + 7) // 8
    window = int.from_bytes(found.bits[start:end], "big")
    value = (window >> (end * 8 - first - entry.size)) & ((1 << entry.size) - 1)
    return Status(entry.purpose, value, dict(entry.messages).get(value, ""))


def _revocation_status(found: StatusList, credential_id: str | None) -> Status:
    if credential_id is None:
        raise StatusRetrievalError("The credential has no id that its revocation list could name.")
    reasons = dict(found.revoked)
    return Status("revocation", int(credential_id in reasons), reasons.get(credential_id, ""))


def _id(document: Mapping[str, Any]) -> str | None:
    return text_of(document, "id") if "id" in document else None


def _issuer(document: Mapping[str, Any]) -> str:
    issuer = issuer_of(document)
    if issuer is None:
        raise MalformedError("it names no issuer.")
    return issuer
