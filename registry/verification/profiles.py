"""What the anchoring issuer's profiles prove, read once for all steps that ask who the issuer is."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.credential.conformance.rules import issuer_of
from registry.credential.controller import AtHand
from registry.credential.model import Credential
from registry.errors import CannotTell, HallmarkError, ProofError
from registry.verification.evidence import Evidence, NoEvidence, ProfileFact

if TYPE_CHECKING:
    from registry.credential.place import BatchId
    from registry.credential.profile import Profile


class Profiles(NamedTuple):
    """The profiles in force when a credential was anchored, and now.

    Attributes:
        read: Those whose document is known, matches its hash and speaks of this very issuer.
        current: Those of them that are in force now.
        problem: Why another one could not be read; empty where all could.
        all_known: Whether nobody else can speak for the issuer: there is a profile, and none that was not read.
    """

    read: "tuple[Profile, ...]" = ()
    current: "tuple[Profile, ...]" = ()
    problem: str = ""
    all_known: bool = False

    @property
    def dids(self) -> frozenset[str]:
        """All that speak for the issuer."""
        return frozenset(did for profile in self.read for did in profile.dids)


NO_PROFILES = Profiles()


def read_profiles(credential: Credential, evidence: Evidence | NoEvidence, at_hand: AtHand) -> Profiles:
    """Read the profiles that the chain holds for the issuer that anchored the credential."""
    if not credential.says_anchored:
        return Profiles(all_known=True)  # no profile speaks of it
    place = credential.place
    if isinstance(evidence, NoEvidence) or place is None:
        return NO_PROFILES
    time = evidence.record.time if evidence.record else evidence.latest.time
    read: list[Profile] = []
    current: list[Profile] = []
    problem = ""
    for fact in evidence.profiles:
        if fact.until == 0 or fact.since <= time < fact.until:
            try:
                read.append(_read(fact, place.batch, at_hand))
                current += read[-1:] if fact.until == 0 else []
            except HallmarkError as error:
                problem = str(error)
    return Profiles(tuple(read), tuple(current), problem, bool(read) and not problem)


@cache
def _reader() -> "Callable[[Mapping[str, Any], AtHand], Profile]":
    """Loaded for the first profile, not for a check without a chain; an import each time would cost as much again."""
    from registry.credential.profile import read_profile

    return read_profile


def _read(fact: ProfileFact, batch: "BatchId", at_hand: AtHand) -> "Profile":
    if fact.document is None:
        raise CannotTell(f"The profile document 0x{fact.hash.hex()} is not known here. Give it, or ask a registry.")
    profile = _reader()(fact.document, at_hand)
    if (profile.hash, profile.contract, profile.issuer_id) != (fact.hash, batch.contract, batch.issuer_id):
        raise ProofError("The profile document is not the one that the chain holds.")
    return profile


def status_delegates(credential: Credential, profiles: Profiles) -> tuple[str, ...]:
    """Who may sign status lists besides the document's issuer, by its own profile that the chain holds now."""
    from registry.credential.status.status_list import status_delegate

    own = [profile for profile in profiles.current if issuer_of(credential.document) in profile.dids]
    return tuple(did for profile in own if (did := status_delegate(profile.document)) is not None)
