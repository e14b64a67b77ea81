"""Step 6 beyond did:key: an issuer that is an account, and profiles that are signed by DIDs on the web."""

from hashlib import sha256
from typing import Any

import base58
import pytest
import world
from nacl.signing import SigningKey
from world import build, profile_fact

from registry.credential import signature
from registry.credential.canonical import canonical_bytes, document_hash
from registry.credential.signer import signer_of
from registry.verification.evidence import NoEvidence
from registry.verification.verify import judge, present

WEB = "did:web:university.example"
METHOD = f"{WEB}#key-1"
PKH = f"did:pkh:eip155:{world.CONTRACT.chain_id}:0x{world.ACCOUNT.hex()}"


def signed_by_web(document: dict[str, Any], seed: bytes = world.SEED) -> dict[str, Any]:
    proof = signature.sign(document, seed, world.CREATED)
    config = {name: value for name, value in proof.items() if name != "proofValue"} | {"verificationMethod": METHOD}
    message = sha256(canonical_bytes(config)).digest() + document_hash(document)
    return {**config, "proofValue": "z" + base58.b58encode(SigningKey(seed).sign(message).signature).decode()}


def did_document(seed: bytes = world.SEED) -> dict[str, Any]:
    multikey = world.did_of(signer_of(seed).public_key)[8:]
    method = {"id": METHOD, "type": "Multikey", "controller": WEB, "publicKeyMultibase": multikey}
    return {"id": WEB, "verificationMethod": [method], "assertionMethod": [METHOD]}


def web_world(profile_signed: bool = True) -> tuple[world.World, dict[str, Any]]:
    """A batch of the did:web issuer: its credential signed by that DID, its profile too unless told."""
    documents = []
    for index in range(3):
        document = world.with_pointer(
            {**world.body(index), "issuer": WEB}, world.Place(world.BATCH, index), "https://r.example"
        )
        documents.append({**document, "proof": [signed_by_web(document)]})
    made = world.World(*world.anchor(documents))
    profile = {name: value for name, value in world.profile_document().items() if name != "proof"}
    profile |= {"dids": [WEB], "signatureKeys": [METHOD]}
    profile["proof"] = [signed_by_web(profile)] if profile_signed else []
    return made.with_evidence(profiles=(profile_fact(profile),)), profile


def verdicts(made: world.World, controllers: dict[str, Any]) -> dict[str, tuple[str, str]]:
    report = judge(
        present(world.json.dumps(made.credential).encode()), made.evidence, made.policy, controllers=controllers
    )
    names = ("signature", "issuer")
    return {name: (report.check(name).verdict.value, report.check(name).code) for name in names} | {
        "overall": (report.verdict.value, "")
    }


def test_did_web_in_a_profile_counts_where_its_document_names_the_key():
    made, _ = web_world()
    assert verdicts(made, {WEB: did_document()}) == {
        "signature": ("valid", ""),
        "issuer": ("valid", ""),
        "overall": ("valid", ""),
    }


def test_did_web_is_unknown_where_its_document_is_not_at_hand_and_its_integrity_stands():
    made, _ = web_world()
    found = verdicts(made, {WEB: "the host did not answer"})
    assert found["signature"] == ("unknown", "KEY_UNKNOWN")
    assert found["issuer"] == ("unknown", "ISSUER_UNPROVEN")
    assert found["overall"][0] == "unknown"
    report = judge(present(world.json.dumps(made.credential).encode()), made.evidence, made.policy)
    assert report.check("included").verdict.value == report.check("status").verdict.value == "valid"


def test_profile_that_its_did_web_did_not_sign_proves_nothing():
    """THREATS 16b: somebody registers a profile with another's DID."""
    made, _ = web_world(profile_signed=False)
    assert verdicts(made, {WEB: did_document()})["issuer"] == ("unknown", "ISSUER_UNPROVEN")


def test_profile_signed_with_another_key_than_the_did_documents_is_refused():
    made, _ = web_world()
    found = verdicts(made, {WEB: did_document(world.SECOND_SEED)})
    assert found["signature"][0] == "invalid"
    assert found["issuer"][0] != "valid"
    assert found["overall"][0] == "invalid"


def test_needed_controllers_are_those_of_signer_issuer_and_profile():
    made, _ = web_world()
    presented = present(world.json.dumps(made.credential).encode())
    assert presented.controllers(made.evidence) == (WEB,)
    plain = build()
    assert present(world.json.dumps(plain.credential).encode()).controllers(plain.evidence) == ()
    assert present(b"{").controllers(NoEvidence("-")) == ()


def test_issuer_that_is_the_anchoring_account_needs_no_profile():
    made = build(seed=None, changes={"issuer": PKH}).with_evidence(profiles=())
    report = made.judge()
    assert report.check("issuer").verdict.value == "valid"
    assert report.verdict.value == "valid"


@pytest.mark.parametrize(
    "issuer", [PKH.replace("31337", "1"), PKH[:-1] + "0", PKH + "#blockchainAccountId", PKH.replace("pkh", "PKH")]
)
def test_issuer_that_is_another_account_is_not_proven_by_this_ones_anchor(issuer):
    report = build(seed=None, changes={"issuer": issuer}).with_evidence(profiles=()).judge()
    assert report.check("issuer").verdict.value != "valid"
    assert report.verdict.value != "valid"


def test_document_with_very_many_signatures_is_not_judged_for_ever():
    made = build()
    ours, anchor = made.credential["proof"]
    for count, expected in ((8, "valid"), (9, "unknown"), (500, "unknown")):
        report = made.judge({**made.credential, "proof": [*[ours] * count, anchor]})
        assert report.check("signature").verdict.value == expected
        assert report.verdict.value == expected
