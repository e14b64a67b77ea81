"""An achievement with what surrounds it, as the elements and the advice look at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.credential.micro.skills import Alignment, alignments_of
from registry.credential.problem import each


@dataclass(frozen=True, slots=True)
class Subject:
    """One achievement with what surrounds it, and the paths of both; an achievement alone has nothing around it."""

    document: Mapping[str, Any]
    achievement: Mapping[str, Any]
    achievement_path: str
    subject: Mapping[str, Any] = field(default_factory=dict)
    subject_path: str = "$.credentialSubject"

    @property
    def issued(self) -> bool:
        """Whether this is a credential, and not the achievement that credentials will be about."""
        return self.document is not self.achievement

    @property
    def alignments(self) -> list[Alignment]:
        """The achievement's alignments."""
        return list(alignments_of(self.achievement, self.achievement_path))

    @property
    def skills(self) -> list[Alignment]:
        """Alignments with skills, not with an element of the EU standard."""
        return [alignment for alignment in self.alignments if alignment.element is None]


def subjects_of(document: Mapping[str, Any]) -> list[Subject]:
    """Each achievement that the document is about: of its subjects, or the document itself."""
    kinds = [kind for _, kind in each("", document.get("type", []))]
    if "Achievement" in kinds:
        return [Subject(document, document, "$")]
    found = []
    for path, subject in each("$.credentialSubject", document.get("credentialSubject", [])):
        if isinstance(subject, Mapping) and isinstance(subject.get("achievement"), Mapping):
            found.append(Subject(document, subject["achievement"], f"{path}.achievement", subject, path))
    return found


def text_of(value: Any) -> str:
    """A text, or the first text of language value objects; empty for whatever else stands there."""
    for _, item in each("", value):
        text = item.get("@value") if isinstance(item, Mapping) else item
        if isinstance(text, str) and text.strip():
            return " ".join(text.split())
    return ""
