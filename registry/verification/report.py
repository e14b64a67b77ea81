"""The whole answer about one document, and its JSON form."""

from typing import Any, NamedTuple

from registry.credential.times import stamp_of
from registry.verification.evidence import Assurance
from registry.verification.verdict import BlockPoint, Check, Verdict

HOLDER_NOT_CHECKED = Check(
    "holder", Verdict.NOT_CHECKED, detail="Holder not checked: nothing here says that whoever shows it is its subject."
)


class Report(NamedTuple):
    """A verdict with its numbered checks, the block it rests on and who says so.

    Attributes:
        verdict: The overall verdict.
        checks: The nine steps, in order.
        as_of: The block that was read.
        assurance: Who says what was read there.
        issuer: Whom the document names as its issuer.
        place: Where it says it is anchored.
        warning: What the source says about itself.
        holder: Whether the presenter is the subject; counts in the verdict only where the verifier asked for it.
        checked_at: When the verdict was made, seconds since 1970.
        moment: The moment that it is for.
        about: Whether it is about a moment that has passed, by what is known today.
        compared: How a registry compared what it tells with the contract: `proof`, `views`; empty where none was asked.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    as_of: BlockPoint | None
    assurance: Assurance
    issuer: str | None = None
    place: str | None = None
    warning: str = ""
    holder: Check = HOLDER_NOT_CHECKED
    checked_at: float = 0.0
    moment: float = 0.0
    about: bool = False
    compared: str = ""

    def check(self, name: str) -> Check:
        """The check of this name."""
        return next(check for check in self.checks if check.name == name)

    def to_json(self) -> dict[str, Any]:
        """JSON form: verdict, checks, holder, asOf, assurance, compared, issuer, place, checkedAt, moment, about."""
        return {
            "verdict": self.verdict.value,
            "checks": [check_json(check, self.checked_at) for check in self.checks],
            "holder": check_json(self.holder, self.checked_at),
            "asOf": None if self.as_of is None else self.as_of.to_json(),
            "assurance": self.assurance.value,
            "compared": self.compared,
            "issuer": self.issuer,
            "place": self.place,
            "checkedAt": stamp_of(int(self.checked_at)),
            "moment": stamp_of(int(self.moment)),
            "about": self.about,
            **({"warning": self.warning} if self.warning else {}),
        }


def check_json(check: Check, checked_at: float = 0.0) -> dict[str, Any]:
    """JSON form of one check.

    name, verdict, code, detail, what it rests on and who says so; where that is a block, the block and its age in
    seconds when the check was made; broken rules with their paths.
    """
    name, verdict, code, detail, block, problems, rests_on, assurance = check
    body: dict[str, Any] = {
        "name": name,
        "verdict": verdict._value_,
        "code": code,
        "detail": detail,
        "restsOn": [*rests_on],
        "assurance": assurance,
    }
    if problems:
        body["problems"] = [problem.to_json() for problem in problems]
    if block is not None:
        body["block"] = {"number": block.number, "hash": block.hash, "time": block.time}
        body["ageSeconds"] = max(0, int(checked_at) - block.time)
    return body
