"""Where an Open Badges 3.0 document tells each element: every function yields (path, text) for each such place."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from registry.credential.micro.subject import Subject, text_of
from registry.credential.problem import each

Found = tuple[str, str]
Finder = Callable[[Subject], Iterator[Found]]


def _member(value: Mapping[str, Any], path: str, *names: str) -> Iterator[Found]:
    for name in names:
        if text := text_of(value.get(name)):
            yield f"{path}.{name}", text


def aligned(element: str) -> Finder:
    """The alignments that stand for `element`."""

    def find(subject: Subject) -> Iterator[Found]:
        for alignment in subject.alignments:
            if alignment.element == element:
                yield alignment.path, alignment.name or alignment.url

    return find


def narrative(subject: Subject) -> Iterator[Found]:
    """What the criteria say in prose."""
    criteria = subject.achievement.get("criteria")
    if isinstance(criteria, Mapping):
        yield from _member(criteria, f"{subject.achievement_path}.criteria", "narrative")


def _profiles(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Issuer, creator of the achievement, and the source of the assertion, where they are objects."""
    places = (
        ("$.issuer", subject.document.get("issuer") if subject.issued else None),
        (f"{subject.achievement_path}.creator", subject.achievement.get("creator")),
    )
    for path, profile in places:
        if isinstance(profile, Mapping):
            yield path, profile


def learner(subject: Subject) -> Iterator[Found]:
    """The subject's id and identities; their values are not repeated."""
    yield from _member(subject.subject, subject.subject_path, "id")
    for path, identity in each(f"{subject.subject_path}.identifier", subject.subject.get("identifier", [])):
        if isinstance(identity, Mapping) and (kind := text_of(identity.get("identityType"))):
            yield path, kind + (", hashed" if identity.get("hashed") is True else "")


def country(subject: Subject) -> Iterator[Found]:
    """Country or region in the address of the issuer or creator."""
    for path, profile in _profiles(subject):
        address = profile.get("address")
        if isinstance(address, Mapping):
            yield from _member(address, f"{path}.address", "addressCountryCode", "addressCountry", "addressRegion")


def awarding_body(subject: Subject) -> Iterator[Found]:
    """The names of issuer and creator."""
    for path, profile in _profiles(subject):
        yield from _member(profile, path, "name")


def body_without_name(subject: Subject) -> Iterator[Found]:
    """Their ids, where no name stands."""
    yield from _member(subject.document, "$", "issuer") if subject.issued else ()
    for path, profile in _profiles(subject):
        yield from _member(profile, path, "id")


def date(subject: Subject) -> Iterator[Found]:
    """When it was awarded."""
    yield from _member(subject.document, "$", "awardedDate", "validFrom")


def outcomes(subject: Subject) -> Iterator[Found]:
    """The skills that the achievement is aligned with."""
    for skill in subject.skills:
        if skill.name:
            yield skill.path, skill.name


def credit_points(subject: Subject) -> Iterator[Found]:
    """Credits available or earned."""
    for value, path, name in (
        (subject.achievement, subject.achievement_path, "creditsAvailable"),
        (subject.subject, subject.subject_path, "creditsEarned"),
    ):
        number = value.get(name)
        if isinstance(number, int | float) and not isinstance(number, bool) and number > 0:
            yield f"{path}.{name}", f"{number:g}"


def workload(subject: Subject) -> Iterator[Found]:
    """Credits and their unit; either alone is a gap."""
    credits_, units = list(credit_points(subject)), list(aligned("workload")(subject))
    if credits_ and units:
        yield credits_[0][0], f"{credits_[0][1]} {units[0][1]}"
        yield units[0][0], f"{credits_[0][1]} {units[0][1]}"


def half_workload(subject: Subject) -> Iterator[Found]:
    """Credits without their unit, or a unit without credits."""
    yield from credit_points(subject)
    yield from aligned("workload")(subject)


def quality(subject: Subject) -> Iterator[Found]:
    """Alignments with quality assurance, and endorsements."""
    yield from aligned("quality")(subject)
    places = [*_profiles(subject), (subject.achievement_path, subject.achievement)]
    places += [("$", subject.document)] if subject.issued else []
    for path, value in places:
        for name in ("endorsement", "endorsementJwt"):
            if isinstance(value.get(name), list) and value[name]:
                yield f"{path}.{name}", f"{len(value[name])} endorsement(s)"


def grade(subject: Subject) -> Iterator[Found]:
    """Results of the subject."""
    for path, result in each(f"{subject.subject_path}.result", subject.subject.get("result", [])):
        if isinstance(result, Mapping):
            yield from _member(result, path, "value", "achievedLevel", "status")


def results(subject: Subject) -> Iterator[Found]:
    """What results the achievement describes."""
    path = f"{subject.achievement_path}.resultDescription"
    for place, description in each(path, subject.achievement.get("resultDescription", [])):
        if isinstance(description, Mapping):
            yield from _member(description, place, "resultType", "name")


def stackable(subject: Subject) -> Iterator[Found]:
    """What it counts towards or belongs to."""
    yield from aligned("stackability")(subject)
    for path, related in each(f"{subject.achievement_path}.related", subject.achievement.get("related", [])):
        if isinstance(related, Mapping):
            yield from _member(related, path, "id")


def further(subject: Subject) -> Iterator[Found]:
    """Pages and fields about the achievement."""
    criteria = subject.achievement.get("criteria")
    if isinstance(criteria, Mapping):
        yield from _member(criteria, f"{subject.achievement_path}.criteria", "id")
    yield from _member(subject.achievement, subject.achievement_path, "fieldOfStudy", "specialization", "humanCode")


def title(subject: Subject) -> Iterator[Found]:
    """The achievement's name."""
    yield from _member(subject.achievement, subject.achievement_path, "name")
