"""Steps 3 and 6: who signed, and whether that is who the document names and the chain knows."""

from collections.abc import Sequence

from registry.credential import signature
from registry.credential.conformance.rules import issuer_of
from registry.credential.controller import NOTHING, AtHand, Signer, lets_assert
from registry.credential.did_key import PREFIX
from registry.credential.identifiers import account_of_pkh, is_on_the_web
from registry.credential.model import Credential
from registry.verification.evidence import Evidence, NoEvidence
from registry.verification.profiles import Profiles
from registry.verification.signatures import MAX_PROOFS, Signatures, Signed, known_proofs, verify_signatures
from registry.verification.verdict import Check, Verdict

_UNSIGNED = ("PROOF_MISSING", "The document carries no signature.")


def needed_controllers(credential: Credential, evidence: Evidence | NoEvidence) -> tuple[str, ...]:
    """Identifiers on the web whose documents would say whose the keys are: of signers, issuer and profile."""
    methods = [signature.method_named(proof) for proof in known_proofs(credential)]
    names = [method.partition("#")[0] for method in methods] + [issuer_of(credential.document) or ""]
    if isinstance(evidence, Evidence):
        named = [(fact.document or {}).get("dids") for fact in evidence.profiles]
        names += [str(did) for dids in named if isinstance(dids, list) for did in dids]
    return tuple(sorted({name for name in names if is_on_the_web(name)}))


def check_signature(
    credential: Credential,
    at_hand: AtHand = NOTHING,
    found: Signatures | None = None,
    profiles: Profiles | None = None,
) -> Check:
    """Step 3: every proof of a known suite verifies, and a signer speaks for the issuer.

    Args:
        credential: The document.
        at_hand: What the verifier has besides.
        found: What its proofs say, where that was found before.
        profiles: Of the issuer that anchored it, which may let one DID sign for another; None: not asked for.
    """
    if not credential.signatures:
        return Check("signature", Verdict.NOT_APPLICABLE if credential.says_anchored else Verdict.UNKNOWN, *_UNSIGNED)
    found = found or verify_signatures(credential, at_hand)
    if not found.known:
        return Check("signature", Verdict.NOT_CHECKED, "UNKNOWN_SUITE", f"This version does not verify {found.others}.")
    if found.known > MAX_PROOFS:
        detail = f"The document carries {found.known} signatures; up to {MAX_PROOFS} are judged."
        return Check("signature", Verdict.UNKNOWN, "WORK_LIMIT", detail)
    if found.refused is not None:
        return Check("signature", Verdict.INVALID, found.refused.code, str(found.refused))
    if found.missing is not None:
        return Check("signature", Verdict.UNKNOWN, found.missing.code, str(found.missing))
    profiles = profiles or Profiles(all_known=not credential.says_anchored)
    check = _bound(found.signed, issuer_of(credential.document), profiles, at_hand)
    return check._replace(detail=f"{check.detail} Not checked: {found.others}.") if found.others else check


def _bound(signed: Sequence[Signed], issuer: str | None, profiles: Profiles, at_hand: AtHand) -> Check:
    document = at_hand.controllers.get(str(issuer))
    for one in signed:
        controller = one.signer.controller
        itself = controller == issuer or {controller, issuer} <= profiles.dids
        named = (
            document is not None and not isinstance(document, str) and lets_assert(document, str(issuer), one.method)
        )
        if one.signer.bound and (itself or named):
            return Check("signature", Verdict.VALID, "", f"Signed for {issuer} ({one.suite}).")
    listed = document is not None and not isinstance(document, str)
    all_known = profiles.all_known and (str(issuer).startswith(PREFIX) or listed)
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


def check_issuer(
    credential: Credential, evidence: Evidence | NoEvidence, found: Signatures, profiles: Profiles
) -> Check:
    """Step 6: the document's issuer stands in a profile that the chain holds for the anchoring issuer id."""
    issuer = issuer_of(credential.document)
    if issuer is None:
        return Check("issuer", Verdict.INVALID, "MALFORMED_VALUE_ERROR", "The document names no issuer.")
    if not credential.says_anchored:
        return _self_certified(issuer, found)
    if isinstance(evidence, NoEvidence):
        return Check("issuer", Verdict.UNKNOWN, evidence.code, evidence.reason)
    if credential.place is None:
        return Check("issuer", Verdict.UNKNOWN, "ANCHOR_PROOF_UNREADABLE", "Its place cannot be read; see 'included'.")
    if _is_the_account(credential, issuer):
        detail = f"{issuer} is the account that anchored; who that is, nobody says."
        return Check("issuer", Verdict.VALID, "", detail, evidence.latest)
    return _check_profiles(issuer, profiles, evidence)


def _check_profiles(issuer: str, profiles: Profiles, evidence: Evidence) -> Check:
    for profile in profiles.read:
        if issuer in profile.dids:
            detail = f"{profile.name} ({issuer}), issuer {profile.issuer_id} of {evidence.contract}."
            return Check("issuer", Verdict.VALID, "", detail, evidence.latest)
        if issuer in profile.unproven:
            detail = f"The profile names {issuer}, but whether that agrees cannot be told here."
            return Check("issuer", Verdict.UNKNOWN, "ISSUER_UNPROVEN", detail, evidence.latest)
    if not profiles.all_known:
        detail = profiles.problem or "The issuer has no profile on the chain, so nobody has said who it is."
        return Check("issuer", Verdict.UNKNOWN, "PROFILE_UNAVAILABLE", detail, evidence.latest)
    first = profiles.read[0]
    names = ", ".join(first.dids) or "no DID"
    detail = f"The document names the issuer {issuer}, but it was anchored by {first.name} ({names})."
    return Check("issuer", Verdict.INVALID, "ISSUER_MISMATCH", detail, evidence.latest)


def _is_the_account(credential: Credential, issuer: str) -> bool:
    """A did:pkh is its account: where that account's anchor counts (steps 4, 5), the issuer itself has spoken."""
    account, anchor = account_of_pkh(issuer), credential.anchor
    if account is None or anchor is None:
        return False
    return account == f"eip155:{anchor.claim.place.batch.contract.chain_id}:0x{anchor.claim.account.hex()}"


def _self_certified(issuer: str, found: Signatures) -> Check:
    """Without an anchor only the issuer's own key vouches for it: that of its did:key, or that its document names."""
    if any(one.signer.bound and one.signer.controller == issuer for one in found.signed):
        return Check("issuer", Verdict.VALID, detail=f"{issuer} signed the document; who that is, nobody says.")
    return Check("issuer", Verdict.UNKNOWN, "ISSUER_UNPROVEN", f"Nothing here proves that {issuer} issued it.")
