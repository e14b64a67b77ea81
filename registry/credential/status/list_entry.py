"""Entries of `credentialStatus` whose status lies outside the chain (Bitstring Status List 1.0, section 2.1)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from registry.credential.values import as_list
from registry.errors import MalformedError

BITSTRING_ENTRY = "BitstringStatusListEntry"
REVOCATION_LIST = "1EdTechRevocationList"
MAX_STATUS_SIZE = 32
_OURS = "urn:hallmark:"
_MAX_INDEX = 2**53 - 1


class ListEntry(NamedTuple):
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
    index: int = 0  # type: ignore[assignment]  # a tuple's method of this name is not wanted
    size: int = 1
    messages: tuple[tuple[int, str], ...] = ()

    @property
    def known(self) -> bool:
        """Whether this program reads lists of this kind."""
        return self.type in (BITSTRING_ENTRY, REVOCATION_LIST)


def list_entries(document: Mapping[str, Any]) -> tuple[ListEntry, ...]:
    """The document's entries that are not pointers to the chain, in order.

    Raises:
        MalformedError: An entry that breaks its own format (Bitstring Status List 1.0, section 2.1).
    """
    entries = [entry for entry in as_list(document.get("credentialStatus")) if not _is_pointer(entry)]
    return tuple(_read_entry(entry) for entry in entries)


def published_entries(document: Mapping[str, Any]) -> tuple[ListEntry, ...]:
    """The pointers to the chain, read as entries of the lists that are published for wallets; in order.

    Raises:
        MalformedError: An entry that breaks its own format.
    """
    pointers = [entry for entry in as_list(document.get("credentialStatus")) if _is_pointer(entry)]
    return tuple(_bitstring_entry(entry) for entry in pointers)


def _is_pointer(entry: Any) -> bool:
    return isinstance(entry, Mapping) and str(entry.get("id", "")).startswith(_OURS)


def _read_entry(entry: Any) -> ListEntry:
    if not isinstance(entry, Mapping):
        raise MalformedError("credentialStatus holds something that is no object.")
    types = [kind for kind in as_list(entry.get("type")) if isinstance(kind, str)]
    if BITSTRING_ENTRY in types:
        return _bitstring_entry(entry)
    if REVOCATION_LIST in types:
        return ListEntry(REVOCATION_LIST, text_of(entry, "id"), "revocation")
    return ListEntry(types[0] if types else "an unnamed type", str(entry.get("id", "")), "")


def _bitstring_entry(entry: Mapping[str, Any]) -> ListEntry:
    size = entry.get("statusSize", 1)
    if not is_count(size) or not 1 <= size <= MAX_STATUS_SIZE:
        raise MalformedError(f"statusSize is not a number from 1 to {MAX_STATUS_SIZE}.")
    purpose, messages = text_of(entry, "statusPurpose"), _messages(entry)
    if (size > 1 or purpose == "message") and len(messages) != 2**size:
        raise MalformedError(f"statusMessage does not list the {2**size} statuses that statusSize {size} allows.")
    url = text_of(entry, "statusListCredential")
    return ListEntry(BITSTRING_ENTRY, url, purpose, _index(entry.get("statusListIndex")), size, messages)


def _index(value: Any) -> int:
    """The text wants a string of digits; a JSON number is met in practice and means the same."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if not is_count(value) or value > _MAX_INDEX:
        raise MalformedError("statusListIndex is not a whole number from 0 on, written as a text.")
    return int(value)


def _messages(entry: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    found = []
    for item in as_list(entry.get("statusMessage")):
        try:
            found.append((int(item["status"], 16), str(item["message"])))
        except (TypeError, KeyError, ValueError):
            raise MalformedError("statusMessage is not a list of {status: hex text, message: text}.") from None
    return tuple(found)


def text_of(holder: Mapping[str, Any], member: str) -> str:
    """The member's text; MalformedError unless it is one and not empty."""
    value = holder.get(member)
    if not isinstance(value, str) or not value:
        raise MalformedError(f"{member} is not a text.")
    return value


def is_count(value: Any) -> bool:
    """Whether a value is a whole number from 0 on."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
