"""`--as-of` is what the chain said then, `--about` what is known today about then; neither is taken for the other."""

import pytest
import world
from world import ANCHORED_AT, NOW, build, point

from registry.errors import InputError
from registry.ledger.record import KeySlot
from registry.ledger.word import IssuerWord
from registry.verification.evidence import Ask, AsOf, NoEvidence, ReaffirmationFact, StatusFact, ThenFact, WordChange
from registry.verification.moment import as_of_of, block_hash_of, moment_of, root_of, scope_of
from registry.verification.verdict import Verdict

GOOD = build()
MINE = 1 << world.INDEX
THEN = ANCHORED_AT + 500
REVOKED = StatusFact(0, 0, MINE, 0, (WordChange(MINE, 1, 1, 80, NOW - 5_000),))


def about(moment=THEN, *, then=None, base=GOOD, **evidence):
    fact = then if then is not None else ThenFact(moment, point(60, moment - 5), 0, 0, 0)
    return base.with_evidence(then=fact, **evidence).with_policy(about=moment).judge()


def outcome(report, name="status"):
    check = report.check(name)
    return check.verdict, check.code


def test_revoked_later_was_good_then_and_the_revocation_is_told():
    report = about(status=REVOKED)
    assert report.verdict is Verdict.VALID
    assert "It is revoked now, since" in report.check("status").detail
    assert GOOD.with_evidence(status=REVOKED).judge().verdict is Verdict.INVALID


def test_revoked_then_is_never_valid_about_then():
    report = about(status=REVOKED, then=ThenFact(THEN, point(60, THEN), 0, MINE, 0))
    assert outcome(report) == (Verdict.INVALID, "REVOKED")
    assert report.verdict is Verdict.INVALID


def test_key_distrusted_retroactively_shows_today_and_not_as_of_then():
    distrusted = KeySlot(2, ANCHORED_AT - 1_000, NOW - 20, ANCHORED_AT)
    assert outcome(about(key=distrusted), "anchored") == (Verdict.INVALID, "ANCHOR_KEY_DISTRUSTED")
    as_of = GOOD.with_evidence(latest=point(60, THEN)).with_policy(as_of=AsOf(block=60))
    assert as_of.judge().verdict is Verdict.VALID


def test_anchor_that_counts_only_afterwards_was_no_anchor_then():
    report = about(ANCHORED_AT - 1, then=ThenFact(ANCHORED_AT - 1, point(50, ANCHORED_AT - 9), 0, 0, 0))
    assert outcome(report, "anchored") == (Verdict.INVALID, "NOT_YET_ANCHORED")
    distrusted = KeySlot(2, ANCHORED_AT - 1_000, NOW, ANCHORED_AT)
    again = ReaffirmationFact(b"\x02" * 20, THEN + 9, KeySlot(2, 1, 0, 0))
    report = about(key=distrusted, reaffirmation=again)
    assert outcome(report, "anchored") == (Verdict.INVALID, "NOT_YET_ANCHORED")


@pytest.mark.parametrize(
    ("then_bits", "now_bits", "expected"),
    [
        ((MINE, 0), (0, 0), (Verdict.VALID, "")),  # the thief's revocation, which nobody made again
        ((MINE, 0), (MINE, 0), (Verdict.INVALID, "REVOKED")),
        ((0, MINE), (0, 0), (Verdict.UNKNOWN, "STATUS_EPOCH_CHANGED")),
        ((0, MINE), (0, MINE), (Verdict.INVALID, "SUSPENDED")),
        ((0, MINE), (MINE, 0), (Verdict.INVALID, "SUSPENDED")),
        ((0, 0), (MINE, 0), (Verdict.VALID, "")),
    ],
)
def test_bits_of_an_epoch_that_was_discarded_count_as_far_as_they_hold_today(then_bits, now_bits, expected):
    word = IssuerWord(b"\x11" * 26, 9, 1, frozen=False).pack()
    then = ThenFact(THEN, point(60, THEN), 0, *then_bits)
    assert outcome(about(then=then, issuer_word=word, status=StatusFact(1, 0, *now_bits, ()))) == expected


def test_suspended_then_and_lifted_since_was_suspended_then():
    assert outcome(about(then=ThenFact(THEN, point(60, THEN), 0, 0, MINE))) == (Verdict.INVALID, "SUSPENDED")


def test_other_bits_of_the_same_word_say_nothing():
    others = ~MINE & (2**256 - 1)
    then = ThenFact(THEN, point(60, THEN), 0, others, others)
    assert about(then=then, status=StatusFact(0, 0, others, others, ())).verdict is Verdict.VALID


