"""What each check rests on, and who says so: added to the checks when all of them are done."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from registry.credential.model import Credential
from registry.ledger.status import bit_of
from registry.verification.evidence import Assurance, Evidence, NoEvidence
from registry.verification.list_step import needed_lists
from registry.verification.verdict import Check, Verdict

_FROM_THE_DOCUMENT = ("readable", "conforming", "signature", "validity")
_JUDGED = (Verdict.VALID, Verdict.INVALID)
_DOCUMENT = ("document",)
# Texts: `value` of an enum takes longer than all else that is done with a check here.
_NONE, _COMPUTED, _LIST = (assurance.value for assurance in (Assurance.NONE, Assurance.COMPUTED, Assurance.LIST))

# A NamedTuple's constructor is a function in Python, and every check of every document comes by here.
_made: Callable[[tuple[Any, ...]], Check] = partial(tuple.__new__, Check)


def with_basis(checks: Sequence[Check], credential: Credential, evidence: Evidence | NoEvidence) -> tuple[Check, ...]:
    """The checks with `rests_on` and `assurance`."""
    seen = evidence if isinstance(evidence, Evidence) else None
    said = seen.assurance.value if seen else _NONE
    based = []
    for check in checks:
        if check.verdict is Verdict.NOT_APPLICABLE or check.verdict is Verdict.NOT_CHECKED:
            based.append(check)
            continue
        if seen is not None and check.block is not None:
            rests_on, assurance = _slots(check.name, credential, seen), said
        else:
            rests_on, assurance = _without_chain(check, credential)
        based.append(_made((*check[:6], rests_on, assurance)))
    return tuple(based)


def _without_chain(check: Check, credential: Credential) -> tuple[tuple[str, ...], str]:
    """Both of a check that rests on no block."""
    judged = check.verdict in _JUDGED
    if check.name == "status":
        urls = needed_lists(credential)
        return urls, _LIST if urls and judged else _NONE
    if judged or check.name in _FROM_THE_DOCUMENT:
        return _DOCUMENT, _COMPUTED if judged else _NONE
    return (), _NONE


def _slots(name: str, credential: Credential, evidence: Evidence) -> tuple[str, ...]:
    """What of the evidence a check that rests on a block looked at."""
    place = credential.place
    if place is None:
        return ()
    if name == "included":
        return "document", f"record {place.batch}"
    if name == "status":
        return (
            f"issuer word {place.batch.issuer_id}",
            f"status word {bit_of(place.index)[0]} of epoch {evidence.status.epoch}",
        )
    if name == "issuer":
        profiles = [f"profile 0x{fact.hash.hex()}" for fact in evidence.profiles if fact.document is not None]
        return (f"issuer {place.batch.issuer_id}", *profiles)
    if name == "anchored":
        key = () if credential.anchor is None else (f"key 0x{credential.anchor.claim.account.hex()}",)
        again = (f"reaffirmation {place.batch}",) if evidence.reaffirmation else ()
        return (f"record {place.batch}", *key, *again)
    said = evidence.accreditation.statements if evidence.accreditation else ()
    return tuple(f"statement {one.issuer_id} on {one.subject} (0x{one.scope.hex()})" for one in said)
