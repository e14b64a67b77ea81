"""Steps 3 and 6: who signed, and whether that is who the document names and the chain knows."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.credential import signature
from registry.credential.conformance.rules import issuer_of
from registry.credential.controller import Signer, lets_assert
from registry.credential.did_key import PREFIX
from registry.credential.identifiers import account_of_pkh, is_on_the_web
from registry.credential.model import Credential
from registry.credential.signature import NOTHING, AtHand
from registry.errors import CannotTell, HallmarkError, ProofError
from registry.verification.evidence import Evidence, NoEvidence, ProfileFact
from registry.verification.verdict import Check, Verdict

if TYPE_CHECKING:
    from registry.credential.profile import Profile

# Each may cost a canonicalisation: more are not asked of an untrusted document.
MAX_PROOFS = 8
_UNSIGNED = ("PROOF_MISSING", "The document carries no signature.")


class _Signed(NamedTuple):
    """One proof that verified."""

    signer: Signer
    method: str
    suite: str


def known_proofs(credential: Credential) -> list[Mapping[str, Any]]:
    """The signature proofs of suites that this program checks."""
    return [proof for proof in credential.signatures if signature.is_known(proof)]


def needed_controllers(credential: Credential, evidence: Evidence | NoEvidence) -> tuple[str, ...]:
    """Identifiers on the web whose documents would say whose the keys are: of signers, issuer and profile."""
    methods = [signature.method_named(proof) for proof in known_proofs(credential)]
    names = [method.partition("#")[0] for method in methods] + [issuer_of(credential.document) or ""]
    if isinstance(evidence, Evidence):
        named = [(fact.document or {}).get("dids") for fact in evidence.profiles]
        names += [str(did) for dids in named if isinstance(dids, list) for did in dids]
    return tuple(sorted({name for name in names if is_on_the_web(name)}))


def check_signature(credential: Credential, evidence: Evidence | NoEvidence, at_hand: AtHand = NOTHING) -> Check:
    """Step 3: every proof of a known suite verifies, and a signer speaks for the issuer."""
    if not credential.signatures:
        return Check("signature", Verdict.NOT_APPLICABLE if credential.says_anchored else Verdict.UNKNOWN, *_UNSIGNED)
    proofs, others = known_proofs(credential), _other_suites(credential)
    if not proofs:
        return Check("signature", Verdict.NOT_CHECKED, "UNKNOWN_SUITE", f"This version does not verify {others}.")
    if len(proofs) > MAX_PROOFS:
        detail = f"The document carries {len(proofs)} signatures; up to {MAX_PROOFS} are judged."
        return Check("signature", Verdict.UNKNOWN, "WORK_LIMIT", detail)
    signed: list[_Signed] = []
    missing: CannotTell | None = None
    for proof in proofs:
        try:
            signer = signature.verify(credential.document, proof, at_hand, doc_hash=credential.doc_hash)
            signed.append(_Signed(signer, str(proof.get("verificationMethod")), signature.suite_name(proof)))
        except CannotTell as error:
            missing = missing or error
        except HallmarkError as error:
            return Check("signature", Verdict.INVALID, error.code, str(error))
    if missing is not None:
        return Check("signature", Verdict.UNKNOWN, missing.code, str(missing))
    check = _bound(signed, credential, evidence, at_hand)
    return Check(check.name, check.verdict, check.code, f"{check.detail} Not checked: {others}.") if others else check


def _bound(signed: list[_Signed], credential: Credential, evidence: Evidence | NoEvidence, at_hand: AtHand) -> Check:
    issuer, (allowed, told) = issuer_of(credential.document), _profile_dids(evidence, credential, at_hand)
    document = at_hand.controllers.get(str(issuer))
    for one in signed:
        controller = one.signer.controller
        itself = controller == issuer or {controller, issuer} <= allowed
        named = isinstance(document, Mapping) and lets_assert(document, str(issuer), one.method)
        if one.signer.bound and (itself or named):
            return Check("signature", Verdict.VALID, detail=f"Signed for {issuer} ({one.suite}).")
    all_known = told and (str(issuer).startswith(PREFIX) or isinstance(document, Mapping))
    return _unbound(signed[0].signer, str(issuer), all_known=all_known)


def _unbound(signer: Signer, issuer: str, *, all_known: bool) -> Check:
    """False where all keys of the issuer are known: a did:key has one, a document on the web lists them.

    `all_known` is false where a profile cannot be seen that may allow another DID.
    """
    if all_known:
        detail = f"Signed by {signer.controller}, which does not speak for the issuer {issuer}."
        return Check("signature", Verdict.INVALID, "PROOF_VERIFICATION_ERROR", detail)
    by = signer.controller if signer.bound else "the key that its own name holds"
    detail = f"The signature of {by} matches; whether it speaks for {issuer} cannot be told here."
    return Check("signature", Verdict.UNKNOWN, "SIGNER_UNBOUND", detail)


def _other_suites(credential: Credential) -> str:
    others = [proof for proof in credential.signatures if not signature.is_known(proof)]
    return ", ".join(signature.suite_name(proof)[:60] for proof in others)


def check_issuer(credential: Credential, evidence: Evidence | NoEvidence, at_hand: AtHand = NOTHING) -> Check:
    """Step 6: the document's issuer stands in a profile that the chain holds for the anchoring issuer id."""
    issuer = issuer_of(credential.document)
    if issuer is None:
        return Check("issuer", Verdict.INVALID, "MALFORMED_VALUE_ERROR", "The document names no issuer.")
    if not credential.says_anchored:
        return _self_certified(credential, issuer, at_hand)
    if isinstance(evidence, NoEvidence):
        return Check("issuer", Verdict.UNKNOWN, evidence.code, evidence.reason)
    if credential.place is None:
        return Check("issuer", Verdict.UNKNOWN, "ANCHOR_PROOF_UNREADABLE", "Its place cannot be read; see 'included'.")
    if _is_the_account(credential, issuer):
        detail = f"{issuer} is the account that anchored; who that is, nobody says."
        return Check("issuer", Verdict.VALID, detail=detail, block=evidence.latest)
    return _check_profiles(credential, issuer, evidence, at_hand)


