"""eddsa-jcs-2022 against its official vectors, and against tampering."""

from hashlib import sha256

import base58
import public_vectors
import pytest

from registry.credential import signature
from registry.credential.canonical import canonical_bytes, document_hash
from registry.credential.did_key import did_of, method_of
from registry.credential.signer import signer_of
from registry.errors import DataLossError, HallmarkError, MalformedError, ProofError, UnknownKey

FOLDER = "w3c-vc-di-eddsa/eddsa-jcs-2022"
SEED = bytes(range(32))
DOCUMENT = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": did_of(signer_of(SEED).public_key),
    "credentialSubject": {"id": "urn:uuid:1", "score": 1},
}
PROOF = signature.sign(DOCUMENT, SEED, "2026-01-31T09:30:00Z")


def text(name: str) -> str:
    return public_vectors.path(f"{FOLDER}/{name}").read_text()


def official() -> tuple[dict, dict]:
    signed = public_vectors.load(f"{FOLDER}/signedJCS.json")
    return {name: value for name, value in signed.items() if name != "proof"}, signed["proof"]


@public_vectors.needed
def test_official_intermediate_values_are_reproduced():
    document, _ = official()
    config = public_vectors.load(f"{FOLDER}/proofConfigJCS.json")
    assert document == public_vectors.load("w3c-vc-di-eddsa/unsigned.json")
    assert canonical_bytes(document).decode() == text("canonDocJCS.txt")
    assert document_hash(document).hex() == text("docHashJCS.txt")
    assert canonical_bytes(config).decode() == text("proofCanonJCS.txt")
    assert sha256(canonical_bytes(config)).hexdigest() == text("proofHashJCS.txt")
    assert text("combinedHashJCS.txt") == text("proofHashJCS.txt") + text("docHashJCS.txt")


@public_vectors.needed
def test_official_signature_verifies_and_names_its_signer():
    document, proof = official()
    assert signature.verify(document, proof).controller == proof["verificationMethod"].partition("#")[0]
    assert (
        signature.verify({**document, "proof": proof}, proof).controller
        == proof["verificationMethod"].partition("#")[0]
    )


@public_vectors.needed
def test_signing_again_with_the_official_key_gives_the_official_signature():
    document, proof = official()
    secret = base58.b58decode(public_vectors.load("w3c-vc-di-eddsa/keyPair.json")["privateKeyMultibase"][1:])
    assert secret[:2] == b"\x80\x26"
    assert signature.sign(document, secret[2:], proof["created"]) == proof
    assert proof["proofValue"] == text("sigBTC58JCS.txt")
    assert base58.b58decode(proof["proofValue"][1:]).hex() == text("sigHexJCS.txt")


@public_vectors.needed
def test_official_document_with_any_change_is_refused():
    document, proof = official()
    for name, value in document.items():
        without = {other: kept for other, kept in document.items() if other != name}
        for changed in (without, {**document, name: [value]}, {**document, "more": 1}):
            with pytest.raises(ProofError):
                signature.verify(changed, proof)


def test_signed_document_verifies_whatever_other_proofs_it_carries():
    signer = signature.verify(DOCUMENT, PROOF).controller
    assert signer == DOCUMENT["issuer"]
    assert signature.verify({**DOCUMENT, "proof": [{"type": "Other"}, PROOF]}, PROOF).controller == signer


def other_key() -> str:
    return method_of(did_of(signer_of(bytes(32)).public_key))


def respelled(value: str, change: bytes) -> str:
    raw = base58.b58decode(value[1:])
    return "z" + base58.b58encode(bytes(a ^ b for a, b in zip(raw, change.ljust(64, b"\0"), strict=True))).decode()


# L, the order of the Ed25519 group: S + L signs the same message unless S < L is demanded (RFC 8032, 5.1.7).
ORDER = 2**252 + 27742317777372353535851937790883648493


def malleated(value: str) -> str:
    raw = base58.b58decode(value[1:])
    s = (int.from_bytes(raw[32:], "little") + ORDER) % 2**256
    return "z" + base58.b58encode(raw[:32] + s.to_bytes(32, "little")).decode()


