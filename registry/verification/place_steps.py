"""Steps 4, 5 and 8: what the chain says about the credential's place."""

from registry.credential.anchor_proof import AnchorProof, leaf_entry
from registry.credential.model import Credential
from registry.credential.times import calendar_seconds_of, stamp_of
from registry.errors import InclusionError, MalformedError
from registry.ledger.record import commitment
from registry.ledger.status import Action, bit_of, reason_label
from registry.ledger.word import epoch_of
from registry.merkle import leaf_hash, root_from_path
from registry.verification.evidence import Evidence, NoEvidence, Policy, Tier
from registry.verification.then import check_status_then
from registry.verification.verdict import Check, Verdict


def leaf_of(credential: Credential, anchor: AnchorProof) -> bytes:
    """The leaf hash (32 bytes) of a document with this anchor proof (SPEC.md, section 2)."""
    claim = anchor.claim
    return leaf_hash(leaf_entry(claim.place, claim.salt, anchor.config_hash, credential.doc_hash))


def check_included(credential: Credential, evidence: Evidence | NoEvidence) -> Check:
    """Step 4: document, salt and path lead to what the record committed to."""
    problem = _claim_problem(credential)
    if problem is not None:
        return problem
    anchor = credential.anchor
    assert anchor is not None  # _claim_problem answered otherwise
    claim = anchor.claim
    try:
        root = root_from_path(leaf_of(credential, anchor), claim.place.index, claim.leaf_count, claim.path)
    except InclusionError as error:
        return Check("included", Verdict.INVALID, error.code, str(error))
    if isinstance(evidence, NoEvidence):
        return Check("included", Verdict.UNKNOWN, evidence.code, evidence.reason)
    if evidence.record is None:
        detail = "There is no record to compare with; see 'anchored'."
        return Check("included", Verdict.UNKNOWN, "NOT_ANCHORED", detail, evidence.latest)
    if commitment(root, claim.leaf_count, claim.account) != evidence.record.commitment:
        detail = "The document, its salt or its path do not lead to the root that was anchored: something was changed."
        return Check("included", Verdict.INVALID, "INCLUSION_PROOF_ERROR", detail, evidence.latest)
    detail = f"Credential {claim.place.index + 1} of {claim.leaf_count} in its batch."
    return Check("included", Verdict.VALID, "", detail, evidence.latest)


def _claim_problem(credential: Credential) -> Check | None:
    """Why there is nothing to compute: no anchor at all, a stripped or unreadable one, or a pointer elsewhere."""
    if not credential.says_anchored:
        return Check("included", Verdict.NOT_APPLICABLE, detail="The document carries no anchor and claims none.")
    if credential.anchor_problem:
        return Check("included", Verdict.INVALID, "MALFORMED_VALUE_ERROR", credential.anchor_problem)
    if credential.anchor is None:
        detail = (
            "The document says that it was anchored, but its anchor proof is missing. Ask the holder for the original."
        )
        return Check("included", Verdict.UNKNOWN, "ANCHOR_PROOF_MISSING", detail)
    place = credential.anchor.claim.place
    for pointer, list_index in credential.pointers:
        if pointer != place or list_index != str(place.index):
            detail = "The place in the document's status entry is not the one in its anchor proof."
            return Check("included", Verdict.INVALID, "ANCHOR_POINTER_MISMATCH", detail)
    return None


def check_anchored(credential: Credential, evidence: Evidence | NoEvidence, policy: Policy) -> Check:
    """Step 5: the record exists, on a contract that the verifier trusts, by a key that counts, deep enough."""
    if not credential.says_anchored:
        return Check("anchored", Verdict.NOT_APPLICABLE)
    place = credential.place
    if place is None:
        return Check(
            "anchored", Verdict.UNKNOWN, "ANCHOR_PROOF_UNREADABLE", "The place cannot be read; see 'included'."
        )
    listed = [entry for entry in policy.trusted if entry.contract == place.batch.contract]
    if not listed:
        detail = f"{place.batch.contract} is not on your list of trusted contracts."
        return Check("anchored", Verdict.INVALID, "UNTRUSTED_CONTRACT", detail)
    if isinstance(evidence, NoEvidence):
        return Check("anchored", Verdict.UNKNOWN, evidence.code, evidence.reason)
    return _record_check(credential, evidence, policy)


