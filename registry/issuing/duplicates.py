"""A credential that this issuer issued before: refused, replaced, or issued again, as a run says.

Two credentials are the same when they have the same id, or tell the same learner (a table's row id, or the subject's
id) the same achievement (its id). Only earlier batches are looked at; within one input ids are unique anyway.
"""

from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import orjson

from registry.credential.canonical import canonical_bytes
from registry.credential.conformance.rules import issuer_of
from registry.credential.place import BatchId, Place
from registry.credential.reader import read_document
from registry.credential.values import as_list
from registry.errors import HallmarkError, InputError
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.rows import ResultRow

T = TypeVar("T")
_AT_ONCE = 2_000
KEY_BYTES = 16
ROW = "row"
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


class Link(NamedTuple):
    """Names a superseded credential: its pointer, and the digest of its leaf in multibase."""

    pointer: str
    digest: str


class Issued(Protocol):
    """The index of what was issued; every change is durable when it returns. Raises StoreError."""

    empty: bool

    def key(self, *parts: str) -> bytes:
        """The key, 16 bytes, of a kind and its values."""

    def keys(self, *parts: str) -> Callable[[str], bytes]:
        """As `key`, for many values that follow the same parts."""

    def find(self, keys: Sequence[bytes]) -> dict[bytes, list[Found]]:
        """The places of each key that is known."""

    def record(
        self, batch_id: bytes, keys: Iterable[tuple[bytes, int]], superseded: Iterable[Spot], achievement: str
    ) -> None:
        """Remember a batch, its keys with their places in it, in place of what was known of it.

        The achievement's id (empty where there is none) is part of the keys of a table's rows, and tells of nobody.
        """

    def by_row(self, row: str) -> Iterable[Spot]:
        """The places of a table's row, by its id, whatever it was issued for; where its documents are gone, too."""

    def forget(self, batch_id: bytes) -> None:
        """A batch that will never be anchored: what it would have superseded stands as before."""

    def pending(self) -> list[Superseded]:
        """What is still to be revoked."""

    def settle(self, batch_id: bytes) -> None:
        """What a batch supersedes is revoked."""


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


