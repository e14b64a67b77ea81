"""Verdicts: what a check can say, which checks are required, and how they combine (DESIGN: one pure function)."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.credential.problem import Problem
from registry.values import value
from registry.verification.hexes import to_hex

if TYPE_CHECKING:  # not for a check without a chain: its import hashes every event's name
    from registry.ledger.decode import BlockRef

CHECK_NAMES = (
    "readable",
    "conforming",
    "signature",
    "included",
    "anchored",
    "issuer",
    "accredited",
    "status",
    "validity",
)


class Verdict(StrEnum):
    """Of a check: all five. Of a credential: the first three."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"


@value
class BlockPoint:
    """The block that a check rests on: number, hash (0x hex) and time (seconds since 1970)."""

    number: int
    hash: str
    time: int

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {"number": self.number, "hash": self.hash, "time": self.time}

    @classmethod
    def of(cls, block: "BlockRef") -> "BlockPoint":
        """A block as verdicts tell it."""
        return cls(block.number, to_hex(block.hash), block.time)


class Check(NamedTuple):
    """One numbered step's outcome.

    Attributes:
        name: One of CHECK_NAMES.
        verdict: What was found.
        code: The problem type's last part (PARSING_ERROR, REVOKED, …); empty where all is well.
        detail: One or two sentences for a person, with the reason.
        block: The block it rests on, where it rests on one.
        problems: Every broken rule with its path and code, where the step judges the document's structure.
        rests_on: What was looked at: names of slots, documents, lists.
        assurance: Who says so: computed (from the document alone), proven, endpoint, registry, list, none.
    """

    name: str
    verdict: Verdict
    code: str = ""
    detail: str = ""
    block: BlockPoint | None = None
    problems: tuple[Problem, ...] = ()
    rests_on: tuple[str, ...] = ()
    assurance: str = "none"


def plain(name: str) -> Check:
    """A check that found nothing wrong and rests on the document alone: one value for all documents."""
    return Check(name, Verdict.VALID, rests_on=("document",), assurance="computed")


def combine(checks: Sequence[Check], required: Collection[str]) -> Verdict:
    """Any invalid check → invalid; else a required one unknown, not checked or absent → unknown; else valid."""
    if _INVALID in [check.verdict for check in checks]:
        return _INVALID
    settled = {check.name for check in checks if check.verdict in _SETTLED}
    return Verdict.VALID if settled.issuperset(required) else Verdict.UNKNOWN


# Named here: an enum looks each of its members up anew. What is searched in is compared by identity first.
_INVALID, _SETTLED = Verdict.INVALID, (Verdict.VALID, Verdict.NOT_APPLICABLE)


def required_checks(*, says_anchored: bool, known_signature: bool, roots_given: bool) -> frozenset[str]:
    """The checks without which nothing is valid.

    Args:
        says_anchored: The document has an anchor proof or says that it was anchored.
        known_signature: It carries a signature proof of a suite that this program knows.
        roots_given: The verifier named accreditation roots.
    """
    required = {"readable", "conforming", "issuer", "status", "validity"}
    if says_anchored:
        required |= {"included", "anchored"}
    if known_signature or not says_anchored:
        required.add("signature")
    if roots_given:
        required.add("accredited")
    return frozenset(required)