def _record_check(credential: Credential, evidence: Evidence, policy: Policy) -> Check:
    record, anchor = evidence.record, credential.anchor
    if record is None:
        return _absent_record(anchor, evidence, past=policy.as_of is not None)
    if anchor is None:
        detail = "The batch is anchored; whether this document belongs to it cannot be told without its anchor proof."
        return Check("anchored", Verdict.UNKNOWN, "ANCHOR_PROOF_MISSING", detail, evidence.latest)
    if record.tier is Tier.PENDING:
        detail = "The record is in a block that is not safe yet. Try again in a moment."
        return Check("anchored", Verdict.UNKNOWN, "ANCHOR_PENDING", detail, evidence.latest)
    block = evidence.safe or evidence.latest
    if evidence.key is None or not evidence.key.added_at:
        detail = f"0x{anchor.claim.account.hex()} was never a key of this issuer."
        return Check("anchored", Verdict.INVALID, "ANCHOR_KEY_UNKNOWN", detail, block)
    since = counts_since(evidence)
    if since is None:
        detail = f"Anchored {stamp_of(record.time)}, when its key was no longer trusted by the issuer."
        return Check("anchored", Verdict.INVALID, "ANCHOR_KEY_DISTRUSTED", detail, block)
    if policy.about is not None and since > policy.about:
        detail = f"Its anchor counts from {stamp_of(since)} on, after the moment in question."
        return Check("anchored", Verdict.INVALID, "NOT_YET_ANCHORED", detail, block)
    return Check("anchored", Verdict.VALID, "", f"Anchored {stamp_of(since)} ({record.tier}).", block)


def counts_since(evidence: Evidence) -> int | None:
    """The block time from which the anchor counts; None if it does not (SPEC.md, section 5.4)."""
    record, again = evidence.record, evidence.reaffirmation
    if record and evidence.key and evidence.key.counts_at(record.time):
        return record.time
    return again.time if again and again.key.counts_at(again.time) else None


def _absent_record(anchor: AnchorProof | None, evidence: Evidence, *, past: bool) -> Check:
    """No record: false, unless the node's view is older than the proof itself, and not because a past one was asked."""
    if past:
        detail = f"At block {evidence.latest.number} the contract had no such record."
        return Check("anchored", Verdict.INVALID, "NOT_ANCHORED", detail, evidence.latest)
    try:
        stale = anchor is not None and evidence.latest.time < calendar_seconds_of(anchor.created)
    except MalformedError:
        stale = False
    if stale:
        detail = "The chain was read at a block older than the anchor proof. Ask again, or ask another endpoint."
        return Check("anchored", Verdict.UNKNOWN, "EVIDENCE_STALE", detail, evidence.latest)
    return Check("anchored", Verdict.INVALID, "NOT_ANCHORED", "The contract has no such record.", evidence.latest)


def check_status(credential: Credential, evidence: Evidence | NoEvidence, policy: Policy) -> Check:
    """Step 8 of a document that is anchored: its bits on chain, from the newest block that was read."""
    place = credential.place
    if place is None:
        return Check("status", Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR", "Its place cannot be read; see 'included'.")
    if isinstance(evidence, NoEvidence):
        return Check("status", Verdict.UNKNOWN, evidence.code, evidence.reason)
    status, (word, mask) = evidence.status, bit_of(place.index)
    if status.word_index != word or status.epoch != epoch_of(evidence.issuer_word):
        return Check("status", Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR", "The answer is about another credential.")
    if policy.about is not None:
        return check_status_then(evidence, mask, policy.about)
    if status.revoked & mask or status.suspended & mask:
        return _not_good(evidence, mask, revoked=bool(status.revoked & mask))
    if policy.max_age is not None and policy.as_of is None and policy.now - evidence.latest.time > policy.max_age:
        detail = f"The newest block read is of {stamp_of(evidence.latest.time)}, older than you accept."
        return Check("status", Verdict.UNKNOWN, "EVIDENCE_STALE", detail, evidence.latest)
    return Check("status", Verdict.VALID, "", "Neither revoked nor suspended.", evidence.latest)


def _not_good(evidence: Evidence, mask: int, *, revoked: bool) -> Check:
    action, code = ("Revoked", "REVOKED") if revoked else ("Suspended", "SUSPENDED")
    wanted = Action.REVOKE if revoked else Action.SUSPEND
    change = next((c for c in evidence.status.changes if c.mask & mask and c.action == wanted), None)
    if change is None:
        return Check("status", Verdict.INVALID, code, f"{action}.", evidence.latest)
    detail = f"{action} in block {change.block_number} ({stamp_of(change.time)}): {reason_label(change.reason)}."
    return Check("status", Verdict.INVALID, code, detail, evidence.latest)
