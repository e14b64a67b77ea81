"""Steps 2 and 9: what needs no chain."""

from registry.credential.conformance.rules import MODEL_NAMES, conformance_problems, data_model, validity_of
from registry.credential.model import Credential
from registry.credential.times import stamp_of
from registry.errors import MalformedError
from registry.verification.verdict import Check, Verdict, plain

_CONFORMS, _HOLDS = plain("conforming"), plain("validity")
_SHOWN_PROBLEMS = 5
_LISTED_PROBLEMS = 100


def check_conforming(credential: Credential) -> Check:
    """Step 2: the rules of the data model that the document says it follows."""
    model = data_model(credential.document)
    if model in MODEL_NAMES:
        detail = f"This is {MODEL_NAMES[model]}; this program judges VC 2.0 and Open Badges 3.0 on VC 2.0."
        return Check("conforming", Verdict.UNKNOWN, "UNSUPPORTED_DATA_MODEL", detail)
    problems = conformance_problems(credential.document)
    if not problems:
        return _CONFORMS
    shown = "; ".join(map(str, problems[:_SHOWN_PROBLEMS]))
    more = f"; and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
    return Check(
        "conforming", Verdict.INVALID, problems[0].code, shown + more + ".", problems=problems[:_LISTED_PROBLEMS]
    )


def check_validity(credential: Credential, now: float) -> Check:
    """Step 9: `now` (seconds since 1970) lies within validFrom … validUntil."""
    try:
        period = validity_of(credential.document)
    except MalformedError as error:
        return Check("validity", Verdict.INVALID, error.code, str(error))
    if period.since is not None and now < period.since:
        return Check("validity", Verdict.INVALID, "NOT_YET_VALID", f"Valid only from {stamp_of(int(period.since))}.")
    if period.until is not None and now > period.until:
        return Check("validity", Verdict.INVALID, "EXPIRED", f"Valid only until {stamp_of(int(period.until))}.")
    return _HOLDS
