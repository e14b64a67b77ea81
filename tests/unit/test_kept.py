"""What is kept of a document is never given for another one, for other bytes, or for another moment."""

import json
from typing import Any

import pytest
import world
from world import build, profile_fact

from registry.credential import signature
from registry.credential.canonical import canonical_hash
from registry.credential.controller import NOTHING
from registry.credential.profile import KeptDocument, read_profile
from registry.errors import HallmarkError
from registry.store.reading.evidence import kept_document
from registry.verification.verdict import Verdict
from registry.verification.verify import judge, present, verified

MADE = build()
PROFILE = world.profile_document()
SOON = world.NOW + 60


def bytes_of(document: Any) -> bytes:
    return json.dumps(document).encode()


def changed(**members: Any) -> dict[str, Any]:
    return {**PROFILE, **members}


def ending_credential() -> bytes:
    """Its signature proof ends in a minute."""
    document = {name: value for name, value in MADE.credential.items() if name != "proof"}
    proof = signature.sign(document, world.SEED, world.CREATED, also={"expires": "2027-01-15T08:01:00Z"})
    return bytes_of({**document, "proof": [proof]})


def test_kept_profile_is_what_reading_it_gives():
    kept = kept_document(bytes_of(PROFILE))
    assert read_profile(kept) == read_profile(PROFILE)
    assert read_profile(kept) is read_profile(kept)
    assert read_profile(kept).hash == canonical_hash(PROFILE)


@pytest.mark.parametrize(
    "members",
    [
        {"name": "Somebody else"},
        {"dids": [world.DID, world.FOREIGN_DID]},
        {"issuerId": "8"},
        {"created": "2027-01-15T05:00:01Z"},
        {"proof": []},
    ],
    ids=lambda members: next(iter(members)),
)
def test_profile_that_was_kept_says_nothing_for_changed_bytes(members):
    read_profile(kept_document(bytes_of(PROFILE)))
    with pytest.raises(HallmarkError):
        read_profile(kept_document(bytes_of(changed(**members))))
    assert read_profile(kept_document(bytes_of(PROFILE))).name == PROFILE["name"]


def test_kept_profile_under_the_hash_of_another_one_is_not_believed():
    """Whatever a source hands over, the profile counts only under its own hash."""
    kept = kept_document(bytes_of(PROFILE))
    other = world.profile_document(world.SEED, world.SECOND_SEED)
    fact = profile_fact(other)
    report = MADE.with_evidence(profiles=(world.ProfileFact(fact.hash, fact.since, 0, kept),)).judge()
    assert report.check("issuer").code == "PROFILE_UNAVAILABLE"
    assert report.verdict is Verdict.UNKNOWN


def test_only_profiles_that_decide_alone_are_kept():
    document = {name: value for name, value in PROFILE.items() if name != "proof"}
    proof = signature.sign(document, world.SEED, world.CREATED, also={"expires": "2027-01-15T08:01:00Z"})
    kept = KeptDocument({**document, "proof": [proof]})
    assert read_profile(kept, NOTHING._replace(now=world.NOW)).dids == (world.DID,)
    assert kept.profile is None
    with pytest.raises(HallmarkError):
        read_profile(kept, NOTHING._replace(now=SOON))


def test_verified_document_is_judged_like_any():
    for data in (bytes_of(MADE.credential), bytes_of({**MADE.credential, "name": "x"}), b"{}", b"{"):
        found = judge(verified(present(data), world.NOW), MADE.evidence, MADE.policy)
        assert found == judge(present(data), MADE.evidence, MADE.policy)


def test_signatures_verified_for_one_moment_do_not_count_at_another():
    early = verified(present(ending_credential()), world.NOW)
    assert judge(early, MADE.evidence, MADE.policy).check("signature").verdict is Verdict.VALID
    late = MADE.policy._replace(now=SOON)
    assert judge(early, MADE.evidence, late).check("signature").verdict is Verdict.INVALID


def test_signatures_verified_without_the_web_are_verified_again_with_it():
    """A document that says that the key has been revoked is not passed over."""
    web = "did:web:university.example"
    document = {name: value for name, value in MADE.credential.items() if name != "proof"} | {"issuer": web}
    key = world.DID.removeprefix("did:key:")
    method = f"{web}#{key}"
    proof = signature.sign(document, world.SEED, world.CREATED, also={"verificationMethod": method})
    before = verified(present(bytes_of({**document, "proof": [proof]})), world.NOW)
    entry = {"id": method, "type": "Multikey", "controller": web, "publicKeyMultibase": key}
    of_web = {"id": web, "verificationMethod": [entry], "assertionMethod": [method]}
    revoked = {**of_web, "verificationMethod": [{**entry, "revoked": "2027-01-01T00:00:00Z"}]}
    codes = [
        judge(before, MADE.evidence, MADE.policy, controllers=controllers).check("signature").verdict
        for controllers in ({}, {web: of_web}, {web: revoked})
    ]
    assert codes == [Verdict.UNKNOWN, Verdict.VALID, Verdict.INVALID]


def test_same_place_of_another_document_is_judged_by_its_own_bytes():
    """Two documents of one place, one after the other: each gets its own verdict."""
    good, bad = bytes_of(MADE.credential), bytes_of({**MADE.credential, "description": "more"})
    verdicts = [judge(present(data), MADE.evidence, MADE.policy).verdict for data in (good, bad, good, bad)]
    assert verdicts == [Verdict.VALID, Verdict.INVALID, Verdict.VALID, Verdict.INVALID]
