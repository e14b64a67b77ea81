"""Signed badges of others: the verdict and the reason, without and with the documents that say whose the keys are."""

import json
from typing import Any

import public_vectors
import pytest

from registry.verification.evidence import NoEvidence, Policy
from registry.verification.report import Report
from registry.verification.verify import judge, present

FOLDER = "1edtech-ob3/validator-samples"
NOW = 1_767_225_600  # 2026-01-01
DATA_LOSS, UNBOUND = "DATA_LOSS_DETECTION_ERROR", "SIGNER_UNBOUND"

# Name → the signature check's verdict and code, and a part of the reason that expected.json gives in its words.
SIGNATURES = {
    "simple.json": ("unknown", UNBOUND, "matches"),
    "simple-did-web-method.json": ("unknown", UNBOUND, "matches"),
    "complete.json": ("unknown", UNBOUND, "matches"),
    "endorsement-valid.json": ("unknown", UNBOUND, "matches"),
    "bit-string-list/testlist.json": ("unknown", UNBOUND, "matches"),
    "bit-string-list/credential-status-revoked.json": ("unknown", UNBOUND, "matches"),
    "credential-status-revoked.json": ("unknown", UNBOUND, "did:web:dc.1edtech.org"),
    "simple-err-issuer.json": ("unknown", UNBOUND, "matches"),
    "simple-err-issued.json": ("unknown", UNBOUND, "matches"),
    "simple_v1.json": ("unknown", "CONTEXT_UNKNOWN", "https://purl.imsglobal.org/spec/ob/v3p0/context.json"),
    "simple.jwt.txt": ("unknown", "KEY_UNKNOWN", "kid or jwk"),
    "simple-noproof.json": ("unknown", "PROOF_MISSING", "no signature"),
    "simple-err-proof-method.json": ("invalid", "MALFORMED_VALUE_ERROR", "no public key"),
    "simple-err-proof-method-unknown-did-method.json": ("unknown", "KEY_UNKNOWN", "DID method is not known"),
    "simple-err-context.json": ("invalid", DATA_LOSS, "no meaning"),
    "simple-err-type.json": ("invalid", DATA_LOSS, "OtherCredential"),
    "simple-err-issuer-parentorg-type.json": ("invalid", DATA_LOSS, "InvalidProfile"),
    "simple-err-evidence-type.json": ("invalid", DATA_LOSS, "$.evidence[1].audience"),
    "simple-err-credential-subject-identifier-type.json": ("invalid", DATA_LOSS, "$.credentialSubject.identifier[0]"),
    "simple-err-credential-subject-result-type.json": ("invalid", DATA_LOSS, "$.credentialSubject.result[1]"),
}


def verdict_on(data: bytes, controllers: dict[str, Any] | None = None, now: float = NOW) -> Report:
    return judge(present(data), NoEvidence("not anchored", "NOT_ANCHORED"), Policy((), now), controllers=controllers)


def sample(name: str) -> bytes:
    return public_vectors.path(f"{FOLDER}/{name}").read_bytes()


@public_vectors.needed
def test_every_sample_is_in_the_table():
    samples = public_vectors.load(f"{FOLDER}/expected.json")["samples"]
    assert set(samples) - set(SIGNATURES) == {name for name in samples if name.startswith("baked/")}


@public_vectors.needed
@pytest.mark.parametrize("name", SIGNATURES)
def test_sample_is_judged_for_the_reason_that_upstream_gives(name):
    check = verdict_on(sample(name)).check("signature")
    verdict, code, words = SIGNATURES[name]
    assert (check.verdict.value, check.code) == (verdict, code), check.detail
    assert words in check.detail


@public_vectors.needed
@pytest.mark.parametrize(
    "name", [name for name, expected in SIGNATURES.items() if expected[:2] == ("unknown", UNBOUND)]
)
def test_any_change_of_a_signed_sample_is_invalid(name):
    document = json.loads(sample(name))
    proof = document["proof"][0] if isinstance(document["proof"], list) else document["proof"]
    for changed in (
        {**document, "validFrom": "2011-01-01T00:00:00Z"},
        {**document, "id": "urn:uuid:other"},
        {**document, "proof": {**proof, "created": "2010-01-01T19:23:25Z"}},
        {**document, "proof": [proof, {**proof, "created": "2010-01-01T19:23:25Z"}]},
    ):
        check = verdict_on(json.dumps(changed).encode()).check("signature")
        assert check.verdict.value == "invalid", check.detail


