"""A credential that this issuer issued before: refused, replaced, or issued again, as a run says.

Two credentials are the same when they have the same id, or tell the same learner (a table's row id, or the subject's
id) the same achievement (its id). Only earlier batches are looked at; within one input ids are unique anyway.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from registry.credential.place import BatchId, Place
from registry.issuing.complaints import Complaints

T = TypeVar("T")
_AT_ONCE = 2_000
KEY_BYTES = 16
# "u" and base64url of a multihash: SHA2-256, 32 bytes.
_SHA2_256 = b"\x12\x20"


class Policy(StrEnum):
    """What to do with a credential that was issued before."""

    DENY = "deny"
    REPLACE = "replace"
    ALLOW = "allow"


class Spot(NamedTuple):
    """Where a credential is: its batch (16 bytes) and its place there, from 0."""

    batch_id: bytes
    place: int


class Found(NamedTuple):
    """A place where a key was issued, and the batch (16 bytes) that superseded it, or was about to."""

    spot: Spot
    by: bytes | None


class Superseded(NamedTuple):
    """Credentials that a batch (16 bytes) supersedes."""

    by: bytes
    spots: tuple[Spot, ...]


class Issued(Protocol):
    """The index of what was issued; every change is durable when it returns. Raises StoreError."""

    empty: bool

    def key(self, *parts: str) -> bytes:
        """The key, 16 bytes, of a kind and its values."""

    def find(self, keys: Sequence[bytes]) -> dict[bytes, list[Found]]:
        """The places of each key that is known."""

    def record(self, batch_id: bytes, keys: Iterable[tuple[bytes, int]], superseded: Iterable[Spot]) -> None:
        """Remember a batch, its keys with their places in it, in place of what was known of it."""

    def pending(self) -> list[Superseded]:
        """What is still to be revoked."""

    def settle(self, batch_id: bytes) -> None:
        """What a batch supersedes is revoked."""


def row_keys(issued: Issued, row_id: str, achievement: str) -> tuple[bytes, ...]:
    """The keys of a table's row."""
    return (issued.key("row", row_id, achievement),)


def document_keys(issued: Issued, document: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The keys of a ready document: its id, and its subject's id with the achievement's where both are there."""
    keys = [issued.key("id", document["id"])] if isinstance(document.get("id"), str) else []
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, Mapping) else None
    if isinstance(subject, Mapping) and isinstance(achievement, Mapping):
        who, what = subject.get("id"), achievement.get("id")
        if isinstance(who, str) and isinstance(what, str):
            keys.append(issued.key("subject", who, what))
    return tuple(keys)


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One document on its way: what it is, its keys, how a complaint names it."""

    value: T
    keys: tuple[bytes, ...]
    shown: str
    row: int | None = None


@dataclass
class Screen:
    """Looks for what was issued before, while an input passes through.

    Attributes:
        issued: The index.
        policy: What to do.
        is_own: Whether this input becomes that batch (16 bytes), which does not count: a run that is taken up again.
        state: State of a batch in the journal; None where it is unknown, and what it staged counts for nothing.
        complaints: Told what is refused.
        keys: Keys of everything that passed, each with its place in the input behind it (u64): what can be sorted.
        spots: What is superseded, with the place in the input of what supersedes it.
    """

    issued: Issued
    policy: Policy
    is_own: Callable[[bytes], bool]
    state: Callable[[bytes], str | None]
    complaints: Complaints
    keys: list[bytes] = field(default_factory=list)
    spots: list[tuple[Spot, int]] = field(default_factory=list)

    def through(self, items: Iterable[Item[T]]) -> Iterator[tuple[T, tuple[Spot, ...]]]:
        """Each value, with what it supersedes (nothing, unless the policy is `replace`)."""
        queue = iter(items)
        place = 0
        while some := list(islice(queue, _AT_ONCE)):
            known = self.issued.find([key for item in some for key in item.keys])
            for item in some:
                self.keys += [key + place.to_bytes(8, "big") for key in item.keys]
                before = self._before(item.keys, known) if known else ()
                yield item.value, self._judged(item, before, place)
                place += 1

    def record(self, batches: Sequence[tuple[bytes, int, int]]) -> None:
        """Remember what passed, as (batch id, first place, end) of the batches that it became."""
        self.keys.sort()
        for batch_id, first, end in batches:
            places = ((key[:KEY_BYTES], int.from_bytes(key[KEY_BYTES:], "big")) for key in self.keys)
            mine = ((key, place - first) for key, place in places if first <= place < end)
            self.issued.record(batch_id, mine, [spot for spot, place in self.spots if first <= place < end])

    def _before(self, keys: Sequence[bytes], known: Mapping[bytes, Sequence[Found]]) -> tuple[Spot, ...]:
        found = dict.fromkeys(one for key in keys for one in known.get(key, ()))
        gone = {one.spot for one in found if one.by and not self.is_own(one.by) and self.state(one.by) is not None}
        spots = dict.fromkeys(one.spot for one in found if one.spot not in gone)
        return tuple(s for s in spots if not self.is_own(s.batch_id) and self.state(s.batch_id) is not None)

    def _judged(self, item: Item[T], before: tuple[Spot, ...], place: int) -> tuple[Spot, ...]:
        if not before or self.policy is Policy.ALLOW:
            return ()
        last = before[-1]
        where, state = f"batch {last.batch_id.hex()[:8]}, place {last.place + 1}", self.state(last.batch_id)
        if self.policy is Policy.DENY:
            todo = "leave it out, or choose --duplicates replace (the old one is revoked) or --duplicates allow"
            self.complaints.error(f"{item.shown} was issued before ({where}, {state})", todo, item.row)
            return ()
        if state in ("staged", "sent"):
            todo = "finish that batch first with `hallmark issue --resume`"
            self.complaints.error(f"{item.shown} cannot be replaced: {where} is only {state}", todo, item.row)
            return ()
        self.spots += [(spot, place) for spot in before]
        return before


def link_to(batch: BatchId, place: int, leaf: bytes) -> dict[str, Any]:
    """The member `relatedResource` that says what a credential supersedes (VC 2.0, section 5.3; SPEC.md, 1.4).

    Args:
        batch: Of the superseded credential.
        place: Its index there.
        leaf: Its leaf hash, 32 bytes: it commits to the whole document and, being salted, tells nothing of it.
    """
    digest = "u" + urlsafe_b64encode(_SHA2_256 + leaf).decode().rstrip("=")
    pointer = Place(batch, place).pointer("revocation").partition("#")[0]
    return {"id": pointer, "name": "supersedes", "digestMultibase": digest}
