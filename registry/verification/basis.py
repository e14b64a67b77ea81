"""What each check rests on, and who says so: added to the checks when all of them are done."""

from collections.abc import Sequence

from registry.credential.model import Credential
from registry.ledger.status import bit_of
from registry.verification.evidence import Assurance, Evidence, NoEvidence
from registry.verification.list_step import needed_lists
from registry.verification.verdict import Check, Verdict

_FROM_THE_DOCUMENT = ("readable", "conforming", "signature", "validity")
_JUDGED = (Verdict.VALID, Verdict.INVALID)


def with_basis(checks: Sequence[Check], credential: Credential, evidence: Evidence | NoEvidence) -> tuple[Check, ...]:
    """The checks with `rests_on` and `assurance`."""
    return tuple(_with_basis(check, credential, evidence) for check in checks)


def _with_basis(check: Check, credential: Credential, evidence: Evidence | NoEvidence) -> Check:
    if check.verdict not in (*_JUDGED, Verdict.UNKNOWN):
        return check
    if check.block is not None and isinstance(evidence, Evidence):
        return _based(check, _slots(check.name, credential, evidence), evidence.assurance)
    if check.name == "status":
        urls = needed_lists(credential)
        judged = bool(urls) and check.verdict in _JUDGED
        return _based(check, urls, Assurance.LIST if judged else Assurance.NONE)
    computed = check.name in _FROM_THE_DOCUMENT or check.verdict in _JUDGED
    assurance = Assurance.COMPUTED if computed and check.verdict in _JUDGED else Assurance.NONE
    return _based(check, ("document",) if computed else (), assurance)


def _based(check: Check, rests_on: tuple[str, ...], assurance: Assurance) -> Check:
    """The check with both; written out because every check of every document comes by here."""
    return Check(
        check.name, check.verdict, check.code, check.detail, check.block, check.problems, rests_on, assurance.value
    )


def _slots(name: str, credential: Credential, evidence: Evidence) -> tuple[str, ...]:
    """What of the evidence a check that rests on a block looked at."""
    place = credential.place
    if place is None:
        return ()
    account = "" if credential.anchor is None else "0x" + credential.anchor.claim.account.hex()
    index, _ = bit_of(place.index)
    if name == "included":
        return "document", f"record {place.batch}"
    if name == "anchored":
        again = (f"reaffirmation {place.batch}",) if evidence.reaffirmation else ()
        return (f"record {place.batch}", *([f"key {account}"] if account else []), *again)
    if name == "issuer":
        profiles = [f"profile 0x{fact.hash.hex()}" for fact in evidence.profiles if fact.document is not None]
        return (f"issuer {place.batch.issuer_id}", *profiles)
    if name == "accredited":
        said = evidence.accreditation.statements if evidence.accreditation else ()
        return tuple(f"statement {one.issuer_id} on {one.subject} (0x{one.scope.hex()})" for one in said)
    return f"issuer word {place.batch.issuer_id}", f"status word {index} of epoch {evidence.status.epoch}"
