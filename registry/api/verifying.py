"""Judging documents for whoever asks: evidence from the mirror, the verdict from the core. Nothing is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from registry.credential.model import Credential
from registry.credential.place import Place
from registry.credential.signature import JCS
from registry.verification.evidence import Evidence, NoEvidence, Policy, TrustedContract
from registry.verification.evidence_json import evidence_to_json
from registry.verification.report import Report
from registry.verification.verify import Presented, judge, present

_NO_PLACE = NoEvidence("The document names no place on a chain.", "NOT_ANCHORED")
Gather = Callable[[Place, bytes | None], Evidence | NoEvidence]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Judges by the registry's own list of contracts.

    Attributes:
        source: Where evidence comes from, about any moment (the port EvidenceSource).
        trusted: That list.
        clock: Seconds since 1970.
    """

    source: Any
    trusted: tuple[TrustedContract, ...]
    clock: Callable[[], float]

    def policy(self, max_age: int | None = None) -> Policy:
        """What is judged by, unless the asker wishes more."""
        return Policy(self.trusted, self.clock(), max_age)

    def evidence(self, presented: Presented, gather: Gather) -> Evidence | NoEvidence:
        """Evidence about a document's place as of now."""
        place = presented.place
        return _NO_PLACE if place is None else gather(place, presented.account)

    def judged(self, presented: Presented, evidence: Evidence | NoEvidence, policy: Policy | None = None) -> Report:
        """The report on a document as of now."""
        return judge(presented, evidence, policy or self.policy())

    def verify(self, data: bytes, policy: Policy | None = None) -> tuple[Report, Evidence | NoEvidence]:
        """The same for its bytes, by the asker's own policy."""
        policy, presented = policy or self.policy(), present(data)
        place = presented.place
        evidence: Evidence | NoEvidence = _NO_PLACE
        if place is not None:
            evidence = self.source.gather(place, presented.account, policy.ask(place.batch.contract))
        return judge(presented, evidence, policy), evidence


def is_cheap(credential: Credential) -> bool:
    """Whether judging takes a fraction of a millisecond: two signatures at most, over the document as it stands."""
    proofs = credential.signatures
    return len(proofs) <= 2 and all(proof.get("cryptosuite") == JCS for proof in proofs)


def evidence_json(evidence: Evidence | NoEvidence) -> dict[str, Any] | None:
    """Evidence as it is shown beside a report, so that anybody can judge again."""
    return evidence_to_json(evidence) if isinstance(evidence, Evidence) else None


def report_bytes(report: Report, **more: Any) -> bytes:
    """The report as JSON, with more members (evidence; the line of a batch)."""
    return orjson.dumps({**report.to_json(), **more})