class Item(NamedTuple, Generic[T]):
    """One document on its way: what it is, its keys, what a complaint calls it, and its row."""

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
        link: Makes the link to a credential that is superseded; InputError where its leaf cannot be found.
        complaints: Told what is refused.
        keys: Keys of everything that passed, each with its place in the input behind it (u64): what can be sorted.
        spots: What is superseded, with the place in the input of what supersedes it.
        achievement: The id of a table's achievement.
    """

    issued: Issued
    policy: Policy
    is_own: Callable[[bytes], bool]
    state: Callable[[bytes], str | None]
    link: Callable[[Spot], Link]
    complaints: Complaints
    keys: list[bytes] = field(default_factory=list)
    spots: list[tuple[Spot, int]] = field(default_factory=list)
    achievement: str = ""

    def through(self, items: Iterable[Item[T]]) -> Iterator[tuple[T, Link | None]]:
        """Each value, with what it supersedes (None, unless the policy is `replace`)."""
        queue = iter(items)
        place = 0
        while some := list(islice(queue, _AT_ONCE)):
            known = {} if self.issued.empty else self.issued.find([key for item in some for key in item.keys])
            for item in some:
                for key in item.keys:
                    self.keys.append(key + place.to_bytes(8, "big"))
                before = self._before(item.keys, known) if known else ()
                yield item.value, self._judged(item, before, place) if before else None
                place += 1

    def record(self, batches: Sequence[tuple[bytes, int, int]]) -> None:
        """Remember what passed, as (batch id, first place, end) of the batches that it became."""
        self.keys.sort()
        ends = [end for _, _, end in batches]
        mine: list[list[bytes]] = [[] for _ in batches]
        for entry in self.keys if len(batches) > 1 else ():
            mine[bisect_right(ends, int.from_bytes(entry[KEY_BYTES:], "big"))].append(entry)
        for (batch_id, first, end), own in zip(batches, mine, strict=True):
            entries = own if len(batches) > 1 else self.keys
            keys = ((entry[:KEY_BYTES], int.from_bytes(entry[KEY_BYTES:], "big") - first) for entry in entries)
            superseded = [spot for spot, place in self.spots if first <= place < end]
            self.issued.record(batch_id, keys, superseded, self.achievement)

    def _before(self, keys: Sequence[bytes], known: Mapping[bytes, Sequence[Found]]) -> tuple[Spot, ...]:
        found = dict.fromkeys(one for key in keys for one in known.get(key, ()))
        gone = {one.spot for one in found if one.by and not self.is_own(one.by) and self.state(one.by) is not None}
        spots = dict.fromkeys(one.spot for one in found if one.spot not in gone)
        return tuple(s for s in spots if not self.is_own(s.batch_id) and self.state(s.batch_id) is not None)

    def _judged(self, item: Item[T], before: tuple[Spot, ...], place: int) -> Link | None:
        if self.policy is Policy.ALLOW:
            return None
        last = before[-1]
        where, state = f"batch {last.batch_id.hex()[:8]}, place {last.place + 1}", self.state(last.batch_id)
        if self.policy is Policy.DENY:
            todo = "leave it out, or choose --duplicates replace (the old one is revoked) or --duplicates allow"
            self.complaints.error(f"{item.shown} was issued before ({where}, {state})", todo, item.row)
            return None
        if any(self.state(spot.batch_id) in ("staged", "sent") for spot in before):
            todo = "finish that batch first with `hallmark issue --resume`"
            self.complaints.error(f"{item.shown} cannot be replaced yet: {where} is not final", todo, item.row)
            return None
        self.spots += [(spot, place) for spot in before]
        try:
            return self.link(last)
        except InputError as error:
            self.complaints.error(error.what, error.todo, item.row)
            return None


def link_to(batch: BatchId, place: int, leaf: bytes) -> Link:
    """The link to a credential of ours.

    Args:
        batch: Its batch.
        place: Its index there.
        leaf: Its leaf hash, 32 bytes: it commits to the whole document and, being salted, tells nothing of it.
    """
    digest = "u" + urlsafe_b64encode(_SHA2_256 + leaf).decode().rstrip("=")
    return Link(Place(batch, place).pointer("revocation").partition("#")[0], digest)


def supersedes(pointer: str, digest: str) -> dict[str, str]:
    """An entry of `relatedResource` that says what a credential supersedes (VC 2.0, section 5.3; SPEC.md, 1.5)."""
    return {"id": pointer, "name": "supersedes", "digestMultibase": digest}


def screened_rows(
    screen: Screen, rows: Iterable[tuple[int, ResultRow]], achievement: str
) -> Iterator[tuple[int, ResultRow]]:
    """A table's rows, each with the link to what it supersedes."""
    screen.achievement = achievement
    key = screen.issued.keys(ROW, achievement)
    items = (Item(pair, (key(pair[1].id),), f"the id '{pair[1].id}'", pair[0]) for pair in rows)
    for (number, row), link in screen.through(items):
        yield number, row if link is None else row._replace(replaces=link.pointer, replaces_digest=link.digest)


def screened_documents(screen: Screen, ready: Iterable[tuple[str, bytes]], did: str) -> Iterator[tuple[str, bytes]]:
    """Ready documents, each with the link to what it supersedes, unless its signature is there already."""
    items = (Item((name, data), _keys_of(screen.issued, data, did), f"{name}") for name, data in ready)
    for (name, data), link in screen.through(items):
        yield name, data if link is None else _with_link(data, link)


def _keys_of(issued: Issued, data: bytes, did: str) -> tuple[bytes, ...]:
    """Keys of one of our own documents; others do what they like with their ids."""
    try:
        document = orjson.loads(data)
    except ValueError:
        return ()  # said by whoever stages it
    return document_keys(issued, document) if isinstance(document, dict) and issuer_of(document) == did else ()


def _with_link(data: bytes, link: Link) -> bytes:
    try:
        document = read_document(data)
    except HallmarkError:
        return data  # said by whoever stages it
    if "proof" in document:
        return data
    document["relatedResource"] = [*as_list(document.get("relatedResource")), supersedes(*link)]
    return canonical_bytes(document)