def test_evidence_about_another_moment_or_none_is_unknown():
    asked = GOOD.with_policy(about=THEN)
    assert outcome(asked.judge()) == (Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR")
    wrong = about(then=ThenFact(THEN + 1, point(60, THEN), 0, 0, 0))
    assert outcome(wrong) == (Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR")
    late = GOOD.evidence.latest.time + 1
    report = about(late, then=ThenFact(late, point(100, late - 11), 0, 0, 0))
    assert outcome(report) == (Verdict.UNKNOWN, "BLOCK_NOT_READ")


def test_validity_is_that_of_the_moment_in_question():
    early = 1_798_700_000  # 2026-12-31
    report = about(early, then=ThenFact(early, point(50, early), 0, 0, 0))
    assert outcome(report, "validity") == (Verdict.INVALID, "NOT_YET_VALID")
    expired = GOOD.with_policy(now=2_000_000_000).with_evidence(then=ThenFact(THEN, point(60, THEN), 0, 0, 0))
    assert expired.judge().check("validity").code == "EXPIRED"
    assert expired.with_policy(about=THEN).judge().check("validity").verdict is Verdict.VALID


@pytest.mark.parametrize("as_of", [AsOf(block=99), AsOf(time=NOW - 11)])
def test_evidence_of_a_later_block_than_asked_for_is_none(as_of):
    report = GOOD.with_policy(as_of=as_of).judge()
    assert report.verdict is Verdict.UNKNOWN
    assert outcome(report) == (Verdict.UNKNOWN, "BLOCK_NOT_READ")


def test_as_of_before_the_anchor_there_was_none_and_that_is_final():
    past = GOOD.with_evidence(record=None, latest=point(40, ANCHORED_AT - 9)).with_policy(as_of=AsOf(block=40))
    report = past.judge()
    assert outcome(report, "anchored") == (Verdict.INVALID, "NOT_ANCHORED")
    now = GOOD.with_evidence(record=None, latest=point(40, 1_000)).judge()
    assert outcome(now, "anchored") == (Verdict.UNKNOWN, "EVIDENCE_STALE")


def test_as_of_judges_validity_then_and_age_does_not_matter():
    old = GOOD.with_evidence(latest=point(60, THEN)).with_policy(now=2_000_000_000, max_age=10)
    assert old.judge().verdict is Verdict.INVALID  # expired
    assert old.with_policy(as_of=AsOf(block=60)).judge().verdict is Verdict.VALID
    assert old.with_policy(as_of=AsOf(time=THEN + 3)).judge().moment == THEN + 3


def test_list_outside_the_chain_does_not_tell_the_past():
    entry = {
        "id": "https://u.example/l#5",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "5",
        "statusListCredential": "https://u.example/l",
    }
    listed = build(pointer=False, changes={"credentialStatus": entry})
    bare = {**listed.credential, "proof": listed.credential["proof"][:1]}
    report = listed.with_policy(as_of=AsOf(block=60)).judge(bare, evidence=NoEvidence("none"))
    assert outcome(report) == (Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR")
    assert report.verdict is Verdict.UNKNOWN


def test_policy_asks_for_what_it_needs():
    policy = GOOD.policy._replace(as_of=AsOf(time=7), about=5)
    assert policy.ask(world.CONTRACT) == Ask(None, 7, 5, ())


def test_moments_blocks_roots_scopes_and_hashes_are_read_strictly():
    assert as_of_of("123") == AsOf(block=123)
    assert as_of_of("2026-01-31") == AsOf(time=1_769_903_999)
    assert moment_of("2026-01-31T09:30:00Z") == 1_769_851_800
    root = root_of(f"{world.CONTRACT}:7", ())
    assert root == root_of("7", (world.CONTRACT,))
    assert scope_of("0x" + "ab" * 32) == b"\xab" * 32
    assert block_hash_of("ab" * 32, (31337,)) == block_hash_of(f"eip155:31337:0x{'AB' * 32}", (1, 2))
    for wrong in ("yesterday", "2026-13-01", "-5", "1969-01-01", "12x", "", "9" * 19):
        with pytest.raises(InputError):
            as_of_of(wrong)
    for wrong, contracts in (("7", ()), ("7", (world.CONTRACT, world.CONTRACT._replace(chain_id=2))), ("x", ())):
        with pytest.raises(InputError):
            root_of(wrong, contracts)
    for wrong in ("ab" * 31, "", "zz" * 32):
        with pytest.raises(InputError):
            scope_of(wrong)
    with pytest.raises(InputError):
        block_hash_of("ab" * 32, (1, 2))  # of which chain?


def test_two_trusted_contracts_of_one_chain_need_no_chain_beside_the_hash():
    assert block_hash_of("0x" + "ab" * 32, (5, 5)).chain_id == 5
