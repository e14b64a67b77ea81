"""The pointer in the document: `credentialStatus` entries that name the credential's place (SPEC.md, 1.1)."""

from collections.abc import Mapping
from typing import Any

from registry.credential.place import BatchId, Place, parse_pointer
from registry.credential.values import as_list
from registry.errors import MalformedError

PURPOSES = ("revocation", "suspension")
LIST_PATH = "/v1/status-lists/"
_PREFIX = "urn:hallmark:"
_OB_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context"


def list_path(batch: BatchId, purpose: str) -> str:
    """Where the list of a batch and a purpose is published, behind the base URL."""
    return f"{LIST_PATH}{batch.contract}/{batch.issuer_id}/{batch.batch_id.hex()}/{purpose}"


def status_entry(place: Place, purpose: str, base_url: str) -> dict[str, str]:
    """One BitstringStatusListEntry (Bitstring Status List 1.0, section 2.1) for `place`."""
    return {
        "id": place.pointer(purpose),
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(place.index),
        "statusListCredential": base_url.rstrip("/") + list_path(place.batch, purpose),
    }


def with_pointer(document: Mapping[str, Any], place: Place, base_url: str) -> dict[str, Any]:
    """`document` with its pointer: both purposes in VC 2.0, one object in Open Badges, whose schema allows no array."""
    entries = [status_entry(place, purpose, base_url) for purpose in PURPOSES]
    return {**document, "credentialStatus": entries[0] if is_open_badge(document) else entries}


def pointers_of(document: Mapping[str, Any]) -> tuple[tuple[Place, str], ...]:
    """Every Hallmark pointer in `credentialStatus`, with its statusListIndex text.

    Raises:
        MalformedError: An entry that starts like a pointer and is none.
    """
    entries = as_list(document.get("credentialStatus"))
    ours = [e for e in entries if isinstance(e, dict) and str(e.get("id", "")).startswith(_PREFIX)]
    for entry in ours:
        if str(entry["id"]).rpartition("#")[2] != entry.get("statusPurpose"):
            raise MalformedError("A status entry's purpose is not the one that its pointer names.")
    return tuple([(parse_pointer(entry["id"]), str(entry.get("statusListIndex"))) for entry in ours])


def is_open_badge(document: Mapping[str, Any]) -> bool:
    """Whether the document says that it is an Open Badges 3.0 credential, by its type or by its contexts."""
    types, contexts = as_list(document.get("type")), as_list(document.get("@context"))
    if "OpenBadgeCredential" in types or "AchievementCredential" in types:
        return True
    badge_context = any(isinstance(item, str) and item.startswith(_OB_CONTEXT) for item in contexts)
    return badge_context and not {"EndorsementCredential", "ClrCredential"} & set(map(str, types))
