"""Step 7: accredited means a chain of statements that held, from a root that the verifier chose; nothing else does."""

import random
from itertools import pairwise

import pytest
from world import ANCHORED_AT, BATCH, CONTRACT, build

from registry.credential.place import ContractId
from registry.ledger.entities import Accreditation
from registry.verification.accreditation import MAX_ISSUERS, path_to, walk
from registry.verification.evidence import AccreditationFact, NoEvidence, Root
from registry.verification.evidence_json import evidence_from_json, evidence_to_json
from registry.verification.verdict import Verdict

ISSUER = BATCH.issuer_id
SCOPE, OTHER = b"\x5c" * 32, b"\x07" * 32
GOOD = build()


def said(issuer, subject, scope=SCOPE, since=1, until=0, stated=ANCHORED_AT - 50, withdrawn=0):
    return Accreditation(issuer, subject, scope, since, until, stated, withdrawn)


def judged(*statements, roots=(1,), asked=None, complete=True, **policy):
    fact = AccreditationFact(tuple(roots if asked is None else asked), statements, complete)
    world = GOOD.with_evidence(accreditation=fact)
    return world.with_policy(roots=tuple(Root(CONTRACT, root) for root in roots), **policy).judge()


def outcome(report):
    check = report.check("accredited")
    return check.verdict, check.code


def test_without_roots_nothing_is_judged_and_nothing_is_called_accredited():
    report = GOOD.with_evidence(accreditation=AccreditationFact((1,), (said(1, ISSUER),), True)).judge()
    assert outcome(report) == (Verdict.NOT_CHECKED, "")
    assert "Not judged" in report.check("accredited").detail
    assert report.verdict is Verdict.VALID
    assert not any("ccredited" in check.detail for check in report.checks if check.name != "accredited")


def test_chain_of_statements_from_a_chosen_root_is_accredited_and_named():
    report = judged(said(1, 4), said(4, 9), said(9, ISSUER))
    assert outcome(report) == (Verdict.VALID, "")
    assert f"issuers 1 → 4 → 9 → {ISSUER}; scope 0x{SCOPE.hex()}" in report.check("accredited").detail
    assert report.verdict is Verdict.VALID
    assert report.check("accredited").block == GOOD.evidence.latest


def test_root_that_somebody_else_asked_about_is_not_the_verifiers():
    report = judged(said(2, ISSUER), roots=(1,), asked=(1, 2))
    assert outcome(report) == (Verdict.INVALID, "NOT_ACCREDITED")


def test_root_itself_needs_no_statement():
    assert outcome(judged(roots=(ISSUER,))) == (Verdict.VALID, "")


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (said(2, ISSUER),),  # by nobody whom the verifier chose
        (said(1, 4), said(9, ISSUER)),  # with a gap
        (said(ISSUER, 1), said(ISSUER, ISSUER)),  # upside down, and by itself
        (said(4, 9), said(9, 4), said(9, ISSUER), said(ISSUER, 4)),  # a circle that no root leads into
        (said(1, ISSUER, since=ANCHORED_AT + 1),),
        (said(1, ISSUER, until=ANCHORED_AT),),
        (said(1, ISSUER, withdrawn=ANCHORED_AT),),
        (said(1, 4, withdrawn=ANCHORED_AT - 1), said(4, ISSUER)),
    ],
)
def test_no_chain_that_held_when_it_was_anchored_is_not_accredited(statements):
    report = judged(*statements)
    assert outcome(report) == (Verdict.INVALID, "NOT_ACCREDITED")
    assert report.verdict is Verdict.INVALID


def test_withdrawal_after_anchoring_is_told_and_changes_nothing():
    report = judged(said(1, ISSUER, withdrawn=ANCHORED_AT + 5))
    assert outcome(report) == (Verdict.VALID, "")
    assert "Withdrawn on" in report.check("accredited").detail


def test_what_was_said_afterwards_is_told():
    report = judged(said(1, ISSUER, stated=ANCHORED_AT + 5))
    assert "Said only afterwards" in report.check("accredited").detail


def test_circles_do_no_harm():
    statements = [said(a, b) for a in range(1, 6) for b in range(1, 6)]
    assert outcome(judged(*statements, said(5, ISSUER), said(ISSUER, 1))) == (Verdict.VALID, "")
    assert outcome(judged(*statements)) == (Verdict.INVALID, "NOT_ACCREDITED")


def test_only_scopes_that_the_verifier_accepts_count_on_every_link():
    chain = (said(1, 4, OTHER), said(4, ISSUER, SCOPE))
    assert outcome(judged(*chain)) == (Verdict.VALID, "")
    assert outcome(judged(*chain, scopes=frozenset({SCOPE, OTHER}))) == (Verdict.VALID, "")
    assert outcome(judged(*chain, scopes=frozenset({SCOPE}))) == (Verdict.INVALID, "NOT_ACCREDITED")


