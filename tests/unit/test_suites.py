"""Every suite against its official vectors, step by step; proof sets and chains; keys of other kinds are refused."""

from base64 import urlsafe_b64decode
from hashlib import sha256, sha384

import base58
import public_vectors
import pytest

from registry.credential import signature
from registry.credential.canonical import canonical_bytes
from registry.credential.controller import AtHand
from registry.credential.did_key import key_of
from registry.credential.keys import KeyKind, PublicKey, key_of_jwk, key_of_multikey, multikey_of
from registry.credential.rdf import contexts
from registry.credential.rdf.contexts import pinned_contexts
from registry.credential.rdf.jsonld import canonical_quads, canonize
from registry.errors import HallmarkError, MalformedError, ProofError, UnknownKey

EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"

# Folder, ending of its file names.
STEPS = {
    "eddsa-jcs-2022": ("w3c-vc-di-eddsa/eddsa-jcs-2022", "JCS"),
    "eddsa-rdfc-2022": ("w3c-vc-di-eddsa/eddsa-rdfc-2022", "DataInt"),
    "Ed25519Signature2020": ("w3c-vc-di-eddsa/Ed25519Signature2020", "EdSig"),
    "ecdsa-jcs-2019 P-256": ("w3c-vc-di-ecdsa/ecdsa-jcs-2019-p256", "JCSECDSAP256"),
    "ecdsa-jcs-2019 P-384": ("w3c-vc-di-ecdsa/ecdsa-jcs-2019-p384", "JCSECDSAP384"),
    "ecdsa-rdfc-2019 P-256": ("w3c-vc-di-ecdsa/ecdsa-rdfc-2019-p256", "ECDSAP256"),
    "ecdsa-rdfc-2019 P-384": ("w3c-vc-di-ecdsa/ecdsa-rdfc-2019-p384", "ECDSAP384"),
}


@pytest.fixture(scope="module")
def book():
    """The pinned contexts and, for these vectors only, the examples' context, which is read in place."""
    more = {EXAMPLES: public_vectors.load("contexts/w3c/credentials-examples-v2.json")}
    return pinned_contexts().with_contexts(more)


class Vector:
    def __init__(self, name: str) -> None:
        self.folder, self.ending = STEPS[name]
        self.signed = public_vectors.load(f"{self.folder}/signed{self.ending}.json")
        self.document = {member: value for member, value in self.signed.items() if member != "proof"}
        self.proof = self.signed["proof"]

    def text(self, step: str) -> str:
        return public_vectors.path(f"{self.folder}/{step}{self.ending}.txt").read_text()


@pytest.fixture(params=STEPS)
def vector(request):
    return Vector(request.param)


@public_vectors.needed
def test_official_steps_are_reproduced(vector, book):
    config = public_vectors.load(f"{vector.folder}/proofConfig{vector.ending}.json")
    wide = "384" in vector.ending
    if "jcs" in vector.folder:
        texts = canonical_bytes(config).decode(), canonical_bytes(vector.document).decode()
    else:
        name = "sha384" if wide else "sha256"
        texts = canonical_quads(config, book, name), canonical_quads(vector.document, book, name)
    hashes = [(sha384 if wide else sha256)(text.encode()).hexdigest() for text in texts]
    assert texts == (vector.text("proofCanon"), vector.text("canonDoc"))
    assert hashes == [vector.text("proofHash"), vector.text("docHash")]
    assert "".join(hashes) == vector.text("combinedHash")
    assert base58.b58decode(vector.proof["proofValue"][1:]).hex() == vector.text("sigHex")


@public_vectors.needed
def test_official_signature_verifies(vector, book):
    signer = signature.verify(vector.signed, vector.proof, AtHand(book))
    assert signer.bound
    assert signer.controller == vector.proof["verificationMethod"].partition("#")[0]
    assert signer.key == key_of(signer.controller)


@public_vectors.needed
def test_official_document_with_any_change_is_refused(vector, book):
    for name in vector.document:
        if name != "@context":
            changed = {**vector.signed, name: "urn:x:changed"}
            with pytest.raises(ProofError):
                signature.verify(changed, vector.proof, AtHand(book))


@public_vectors.needed
def test_official_proof_with_another_suites_name_is_refused(vector, book):
    for suite in [name for name in signature.SUITES if name != vector.proof.get("cryptosuite", vector.proof["type"])]:
        kind = (
            {"type": suite} if suite == "Ed25519Signature2020" else {"type": "DataIntegrityProof", "cryptosuite": suite}
        )
        with pytest.raises(HallmarkError):
            signature.verify(vector.signed, {**vector.proof, **kind}, AtHand(book))


@public_vectors.needed
@pytest.mark.parametrize("suite", [signature.JCS, signature.RDFC])
def test_ours_signs_what_the_official_key_signed(suite, book, monkeypatch):
    vector = Vector(suite)
    monkeypatch.setattr(contexts, "pinned_contexts", lambda: book)
    secret = base58.b58decode(public_vectors.load("w3c-vc-di-eddsa/keyPair.json")["privateKeyMultibase"][1:])
    assert signature.sign(vector.document, secret[2:], vector.proof["created"], suite) == vector.proof


