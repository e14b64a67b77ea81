"""The whole answer about one document, and its JSON form."""

from dataclasses import asdict, dataclass
from typing import Any

from registry.verification.evidence import Assurance
from registry.verification.verdict import BlockPoint, Check, Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """A verdict with its numbered checks, the block it rests on and who says so."""

    verdict: Verdict
    checks: tuple[Check, ...]
    as_of: BlockPoint | None
    assurance: Assurance
    issuer: str | None = None
    place: str | None = None
    warning: str = ""

    def check(self, name: str) -> Check:
        """The check of this name."""
        return next(check for check in self.checks if check.name == name)

    def to_json(self) -> dict[str, Any]:
        """JSON form: verdict, checks, asOf, assurance, issuer, place."""
        return {
            "verdict": self.verdict.value,
            "checks": [check_json(check) for check in self.checks],
            "asOf": None if self.as_of is None else asdict(self.as_of),
            "assurance": self.assurance.value,
            "issuer": self.issuer,
            "place": self.place,
            **({"warning": self.warning} if self.warning else {}),
        }


def check_json(check: Check) -> dict[str, Any]:
    """JSON form of one check: name, verdict, code, detail; block, and broken rules with their paths."""
    body: dict[str, Any] = {
        "name": check.name,
        "verdict": check.verdict.value,
        "code": check.code,
        "detail": check.detail,
    }
    body |= {"problems": [problem.to_json() for problem in check.problems]} if check.problems else {}
    return body if check.block is None else {**body, "block": asdict(check.block)}
