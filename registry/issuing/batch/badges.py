"""Open Badges from rows: the document of one row, and for a whole batch the same bytes from a template.

A template is the RFC 8785 form of a badge with holes. It is made from the document that `document_of` builds with a
marker for every value, so there is one description of a badge; a property test holds the bytes of both ways equal.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from registry.credential.canonical import canonical_bytes
from registry.credential.conformance.rules import VC2
from registry.credential.place import MAX_LEAVES, BatchId, Place
from registry.credential.status.status_entry import with_pointer
from registry.issuing.duplicates import supersedes
from registry.issuing.table.rows import ResultRow, tuple_of

OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"


class BadgeValues(NamedTuple):
    """Every text of a badge that is not the same for a whole batch; empty: the badge has no such member."""

    urn: str
    name: str
    digest: str
    salt: str
    did: str
    awarded: str
    expires: str
    result: str
    evidence: str
    replaces: str
    replaces_digest: str


@dataclass(frozen=True)
class BadgeMaker:
    """What all badges of a batch share.

    Attributes:
        batch: Where they will be anchored.
        secret: The issuer's batch secret, 32 bytes; ids and e-mail salts are derived from it.
        issuer, achievement: Their JSON, as bytes.
        created: dateTimeStamp of this run, the award date of rows without one.
        base_url: What status entries name.
    """

    batch: BatchId
    secret: bytes
    issuer: bytes
    achievement: bytes
    created: str
    base_url: str

    def values(self, row: ResultRow) -> BadgeValues:
        """A row's texts; its id and e-mail salt come from the issuer's secret and the batch."""
        return self.all_values([row])[0]

    def all_values(self, rows: Iterable[ResultRow]) -> list[BadgeValues]:
        """The texts of many rows."""
        derive, created = deriver(self.secret, self.batch.batch_id), self.created
        made, sha256 = list[BadgeValues](), hashlib.sha256
        for row_id, name, email, did, awarded, expires, result, evidence, replaces, replaces_digest in rows:
            derived = derive(row_id)
            salt = derived[32:] if email else ""
            digest = "sha256$" + sha256((email + salt).encode()).hexdigest() if email else ""
            known = (urn_of(derived), name, digest, salt, did, awarded or created)
            made.append(tuple_of(BadgeValues, (*known, expires, result, evidence, replaces, replaces_digest)))
        return made

    def document(self, row: ResultRow, index: int) -> dict[str, Any]:
        """The badge of a row, with its pointer and without proofs."""
        return self.document_of(self.values(row), index)

    def document_of(self, values: BadgeValues, index: int) -> dict[str, Any]:
        """An Open Badges 3.0 credential from its texts."""
        achievement = _parsed(self.achievement)
        document: dict[str, Any] = {
            "@context": [VC2, OB3],
            "id": values.urn,
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": str(achievement["name"]),
            "issuer": _parsed(self.issuer),
            "validFrom": values.awarded,
            "awardedDate": values.awarded,
            "credentialSubject": _subject(values, achievement),
        }
        if values.expires:
            document["validUntil"] = values.expires
        if values.evidence:
            document["evidence"] = [{"id": values.evidence, "type": ["Evidence"]}]
        if values.replaces:
            document["relatedResource"] = [supersedes(values.replaces, values.replaces_digest)]
        return with_pointer(document, Place(self.batch, index), self.base_url)


@lru_cache(maxsize=8)
def _parsed(data: bytes) -> dict[str, Any]:
    """What all badges of a batch hold: nobody changes it."""
    parsed: dict[str, Any] = orjson.loads(data)
    return parsed


def derived_of(secret: bytes, batch_id: bytes, row_id: str) -> str:
    """64 hex digits, half for a row's id and half for its e-mail salt, that nobody without the secret can guess.

    A BLAKE2b (RFC 7693) of batch id and row id, under the secret as its key.

    Args:
        secret: The issuer's batch secret, 32 bytes.
        batch_id: 16 bytes.
        row_id: The row's id in its table.
    """
    return deriver(secret, batch_id)(row_id)


def deriver(secret: bytes, batch_id: bytes) -> Callable[[str], str]:
    """`derived_of` for many rows of a batch, from their ids."""
    begun = hashlib.blake2b(batch_id, key=secret, digest_size=32)

    def derive(row_id: str) -> str:
        keyed = begun.copy()
        keyed.update(row_id.encode())
        return keyed.hexdigest()

    return derive


def urn_of(digits: str) -> str:
    """A UUID of version 4 (RFC 9562, section 5.4) from 32 hex digits or more, as a URN."""
    variant = _VARIANT[digits[16]]
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def issuer_of_profile(did: str, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The member `issuer` of every badge."""
    issuer = {"id": did, "type": ["Profile"], "name": profile["name"]}
    return issuer | ({"url": profile["url"]} if profile.get("url") else {})


