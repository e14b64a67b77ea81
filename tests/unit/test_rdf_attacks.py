"""Documents respelled so that their signed statements stay: plain RDF tools say the same of both, we do not."""

import copy
import json
from typing import Any

import pytest
from pyld import jsonld

from registry.credential import signature
from registry.credential.did_key import did_of
from registry.credential.place import BatchId, ContractId, Place
from registry.credential.rdf.contexts import OB_303, pinned_contexts
from registry.credential.signer import signer_of
from registry.credential.status.status_entry import with_pointer
from registry.verification.evidence import NoEvidence, Policy
from registry.verification.report import Report
from registry.verification.verify import judge, present

SEED = bytes(range(32))
PLACE = Place(BatchId(ContractId(31337, bytes(20)), 1, bytes(16)), 5)
BODY: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2", OB_303],
    "id": "urn:uuid:6fa2f0f5-3c0b-4f0c-9d5e-2b8f4f0f6a11",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Data Literacy",
    "issuer": {"id": did_of(signer_of(SEED).public_key), "type": ["Profile"], "name": "Northwind"},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2026-02-01T00:00:00Z",
    "credentialSubject": {
        "id": "did:example:learner",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "urn:x:achievement",
            "type": ["Achievement"],
            "name": "Data Literacy",
            "description": "Reads data.",
            "criteria": {"narrative": "All of it."},
        },
    },
}
EXPIRED = {**BODY, "proof": [signature.sign(BODY, SEED, "2026-01-01T00:00:00Z", signature.RDFC)]}
POINTED_BODY = with_pointer(
    {name: value for name, value in BODY.items() if name != "validUntil"}, PLACE, "https://r.example"
)
POINTED = {**POINTED_BODY, "proof": [signature.sign(POINTED_BODY, SEED, "2026-01-01T00:00:00Z", signature.RDFC)]}
NOW = 1_775_000_000
CREDENTIAL = "https://www.w3.org/2018/credentials#"
DATE = "http://www.w3.org/2001/XMLSchema#dateTime"


def moved(document: dict[str, Any], member: str, spelling: str, value: Any = None) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    taken = changed.pop(member)
    changed[spelling] = taken if value is None else value
    return changed


def included(document: dict[str, Any], member: str) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    node = {"id": changed["id"], "type": "VerifiableCredential", member: changed.pop(member)}
    return {**changed, "@included": [node]}


ATTACKS = {
    "expiry under its full name": moved(
        EXPIRED, "validUntil", f"{CREDENTIAL}validUntil", {"@type": DATE, "@value": "2026-02-01T00:00:00Z"}
    ),
    "expiry in an included node": included(EXPIRED, "validUntil"),
    "pointer under its full name": moved(POINTED, "credentialStatus", f"{CREDENTIAL}credentialStatus"),
    "pointer in an included node": included(POINTED, "credentialStatus"),
    "pointer whose id is a keyword": moved(
        POINTED,
        "credentialStatus",
        "credentialStatus",
        {"@id" if name == "id" else name: value for name, value in POINTED["credentialStatus"].items()},
    ),
}


def report_on(document: dict[str, Any]) -> Report:
    return judge(present(json.dumps(document).encode()), NoEvidence("-", "NOT_ASKED"), Policy((), NOW))


def plain_statements(document: dict[str, Any]) -> str:
    """What a verifier that only compares statements would hash."""
    documents = pinned_contexts().documents

    def load(url: str, _: Any) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": copy.deepcopy(dict(documents[url]))}

    body = {name: value for name, value in document.items() if name != "proof"}
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    return str(jsonld.normalize(body, options))


def test_the_documents_are_what_they_should_be_before_the_attack():
    assert report_on(EXPIRED).check("signature").verdict.value == "valid"
    assert report_on(EXPIRED).check("validity").verdict.value == "invalid"
    assert report_on(POINTED).check("signature").verdict.value == "valid"
    assert report_on(POINTED).check("included").code == "ANCHOR_PROOF_MISSING"


@pytest.mark.parametrize("document", ATTACKS.values(), ids=ATTACKS.keys())
def test_respelled_document_is_never_valid(document):
    original = EXPIRED if "validUntil" in str(document) else POINTED
    assert plain_statements(document) == plain_statements(original)
    report = report_on(document)
    assert report.verdict.value != "valid"
    assert report.check("signature").verdict.value != "valid"
