"""What a certificate shows of a credential, in words; nothing here is checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.credential.conformance.rules import issuer_of
from registry.credential.place import Place
from registry.credential.times import parse_stamp
from registry.errors import MalformedError

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Details:
    """The texts of a certificate.

    Attributes:
        learner: Name of the person; empty where the credential names nobody.
        achievement: Its name.
        kind: What it is, e.g. `MicroCredential`.
        issuer: The issuer's name, else its id.
        issuer_id: The issuer's id.
        description: Of the achievement.
        criteria: What had to be done.
        facts: Labels and values: dates, result, credits, level.
        identifier: The credential's id.
        place: Where it is anchored, where it says so.
    """

    learner: str
    achievement: str
    kind: str
    issuer: str
    issuer_id: str
    description: str
    criteria: str
    facts: tuple[tuple[str, str], ...]
    identifier: str
    place: str


def details_of(document: Mapping[str, Any], place: Place | None) -> Details:
    """The texts of a credential; members that are missing or of another kind are left out."""
    subject = _first(document.get("credentialSubject"))
    achievement = _first(subject.get("achievement"))
    issuer, issuer_id = _first(document.get("issuer")), issuer_of(document) or ""
    return Details(
        _learner(subject),
        _text(achievement.get("name")) or _text(document.get("name")) or "Credential",
        _text(achievement.get("achievementType")).removeprefix("ext:"),
        _text(issuer.get("name")) or issuer_id,
        issuer_id,
        _text(achievement.get("description")) or _text(document.get("description")),
        _text(_first(achievement.get("criteria")).get("narrative")),
        tuple(_facts(document, subject, achievement)),
        _text(document.get("id")),
        f"{place.batch}, number {place.index + 1}" if place else "",
    )


def _learner(subject: Mapping[str, Any]) -> str:
    for identity in _all(subject.get("identifier")):
        if identity.get("identityType") == "name" and identity.get("hashed") is False:
            return _text(identity.get("identityHash"))
    return _text(subject.get("name"))


def _facts(
    document: Mapping[str, Any], subject: Mapping[str, Any], achievement: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    yield "Awarded", _day(document.get("awardedDate") or document.get("validFrom"))
    yield "Valid until", _day(document.get("validUntil"))
    yield "Result", ", ".join(filter(None, (_text(result.get("value")) for result in _all(subject.get("result")))))
    credits_ = achievement.get("creditsAvailable")
    yield "Credits", f"{credits_:g}" if isinstance(credits_, int | float) and not isinstance(credits_, bool) else ""
    yield "Field of study", _text(achievement.get("fieldOfStudy"))


def _day(stamp: Any) -> str:
    try:
        moment = parse_stamp(stamp) if isinstance(stamp, str) else None
    except MalformedError:
        moment = None
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}" if moment else ""


def _text(value: Any) -> str:
    """A text, or the first one of language-tagged texts (VC Data Model 2.0, section 11.1)."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, Mapping):
        value = value.get("@value")
    return value if isinstance(value, str) else ""


def _all(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Mapping)]


def _first(value: Any) -> Mapping[str, Any]:
    found = _all(value)
    return found[0] if found else {}
