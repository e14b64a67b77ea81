"""Each check can fail a valid credential alone, with its own verdict and code; what cannot be told is never valid."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import world
from world import ANCHORED_AT, BATCH, CONTRACT, NOW, World, build

from registry.credential import signature
from registry.credential.anchor_proof import AnchorClaim, decode_proof_value, encode_proof_value, proof_config
from registry.credential.place import BatchId, ContractId, Place
from registry.credential.status.status_entry import with_pointer
from registry.ledger.record import KeySlot
from registry.verification.evidence import Assurance, NoEvidence, ReaffirmationFact, Root, StatusFact, Tier, WordChange
from registry.verification.report import Report
from registry.verification.verdict import CHECK_NAMES, Verdict

V, I, U, NA, NC = Verdict  # noqa: E741
Deviations = dict[str, tuple[Verdict, str]]


def deviations(report: Report) -> Deviations:
    """Every check that is not what it is for a valid credential: all valid, accreditation not asked for."""
    assert tuple(check.name for check in report.checks) == CHECK_NAMES
    usual = dict.fromkeys(CHECK_NAMES, V) | {"accredited": NC}
    return {c.name: (c.verdict, c.code) for c in report.checks if c.verdict is not usual[c.name]}


def test_anchored_credential_is_valid():
    report = build().judge()
    assert deviations(report) == {}
    assert report.verdict is V
    assert report.assurance is Assurance.ENDPOINT
    assert report.as_of == build().evidence.latest
    assert (report.issuer, report.place) == (world.DID, f"{BATCH}:1")


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_every_credential_of_a_batch_is_valid(size):
    batch = build(size=size)
    for credential in batch.credentials:
        assert batch.judge(credential).verdict is V


def test_open_badge_with_its_one_pointer_is_valid():
    badge = build(changes=BADGE)
    assert isinstance(badge.credential["credentialStatus"], dict)
    assert deviations(badge.judge()) == {}


def test_pointer_whose_list_index_is_another_credentials_is_invalid():
    """Signed and anchored by the issuer, so that only the two numbers contradict each other."""
    documents = []
    for index in range(3):
        document = with_pointer(world.body(index), Place(BATCH, index), "https://registry.example")
        document = {
            **document,
            "credentialStatus": [{**e, "statusListIndex": "0"} for e in document["credentialStatus"]],
        }
        documents.append({**document, "proof": [signature.sign(document, world.SEED, world.CREATED)]})
    check = World(*world.anchor(documents)).judge().check("included")
    assert (check.verdict, check.code) == (I, "ANCHOR_POINTER_MISMATCH")


def test_key_that_only_its_own_name_holds_speaks_for_nobody():
    """did:web:u.example#z6Mk… matches whatever key stands behind the '#': without its document it proves no issuer."""
    document = {**world.body(0), "issuer": "did:web:u.example"}
    key = world.DID.removeprefix("did:key:")
    named = {"verificationMethod": f"did:web:u.example#{key}"}
    signed = {**document, "proof": [signature.sign(document, world.SEED, world.CREATED, also=named)]}
    report = build(pointer=False).judge(signed, evidence=NoEvidence("none"))
    check = report.check("signature")
    assert (check.verdict, check.code) == (U, "SIGNER_UNBOUND")
    assert report.verdict is U


BADGE = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": world.DID, "type": ["Profile"]},
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "id": "did:example:learner",
        "achievement": {
            "id": "urn:a", "type": ["Achievement"], "criteria": {"narrative": "x"}, "description": "d", "name": "n"
        },
    },
}  # fmt: skip


# --- helpers that make one fault -------------------------------------------------------------------------------------


def evidence(**changes: Any) -> Callable[[], Report]:
    return lambda: build().with_evidence(**changes).judge()


def policy(**changes: Any) -> Callable[[], Report]:
    return lambda: build().with_policy(**changes).judge()


def issued(**options: Any) -> Callable[[], Report]:
    return lambda: build(**options).judge()


def document(change: Callable[[World], dict[str, Any]]) -> Callable[[], Report]:
    def judged() -> Report:
        made = build()
        return made.judge(change(made))

    return judged


