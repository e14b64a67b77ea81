"""Who answers about one place: a registry's mirror, its API, a chain endpoint or a bundle."""

from typing import Protocol

from registry.credential.place import Place
from registry.verification.evidence import NOW, Ask, Evidence, NoEvidence


class EvidenceSource(Protocol):
    """Answers what the chain says about one place."""

    def gather(self, place: Place, account: bytes | None, ask: Ask = NOW) -> Evidence | NoEvidence:
        """Evidence, or why there is none; never raises for an unreachable source."""
