"""Step 8 for `--about D`: what is known today about the status at a moment that has passed."""

from registry.credential.times import stamp_of
from registry.ledger.status import Action, reason_label
from registry.verification.evidence import Evidence, ThenFact
from registry.verification.verdict import Check, Verdict


def check_status_then(evidence: Evidence, mask: int, about: int) -> Check:
    """The bits at the moment, as far as they still hold today.

    A status epoch that was opened since has emptied all bits, because a thief had set some of them. So a bit that was
    set then counts if it is set today again, in the newer epoch; a revocation that is not was none. Of a suspension
    that is not, nobody can say whether it was the thief's or has been lifted since.
    """
    then = evidence.then
    if then is None or then.moment != about:
        detail = "What the status was at that moment is not known here."
        return Check("status", Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR", detail, evidence.latest)
    if about > evidence.latest.time:
        detail = f"The chain was read up to {stamp_of(evidence.latest.time)} only, before the moment in question."
        return Check("status", Verdict.UNKNOWN, "BLOCK_NOT_READ", detail, evidence.latest)
    status, same_epoch = evidence.status, then.epoch == evidence.status.epoch
    if then.revoked & mask and (same_epoch or status.revoked & mask):
        return _was(evidence, then, mask, "Revoked")
    if then.suspended & mask and (same_epoch or (status.revoked | status.suspended) & mask):
        return _was(evidence, then, mask, "Suspended")
    if then.suspended & mask:
        detail = f"It was suspended on {stamp_of(about)}, but the issuer has opened a new status epoch since."
        return Check("status", Verdict.UNKNOWN, "STATUS_EPOCH_CHANGED", detail, evidence.latest)
    return Check("status", Verdict.VALID, detail=_good(evidence, mask, about), block=evidence.latest)


def _was(evidence: Evidence, then: ThenFact, mask: int, word: str) -> Check:
    wanted = Action.REVOKE if word == "Revoked" else Action.SUSPEND
    before = [c for c in evidence.status.changes if c.mask & mask and c.action == wanted and c.time <= then.moment]
    why = f" since block {before[0].block_number}: {reason_label(before[0].reason)}" if before else ""
    detail = f"{word} on {stamp_of(then.moment)}{why}."
    return Check("status", Verdict.INVALID, word.upper(), detail, then.block or evidence.latest)


def _good(evidence: Evidence, mask: int, about: int) -> str:
    """Good then; what became of it is said as well."""
    status = evidence.status
    detail = f"Neither revoked nor suspended on {stamp_of(about)}, as far as is known today."
    if not (status.revoked | status.suspended) & mask:
        return detail
    word = "revoked" if status.revoked & mask else "suspended"
    later = [change for change in status.changes if change.mask & mask and change.time > about]
    return detail + (f" It is {word} now, since {stamp_of(later[-1].time)}." if later else f" It is {word} now.")
