"""Is the presenter the subject? Checked when it is asked and offered, never assumed, and always said."""

import copy
import hashlib
import json

import pytest
import world
from world import CREATED, DID, FOREIGN_SEED, SECOND_DID, SECOND_SEED, SEED, build

from registry.credential import signature
from registry.credential.controller import AtHand
from registry.errors import MalformedError
from registry.verification.holder import MAX_CREDENTIALS, Question, check_holder, presentation_of
from registry.verification.verdict import CHECK_NAMES, Verdict
from registry.verification.verify import judge, present

HOLDER_SEED, HOLDER = SECOND_SEED, SECOND_DID
SUBJECT = {"credentialSubject": {"id": HOLDER, "name": "Ada"}}
GOOD = build(changes=SUBJECT)
ASKED = Question(challenge="c-81f2", domain="verifier.example")


def presentation(credentials=None, seed=HOLDER_SEED, holder=HOLDER, **proof):
    body = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": [GOOD.credential] if credentials is None else credentials,
    }
    body = {name: value for name, value in body.items() if value is not None}
    also = {"proofPurpose": "authentication", "challenge": "c-81f2", "domain": "verifier.example", **proof}
    return {**body, "proof": signature.sign(body, seed, CREATED, also=also)}


def judged(document, question=ASKED, base=GOOD):
    """The report on the one credential that is presented, in a presentation or alone."""
    data = json.dumps(document).encode()
    offered = presentation_of(data)
    presented = present(data) if offered is None else offered.credentials[0]
    holder = check_holder(presented.credential, offered, question, AtHand(None, {}, world.NOW))
    return judge(presented, base.evidence, base.policy, holder=holder)


def outcome(report):
    return report.holder.verdict, report.holder.code, report.verdict


def test_subject_that_answers_the_challenge_is_the_holder():
    report = judged(presentation())
    assert outcome(report) == (Verdict.VALID, "", Verdict.VALID)
    assert report.to_json()["holder"]["verdict"] == "valid"


def test_holder_is_no_tenth_check_and_not_checked_is_said():
    report = judged(GOOD.credential, Question())
    assert tuple(check.name for check in report.checks) == CHECK_NAMES
    assert outcome(report) == (Verdict.NOT_CHECKED, "", Verdict.VALID)
    assert "Holder not checked" in report.holder.detail


def test_presentation_without_a_question_proves_nothing_and_changes_nothing():
    report = judged(presentation(), Question())
    assert outcome(report) == (Verdict.NOT_CHECKED, "", Verdict.VALID)
    assert "may be a copy" in report.holder.detail


def test_credential_alone_does_not_answer_a_challenge():
    assert outcome(judged(GOOD.credential)) == (Verdict.UNKNOWN, "PRESENTATION_MISSING", Verdict.UNKNOWN)


def _unsigned():
    return {name: value for name, value in presentation().items() if name != "proof"}


def _resigned_after(change):
    document = copy.deepcopy(presentation())
    change(document)
    return document


NEVER = {
    "another challenge": (presentation(challenge="c-81f3"), "MALFORMED_VALUE_ERROR"),
    "no challenge": (presentation(challenge=""), "MALFORMED_VALUE_ERROR"),
    "another domain": (presentation(domain="evil.example"), "MALFORMED_VALUE_ERROR"),
    "made as an assertion": (presentation(proofPurpose="assertionMethod"), "MALFORMED_VALUE_ERROR"),
    "by somebody else": (presentation(seed=FOREIGN_SEED, holder=None), "HOLDER_MISMATCH"),
    "by the issuer": (presentation(seed=SEED, holder=DID), "HOLDER_MISMATCH"),
    "by the subject in another's name": (presentation(holder=DID), "HOLDER_MISMATCH"),
    "changed after signing": (_resigned_after(lambda d: d.update(nonce="1")), "PROOF_VERIFICATION_ERROR"),
    "challenge put in afterwards": (
        _resigned_after(lambda d: d["proof"].update(domain=["verifier.example", "x"])),
        "PROOF_VERIFICATION_ERROR",
    ),
    "credential swapped in": (
        _resigned_after(lambda d: d.update(verifiableCredential=[GOOD.credentials[0]])),
        "PROOF_VERIFICATION_ERROR",
    ),
}


@pytest.mark.parametrize("name", NEVER)
def test_presentation_that_does_not_answer_makes_it_invalid(name):
    document, code = NEVER[name]
    assert outcome(judged(document)) == (Verdict.INVALID, code, Verdict.INVALID)