def claim_changed(credential: dict[str, Any], **changes: Any) -> dict[str, Any]:
    proof = world.anchor_of(credential)
    claim = decode_proof_value(proof["proofValue"])._replace(**changes)
    return world.with_anchor(credential, {**proof, "proofValue": encode_proof_value(claim)})


def signature_changed(credential: dict[str, Any], **changes: Any) -> dict[str, Any]:
    first = {**world.signature_of(credential), **changes}
    return {**credential, "proof": [first, *credential["proof"][1:]]}


def record(**changes: Any) -> Any:
    return replace(build().evidence.record, **changes)


def key(**changes: Any) -> KeySlot:
    return replace(build().evidence.key, **changes)


def bits(revoked: int = 0, suspended: int = 0, *changes: WordChange, word: int = 0) -> StatusFact:
    return StatusFact(0, word, revoked, suspended, changes)


def profiles(*facts: Any) -> Callable[[], Report]:
    return evidence(profiles=facts)


def unsigned_profile() -> Any:
    return world.profile_fact({**world.profile_document(), "proof": []})


def tampered_profile() -> Any:
    told = world.profile_document()
    return replace(world.profile_fact(told), document={**told, "name": "Another University"})


def half_signed_profile() -> Any:
    told = world.profile_document(world.SEED, world.SECOND_SEED)
    return world.profile_fact({**told, "proof": told["proof"][:1]})


OTHER_SIGNATURE = build().credentials[0]["proof"][0]["proofValue"]
GOOD_AGAIN = KeySlot(2, ANCHORED_AT - 500, 0, 0)
MINE = 1 << world.INDEX

