"""Verification, step by step.

 1  readable    strictly one JSON document
 2  conforming  VC Data Model 2.0, and Open Badges 3.0 where its type says so
 3  signature   every signature proof of a known suite
 4  included    the leaf leads to the root of its batch's record
 5  anchored    the record stands in a contract on the verifier's list, by a key that counts
 6  issuer      the document's issuer ↔ signed profile ↔ issuer id
 7  accredited  by roots that the verifier chose
 8  status      neither revoked nor suspended
 9  validity    now lies within validFrom … validUntil

`present` reads the document and says which place must be asked about; `judge` turns the answer into a report.
Each step is default-deny: what it cannot establish is never valid.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from registry.credential.conformance.rules import issuer_of
from registry.credential.controller import AtHand
from registry.credential.model import Credential, read_credential
from registry.credential.place import Place
from registry.errors import HallmarkError, Unreadable
from registry.verification import local_steps, place_steps
from registry.verification.accreditation import check_accredited
from registry.verification.basis import with_basis
from registry.verification.evidence import Assurance, Evidence, NoEvidence, Policy
from registry.verification.issuer_step import check_issuer, check_signature, needed_controllers
from registry.verification.list_step import NO_LISTS, Lists, check_lists, needed_lists, published_lists, with_lists
from registry.verification.profiles import Profiles, read_profiles
from registry.verification.report import HOLDER_NOT_CHECKED, Report
from registry.verification.signatures import Signatures, verify_signatures
from registry.verification.verdict import CHECK_NAMES, Check, Verdict, combine, plain, required_checks

_READABLE = plain("readable")


class Presented(NamedTuple):
    """A document as it was handed in: readable or not.

    Attributes:
        credential: What was read.
        problem: Why nothing was.
        verified: What its signatures say, beside what was at hand when they were verified.
    """

    credential: Credential | None
    problem: HallmarkError | None = None
    verified: tuple[AtHand, Signatures] | None = None

    @property
    def place(self) -> Place | None:
        """Where evidence is to be asked for; None where there is nothing to ask."""
        return None if self.credential is None else self.credential.place

    @property
    def account(self) -> bytes | None:
        """The account (20 bytes) whose key slot is needed."""
        anchor = None if self.credential is None else self.credential.anchor
        return None if anchor is None else anchor.claim.account

    @property
    def lists(self) -> tuple[str, ...]:
        """Addresses of the status lists outside the chain that speak about it."""
        return () if self.credential is None else needed_lists(self.credential)

    def lists_for(self, evidence: Evidence | NoEvidence) -> tuple[str, ...]:
        """The same, and where the chain was not read also the lists that are published about it for wallets."""
        unread = self.credential if isinstance(evidence, NoEvidence) else None
        return self.lists if unread is None else (*self.lists, *published_lists(unread))

    def controllers(self, evidence: Evidence | NoEvidence) -> tuple[str, ...]:
        """Identifiers on the web whose documents would say whose the keys are."""
        return () if self.credential is None else needed_controllers(self.credential, evidence)


def present(data: bytes) -> Presented:
    """Read a document; never raises for what the document holds."""
    try:
        return Presented(read_credential(data))
    except HallmarkError as error:
        return Presented(None, error)


def verified(presented: Presented, now: float) -> Presented:
    """The same, its signatures verified for a moment (seconds since 1970) with nothing from the web.

    `judge` verifies them itself, and again where it is asked about another moment or has more at hand: this is for
    those who judge many documents, and take each step for all of them before the next.
    """
    if presented.credential is None:
        return presented
    at_hand = AtHand(None, {}, now)
    return Presented(presented.credential, None, (at_hand, verify_signatures(presented.credential, at_hand)))


def judge(
    presented: Presented,
    evidence: Evidence | NoEvidence,
    policy: Policy,
    lists: Lists = NO_LISTS,
    controllers: Mapping[str, Mapping[str, Any] | str] | None = None,
    holder: Check = HOLDER_NOT_CHECKED,
) -> Report:
    """The report on a presented document.

    Args:
        presented: The document.
        evidence: What the chain says about its place.
        policy: What the verifier decided.
        lists: Its status lists outside the chain.
        controllers: Documents of identifiers on the web (did:web:…, https://…); a text says why there is none.
        holder: What was found about whoever presents it; counts where it was asked for (verification/holder.py).
    """
    credential = presented.credential
    if credential is None:
        return _unreadable(presented, policy)
    evidence = _of_this_chain(credential, evidence, policy)
    moment = policy.moment(evidence)
    at_hand = AtHand(None, controllers or {}, moment)
    before = presented.verified
    found = before[1] if before and before[0] == at_hand else verify_signatures(credential, at_hand)
    profiles = read_profiles(credential, evidence, at_hand)
    checks = (
        _READABLE,
        local_steps.check_conforming(credential),
        check_signature(credential, at_hand, found, profiles),
        place_steps.check_included(credential, evidence),
        place_steps.check_anchored(credential, evidence, policy),
        check_issuer(credential, evidence, found, profiles),
        check_accredited(credential, evidence, policy),
        _check_status(credential, evidence, policy, lists, at_hand, profiles),
        local_steps.check_validity(credential, moment),
    )
    required = required_checks(
        says_anchored=credential.says_anchored,
        known_signature=found.known > 0,
        roots_given=bool(policy.roots),
    )
    asked = [] if holder.verdict is Verdict.NOT_CHECKED else [holder]
    seen = evidence if isinstance(evidence, Evidence) else None
    return Report(
        combine([*checks, *asked], required | {check.name for check in asked}),
        _told(with_basis(checks, credential, evidence), credential, controllers),
        seen.latest if seen else None,
        seen.assurance if seen else Assurance.NONE,
        issuer_of(credential.document),
        str(credential.place.batch) + f":{credential.place.index}" if credential.place else None,
        seen.warning if seen else "",
        holder,
        policy.now,
        moment,
        policy.about is not None,
        seen.compared if seen else "",
    )


def _told(
    checks: tuple[Check, ...], credential: Credential, controllers: Mapping[str, Mapping[str, Any] | str] | None
) -> tuple[Check, ...]:
    """The checks, those that rest on somebody's word about a DID document telling whose word it is."""
    if not controllers:
        return checks
    from registry.verification.attested import with_attesters

    return with_attesters(checks, credential, controllers)


def _check_status(
    credential: Credential,
    evidence: Evidence | NoEvidence,
    policy: Policy,
    lists: Lists,
    at_hand: AtHand,
    profiles: Profiles,
) -> Check:
    on_chain = credential.says_anchored
    if policy.as_of is not None or policy.about is not None:
        return place_steps.check_status(credential, evidence, policy) if on_chain else _listed_then(credential)
    if not on_chain:
        return check_lists(credential, lists, policy, at_hand)
    on_chain_now = place_steps.check_status(credential, evidence, policy)
    return with_lists(on_chain_now, credential, lists, policy, at_hand, evidence, profiles)


def _listed_then(credential: Credential) -> Check:
    """A list outside the chain says what holds now, never what it said before."""
    if not needed_lists(credential):
        return check_lists(credential, NO_LISTS, Policy((), 0))
    detail = "Its status stands in a list outside the chain, which does not tell the past."
    return Check("status", Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR", detail)


def _of_this_chain(credential: Credential, evidence: Evidence | NoEvidence, policy: Policy) -> Evidence | NoEvidence:
    """Evidence about another contract, or from a chain that the list describes otherwise, says nothing at all."""
    place = credential.place
    if isinstance(evidence, NoEvidence) or place is None:
        return evidence
    if evidence.contract != place.batch.contract:
        return NoEvidence("The evidence is about another contract.", "WRONG_CHAIN")
    if _is_later(evidence, policy):
        return NoEvidence("The evidence is of a later block than the one that was asked for.", "BLOCK_NOT_READ")
    seen = (evidence.genesis_hash, evidence.code_hash)
    listed = [(e.genesis_hash, e.code_hash) for e in policy.trusted if e.contract == evidence.contract]
    if listed and seen not in listed:
        what = "The endpoint shows another chain, or other code at this address, than your list says."
        return NoEvidence(what, "WRONG_CHAIN")
    return evidence


def _is_later(evidence: Evidence, policy: Policy) -> bool:
    """Whether evidence tells of a block after the one that `as_of` means."""
    if policy.as_of is None:
        return False
    block, time = policy.as_of.block, policy.as_of.time
    return (block is not None and evidence.latest.number > block) or (time is not None and evidence.latest.time > time)


def _unreadable(presented: Presented, policy: Policy) -> Report:
    error = presented.problem
    code, detail = (error.code, str(error)) if error else ("PARSING_ERROR", "Not a credential.")
    rest = tuple(Check(name, Verdict.NOT_CHECKED) for name in CHECK_NAMES[1:])
    # A file that cannot be opened may hold anything: only bytes that were seen can be called wrong.
    verdict = Verdict.UNKNOWN if isinstance(error, Unreadable) else Verdict.INVALID
    checks = (Check("readable", verdict, code, detail), *rest)
    return Report(verdict, checks, None, Assurance.NONE, checked_at=policy.now, moment=policy.now)