def test_what_cannot_be_told_is_unknown():
    assert outcome(judged(_unsigned())) == (Verdict.UNKNOWN, "PROOF_MISSING", Verdict.UNKNOWN)
    nameless = build(changes={"credentialSubject": {"name": "Ada"}})
    report = judged(presentation([nameless.credential]), base=nameless)
    assert outcome(report) == (Verdict.UNKNOWN, "SUBJECT_UNNAMED", Verdict.UNKNOWN)
    on_the_web = build(changes={"credentialSubject": {"id": "did:web:ada.example"}})
    report = judged(presentation([on_the_web.credential]), base=on_the_web)
    assert outcome(report) == (Verdict.UNKNOWN, "KEY_UNKNOWN", Verdict.UNKNOWN)
    strange = _resigned_after(lambda d: d["proof"].update(cryptosuite="bbs-2023"))
    assert outcome(judged(strange)) == (Verdict.UNKNOWN, "CANNOT_TELL", Verdict.UNKNOWN)


def test_every_credential_of_a_presentation_is_judged_for_itself():
    forged = {**GOOD.credential, "validUntil": "2031-01-01T00:00:00Z"}
    offered = presentation_of(json.dumps(presentation([GOOD.credential, forged])).encode())
    reports = [
        judge(one, GOOD.evidence, GOOD.policy, holder=check_holder(one.credential, offered, ASKED, AtHand()))
        for one in offered.credentials
    ]
    assert [report.holder.verdict for report in reports] == [Verdict.VALID, Verdict.VALID]
    assert [report.verdict for report in reports] == [Verdict.VALID, Verdict.INVALID]


@pytest.mark.parametrize("items", [[], ["text"], [7], [GOOD.credential] * (MAX_CREDENTIALS + 1)])
def test_presentations_of_nothing_or_too_much_are_refused(items):
    with pytest.raises(MalformedError):
        presentation_of(json.dumps(presentation(items)).encode())


def test_credential_is_no_presentation_whatever_its_texts_say():
    changed = build(changes={"name": "VerifiablePresentation"})
    assert presentation_of(json.dumps(changed.credential).encode()) is None
    assert presentation_of(b"VerifiablePresentation") is None


# --- hashed e-mail addresses (Open Badges 3.0, IdentityObject) -------------------------------------------------------


def identity(email="ada@example.org", salt="5a17", algorithm="sha256", **changes):
    digest = hashlib.new(algorithm, (email + salt).encode()).hexdigest()
    body = {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"{algorithm}${digest}",
        "identityType": "emailAddress",
        "salt": salt,
    }
    return {**body, **changes}


def told(email, *identities):
    base = build(changes={"credentialSubject": {"id": HOLDER, "identifier": list(identities)}})
    return outcome(judged(base.credential, Question(email=email), base))


def test_address_that_was_hashed_is_the_subjects():
    assert told("ada@example.org", identity()) == (Verdict.VALID, "", Verdict.VALID)
    assert told("Ada@Example.org", identity()) == (Verdict.VALID, "", Verdict.VALID)
    others = (identity("other@example.org"), identity(identityType="name"), identity())
    assert told("ada@example.org", *others) == (Verdict.VALID, "", Verdict.VALID)
    plain = identity(hashed=False, identityHash="Ada@example.org")
    assert told("ada@example.org", plain) == (Verdict.VALID, "", Verdict.VALID)


@pytest.mark.parametrize(
    "found",
    [
        identity("bob@example.org"),
        {**identity(), "salt": 7},
        identity(salt="5a17", identityHash=identity(salt="5a18")["identityHash"]),
        identity(identityHash="sha256$"),
        identity(hashed=False),
    ],
)
def test_another_address_makes_it_invalid(found):
    assert told("ada@example.org", found) == (Verdict.INVALID, "HOLDER_MISMATCH", Verdict.INVALID)


def test_no_address_or_an_unknown_hash_is_unknown():
    for identities in ((), (identity(identityType="name"),)):
        assert told("ada@example.org", *identities) == (Verdict.UNKNOWN, "SUBJECT_UNNAMED", Verdict.UNKNOWN)
    weak = identity(algorithm="md5")
    assert told("ada@example.org", weak) == (Verdict.UNKNOWN, "UNKNOWN_HASH", Verdict.UNKNOWN)


def test_both_questions_count_and_the_worst_answer_is_told():
    report = judged(presentation(), Question("c-81f2", None, "ada@example.org"))
    assert outcome(report) == (Verdict.UNKNOWN, "SUBJECT_UNNAMED", Verdict.UNKNOWN)