@public_vectors.needed
@pytest.mark.parametrize("name", ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"])
def test_official_proof_sets_and_chains_verify(name, book):
    document = public_vectors.load(f"w3c-vc-di-eddsa/proof-set-chain/{name}.json")
    proofs = document["proof"] if isinstance(document["proof"], list) else [document["proof"]]
    for proof in proofs:
        assert signature.verify(document, proof, AtHand(book)).bound


@public_vectors.needed
def test_chained_proof_without_its_predecessor_or_with_a_changed_one_is_refused(book):
    document = public_vectors.load("w3c-vc-di-eddsa/proof-set-chain/signedProofChain2.json")
    *first, last = document["proof"]
    with pytest.raises(ProofError):
        signature.verify({**document, "proof": [*first[:-1], last]}, last, AtHand(book))
    changed = {**first[-1], "created": "2023-02-26T22:06:39Z"}
    with pytest.raises(ProofError):
        signature.verify({**document, "proof": [*first[:-1], changed, last]}, last, AtHand(book))


@public_vectors.needed
@pytest.mark.parametrize(("curve", "digest"), [("256", "sha256"), ("384", "sha384")])
def test_official_statements_with_blank_nodes_are_ordered_with_the_hash_of_their_curve(curve, digest):
    """The `employ` documents need a context that is not here; their canonical statements must be a fixed point."""
    from pyld.nquads import parse_nquads

    folder = f"w3c-vc-di-ecdsa/ecdsa-rdfc-2019-p{curve}/employ"
    text = public_vectors.path(f"{folder}/canonDocECDSAP{curve}.txt").read_text()
    assert canonize(parse_nquads(text.replace("_:c14n", "_:x")), digest) == text
    assert canonize(parse_nquads(text.replace("_:c14n", "_:x")), {"256": "sha384", "384": "sha256"}[curve]) != text


def jwk_bytes(jwk, member):
    return urlsafe_b64decode(jwk[member] + "==")


@public_vectors.needed
def test_published_did_keys_on_curves_decode_to_their_points():
    from registry.credential.keys import elliptic_key

    read = 0
    for did, entry in public_vectors.load("did-key/nist-curves.json").items():
        pair = entry.get("verificationMethod") or entry["verificationKeyPair"]
        jwk = pair.get("publicKeyJwk")
        if did.startswith("did:key:z2J9"):
            with pytest.raises(UnknownKey, match="P-521"):
                key_of(did)
        elif jwk is None:
            assert key_of(did).raw == base58.b58decode(pair["publicKeyBase58"])
        else:
            point = elliptic_key(key_of(did)).public_numbers()
            assert (point.x, point.y) == tuple(int.from_bytes(jwk_bytes(jwk, name), "big") for name in "xy")
            assert key_of_jwk(jwk) == key_of(did)
            read += 1
    assert read == 4


@public_vectors.needed
def test_published_secp256k1_keys_decode_and_their_signatures_are_not_checked():
    from registry.credential.keys import check_signature

    vectors = public_vectors.load("did-key/secp256k1.json")
    assert len(vectors) == 6
    for did in vectors:
        assert key_of(did).kind is KeyKind.SECP256K1
        assert "did:key:" + multikey_of(key_of(did)) == did
        with pytest.raises(UnknownKey):
            check_signature(key_of(did), bytes(64), b"")


NOT_KEYS = {
    "a point that is on no curve": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
    "x of another point": {"kty": "EC", "crv": "P-256", "x": "A" * 42 + "B", "y": "A" * 43},
    "a private key": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": "A" * 43},
    "a secret": {"kty": "oct", "k": "AAAA"},
    "padding": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43 + "="},
    "too short": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
    "no x": {"kty": "OKP", "crv": "Ed25519"},
    "another curve": {"kty": "EC", "crv": "P-521", "x": "AAAA", "y": "AAAA"},
    "another kind": {"kty": "what"},
    "a small RSA key": {"kty": "RSA", "n": "_" * 171, "e": "AQAB"},
}


@pytest.mark.parametrize("jwk", NOT_KEYS.values(), ids=NOT_KEYS.keys())
def test_what_is_no_public_key_is_refused(jwk):
    with pytest.raises((MalformedError, UnknownKey)):
        key_of_jwk(jwk)


@pytest.mark.parametrize("prefix", [b"\xec\x01", b"\x82\x24", b"\x80\x26", b"\x12\x00", b""])
def test_multikey_of_another_kind_is_refused(prefix):
    with pytest.raises((MalformedError, UnknownKey)):
        key_of_multikey("z" + base58.b58encode(prefix + bytes(32)).decode())


def test_keys_keep_their_multikey_spelling():
    for kind, raw in (
        (KeyKind.ED25519, bytes(32)),
        (KeyKind.P256, b"\x02" + bytes(32)),
        (KeyKind.P384, b"\x03" + bytes(48)),
    ):
        key = PublicKey(kind, raw)
        assert key_of_multikey(multikey_of(key)) == key