def _check_profiles(credential: Credential, issuer: str, evidence: Evidence, at_hand: AtHand) -> Check:
    profiles, problem = _readable_profiles(_in_force(evidence), credential, at_hand)
    for profile in profiles:
        if issuer in profile.dids:
            detail = f"{profile.name} ({issuer}), issuer {profile.issuer_id} of {evidence.contract}."
            return Check("issuer", Verdict.VALID, detail=detail, block=evidence.latest)
        if issuer in profile.unproven:
            detail = f"The profile names {issuer}, but whether that agrees cannot be told here."
            return Check("issuer", Verdict.UNKNOWN, "ISSUER_UNPROVEN", detail, evidence.latest)
    if problem or not profiles:
        detail = problem or "The issuer has no profile on the chain, so nobody has said who it is."
        return Check("issuer", Verdict.UNKNOWN, "PROFILE_UNAVAILABLE", detail, evidence.latest)
    names = ", ".join(profiles[0].dids) or "no DID"
    detail = f"The document names the issuer {issuer}, but it was anchored by {profiles[0].name} ({names})."
    return Check("issuer", Verdict.INVALID, "ISSUER_MISMATCH", detail, evidence.latest)


def _is_the_account(credential: Credential, issuer: str) -> bool:
    """A did:pkh is its account: where that account's anchor counts (steps 4, 5), the issuer itself has spoken."""
    account, anchor = account_of_pkh(issuer), credential.anchor
    if account is None or anchor is None:
        return False
    return account == f"eip155:{anchor.claim.place.batch.contract.chain_id}:0x{anchor.claim.account.hex()}"


def _self_certified(credential: Credential, issuer: str, at_hand: AtHand) -> Check:
    """Without an anchor only the issuer's own key vouches for it: that of its did:key, or that its document names."""
    for proof in known_proofs(credential)[:MAX_PROOFS]:
        try:
            signer = signature.verify(credential.document, proof, at_hand, doc_hash=credential.doc_hash)
        except HallmarkError:
            continue
        if signer.bound and signer.controller == issuer:
            return Check("issuer", Verdict.VALID, detail=f"{issuer} signed the document; who that is, nobody says.")
    return Check("issuer", Verdict.UNKNOWN, "ISSUER_UNPROVEN", f"Nothing here proves that {issuer} issued it.")


def _in_force(evidence: Evidence) -> list[ProfileFact]:
    """The profiles in force when the record was made, and now."""
    time = evidence.record.time if evidence.record else evidence.latest.time
    return [p for p in evidence.profiles if p.until == 0 or (p.since <= time < p.until)]


def _readable_profiles(
    facts: Iterable[ProfileFact], credential: Credential, at_hand: AtHand
) -> "tuple[list[Profile], str]":
    """Profiles whose document is known, matches its hash and speaks of this very issuer; and why others are not."""
    from registry.credential.profile import read_profile

    profiles, problem, place = [], "", credential.place
    assert place is not None  # says_anchored with a readable place; judged by the caller
    for fact in facts:
        if fact.document is None:
            problem = f"The profile document 0x{fact.hash.hex()} is not known here. Give it, or ask a registry."
            continue
        try:
            profile = read_profile(fact.document, at_hand)
            if (profile.hash, profile.contract, profile.issuer_id) != (
                fact.hash,
                place.batch.contract,
                place.batch.issuer_id,
            ):
                raise ProofError("The profile document is not the one that the chain holds.")
            profiles.append(profile)
        except HallmarkError as error:
            problem = str(error)
    return profiles, problem


def status_delegates(evidence: Evidence | NoEvidence, credential: Credential, at_hand: AtHand) -> tuple[str, ...]:
    """Who may sign status lists besides the document's issuer, by its own profile that the chain holds now."""
    if isinstance(evidence, NoEvidence) or credential.place is None:
        return ()
    from registry.credential.status.status_list import status_delegate

    current = [fact for fact in evidence.profiles if fact.until == 0]
    profiles, _ = _readable_profiles(current, credential, at_hand)
    own = [profile for profile in profiles if issuer_of(credential.document) in profile.dids]
    return tuple(did for profile in own if (did := status_delegate(profile.document)) is not None)


def _profile_dids(
    evidence: Evidence | NoEvidence, credential: Credential, at_hand: AtHand
) -> tuple[set[str | None], bool]:
    """The DIDs that speak for the anchoring issuer, and whether that is all there is to know about them."""
    if not credential.says_anchored:
        return set(), True
    if isinstance(evidence, NoEvidence) or credential.place is None:
        return set(), False
    profiles, problem = _readable_profiles(_in_force(evidence), credential, at_hand)
    return {did for profile in profiles for did in profile.dids}, bool(profiles) and not problem
