"""Open Badges from rows: the document of one row, and for a whole batch the same bytes from a template.

A template is the RFC 8785 form of a badge with holes. It is made from the document that `document_of` builds with a
marker for every value, so there is one description of a badge; a property test holds the bytes of both ways equal.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from registry.credential.canonical import canonical_bytes
from registry.credential.conformance.rules import VC2
from registry.credential.place import MAX_LEAVES, BatchId, Place
from registry.credential.status.status_entry import with_pointer
from registry.issuing.duplicates import supersedes
from registry.issuing.table.rows import ResultRow

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
        digest = salt = ""
        derived = derived_of(self.secret, self.batch.batch_id, row.id)
        if row.email:
            salt = derived[32:]
            digest = "sha256$" + hashlib.sha256((row.email + salt).encode()).hexdigest()
        urn = urn_of(derived)
        awarded = row.awarded or self.created
        # What follows `awarded` has the same names and order in both.
        return BadgeValues(urn, row.name, digest, salt, row.did, awarded, *row[5:])

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

    A keyed BLAKE2b (RFC 7693).

    Args:
        secret: The issuer's batch secret, 32 bytes.
        batch_id: 16 bytes.
        row_id: The row's id in its table.
    """
    return hashlib.blake2b(batch_id + row_id.encode(), key=secret, digest_size=32).hexdigest()


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
    """Bytes with holes; `pick` takes what goes into them from the values' JSON, with the index behind them."""

    form: bytes
    pick: Callable[[tuple[bytes, ...]], Any]

    def fill(self, values: tuple[bytes, ...]) -> bytes:
        """The bytes with these values."""
        filled: bytes = self.form % self.pick(values)
        return filled


@dataclass(frozen=True, slots=True)
class BadgeTemplate:
    """The RFC 8785 form of badges that have the same members: all of it without proofs, and what follows `proof`."""

    bare: Form
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
    texts = b"|".join(b'"%b"' % mark.encode() for mark in markers[:-1])
    holes = re.compile(b"(%b|%b)" % (texts, markers[-1].encode()))
    return BadgeTemplate(_form(canonical_bytes(document), holes), _form(tail, holes))


def _form(text: bytes, holes: re.Pattern[bytes]) -> Form:
    pieces = holes.split(text)
    numbers = [int(hole[-3:-1]) if hole.startswith(b'"') else len(BadgeValues._fields) for hole in pieces[1::2]]
    form = b"%b".join(piece.replace(b"%", b"%%") for piece in pieces[::2])
    if len(numbers) == 1:
        return Form(form, lambda values: (values[numbers[0]],))
    return Form(form, itemgetter(*numbers) if numbers else lambda values: ())


def holes_of(values: BadgeValues, index: int) -> tuple[bytes, ...]:
    """What goes into the holes: each text as JSON, and the index in decimal."""
    return (*map(orjson.dumps, values), b"%d" % index)
