"""Step 7: a chain of accreditations from roots that the verifier chose down to the issuer (SPEC.md, section 5.10)."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from registry.credential.model import Credential
from registry.credential.times import stamp_of
from registry.verification.evidence import AccreditationFact, Evidence, NoEvidence, Policy
from registry.verification.place_steps import counts_since
from registry.verification.verdict import Check, Verdict

if TYPE_CHECKING:
    from registry.ledger.entities import Accreditation

MAX_ISSUERS = 2_000
MAX_STATEMENTS = 20_000
_NAME = "accredited"
_NOT_JUDGED = Check(_NAME, Verdict.NOT_CHECKED, detail="Not judged: no accreditation roots were given.")


def walk(
    roots: Sequence[int], issuer_id: int, given: "Callable[[int, int], Iterable[Accreditation]]"
) -> AccreditationFact:
    """Statements on ways from the roots to an issuer, whether they hold or not.

    Args:
        roots: Issuer ids to start from.
        issuer_id: Whom the ways lead to.
        given: What an issuer said of others, at most so many; asked once for each issuer, so that circles are harmless.
    """
    seen, complete = set(roots), True
    found: list[Accreditation] = []
    waiting = deque(sorted(seen))
    while waiting:
        said = list(given(waiting.popleft(), MAX_STATEMENTS - len(found) + 1))
        if len(found) + len(said) > MAX_STATEMENTS:
            complete = False
            break
        found += said
        fresh = sorted({statement.subject for statement in said} - seen - {issuer_id})
        complete = complete and len(seen) + len(fresh) <= MAX_ISSUERS
        fresh = fresh[: max(0, MAX_ISSUERS - len(seen))]
        seen |= set(fresh)
        waiting += fresh
    return AccreditationFact(tuple(roots), _leading_to(issuer_id, found), complete)


def _leading_to(issuer_id: int, statements: "Sequence[Accreditation]") -> "tuple[Accreditation, ...]":
    """Only what lies on a way to the issuer."""
    wanted, before = {issuer_id}, -1
    while len(wanted) != before:
        before = len(wanted)
        wanted |= {statement.issuer_id for statement in statements if statement.subject in wanted}
    return tuple(statement for statement in statements if statement.subject in wanted)


def path_to(
    issuer_id: int, fact: AccreditationFact, roots: Collection[int], scopes: Collection[bytes], at: int
) -> "list[Accreditation] | None":
    """The shortest chain of statements that hold at `at`, of scopes that count, from a root; [] for a root itself."""
    reached: dict[int, list[Accreditation]] = {root: [] for root in sorted(roots)}
    waiting = deque(reached)
    while waiting and issuer_id not in reached:
        accreditor = waiting.popleft()
        for said in fact.statements:
            counts = said.issuer_id == accreditor and (not scopes or said.scope in scopes) and said.holds_at(at)
            if counts and said.subject not in reached:
                reached[said.subject] = [*reached[accreditor], said]
                waiting.append(said.subject)
    return reached.get(issuer_id)


def check_accredited(credential: Credential, evidence: Evidence | NoEvidence, policy: Policy) -> Check:
    """Step 7: judged only against roots that the verifier chose, for the moment from which the anchor counts."""
    if not policy.roots:
        return _NOT_JUDGED
    place = credential.place
    if place is None:
        detail = "Accreditations speak of issuers on the chain; this document names none there."
        return Check(_NAME, Verdict.UNKNOWN, "NOT_ANCHORED", detail)
    if isinstance(evidence, NoEvidence):
        return Check(_NAME, Verdict.UNKNOWN, evidence.code, evidence.reason)
    roots = policy.ask(place.batch.contract).roots
    if not roots:
        detail = f"None of your roots is an issuer of {place.batch.contract}."
        return Check(_NAME, Verdict.INVALID, "NOT_ACCREDITED", detail, evidence.latest)
    return _judge_chain(place.batch.issuer_id, roots, evidence, policy)


def _judge_chain(issuer_id: int, roots: Sequence[int], evidence: Evidence, policy: Policy) -> Check:
    fact, since = evidence.accreditation, counts_since(evidence)
    if fact is None or not set(roots) <= set(fact.roots):
        detail = "What your roots accredited is not known here: no accreditation contract, or it was not asked."
        return Check(_NAME, Verdict.UNKNOWN, "ACCREDITATION_UNAVAILABLE", detail, evidence.latest)
    if since is None:
        detail = "No anchor counts, so there is no moment to judge accreditation for; see 'anchored'."
        return Check(_NAME, Verdict.UNKNOWN, "NOT_ANCHORED", detail, evidence.latest)
    path = path_to(issuer_id, fact, roots, policy.scopes, since)
    if path is None:
        return _not_found(issuer_id, fact, since, evidence)
    return Check(_NAME, Verdict.VALID, detail=_told(issuer_id, path, since), block=evidence.latest)


def _not_found(issuer_id: int, fact: AccreditationFact, since: int, evidence: Evidence) -> Check:
    if not fact.complete:
        detail = (
            "The statements that are known here do not lead from your roots to the issuer, and there may be others "
            f"(a bundle holds some only, and no more than {MAX_ISSUERS:,} issuers are followed)."
        )
        return Check(_NAME, Verdict.UNKNOWN, "ACCREDITATION_INCOMPLETE", detail, evidence.latest)
    detail = f"No root of yours had accredited issuer {issuer_id} on {stamp_of(since)}, when this was anchored."
    if fact.statements:
        detail += (
            " There are statements that lead to it, but they did not hold then, or not in a scope that you accept."
        )
    return Check(_NAME, Verdict.INVALID, "NOT_ACCREDITED", detail, evidence.latest)


def _told(issuer_id: int, path: "Sequence[Accreditation]", since: int) -> str:
    if not path:
        return f"Issuer {issuer_id} is one of your roots."
    chain = " → ".join([str(path[0].issuer_id), *(str(said.subject) for said in path)])
    scopes = ", ".join(dict.fromkeys("0x" + said.scope.hex() for said in path))
    text = f"Accredited on {stamp_of(since)}, when it was anchored: issuers {chain}; scope {scopes}."
    late = [said for said in path if said.stated_at > since]
    ended = [said.withdrawn_at for said in path if said.withdrawn_at]
    text += f" Said only afterwards, on {stamp_of(late[0].stated_at)}." if late else ""
    return text + (f" Withdrawn on {stamp_of(min(ended))}." if ended else "")
