"""Status lists outside the chain, as values: Bitstring Status List 1.0 and the 1EdTech Revocation List.

An entry stands in a credential's `credentialStatus` and names a list; whoever holds the list asks it for the entry's
value. Who signed the list, and where it came from, is judged by the caller.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.credential.rules import Validity, issuer_of, validity_of
from registry.errors import (
    MalformedError,
    StatusListLengthError,
    StatusRangeError,
    StatusRetrievalError,
    StatusVerificationError,
)

BITSTRING_ENTRY = "BitstringStatusListEntry"
BITSTRING_LIST = "BitstringStatusList"
BITSTRING_CREDENTIAL = "BitstringStatusListCredential"
REVOCATION_LIST = "1EdTechRevocationList"

MIN_ENTRIES = 131_072
MAX_INFLATED = 4 * 1024 * 1024
MAX_STATUS_SIZE = 32
MAX_LIST_BYTES = 6 * 1024 * 1024
_OURS = "urn:hallmark:"
_MAX_INDEX = 2**53 - 1


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry of `credentialStatus` whose status lies in a list outside the chain.

    Attributes:
        type: BITSTRING_ENTRY, REVOCATION_LIST, or a type that this program does not read.
        url: Where the list is: `statusListCredential`, or the `id` of a 1EdTech entry.
        purpose: `revocation`, `suspension`, `refresh`, `message`, or another word.
        index: Position in the list; 0 for a 1EdTech entry.
        size: Bits of one status (`statusSize`), 1 to 32.
        messages: `statusMessage`: status value → text.
    """

    type: str
    url: str
    purpose: str
    index: int = 0
    size: int = 1
    messages: tuple[tuple[int, str], ...] = ()

    @property
    def known(self) -> bool:
        """Whether this program reads lists of this kind."""
        return self.type in (BITSTRING_ENTRY, REVOCATION_LIST)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Status:
    """What a list says about one entry: `value` 0 is good; `text` is a message or a reason, where there is one."""

    purpose: str
    value: int
    text: str = ""


def list_entries(document: Mapping[str, Any]) -> tuple[ListEntry, ...]:
    """The document's entries that are not pointers to the chain, in order.

    Raises:
        MalformedError: An entry that breaks its own format (Bitstring Status List 1.0, section 2.1).
    """
    entries = [entry for entry in _as_list(document.get("credentialStatus")) if not _is_pointer(entry)]
    return tuple(_read_entry(entry) for entry in entries)


def _is_pointer(entry: Any) -> bool:
    return isinstance(entry, Mapping) and str(entry.get("id", "")).startswith(_OURS)


def _read_entry(entry: Any) -> ListEntry:
    if not isinstance(entry, Mapping):
        raise MalformedError("credentialStatus holds something that is no object.")
    types = [kind for kind in _as_list(entry.get("type")) if isinstance(kind, str)]
    if BITSTRING_ENTRY in types:
        return _bitstring_entry(entry)
    if REVOCATION_LIST in types:
        return ListEntry(REVOCATION_LIST, _text(entry, "id"), "revocation")
    return ListEntry(types[0] if types else "an unnamed type", str(entry.get("id", "")), "")


def _bitstring_entry(entry: Mapping[str, Any]) -> ListEntry:
    size = entry.get("statusSize", 1)
    if not _is_count(size) or not 1 <= size <= MAX_STATUS_SIZE:
        raise MalformedError(f"statusSize is not a number from 1 to {MAX_STATUS_SIZE}.")
    purpose, messages = _text(entry, "statusPurpose"), _messages(entry)
    if (size > 1 or purpose == "message") and len(messages) != 2**size:
        raise MalformedError(f"statusMessage does not list the {2**size} statuses that statusSize {size} allows.")
    url = _text(entry, "statusListCredential")
    return ListEntry(BITSTRING_ENTRY, url, purpose, _index(entry.get("statusListIndex")), size, messages)


def _index(value: Any) -> int:
    """The text wants a string of digits; a JSON number is met in practice and means the same."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if not _is_count(value) or value > _MAX_INDEX:
        raise MalformedError("statusListIndex is not a whole number from 0 on, written as a text.")
    return int(value)


def _messages(entry: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    found = []
    for item in _as_list(entry.get("statusMessage")):
        try:
            found.append((int(item["status"], 16), str(item["message"])))
        except (TypeError, KeyError, ValueError):
            raise MalformedError("statusMessage is not a list of {status: hex text, message: text}.") from None
    return tuple(found)


def read_list(document: Mapping[str, Any]) -> StatusList:
    """A list document of either kind.

    Raises:
        StatusVerificationError: It is no such list, or breaks its own format.
    """
    try:
        if BITSTRING_CREDENTIAL in _as_list(document.get("type")):
            return _bitstring_list(document)
        if "revokedCredential" in document or REVOCATION_LIST in _as_list(document.get("type")):
            return _revocation_list(document)
    except MalformedError as error:
        raise StatusVerificationError(f"The status list is malformed: {error.what}") from None
    raise StatusVerificationError(f"The document is neither a {BITSTRING_CREDENTIAL} nor a {REVOCATION_LIST}.")


def _bitstring_list(document: Mapping[str, Any]) -> StatusList:
    subject = document.get("credentialSubject")
    if not isinstance(subject, Mapping) or BITSTRING_LIST not in _as_list(subject.get("type")):
        raise MalformedError(f"credentialSubject is no {BITSTRING_LIST}.")
    purposes = tuple(purpose for purpose in _as_list(subject.get("statusPurpose")) if isinstance(purpose, str))
    ttl = subject.get("ttl")
    if not purposes or (ttl is not None and not _is_count(ttl)):
        raise MalformedError("statusPurpose is missing, or ttl is no number of milliseconds.")
    bits = decode_bits(_text(subject, "encodedList"))
    seconds = None if ttl is None else ttl / 1000
    return StatusList(_id(document), _issuer(document), purposes, bits, (), validity_of(document), seconds)


def _revocation_list(document: Mapping[str, Any]) -> StatusList:
    """1EdTech Revocation List: `revokedCredential` holds `id`, `revoked` and perhaps `revocationReason`."""
    items = _as_list(document.get("revokedCredential"))
    if not all(isinstance(item, Mapping) and isinstance(item.get("revoked", True), bool) for item in items):
        raise MalformedError("revokedCredential is not a list of {id, revoked}.")
    revoked = tuple((_text(i, "id"), str(i.get("revocationReason", ""))) for i in items if i.get("revoked", True))
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
    return _text(document, "id") if "id" in document else None


def _issuer(document: Mapping[str, Any]) -> str:
    issuer = issuer_of(document)
    if issuer is None:
        raise MalformedError("it names no issuer.")
    return issuer


def _text(holder: Mapping[str, Any], member: str) -> str:
    value = holder.get(member)
    if not isinstance(value, str) or not value:
        raise MalformedError(f"{member} is not a text.")
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _as_list(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
