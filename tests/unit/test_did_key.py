"""Ed25519 did:key: the published ones decode, everything else is refused."""

from base64 import urlsafe_b64decode

import base58
import public_vectors
import pytest

from registry.credential.did_key import did_of, method_of, public_key_of
from registry.errors import MalformedError

KEY = bytes(range(32))
DID = did_of(KEY)


def published_key(pair: dict) -> bytes:
    if "publicKeyJwk" in pair:
        return urlsafe_b64decode(pair["publicKeyJwk"]["x"] + "=")
    return base58.b58decode(pair["publicKeyBase58"])


@public_vectors.needed
def test_published_ed25519_dids_decode_to_their_keys():
    vectors = public_vectors.load("did-key/ed25519-x25519.json")
    assert len(vectors) == 5
    for did, vector in vectors.items():
        key = published_key(vector["verificationKeyPair"])
        assert public_key_of(did) == key
        assert public_key_of(vector["didDocument"]["verificationMethod"][0]["id"]) == key
        assert did_of(key) == did
        assert method_of(did) == vector["didDocument"]["verificationMethod"][0]["id"]


@public_vectors.needed
def test_published_keys_of_other_types_are_refused():
    """P-256, P-384, P-521, secp256k1, and X25519 both alone and beside an Ed25519 key."""
    others = [*public_vectors.load("did-key/nist-curves.json"), *public_vectors.load("did-key/secp256k1.json")]
    others += public_vectors.load("did-key/x25519.json")["didDocument"]
    beside = public_vectors.load("did-key/ed25519-x25519.json").values()
    others += ["did:key:" + vector["keyAgreementKeyPair"]["id"].partition("#")[2] for vector in beside]
    assert len(others) == 7 + 6 + 4 + 5
    for did in others:
        with pytest.raises(MalformedError):
            public_key_of(did)


def multikey(raw: bytes) -> str:
    return "did:key:z" + base58.b58encode(raw).decode()


BAD = {
    "empty": "",
    "no did": "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    "another method": "did:web:example.org",
    "upper case": DID.upper(),
    "no key": "did:key:",
    "no key behind z": "did:key:z",
    "base64url multibase": DID.replace(":z", ":u"),
    "character that base58 lacks": DID[:-1] + "0",
    "not ASCII": DID[:-1] + "é",
    "white space behind": DID + " ",
    "line feed behind": DID + "\n",
    "white space before the fragment": f"{DID} #{DID[8:]} ",
    "fragment of another key": f"{DID}#{did_of(bytes(32))[8:]}",
    "fragment key-1": f"{DID}#key-1",
    "31-byte key": multikey(b"\xed\x01" + bytes(31)),
    "33-byte key": multikey(b"\xed\x01" + bytes(33)),
    "private key": multikey(b"\x80\x26" + KEY),
    "no multicodec": multikey(KEY),
    "leading zero byte": multikey(b"\x00\xed\x01" + KEY),
    "very long": "did:key:z" + "1" * 100_000,
}


@pytest.mark.parametrize("method", BAD.values(), ids=BAD.keys())
def test_text_that_is_no_ed25519_did_key_is_malformed(method):
    with pytest.raises(MalformedError) as caught:
        public_key_of(method)
    assert len(str(caught.value)) < 200


def test_did_and_its_verification_method_give_the_same_key():
    assert public_key_of(DID) == public_key_of(method_of(DID)) == KEY