def _subject(values: BadgeValues, achievement: Mapping[str, Any]) -> dict[str, Any]:
    names = [{"type": "IdentityObject", "hashed": False, "identityHash": values.name, "identityType": "name"}]
    if values.digest:
        hashed = {"type": "IdentityObject", "hashed": True, "identityHash": values.digest}
        names.append({**hashed, "identityType": "emailAddress", "salt": values.salt})
    subject: dict[str, Any] = {"type": ["AchievementSubject"], "identifier": names, "achievement": achievement}
    if values.did:
        subject["id"] = values.did
    if values.result:
        subject["result"] = [{"type": ["Result"], "value": values.result}]
    return subject


@dataclass(frozen=True, slots=True)
class Form:
    """Bytes with holes.

    Attributes:
        pieces: What stands around the holes; every other one is a hole, and empty.
        pick: Takes what goes into the holes from a badge's texts.
    """

    pieces: tuple[bytes, ...]
    pick: Callable[[Sequence[bytes]], Sequence[bytes]]

    def fill(self, texts: Sequence[bytes]) -> bytes:
        """The bytes with these texts."""
        pieces = [*self.pieces]
        pieces[1::2] = self.pick(texts)
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class BadgeTemplate:
    """The RFC 8785 form of badges that have the same members and no proofs.

    Both are filled with the texts of a badge that are not empty, as JSON, and its index in decimal behind them.

    Attributes:
        head, tail: What stands before `proof`, and what follows it, from its comma on.
    """

    head: Form
    tail: Form


def marked(maker: BadgeMaker, which: tuple[bool, ...]) -> tuple[dict[str, Any], list[str]]:
    """A badge with markers for its texts and its index; the markers, also of texts that are empty, the index's last."""
    token = secrets.token_hex(8)
    markers = [f"{token}-{number:02}" for number in range(len(which))]
    values = BadgeValues(*[mark if there else "" for mark, there in zip(markers, which, strict=True)])
    index = MAX_LEAVES + secrets.randbelow(MAX_LEAVES)
    return maker.document_of(values, index), [*markers, str(index)]


def template_of(maker: BadgeMaker, which: tuple[bool, ...]) -> BadgeTemplate:
    """The template of badges in which these texts are not empty."""
    document, markers = marked(maker, which)
    tail = b"," + canonical_bytes({name: value for name, value in document.items() if name > "proof"})[1:]
    head = canonical_bytes(document).removesuffix(tail)
    texts = b"|".join(b'"%b"' % mark.encode() for mark in markers[:-1])
    holes = re.compile(b"(%b|%b)" % (texts, markers[-1].encode()))
    places = [*accumulate(which, initial=0)]
    return BadgeTemplate(_form(head, holes, places), _form(tail, holes, places))


def _form(text: bytes, holes: re.Pattern[bytes], places: Sequence[int]) -> Form:
    """A form; `places`: where each of a badge's values stands among those that are not empty, the index's last."""
    pieces = holes.split(text)
    found = [places[int(hole[-3:-1])] if hole.startswith(b'"') else places[-1] for hole in pieces[1::2]]
    pieces[1::2] = [b""] * len(found)
    if len(found) == 1:
        (only,) = found
        return Form(tuple(pieces), lambda texts: texts[only : only + 1])
    return Form(tuple(pieces), itemgetter(*found) if found else lambda texts: ())


def json_texts(values: Iterable[BadgeValues]) -> Iterator[bytes]:
    """The JSON of each text of many badges that is not empty; one call for all takes half as long as one for each."""
    texts = [*filter(None, chain.from_iterable(values))]
    # Each stands in a line of its own: a line break inside a text is escaped.
    return iter(orjson.dumps(texts, option=orjson.OPT_INDENT_2)[4:-2].split(b",\n  "))
