"""Alignments of an achievement: which framework of skills each names, and which element of a microcredential."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.credential.problem import Problem, each

_ESCO = ("http://data.europa.eu/esco/", "https://data.europa.eu/esco/", "https://esco.ec.europa.eu/")
_CTDL_HOSTS = ("credentialengineregistry.org", "credreg.net")
_CASE_TYPES = {"CFItem", "CFRubric", "CFRubricCriterion", "CFRubricCriterionLevel"}
_CTDL_TYPES = {"ceasn:Competency", "ceterms:Credential", "CTDL"}
_SNB = "data.europa.eu/snb/"

# targetType of our profile → (element, start of the EU vocabulary's URLs). An alignment belongs to the element by its
# type, or, where the vocabulary has one meaning only, by its URL.
ELEMENT_TYPES: Mapping[str, str] = {
    "ext:CreditUnit": "workload",
    "ext:EQFLevel": "level",
    "ext:QFEHEACycle": "level",
    "ext:AssessmentType": "assessment",
    "ext:ModeOfLearning": "participation",
    "ext:QualityAssurance": "quality",
    "ext:Prerequisite": "prerequisites",
    "ext:Supervision": "supervision",
    "ext:Stackability": "stackability",
}
_ELEMENT_URLS = {
    "education-credit/": "workload",
    "eqf/": "level",
    "accreditation/": "quality",
    "supervision-verification/": "supervision",
}
_ELEMENT_FRAMEWORKS = {
    "ECTS": "workload",
    "EQF": "level",
    "European Qualifications Framework": "level",
    "QF-EHEA": "level",
}


@dataclass(frozen=True, slots=True)
class Alignment:
    """One alignment: its path, the framework that it names (ESCO, CASE, CTDL, other), or the element it stands for."""

    path: str
    name: str
    url: str
    framework: str
    element: str | None
    target_type: str
    code: str


def alignments_of(achievement: Mapping[str, Any], path: str) -> Iterator[Alignment]:
    """The alignments of an achievement that are objects, in order."""
    for place, value in each(f"{path}.alignment", achievement.get("alignment", [])):
        if isinstance(value, Mapping):
            name, url, kind, framework, code = (
                str(value.get(member, ""))
                for member in ("targetName", "targetUrl", "targetType", "targetFramework", "targetCode")
            )
            element = _element(kind, url, framework)
            yield Alignment(place, name, url, _framework(kind, url, framework), element, kind, code)


def _element(kind: str, url: str, framework: str) -> str | None:
    if kind in ELEMENT_TYPES:
        return ELEMENT_TYPES[kind]
    if _SNB in url:
        rest = url.partition(_SNB)[2]
        return next((element for start, element in _ELEMENT_URLS.items() if rest.startswith(start)), "other")
    return _ELEMENT_FRAMEWORKS.get(framework)


def _framework(kind: str, url: str, framework: str) -> str:
    if url.startswith(_ESCO):
        return "ESCO"
    if kind in _CASE_TYPES or "/ims/case/" in url:
        return "CASE"
    if kind in _CTDL_TYPES or any(host in url for host in _CTDL_HOSTS):
        return "CTDL"
    return framework or "other"


def skill_notes(skills: list[Alignment], path: str) -> Iterator[Problem]:
    """What is wrong or weak about the skills that an achievement names; `path` is the achievement's."""
    if not skills:
        yield Problem(
            f"{path}.alignment",
            "names no skill: add an alignment whose targetUrl is an ESCO, CASE or CTDL URL, so that machines match it",
            "NO_SKILL",
        )
    for skill in skills:
        if skill.framework == "ESCO" and not skill.target_type.startswith("ext:"):
            wanted = f"{skill.path}.targetType"
            yield Problem(wanted, "should be 'ext:ESCOSkill': ESCO is an extension to Open Badges", "SKILL_TYPE")
        if skill.framework == "ESCO" and "/skill/" not in skill.url:
            yield Problem(f"{skill.path}.targetUrl", "is in ESCO, but no skill of it", "SKILL_URL")
        if skill.framework in ("CASE", "CTDL") and not skill.target_type:
            known = "'CFItem'" if skill.framework == "CASE" else "'ceasn:Competency' or 'CTDL'"
            yield Problem(f"{skill.path}.targetType", f"should say {known}", "SKILL_TYPE")
        if skill.framework == "other":
            text = "names no framework: add targetFramework, or align with ESCO, CASE or CTDL"
            yield Problem(skill.path, text, "SKILL_FRAMEWORK")
