"""Steps 3 and 6: who signed, and whether that is who the document names and the chain knows."""

from collections.abc import Mapping
from typing import Any

from registry.credential import signature
from registry.credential.did_key import PREFIX
from registry.credential.model import Credential
from registry.credential.profile import Profile, read_profile
from registry.credential.rules import issuer_of
from registry.errors import HallmarkError, ProofError
from registry.verification.evidence import Evidence, NoEvidence, ProfileFact
from registry.verification.local_steps import has_known_signature
from registry.verification.verdict import Check, Verdict


def check_signature(credential: Credential, evidence: Evidence | NoEvidence) -> Check:
    """Step 3: all proofs of known suites verify, and their signers speak for the issuer."""
    if not credential.signatures:
        return Check("signature", Verdict.NOT_APPLICABLE if credential.says_anchored else Verdict.UNKNOWN, *_UNSIGNED)
    if not has_known_signature(credential):
        suites = ", ".join(_suite(proof) for proof in credential.signatures)
        return Check("signature", Verdict.NOT_CHECKED, "UNKNOWN_SUITE", f"This version does not verify {suites}.")
    issuer, (allowed, told) = issuer_of(credential.document), _profile_dids(evidence, credential)
    for proof in credential.signatures:
        if proof.get("cryptosuite") != signature.SUITE:
            continue
        try:
            signer = signature.verify(credential.document, proof)
        except HallmarkError as error:
            return Check("signature", Verdict.INVALID, error.code, str(error))
        if signer != issuer and not {signer, issuer} <= allowed:
            return _unbound(signer, str(issuer), told=told)
    return Check("signature", Verdict.VALID, detail=f"Signed for {issuer} ({signature.SUITE}).")


def _unbound(signer: str, issuer: str, *, told: bool) -> Check:
    """A did:key has one key, so another signer is false, unless a profile that cannot be seen allows it (`told`).

    What issuers of other methods allow cannot be told here.
    """
    if issuer.startswith(PREFIX) and told:
        detail = f"Signed by {signer}, which does not speak for the issuer {issuer}."
        return Check("signature", Verdict.INVALID, "PROOF_VERIFICATION_ERROR", detail)
    detail = f"The signature of {signer} matches; whether it speaks for {issuer} cannot be told here."
    return Check("signature", Verdict.UNKNOWN, "SIGNER_UNBOUND", detail)


_UNSIGNED = ("PROOF_MISSING", "The document carries no signature.")


def _suite(proof: Mapping[str, Any]) -> str:
    return str(proof.get("cryptosuite") or proof.get("type") or "an unnamed suite")[:60]


def check_issuer(credential: Credential, evidence: Evidence | NoEvidence) -> Check:
    """Step 6: the document's issuer stands in a profile that the chain holds for the anchoring issuer id."""
    issuer = issuer_of(credential.document)
    if issuer is None:
        return Check("issuer", Verdict.INVALID, "MALFORMED_VALUE_ERROR", "The document names no issuer.")
    if not credential.says_anchored:
        return _self_certified(credential, issuer)
    if isinstance(evidence, NoEvidence):
        return Check("issuer", Verdict.UNKNOWN, evidence.code, evidence.reason)
    if credential.place is None:
        return Check("issuer", Verdict.UNKNOWN, "ANCHOR_PROOF_UNREADABLE", "Its place cannot be read; see 'included'.")
    profiles, problem = _readable_profiles(evidence, credential)
    for profile in profiles:
        if issuer in profile.dids:
            detail = f"{profile.name} ({issuer}), issuer {profile.issuer_id} of {evidence.contract}."
            return Check("issuer", Verdict.VALID, detail=detail, block=evidence.latest)
        if issuer in profile.unproven:
            detail = f"The profile names {issuer}, but this version cannot check that it agrees."
            return Check("issuer", Verdict.UNKNOWN, "ISSUER_UNPROVEN", detail, evidence.latest)
    if problem or not profiles:
        detail = problem or "The issuer has no profile on the chain, so nobody has said who it is."
        return Check("issuer", Verdict.UNKNOWN, "PROFILE_UNAVAILABLE", detail, evidence.latest)
    names = ", ".join(profiles[0].dids) or "no DID"
    detail = f"The document names the issuer {issuer}, but it was anchored by {profiles[0].name} ({names})."
    return Check("issuer", Verdict.INVALID, "ISSUER_MISMATCH", detail, evidence.latest)


def _self_certified(credential: Credential, issuer: str) -> Check:
    """Without an anchor only a did:key can vouch for itself: its signature is its identity."""
    try:
        signers = {
            signature.verify(credential.document, proof)
            for proof in credential.signatures
            if proof.get("cryptosuite") == signature.SUITE
        }
    except HallmarkError:
        signers = set()
    if issuer.startswith(PREFIX) and issuer in signers:
        return Check("issuer", Verdict.VALID, detail=f"{issuer} signed the document; who that is, nobody says.")
    return Check("issuer", Verdict.UNKNOWN, "ISSUER_UNPROVEN", f"Nothing here proves that {issuer} issued it.")


def _in_force(evidence: Evidence) -> list[ProfileFact]:
    """The profiles in force when the record was made, and now."""
    time = evidence.record.time if evidence.record else evidence.latest.time
    return [p for p in evidence.profiles if p.until == 0 or (p.since <= time < p.until)]


def _readable_profiles(evidence: Evidence, credential: Credential) -> tuple[list[Profile], str]:
    """Profiles whose document is known, matches its hash and speaks of this very issuer; and why others are not."""
    profiles, problem, place = [], "", credential.place
    assert place is not None  # says_anchored with a readable place; judged by the caller
    for fact in _in_force(evidence):
        if fact.document is None:
            problem = f"The profile document 0x{fact.hash.hex()} is not known here. Give it, or ask a registry."
            continue
        try:
            profile = read_profile(fact.document)
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


def _profile_dids(evidence: Evidence | NoEvidence, credential: Credential) -> tuple[set[str | None], bool]:
    """The DIDs that speak for the anchoring issuer, and whether that is all there is to know about them."""
    if not credential.says_anchored:
        return set(), True
    if isinstance(evidence, NoEvidence) or credential.place is None:
        return set(), False
    profiles, problem = _readable_profiles(evidence, credential)
    return {did for profile in profiles for did in profile.dids}, bool(profiles) and not problem