# What another chain says about the place says nothing: neither revoked there nor valid there counts.
ANOTHER_CHAIN = dict.fromkeys(("included", "anchored", "issuer", "status"), (U, "WRONG_CHAIN"))
FAULTS: dict[str, tuple[Callable[[], Report], Deviations]] = {
    # 2 conforming
    "id is no URL": (issued(changes={"id": "badge 1"}), {"conforming": (I, "MALFORMED_VALUE_ERROR")}),
    "VC 1.1 document": (
        issued(changes={"@context": ["https://www.w3.org/2018/credentials/v1"]}),
        {"conforming": (U, "UNSUPPORTED_DATA_MODEL")},
    ),
    # 3 signature
    "signature of another document": (
        document(lambda w: signature_changed(w.credential, proofValue=OTHER_SIGNATURE)),
        {"signature": (I, "PROOF_VERIFICATION_ERROR")},
    ),
    "malformed signature": (
        document(lambda w: signature_changed(w.credential, proofValue="z")),
        {"signature": (I, "MALFORMED_VALUE_ERROR")},
    ),
    "signed by a stranger": (issued(seed=world.FOREIGN_SEED), {"signature": (I, "PROOF_VERIFICATION_ERROR")}),
    # 4 included
    "another salt": (
        document(lambda w: claim_changed(w.credential, salt=bytes(32))),
        {"included": (I, "INCLUSION_PROOF_ERROR")},
    ),
    "path one hash shorter": (
        document(lambda w: claim_changed(w.credential, path=(bytes(32),))),
        {"included": (I, "INCLUSION_PROOF_ERROR")},
    ),
    "path one hash longer": (
        document(lambda w: claim_changed(w.credential, path=(bytes(32),) * 3)),
        {"included": (I, "INCLUSION_PROOF_ERROR")},
    ),
    "another leaf count with the same path length": (
        document(lambda w: claim_changed(w.credential, leaf_count=4)),
        {"included": (I, "INCLUSION_PROOF_ERROR")},
    ),
    "another commitment on chain": (
        evidence(record=record(commitment=bytes(27))),
        {"included": (I, "INCLUSION_PROOF_ERROR")},
    ),
    "pointer to another index": (
        issued(pointer_to=Place(BATCH, 2)),
        {"included": (I, "ANCHOR_POINTER_MISMATCH")},
    ),
    "pointer to another batch": (
        issued(pointer_to=Place(BATCH._replace(batch_id=bytes(16)), 1)),
        {"included": (I, "ANCHOR_POINTER_MISMATCH")},
    ),
    "pointer to another issuer": (
        issued(pointer_to=Place(BATCH._replace(issuer_id=8), 1)),
        {"included": (I, "ANCHOR_POINTER_MISMATCH")},
    ),
    "anchor proof of the neighbour": (
        document(lambda w: world.with_anchor(w.credential, world.anchor_of(w.credentials[0]))),
        {"included": (I, "ANCHOR_POINTER_MISMATCH")},
    ),
    "stripped anchor proof": (
        document(lambda w: world.stripped(w.credential)),
        {"included": (U, "ANCHOR_PROOF_MISSING"), "anchored": (U, "ANCHOR_PROOF_MISSING")},
    ),
    "unreadable anchor proof": (
        document(lambda w: world.with_anchor(w.credential, {**world.anchor_of(w.credential), "proofValue": "u"})),
        {"included": (I, "MALFORMED_VALUE_ERROR"), "anchored": (U, "ANCHOR_PROOF_MISSING")},
    ),
    "anchor proof twice": (
        document(lambda w: {**w.credential, "proof": [*w.credential["proof"], world.anchor_of(w.credential)]}),
        {"included": (I, "MALFORMED_VALUE_ERROR"), "anchored": (U, "ANCHOR_PROOF_MISSING")},
    ),
    # 5 anchored
    "contract that is not on the list": (policy(trusted=()), {"anchored": (I, "UNTRUSTED_CONTRACT")}),
    "another contract on the list": (
        policy(trusted=(world.trusted(ContractId(31337, b"\1" * 20)),)),
        {"anchored": (I, "UNTRUSTED_CONTRACT")},
    ),
    "the same address on another chain on the list": (
        policy(trusted=(world.trusted(ContractId(1, CONTRACT.address)),)),
        {"anchored": (I, "UNTRUSTED_CONTRACT")},
    ),
    "another code at the address": (evidence(code_hash=bytes(32)), ANOTHER_CHAIN),
    "another chain behind the chain id": (evidence(genesis_hash=bytes(32)), ANOTHER_CHAIN),
    "pending record": (evidence(record=record(tier=Tier.PENDING)), {"anchored": (U, "ANCHOR_PENDING")}),
    "account without a key slot": (evidence(key=None), {"anchored": (I, "ANCHOR_KEY_UNKNOWN")}),
    "account that was never added": (
        evidence(key=key(added_at=0, roles=0)),
        {"anchored": (I, "ANCHOR_KEY_UNKNOWN")},
    ),
    "key distrusted from the record's very second": (
        evidence(key=key(distrust_from=ANCHORED_AT, retired_at=NOW)),
        {"anchored": (I, "ANCHOR_KEY_DISTRUSTED")},
    ),
    "key distrusted earlier": (
        evidence(key=key(distrust_from=1, retired_at=NOW)),
        {"anchored": (I, "ANCHOR_KEY_DISTRUSTED")},
    ),
    "reaffirmed by a key that is distrusted from that very second": (
        evidence(
            key=key(distrust_from=ANCHORED_AT),
            reaffirmation=ReaffirmationFact(b"\2" * 20, NOW - 50, replace(GOOD_AGAIN, distrust_from=NOW - 50)),
        ),
        {"anchored": (I, "ANCHOR_KEY_DISTRUSTED")},
    ),
    "reaffirmed by an account that was never a key": (
        evidence(
            key=key(distrust_from=ANCHORED_AT),
            reaffirmation=ReaffirmationFact(b"\2" * 20, NOW - 50, KeySlot(0, 0, 0, 0)),
        ),
        {"anchored": (I, "ANCHOR_KEY_DISTRUSTED")},
    ),
    "no record": (
        evidence(record=None),
        {"included": (U, "NOT_ANCHORED"), "anchored": (I, "NOT_ANCHORED")},
    ),
    "no record yet, read at a block older than the anchor proof": (
        evidence(record=None, latest=world.point(50, ANCHORED_AT - 20_000)),
        {"included": (U, "NOT_ANCHORED"), "anchored": (U, "EVIDENCE_STALE")},
    ),
    # 6 issuer
    "profile document unknown": (
        profiles(replace(world.profile_fact(world.profile_document()), document=None)),
        {"issuer": (U, "PROFILE_UNAVAILABLE")},
    ),
    "no profile on the chain": (profiles(), {"issuer": (U, "PROFILE_UNAVAILABLE")}),
    "profile of another issuer id": (
        profiles(world.profile_fact(world.profile_document(issuer_id=8))),
        {"issuer": (U, "PROFILE_UNAVAILABLE")},
    ),
    "profile of another contract": (
        profiles(world.profile_fact(world.profile_document(contract=ContractId(31337, b"\1" * 20)))),
        {"issuer": (U, "PROFILE_UNAVAILABLE")},
    ),
    "unsigned profile": (profiles(unsigned_profile()), {"issuer": (U, "PROFILE_UNAVAILABLE")}),
    "profile that one of its DIDs did not sign": (
        profiles(half_signed_profile()),
        {"issuer": (U, "PROFILE_UNAVAILABLE")},
    ),
    "tampered profile": (profiles(tampered_profile()), {"issuer": (U, "PROFILE_UNAVAILABLE")}),
    "profile with another hash than the chain's": (
        profiles(replace(world.profile_fact(world.profile_document()), hash=bytes(32))),
        {"issuer": (U, "PROFILE_UNAVAILABLE")},
    ),
    "profile that ended before the record": (
        profiles(world.profile_fact(world.profile_document(), since=1, until=ANCHORED_AT)),
        {"issuer": (U, "PROFILE_UNAVAILABLE")},
    ),
    "foreign issuer with its own signature": (
        issued(changes={"issuer": world.FOREIGN_DID}, seed=world.FOREIGN_SEED),
        {"issuer": (I, "ISSUER_MISMATCH")},
    ),
    "profile of somebody else": (
        profiles(world.profile_fact(world.profile_document(world.SECOND_SEED))),
        {"issuer": (I, "ISSUER_MISMATCH")},
    ),
    # 7 accredited
    "roots given": (policy(roots=(Root(CONTRACT, 1),)), {"accredited": (U, "ACCREDITATION_UNAVAILABLE")}),
    # 8 status
    "revoked": (evidence(status=bits(revoked=MINE)), {"status": (I, "REVOKED")}),
    "suspended": (evidence(status=bits(suspended=MINE)), {"status": (I, "SUSPENDED")}),
    "revoked and suspended": (evidence(status=bits(MINE, MINE)), {"status": (I, "REVOKED")}),
    "all of the batch revoked": (evidence(status=bits(2**256 - 1)), {"status": (I, "REVOKED")}),
    "status of another word": (evidence(status=bits(word=1)), {"status": (U, "STATUS_RETRIEVAL_ERROR")}),
    "newest block older than --max-age": (policy(max_age=9), {"status": (U, "EVIDENCE_STALE")}),
    # 9 validity
    "expired": (policy(now=1_893_456_001), {"validity": (I, "EXPIRED")}),
    "not yet valid": (policy(now=1_798_761_599), {"validity": (I, "NOT_YET_VALID")}),
}  # fmt: skip