VALUE = PROOF["proofValue"]
BAD_PROOFS = {
    "created changed": ({"created": "2026-01-31T09:30:01Z"}, ProofError),
    "created removed": ({"created": None}, ProofError),
    "member added": ({"domain": "example.org"}, ProofError),
    "another key": ({"verificationMethod": other_key()}, ProofError),
    "R changed": ({"proofValue": respelled(VALUE, b"\1")}, ProofError),
    "S changed": ({"proofValue": respelled(VALUE, bytes(32) + b"\1")}, ProofError),
    "S + L": ({"proofValue": malleated(VALUE)}, ProofError),
    "context removed": ({"@context": None}, ProofError),
    "another context": ({"@context": ["https://example.org/"]}, ProofError),
    "longer context than the document's": ({"@context": [*DOCUMENT["@context"], "https://e.org/"]}, ProofError),
    "another purpose": ({"proofPurpose": "authentication"}, MalformedError),
    "no purpose": ({"proofPurpose": None}, MalformedError),
    "no method": ({"verificationMethod": None}, MalformedError),
    "method is a list": ({"verificationMethod": [PROOF["verificationMethod"]]}, MalformedError),
    "method is did:web": ({"verificationMethod": "did:web:example.org#key-1"}, UnknownKey),
    "another type": ({"type": "Ed25519Signature2020"}, MalformedError),
    "no type": ({"type": None}, MalformedError),
    "another suite": ({"cryptosuite": "eddsa-rdfc-2022"}, DataLossError),
    "a suite that is not in the table": ({"cryptosuite": "bbs-2023"}, MalformedError),
    "a suite for other keys": ({"cryptosuite": "ecdsa-jcs-2019"}, MalformedError),
    "no proofValue": ({"proofValue": None}, MalformedError),
    "proofValue is a number": ({"proofValue": 1}, MalformedError),
    "empty proofValue": ({"proofValue": ""}, MalformedError),
    "z alone": ({"proofValue": "z"}, MalformedError),
    "base64url multibase": ({"proofValue": "u" + VALUE[1:]}, MalformedError),
    "white space behind": ({"proofValue": VALUE + " "}, MalformedError),
    "line feed behind": ({"proofValue": VALUE + "\n"}, MalformedError),
    "leading 1": ({"proofValue": "z1" + VALUE[1:]}, MalformedError),
    "character that base58 lacks": ({"proofValue": VALUE[:-1] + "l"}, MalformedError),
    "not ASCII": ({"proofValue": VALUE[:-1] + "é"}, MalformedError),
    "63 bytes": ({"proofValue": "z" + base58.b58encode(b"\1" * 63).decode()}, MalformedError),
    "65 bytes": ({"proofValue": "z" + base58.b58encode(b"\1" * 65).decode()}, MalformedError),
    "very long": ({"proofValue": "z" + "2" * 100_000}, MalformedError),
}


@pytest.mark.parametrize(("change", "error"), BAD_PROOFS.values(), ids=BAD_PROOFS.keys())
def test_changed_proof_is_refused(change, error):
    proof = {name: value for name, value in {**PROOF, **change}.items() if value is not None}
    with pytest.raises(error):
        signature.verify(DOCUMENT, proof)


def test_signature_of_one_document_never_serves_another():
    with pytest.raises(ProofError):
        signature.verify({**DOCUMENT, "credentialSubject": {"id": "urn:uuid:1", "score": 2}}, PROOF)


def test_document_may_have_more_contexts_than_were_signed_but_none_before():
    """Section 3.3.2, step 3: the document's contexts start with the proof's; what was signed had only those."""
    more = {**DOCUMENT, "@context": [*DOCUMENT["@context"], "https://example.org/more"]}
    assert signature.verify(more, PROOF).controller == DOCUMENT["issuer"]
    with pytest.raises(HallmarkError):
        signature.verify({**DOCUMENT, "@context": ["https://example.org/more", *DOCUMENT["@context"]]}, PROOF)