def test_weaker_evidence_is_never_accredited():
    assert outcome(judged(said(2, ISSUER), complete=False)) == (Verdict.UNKNOWN, "ACCREDITATION_INCOMPLETE")
    asked_less = judged(said(1, ISSUER), roots=(1, 2), asked=(1,))
    assert outcome(asked_less) == (Verdict.UNKNOWN, "ACCREDITATION_UNAVAILABLE")
    assert asked_less.verdict is Verdict.UNKNOWN
    policy = GOOD.policy._replace(roots=(Root(CONTRACT, 1),))
    assert outcome(GOOD.judge(policy=policy, evidence=NoEvidence("down"))) == (Verdict.UNKNOWN, "CHAIN_UNAVAILABLE")
    elsewhere = GOOD.policy._replace(roots=(Root(ContractId(1, b"\x01" * 20), ISSUER),))
    fact = AccreditationFact((), (said(1, ISSUER),), True)
    assert outcome(GOOD.with_evidence(accreditation=fact).judge(policy=elsewhere))[0] is not Verdict.VALID


def test_document_that_is_not_on_a_chain_is_not_accredited_by_anybody():
    world = build(pointer=False)
    bare = {**world.credential, "proof": world.credential["proof"][:1]}
    report = world.with_policy(roots=(Root(CONTRACT, ISSUER),)).judge(bare)
    assert outcome(report) == (Verdict.UNKNOWN, "NOT_ANCHORED")
    assert report.verdict is Verdict.UNKNOWN


def test_walk_asks_each_issuer_once_and_keeps_only_what_leads_to_the_issuer():
    given = {1: [said(1, 2), said(1, 3)], 2: [said(2, 1), said(2, ISSUER)], 3: [said(3, 8)], 8: [said(8, 3)]}
    asked = []

    def ask(issuer, most):
        asked.append(issuer)
        return given.get(issuer, [])[:most]

    fact = walk((1,), ISSUER, ask)
    assert sorted(asked) == [1, 2, 3, 8]
    assert set(fact.statements) == {said(1, 2), said(2, 1), said(2, ISSUER)}
    assert fact.complete


def test_walk_ends_and_says_so_when_there_is_too_much():
    fact = walk((1,), ISSUER, lambda issuer, most: [said(issuer, 2 * issuer), said(issuer, 2 * issuer + 1)])
    assert not fact.complete
    flood = walk((1,), ISSUER, lambda issuer, most: [said(issuer, 10_000 + n) for n in range(most)])
    assert not flood.complete
    assert MAX_ISSUERS == 2_000


def _reachable(statements, roots, issuer, scopes, at):
    """The same question by brute force: every path without repetition."""
    ways = {(root,) for root in roots}
    for _ in range(6):
        if any(way[-1] == issuer for way in ways):
            return True
        ways |= {
            (*way, s.subject)
            for way in ways
            for s in statements
            if s.issuer_id == way[-1]
            and s.subject not in way
            and (not scopes or s.scope in scopes)
            and s.since <= at
            and (not s.until or at < s.until)
            and (not s.withdrawn_at or at < s.withdrawn_at)
        }
    return any(way[-1] == issuer for way in ways)


def test_path_is_found_exactly_where_there_is_one():
    draw = random.Random(11)
    found = 0
    for _ in range(600):
        statements = [
            said(*draw.sample(range(1, 6), 2), draw.choice((SCOPE, OTHER)), *draw.choice(((1, 0), (5, 9), (1, 4))))
            for _ in range(draw.randrange(8))
        ]
        roots, scopes = draw.sample(range(1, 6), 2), draw.choice((set(), {SCOPE}))
        path = path_to(5, AccreditationFact(tuple(roots), tuple(statements), True), roots, scopes, 5)
        assert (path is not None) == _reachable(statements, roots, 5, scopes, 5)
        if path:
            found += 1
            assert path[0].issuer_id in roots
            assert path[-1].subject == 5
            assert all(a.subject == b.issuer_id for a, b in pairwise(path))
            assert all(s in statements and s.holds_at(5) and (not scopes or s.scope in scopes) for s in path)
    assert found > 50


def test_statement_without_an_end_that_any_block_reaches_survives_readers_of_json_with_53_bits():
    forever = said(1, ISSUER, until=2**63 - 1)
    body = evidence_to_json(GOOD.with_evidence(accreditation=AccreditationFact((1,), (forever,), True)).evidence)
    assert body["accreditation"]["statements"][0]["until"] == 2**53 - 1
    world = GOOD.with_policy(roots=(Root(CONTRACT, 1),))
    assert outcome(world.judge(evidence=evidence_from_json(body))) == outcome(judged(forever)) == (Verdict.VALID, "")