@pytest.mark.parametrize(("judged", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_single_fault_gives_exactly_its_check_and_code(judged, expected):
    report = judged()
    assert deviations(report) == expected
    assert report.verdict is (I if any(verdict is I for verdict, _ in expected.values()) else U)
    for name in expected:
        assert report.check(name).detail


def test_every_check_has_a_fault_that_fails_it_alone():
    alone = {next(iter(expected)) for _, expected in FAULTS.values() if len(expected) == 1}
    assert alone == set(CHECK_NAMES) - {"readable"}


# --- 1 readable ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"not json", b"[]", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff", b"[" * 99_999])
def test_unreadable_document_is_invalid_and_nothing_else_is_checked(data):
    report = build().judge(data)
    assert report.verdict is I
    assert report.check("readable").verdict is I
    assert report.check("readable").code == "PARSING_ERROR"
    assert {check.verdict for check in report.checks[1:]} == {NC}
    assert (report.as_of, report.assurance, report.issuer, report.place) == (None, Assurance.NONE, None, None)


@pytest.mark.parametrize("data", [b"{}", b'{"proof": null}', b'{"proof": 5, "credentialStatus": 5, "issuer": []}'])
def test_readable_document_that_is_no_credential_is_invalid(data):
    report = build().judge(data)
    assert report.verdict is I
    assert report.check("conforming").verdict is I


# --- 3 signature -----------------------------------------------------------------------------------------------------


def test_second_did_of_the_profile_may_sign_for_the_issuer():
    made = build(seed=world.SECOND_SEED)
    both = world.profile_fact(world.profile_document(world.SEED, world.SECOND_SEED))
    assert deviations(made.with_evidence(profiles=(both,)).judge()) == {}


@pytest.mark.parametrize(
    "seen",
    [
        NoEvidence("endpoint down"),
        build().with_evidence(profiles=()).evidence,
        build().with_evidence(profiles=(replace(build().evidence.profiles[0], document=None),)).evidence,
    ],
    ids=["endpoint down", "no profile", "profile document unknown"],
)
def test_signature_of_the_issuers_second_did_is_unknown_not_invalid_where_the_profile_cannot_be_seen(seen):
    made = build(seed=world.SECOND_SEED)
    if not isinstance(seen, NoEvidence):
        seen = replace(made.evidence, profiles=seen.profiles)
    report = made.judge(evidence=seen)
    assert (report.check("signature").verdict, report.check("signature").code) == (U, "SIGNER_UNBOUND")
    assert report.verdict is U


def test_signer_of_a_did_web_issuer_is_unknown_where_it_cannot_be_bound():
    report = build(changes={"issuer": "did:web:example.org"}).judge()
    assert (report.check("signature").verdict, report.check("signature").code) == (U, "SIGNER_UNBOUND")
    assert report.verdict is not V


def test_did_web_of_the_profile_is_unproven():
    told = {**world.profile_document(), "dids": [world.DID, "did:web:example.org"]}
    told["proof"] = [signature.sign({name: told[name] for name in told if name != "proof"}, world.SEED, world.CREATED)]
    made = build(changes={"issuer": "did:web:example.org"}, seed=None)
    report = made.with_evidence(profiles=(world.profile_fact(told),)).judge()
    assert (report.check("issuer").verdict, report.check("issuer").code) == (U, "ISSUER_UNPROVEN")
    assert report.verdict is U


def test_unknown_suite_beside_an_anchor_is_said_and_not_checked():
    """DESIGN, 'Verdict': a signature is required if its suite is known, or if there is no anchor."""
    made = build()
    changed = signature_changed(made.credential, cryptosuite="bbs-2023")
    report = made.judge(changed)
    assert deviations(report) == {"signature": (NC, "UNKNOWN_SUITE")}
    assert report.verdict is V


def test_anchored_document_without_signature_rests_on_its_anchor():
    report = build(seed=None).judge()
    assert deviations(report) == {"signature": (NA, "PROOF_MISSING")}
    assert report.verdict is V


def test_bad_signature_beside_a_good_one_is_invalid():
    made = build()
    bad = {**world.signature_of(made.credential), "proofValue": OTHER_SIGNATURE}
    for proofs in ([bad, *made.credential["proof"]], [*made.credential["proof"], bad]):
        report = made.judge({**made.credential, "proof": proofs})
        assert report.check("signature").verdict is I
        assert report.verdict is I


# --- 4 and 5: where a credential is anchored -------------------------------------------------------------------------


def test_stripped_anchor_proof_is_never_valid_whatever_the_chain_says():
    made = build()
    bare = world.stripped(made.credential)
    for seen in (made.evidence, replace(made.evidence, record=None), NoEvidence("down")):
        assert made.judge(bare, evidence=seen).verdict is not V
    assert made.judge(bare, evidence=replace(made.evidence, record=None)).check("anchored").code == "NOT_ANCHORED"


def test_revocation_is_seen_through_the_pointer_even_without_the_anchor_proof():
    made = build().with_evidence(status=bits(revoked=MINE))
    report = made.judge(world.stripped(made.credential))
    assert report.check("status").code == "REVOKED"
    assert report.verdict is I


@pytest.mark.parametrize("pointer", [True, False], ids=["with pointer", "without pointer"])
def test_proofs_spliced_between_credentials_of_a_batch_are_never_valid(pointer):
    made = build(size=4, pointer=pointer)
    for one in made.credentials:
        for other in made.credentials:
            if one is other:
                continue
            spliced = world.with_anchor(one, world.anchor_of(other))
            assert made.judge(spliced).verdict is I
            swapped = {**one, "proof": [world.signature_of(other), world.anchor_of(one)]}
            assert made.judge(swapped).verdict is I
            assert made.judge({**one, "proof": other["proof"]}).verdict is I


ELSEWHERE = {
    "chain": BatchId(ContractId(1, CONTRACT.address), 7, BATCH.batch_id),
    "contract": BatchId(ContractId(31337, b"\1" * 20), 7, BATCH.batch_id),
    "issuer": BatchId(CONTRACT, 8, BATCH.batch_id),
    "batch": BatchId(CONTRACT, 7, b"\1" * 16),
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE.values(), ids=ELSEWHERE.keys())
@pytest.mark.parametrize("pointer", [True, False], ids=["with pointer", "without pointer"])
def test_root_anchored_again_elsewhere_never_makes_a_valid_credential(elsewhere, pointer):
    """A stranger copies root, leaf count and account, and rewrites the anchor proof: the leaf names its place."""
    made = build(pointer=pointer)
    claim = decode_proof_value(world.anchor_of(made.credential)["proofValue"])
    moved = AnchorClaim(Place(elsewhere, claim.place.index), claim.account, claim.leaf_count, claim.salt, claim.path)
    config = proof_config(elsewhere.contract, claim.account, world.CREATED)
    forged = world.with_anchor(made.credential, {**config, "proofValue": encode_proof_value(moved)})
    there = world.evidence_of(elsewhere, made.evidence.record.commitment)
    report = made.judge(
        forged, evidence=there, policy=made.policy._replace(trusted=(world.trusted(elsewhere.contract),))
    )
    assert report.check("included").verdict is I
    assert report.verdict is I


def test_evidence_about_another_contract_is_no_evidence():
    made = build()
    there = replace(made.evidence, contract=ContractId(31337, b"\1" * 20))
    report = made.judge(evidence=there)
    assert report.verdict is U
    assert not any(check.verdict is I for check in report.checks)


@pytest.mark.parametrize("distrust_from", [ANCHORED_AT + 1, NOW + 10**6])
def test_anchor_one_second_before_its_keys_distrust_from_counts(distrust_from):
    made = build().with_evidence(key=key(distrust_from=distrust_from, retired_at=NOW))
    assert deviations(made.judge()) == {}


def test_retired_key_leaves_its_anchors_standing():
    assert deviations(build().with_evidence(key=key(retired_at=ANCHORED_AT)).judge()) == {}


@pytest.mark.parametrize("distrust_from", [0, NOW - 49])
def test_reaffirmed_record_counts_from_its_reaffirmation(distrust_from):
    again = ReaffirmationFact(b"\2" * 20, NOW - 50, replace(GOOD_AGAIN, distrust_from=distrust_from))
    report = build().with_evidence(key=key(distrust_from=ANCHORED_AT), reaffirmation=again).judge()
    assert deviations(report) == {}
    assert "2027-01-15T07:59:10Z" in report.check("anchored").detail


def test_final_record_is_as_good_as_a_safe_one():
    assert deviations(build().with_evidence(record=record(tier=Tier.FINAL)).judge()) == {}


def test_one_of_several_list_entries_suffices():
    stranger = world.trusted(CONTRACT)._replace(code_hash=bytes(32))
    made = build()
    assert made.with_policy(trusted=(stranger, world.trusted(CONTRACT))).judge().verdict is V
    assert made.with_policy(trusted=(stranger,)).judge().verdict is U


def test_document_that_came_signed_is_anchored_without_a_pointer():
    assert deviations(build(pointer=False).judge()) == {}


def test_malformed_anchor_proof_without_a_pointer_is_invalid_not_a_crash():
    made = build(pointer=False)
    broken = world.with_anchor(made.credential, {**world.anchor_of(made.credential), "proofValue": "u"})
    report = made.judge(broken)
    assert report.check("included").code == "MALFORMED_VALUE_ERROR"
    assert report.verdict is I


# --- 6 issuer --------------------------------------------------------------------------------------------------------


def test_profile_that_was_in_force_at_the_record_vouches_after_it_was_replaced():
    old = world.profile_fact(world.profile_document(), since=1, until=ANCHORED_AT + 1)
    new = world.profile_fact(world.profile_document(world.SECOND_SEED), since=ANCHORED_AT + 1)
    assert deviations(build().with_evidence(profiles=(new, old)).judge()) == {}


def test_issuer_name_does_not_help_a_foreign_did():
    made = build(changes={"issuer": {"id": world.FOREIGN_DID, "name": "Example University"}}, seed=world.FOREIGN_SEED)
    assert made.judge().check("issuer").code == "ISSUER_MISMATCH"


# --- 8 status --------------------------------------------------------------------------------------------------------


def test_revoked_credential_is_never_valid_even_while_its_anchor_is_pending():
    made = build().with_evidence(record=record(tier=Tier.PENDING), status=bits(revoked=MINE))
    report = made.judge()
    assert deviations(report) == {"anchored": (U, "ANCHOR_PENDING"), "status": (I, "REVOKED")}
    assert report.verdict is I


@pytest.mark.parametrize(("revoked", "suspended"), [(~MINE % 2**256, 0), (0, ~MINE % 2**256)])
def test_revoking_or_suspending_everybody_else_changes_nothing(revoked, suspended):
    assert deviations(build().with_evidence(status=bits(revoked, suspended)).judge()) == {}


def test_reason_and_block_of_the_revocation_are_told():
    newest = WordChange(MINE, 1, 9, 77, NOW - 100)
    others = (WordChange(MINE << 1, 1, 1, 79, NOW - 60), WordChange(MINE, 2, 6, 78, NOW - 80))
    older = WordChange(MINE, 1, 0, 60, NOW - 900)
    detail = build().with_evidence(status=bits(MINE, MINE, *others, newest, older)).judge().check("status").detail
    assert detail == "Revoked in block 77 (2027-01-15T07:58:20Z): privilegeWithdrawn."
    detail = build().with_evidence(status=bits(0, MINE, *others, newest)).judge().check("status").detail
    assert detail == "Suspended in block 78 (2027-01-15T07:58:40Z): certificateHold."


def test_revocation_without_known_history_is_still_a_revocation():
    report = build().with_evidence(status=bits(MINE)).judge()
    assert report.check("status").detail == "Revoked."


def test_revocation_counts_even_from_evidence_older_than_max_age():
    report = build().with_evidence(status=bits(MINE)).with_policy(max_age=1).judge()
    assert report.check("status").code == "REVOKED"
    assert report.verdict is I


def test_evidence_of_exactly_max_age_is_fresh():
    assert build().with_policy(max_age=10).judge().verdict is V


def test_status_list_outside_the_chain_that_nobody_fetched_is_unknown():
    address = "https://example.org/list"
    entry = {
        "id": f"{address}#1", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
        "statusListIndex": "1", "statusListCredential": address,
    }  # fmt: skip
    made = build(pointer=False, changes={"credentialStatus": entry}, size=1)
    report = made.judge(world.stripped(made.credential), evidence=NoEvidence("not asked"))
    assert report.check("status").verdict is U
    assert report.verdict is U


@pytest.mark.parametrize("index", [255, 256, 300])
def test_bits_are_looked_up_at_the_credentials_own_index(index):
    batch = build(size=301)
    word, mask = divmod(index, 256)
    seen = replace(batch.evidence, status=bits(revoked=1 << mask, word=word))
    assert batch.judge(batch.credentials[index], evidence=seen).check("status").code == "REVOKED"
    neighbour = batch.judge(batch.credentials[index - 1], evidence=seen)
    assert neighbour.check("status").verdict is not I


# --- 9 validity ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [1_798_761_600, 1_893_456_000])
def test_first_and_last_moment_of_the_validity_period_are_valid(now):
    assert build().with_policy(now=now).judge().check("validity").verdict is V


def test_document_without_period_is_always_in_time():
    assert build(changes={"validFrom": None, "validUntil": None}).with_policy(now=1).judge().verdict is V


# --- nobody to ask ---------------------------------------------------------------------------------------------------

UNTAMPERED: dict[str, Callable[[], World]] = {
    "plain": build,
    "badge": lambda: build(changes=BADGE),
    "unsigned": lambda: build(seed=None),
    "without pointer": lambda: build(pointer=False),
    "batch of one": lambda: build(size=1),
    "foreign issuer": lambda: build(changes={"issuer": world.FOREIGN_DID}, seed=world.FOREIGN_SEED),
    "second DID": lambda: build(seed=world.SECOND_SEED),
    "did:web issuer": lambda: build(changes={"issuer": "did:web:example.org"}),
    "revoked": lambda: build().with_evidence(status=bits(MINE)),
    "distrusted": lambda: build().with_evidence(key=key(distrust_from=1)),
}


@pytest.mark.parametrize("made", UNTAMPERED.values(), ids=UNTAMPERED.keys())
def test_unreachable_chain_is_unknown_never_invalid_and_never_valid(made):
    report = made().judge(evidence=NoEvidence("The endpoint did not answer."))
    assert report.verdict is U
    assert not any(check.verdict is I for check in report.checks)
    assert report.check("anchored").code == "CHAIN_UNAVAILABLE"
    assert report.check("status").detail == "The endpoint did not answer."
    assert (report.as_of, report.assurance) == (None, Assurance.NONE)


def test_tampered_document_is_invalid_even_when_nobody_can_be_asked():
    made = build()
    changed = {**made.credential, "credentialSubject": {"id": "urn:uuid:1", "name": "Eve"}}
    assert made.judge(changed, evidence=NoEvidence("down")).check("signature").verdict is I


def test_untrusted_contract_is_invalid_even_when_nobody_can_be_asked():
    made = build()
    report = made.judge(evidence=NoEvidence("down"), policy=made.policy._replace(trusted=()))
    assert report.check("anchored").code == "UNTRUSTED_CONTRACT"


# --- without an anchor -----------------------------------------------------------------------------------------------


def unanchored(**options: Any) -> dict[str, Any]:
    return world.stripped(build(pointer=False, size=1, **options).credential)


def test_self_signed_did_key_without_anchor_vouches_for_itself_only():
    report = build().judge(unanchored(), evidence=NoEvidence("not asked"))
    assert deviations(report) == {"included": (NA, ""), "anchored": (NA, ""), "status": (NA, "")}
    assert report.verdict is V
    assert "nobody says" in report.check("issuer").detail


def test_unsigned_document_without_anchor_is_unknown():
    report = build().judge(unanchored(seed=None), evidence=NoEvidence("not asked"))
    assert report.check("signature").code == "PROOF_MISSING"
    assert report.verdict is U


def test_document_without_anchor_signed_by_another_did_is_invalid():
    report = build().judge(unanchored(seed=world.FOREIGN_SEED), evidence=NoEvidence("not asked"))
    assert report.check("signature").verdict is I
    assert report.verdict is I


# --- the report ------------------------------------------------------------------------------------------------------


def test_report_is_json_with_the_published_members():
    report = build().with_evidence(status=bits(MINE)).judge()
    body = json.loads(json.dumps(report.to_json()))
    members = {
        "verdict",
        "checks",
        "holder",
        "asOf",
        "assurance",
        "compared",
        "issuer",
        "place",
        "checkedAt",
        "moment",
        "about",
    }
    assert set(body) == members
    assert body["verdict"] == "invalid"
    assert [check["name"] for check in body["checks"]] == list(CHECK_NAMES)
    assert {"name", "verdict", "code", "detail"} <= set(body["checks"][7])
    assert body["checks"][7]["code"] == "REVOKED"
    assert body["checks"][7]["block"] == body["asOf"] == {"number": 100, "hash": body["asOf"]["hash"], "time": NOW - 10}
