"""What each check rests on, and who says so: added to the checks when all of them are done."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from registry.credential.model import Credential
from registry.credential.place import BatchId
from registry.ledger.status import bit_of
from registry.verification.evidence import Assurance, Evidence, NoEvidence
from registry.verification.list_step import needed_lists
from registry.verification.verdict import CHECK_NAMES, Check, Verdict

_FROM_THE_DOCUMENT = ("readable", "conforming", "signature", "validity")
_JUDGED = (Verdict.VALID, Verdict.INVALID)
# Named here: an enum looks each of its members up anew.
_NOT_APPLICABLE, _NOT_CHECKED = Verdict.NOT_APPLICABLE, Verdict.NOT_CHECKED
_DOCUMENT = ("document",)
# Texts: `value` of an enum takes longer than all else that is done with a check here.
_NONE, _COMPUTED, _LIST = (assurance.value for assurance in (Assurance.NONE, Assurance.COMPUTED, Assurance.LIST))

# A NamedTuple's constructor is a function in Python, and every check of every document comes by here.
_made: Callable[[tuple[Any, ...]], Check] = partial(tuple.__new__, Check)


def with_basis(checks: Sequence[Check], credential: Credential, evidence: Evidence | NoEvidence) -> tuple[Check, ...]:
    """The checks with `rests_on` and `assurance`; those that have them already as they are."""
    seen = evidence if isinstance(evidence, Evidence) else None
    said = seen.assurance._value_ if seen else _NONE
    slots = None if seen is None else _slots(credential, seen)
    based = []
    for check in checks:
        name, verdict, code, detail, block, problems, rests_on, assurance = check
        if rests_on or verdict is _NOT_APPLICABLE or verdict is _NOT_CHECKED:
            based.append(check)
            continue
        if slots is not None and block is not None:
            rests_on, assurance = slots.get(name, ()), said
        else:
            rests_on, assurance = _without_chain(check, credential)
        based.append(_made((name, verdict, code, detail, block, problems, rests_on, assurance)))
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


def _slots(credential: Credential, evidence: Evidence) -> Mapping[str, tuple[str, ...]]:
    """What of the evidence each check that rests on a block looked at, by the check's name."""
    if credential.place is None:
        return _NOWHERE
    batch, index = credential.place
    account = None if credential.anchor is None else credential.anchor.claim.account
    profiles = tuple([fact.hash for fact in evidence.profiles if fact.document is not None])
    said = evidence.accreditation.statements if evidence.accreditation else ()
    status = (bit_of(index)[0], evidence.status.epoch)
    slots = _named(batch, account, evidence.reaffirmation is not None, status, profiles)
    if not said:
        return slots
    stated = tuple(f"statement {one.issuer_id} on {one.subject} (0x{one.scope.hex()})" for one in said)
    return {**slots, "accredited": stated}


# The same for nearly all credentials of a batch.
@lru_cache(maxsize=256)
def _named(
    batch: BatchId, account: bytes | None, reaffirmed: bool, status: tuple[int, int], profiles: tuple[bytes, ...]
) -> Mapping[str, tuple[str, ...]]:
    record, issuer, (word, epoch) = f"record {batch}", batch.issuer_id, status
    key = () if account is None else (f"key 0x{account.hex()}",)
    return {
        "included": ("document", record),
        "anchored": (record, *key, *((f"reaffirmation {batch}",) if reaffirmed else ())),
        "issuer": (f"issuer {issuer}", *[f"profile 0x{one.hex()}" for one in profiles]),
        "accredited": (),
        "status": (f"issuer word {issuer}", f"status word {word} of epoch {epoch}"),
    }


_NOWHERE: Mapping[str, tuple[str, ...]] = dict.fromkeys(CHECK_NAMES, ())
