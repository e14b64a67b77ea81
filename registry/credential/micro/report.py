"""The whole of lint: the model, broken rules, what others may refuse, and what a microcredential lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.credential.conformance.openbadges import class_problems, narrower_notes
from registry.credential.conformance.rules import MODEL_NAMES, conformance_problems, data_model
from registry.credential.micro.advice import advice
from registry.credential.micro.elements import Finding, findings_of
from registry.credential.micro.skills import Alignment, skill_notes
from registry.credential.micro.subject import Subject, subjects_of
from registry.credential.problem import Problem


@dataclass(frozen=True, slots=True)
class AchievementReport:
    """One achievement: its path, the elements of the standard, its skills, and advice."""

    path: str
    elements: tuple[Finding, ...]
    skills: tuple[Alignment, ...]
    advice: tuple[Problem, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON form: path, elements, skills, advice."""
        skills = [{"path": s.path, "framework": s.framework, "name": s.name, "url": s.url} for s in self.skills]
        return {
            "path": self.path,
            "elements": [finding.to_json() for finding in self.elements],
            "skills": skills,
            "advice": [problem.to_json() for problem in self.advice],
        }


@dataclass(frozen=True, slots=True)
class LintReport:
    """What lint says about one document.

    Attributes:
        model: `vc2`, `achievement`, an older model by its short name, or `other`.
        problems: Broken rules of VC 2.0 and Open Badges 3.0.
        narrower: What VC 2.0 allows and the published schema of Open Badges does not.
        achievements: One report for each achievement.
    """

    model: str
    problems: tuple[Problem, ...]
    narrower: tuple[Problem, ...]
    achievements: tuple[AchievementReport, ...]

    @property
    def complete(self) -> bool:
        """No rule is broken, and no mandatory element is missing or told by half."""
        gaps = any(
            f.element.mandatory and f.status in ("missing", "partly") for a in self.achievements for f in a.elements
        )
        return not self.problems and bool(self.achievements) and not gaps

    def to_json(self) -> dict[str, Any]:
        """JSON form: model, complete, problems, narrower, achievements."""
        return {
            "model": self.model,
            "complete": self.complete,
            "problems": [problem.to_json() for problem in self.problems],
            "narrower": [problem.to_json() for problem in self.narrower],
            "achievements": [report.to_json() for report in self.achievements],
        }


def lint(document: Mapping[str, Any]) -> LintReport:
    """Judge a credential, or an achievement before it is issued."""
    subjects = subjects_of(document)
    if subjects and not subjects[0].issued:
        problems = class_problems("$", document, "Achievement")
        return LintReport("achievement", tuple(problems), (), tuple(map(_achievement, subjects)))
    model = data_model(document)
    if model in MODEL_NAMES:
        problem = Problem(
            "$['@context']", f"says that this is {MODEL_NAMES[model]}; lint reads Open Badges 3.0 on VC 2.0"
        )
        return LintReport(model, (problem,), (), ())
    achievements = tuple(map(_achievement, subjects))
    return LintReport(model, conformance_problems(document), tuple(narrower_notes(document)), achievements)


def _achievement(subject: Subject) -> AchievementReport:
    skills = tuple(subject.skills)
    notes = [*skill_notes(list(skills), subject.achievement_path), *advice(subject)]
    return AchievementReport(subject.achievement_path, tuple(findings_of(subject)), skills, tuple(notes))