def controller_document(document: dict[str, Any], **changes: Any) -> dict[str, dict[str, Any]]:
    """What the issuer's own document would say of the key that signed."""
    proof = document["proof"][0] if isinstance(document["proof"], list) else document["proof"]
    method = proof["verificationMethod"]
    controller, _, multikey = method.partition("#")
    entry = {"id": method, "type": "Multikey", "controller": controller, "publicKeyMultibase": multikey}
    return {controller: {"id": controller, "verificationMethod": [entry], "assertionMethod": [method], **changes}}


@public_vectors.needed
def test_badge_is_valid_where_its_issuers_document_names_the_key():
    data = sample("simple.json")
    document = json.loads(data)
    report = verdict_on(data, controller_document(document))
    assert report.check("signature").verdict.value == "valid"
    assert report.check("issuer").verdict.value == "valid"


def _entry(document: dict[str, Any]) -> dict[str, Any]:
    return next(iter(controller_document(document).values()))["verificationMethod"][0]


OTHER_KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
BINDINGS = {
    "for authentication only": (lambda d: {"assertionMethod": [], "authentication": [_entry(d)["id"]]}, "invalid"),
    "no relation at all": (lambda d: {"assertionMethod": []}, "invalid"),
    "another's document": (lambda d: {"id": "https://other.example/"}, "invalid"),
    "another key under that name": (
        lambda d: {"verificationMethod": [{**_entry(d), "publicKeyMultibase": OTHER_KEY}]},
        "invalid",
    ),
    "another controller": (
        lambda d: {"verificationMethod": [{**_entry(d), "controller": "https://other.example/"}]},
        "invalid",
    ),
    "the name twice": (
        lambda d: {"verificationMethod": [_entry(d), {**_entry(d), "publicKeyMultibase": OTHER_KEY}]},
        "invalid",
    ),
    "expired": (lambda d: {"verificationMethod": [{**_entry(d), "expires": "2025-01-01T00:00:00Z"}]}, "invalid"),
    "revoked": (lambda d: {"verificationMethod": [{**_entry(d), "revoked": "2025-01-01T00:00:00Z"}]}, "invalid"),
    "two materials": (lambda d: {"verificationMethod": [{**_entry(d), "publicKeyJwk": {}}]}, "invalid"),
    "no material": (
        lambda d: {"verificationMethod": [{"id": _entry(d)["id"], "controller": _entry(d)["controller"]}]},
        "invalid",
    ),
    "by value": (lambda d: {"verificationMethod": [], "assertionMethod": [_entry(d)]}, "valid"),
    "relative names": (
        lambda d: {
            "verificationMethod": [{**_entry(d), "id": "#" + _entry(d)["id"].partition("#")[2]}],
            "assertionMethod": ["#" + _entry(d)["id"].partition("#")[2]],
        },
        "valid",
    ),
    "expires later": (lambda d: {"verificationMethod": [{**_entry(d), "expires": "2027-01-01T00:00:00Z"}]}, "valid"),
}


@public_vectors.needed
@pytest.mark.parametrize(("change", "verdict"), BINDINGS.values(), ids=BINDINGS.keys())
def test_key_counts_only_as_its_controllers_document_says(change, verdict):
    data = sample("simple.json")
    document = json.loads(data)
    check = verdict_on(data, controller_document(document, **change(document))).check("signature")
    assert check.verdict.value == verdict, check.detail


@public_vectors.needed
def test_document_that_could_not_be_fetched_leaves_it_unknown_with_the_cause():
    data = sample("simple.json")
    controller = next(iter(controller_document(json.loads(data))))
    document = json.loads(data)
    document["proof"][0]["verificationMethod"] = f"{controller}#key-1"
    check = verdict_on(json.dumps(document).encode(), {controller: "the host did not answer"}).check("signature")
    assert (check.verdict.value, check.code) == ("unknown", "KEY_UNKNOWN")
    assert "did not answer" in check.detail
