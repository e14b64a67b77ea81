"""Council Recommendation 2022/C 243/02, Annex I: the elements that describe a micro-credential, read from Open Badges.

SPEC.md, appendix A, is the same mapping in prose, with the European Learning Model beside it.
"""

from dataclasses import dataclass
from typing import Any

from registry.credential.micro import finders
from registry.credential.micro.subject import Subject

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Element:
    """An element of Annex I: its key, name, whether it is mandatory, who finds it, and how a gap is filled.

    `find` yields (path, text) for each place that tells it; `weak` for places that tell a person, not a machine.
    """

    key: str
    name: str
    mandatory: bool
    find: finders.Finder
    fill: str
    weak: finders.Finder | None = None
    at_issue: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """An element as it was found: `present`, `partly`, `missing`, or `at_issue` in an achievement not yet issued."""

    element: Element
    status: str
    where: tuple[str, ...]
    text: str

    def to_json(self) -> dict[str, Any]:
        """JSON form; `fill` only where there is a gap."""
        body: dict[str, Any] = {
            "element": self.element.key,
            "name": self.element.name,
            "requirement": "mandatory" if self.element.mandatory else "optional",
            "status": self.status,
            "where": list(self.where),
            "text": self.text,
        }
        return body | ({"fill": self.element.fill} if self.status in ("partly", "missing") else {})


_SNB = "http://data.europa.eu/snb"


def _align(kind: str, name: str, url: str, framework: str = "") -> str:
    """How to fill a gap with an alignment; the class is in the schema of Open Badges, so nothing is dropped."""
    frame = f'"targetFramework": "{framework}", ' if framework else ""
    body = f'"type": ["Alignment"], "targetType": "{kind}", {frame}"targetName": "{name}", "targetUrl": "{url}"'
    return f"add to achievement.alignment {{{body}}}"


def _mandatory(key: str, name: str, find: finders.Finder, fill: str, **more: Any) -> Element:
    return Element(key, name, True, find, fill, **more)


def _optional(key: str, name: str, find: finders.Finder, fill: str, **more: Any) -> Element:
    return Element(key, name, False, find, fill, **more)


ELEMENTS: tuple[Element, ...] = (
    _mandatory(
        "learner",
        "identification of the learner",
        finders.learner,
        "set credentialSubject.id (a DID), or add an identifier of the type IdentityObject",
        at_issue=True,
    ),
    _mandatory("title", "title of the micro-credential", finders.title, "set achievement.name"),
    _mandatory(
        "country",
        "country or region of the issuer",
        finders.country,
        'set issuer.address to {"type": ["Address"], "addressCountryCode": "AT"}',
        at_issue=True,
    ),
    _mandatory(
        "awardingBody",
        "awarding body",
        finders.awarding_body,
        "set issuer.name, or achievement.creator.name where another body awards",
        weak=finders.body_without_name,
        at_issue=True,
    ),
    _mandatory("date", "date of issuing", finders.date, "set awardedDate and validFrom", at_issue=True),
    _mandatory(
        "learningOutcomes",
        "learning outcomes",
        finders.outcomes,
        _align("ext:ESCOSkill", "interpret data", "http://data.europa.eu/esco/skill/…", "ESCO"),
        weak=finders.narrative,
    ),
    _mandatory(
        "workload",
        "notional workload, in ECTS wherever possible",
        finders.workload,
        "set achievement.creditsAvailable to a number, and its unit: "
        + _align("ext:CreditUnit", "ECTS credits", f"{_SNB}/education-credit/6fcec5c5af", "ECTS"),
        weak=finders.half_workload,
    ),
    _mandatory(
        "level",
        "level of the learning experience (EQF, QF-EHEA)",
        finders.aligned("level"),
        _align("ext:EQFLevel", "EQF level 5", f"{_SNB}/eqf/5", "EQF"),
    ),
    _mandatory(
        "assessment",
        "type of assessment",
        finders.aligned("assessment"),
        _align("ext:AssessmentType", "written examination", "https://…"),
        weak=finders.results,
    ),
    _mandatory(
        "participation",
        "form of participation in the learning activity",
        finders.aligned("participation"),
        _align("ext:ModeOfLearning", "online", f"{_SNB}/learning-assessment/920fbb3cbe"),
    ),
    _mandatory(
        "quality",
        "type of quality assurance",
        finders.quality,
        "add an endorsement by the agency, or " + _align("ext:QualityAssurance", "accredited by …", "https://…"),
    ),
    _optional(
        "prerequisites",
        "prerequisites needed to enrol",
        finders.aligned("prerequisites"),
        _align("ext:Prerequisite", "…", "https://…"),
    ),
    _optional(
        "supervision",
        "supervision and identity verification during assessment",
        finders.aligned("supervision"),
        _align("ext:Supervision", "supervised, identity verified", f"{_SNB}/supervision-verification/…"),
    ),
    _optional("grade", "grade achieved", finders.grade, "add credentialSubject.result with a value", at_issue=True),
    _optional(
        "stackability",
        "integration and stackability",
        finders.stackable,
        "name what it counts towards in achievement.related, or "
        + _align("ext:Stackability", "stand-alone", "https://…"),
    ),
    _optional("further", "further information", finders.further, "set achievement.criteria.id to a page about it"),
)


def findings_of(subject: Subject) -> list[Finding]:
    """Every element of Annex I, in its order, as it was found."""
    return [_finding(subject, element) for element in ELEMENTS]


def _finding(subject: Subject, element: Element) -> Finding:
    found = list(element.find(subject))
    status = "present"
    if not found and element.at_issue and not subject.issued:
        return Finding(element, "at_issue", (), "")
    if not found and element.weak is not None:
        found, status = list(element.weak(subject)), "partly"
    if not found:
        return Finding(element, "missing", (), "")
    text = "; ".join(dict.fromkeys(text for _, text in found))
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return Finding(element, status, tuple(path for path, _ in found), shown)
