"""VC-JWT: pinned algorithms, claims that agree with the credential, keys that are bound to the issuer."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from registry.credential import signature, vc_jwt
from registry.credential.controller import AtHand
from registry.credential.did_key import did_of
from registry.credential.model import read_credential
from registry.credential.signer import signer_of
from registry.errors import HallmarkError, MalformedError, ParsingError, ProofError, UnknownKey
from registry.verification.evidence import NoEvidence, Policy
from registry.verification.verify import judge, present

SEED = bytes(range(32))
ISSUER = did_of(signer_of(SEED).public_key)
WEB = "did:web:issuer.example"
DOCUMENT: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "urn:uuid:6fa2f0f5-3c0b-4f0c-9d5e-2b8f4f0f6a11",
    "type": ["VerifiableCredential"],
    "issuer": {"id": ISSUER},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2027-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:learner", "degree": "one"},
}
NOW = 1_780_000_000
POLICY = Policy((), NOW)
TOKEN = vc_jwt.sign(DOCUMENT, SEED)


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    return json.loads(urlsafe_b64decode(part + "=="))


def resigned(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, sign: Any = None) -> str:
    """The token with changed header and claims, signed again; None removes a member."""
    from nacl.signing import SigningKey

    parts = [decoded(part) for part in TOKEN.split(".")[:2]]
    for part, changes in zip(parts, (header or {}, claims or {}), strict=True):
        part.update(changes)
        for name in [name for name, value in part.items() if value is None]:
            del part[name]
    signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    made = sign(signed.encode()) if sign else SigningKey(SEED).sign(signed.encode()).signature
    return f"{signed}.{encoded(made)}"


def verify(token: str, controllers: Any = None, now: float | None = NOW) -> Any:
    credential = read_credential(token.encode())
    at_hand = AtHand(None, controllers or {}, now)
    return signature.verify(credential.document, credential.signatures[0], at_hand)


def test_our_token_reads_back_and_its_key_is_the_issuers():
    credential = read_credential(TOKEN.encode() + b"\n")
    assert credential.document == DOCUMENT
    assert verify(TOKEN).controller == ISSUER
    report = judge(present(TOKEN.encode()), NoEvidence("-", "NOT_ANCHORED"), POLICY)
    assert report.check("signature").verdict.value == "valid"
    assert report.verdict.value == "valid"


def test_claims_say_what_the_credential_says():
    claims = decoded(TOKEN.split(".")[1])
    assert {name: claims[name] for name in ("iss", "jti", "sub", "nbf", "exp")} == {
        "iss": ISSUER,
        "jti": DOCUMENT["id"],
        "sub": "did:example:learner",
        "nbf": 1_767_225_600,
        "exp": 1_798_761_600,
    }


CLAIMS = {
    "another issuer": {"iss": "did:example:other"},
    "another subject": {"sub": "did:example:other"},
    "another id": {"jti": "urn:uuid:other"},
    "valid earlier": {"nbf": 1},
    "valid longer": {"exp": 4_000_000_000},
    "nbf is a text": {"nbf": "1767225600"},
    "iat is a truth value": {"iat": True},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
def test_claim_that_contradicts_the_credential_is_refused(claims):
    with pytest.raises(MalformedError):
        verify(resigned(claims=claims))


def test_time_claims_hold_where_the_credential_says_nothing():
    bare = {"validFrom": None, "validUntil": None}
    assert verify(resigned(claims=bare)).controller == ISSUER
    for claims in ({"nbf": NOW + 10, "exp": None}, {"nbf": None, "exp": NOW}):
        with pytest.raises(ProofError):
            verify(resigned(claims={**bare, **claims}))


HEADERS = {
    "none": {"alg": "none"},
    "HS256": {"alg": "HS256"},
    "another algorithm than the key's": {"alg": "ES256"},
    "RSA with another padding": {"alg": "PS256"},
    "critical extension": {"crit": ["b64"]},
    "unencoded payload": {"b64": False},
    "another type": {"typ": "dpop+jwt"},
    "no algorithm": {"alg": None},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_header_that_asks_for_anything_else_is_refused(header):
    with pytest.raises(MalformedError):
        verify(resigned(header))


def test_every_changed_part_is_refused():
    head, body, tail = TOKEN.split(".")
    flipped = tail[:-2] + ("A" if tail[-2] != "A" else "B") + tail[-1]
    other = encoded(
        json.dumps({**decoded(body), "credentialSubject": {"id": "did:example:learner", "degree": "two"}}).encode()
    )
    for token in (f"{head}.{body}.{flipped}", f"{head}.{other}.{tail}"):
        with pytest.raises(HallmarkError):
            verify(token)
    with pytest.raises(ProofError):
        signature.verify({**DOCUMENT, "name": "more"}, {"type": vc_jwt.TYPE, "jws": TOKEN})


def test_token_without_a_key_is_unknown_and_one_with_its_own_key_is_unbound():
    with pytest.raises(UnknownKey):
        verify(resigned({"kid": None}))
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(signer_of(SEED).public_key)}
    assert not verify(resigned({"kid": None, "jwk": jwk})).bound
    token = resigned({"kid": None, "jwk": jwk}, {"iss": WEB, "issuer": WEB})
    report = judge(present(token.encode()), NoEvidence("-", "NOT_ANCHORED"), POLICY)
    assert (report.check("signature").verdict.value, report.verdict.value) == ("unknown", "unknown")


def es256(key):
    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def document_with(jwk: dict[str, str]) -> dict[str, Any]:
    method = {"id": f"{WEB}#1", "type": "JsonWebKey", "controller": WEB, "publicKeyJwk": jwk}
    return {WEB: {"id": WEB, "verificationMethod": [method], "assertionMethod": ["#1"]}}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_keys_of_a_did_document_sign_with_es256_and_rs256(algorithm):
    if algorithm == "ES256":
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": encoded(numbers.x.to_bytes(32, "big")),
            "y": encoded(numbers.y.to_bytes(32, "big")),
        }
        sign = es256(key)
    else:
        key = rsa.generate_private_key(65537, 2048)
        jwk = {"kty": "RSA", "n": encoded(key.public_key().public_numbers().n.to_bytes(256, "big")), "e": "AQAB"}
        sign = lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())  # noqa: E731
    token = resigned({"alg": algorithm, "kid": f"{WEB}#1"}, {"iss": WEB, "issuer": WEB}, sign)
    report = judge(present(token.encode()), NoEvidence("-", "NOT_ANCHORED"), POLICY, controllers=document_with(jwk))
    assert (report.verdict.value, report.check("signature").detail) == ("valid", f"Signed for {WEB} (VC-JWT).")
    assert report.check("issuer").verdict.value == "valid"
    for wrong in ("EdDSA", "ES256" if algorithm == "RS256" else "RS256"):
        forged = resigned({"alg": wrong, "kid": f"{WEB}#1"}, {"iss": WEB, "issuer": WEB}, sign)
        with pytest.raises(MalformedError):
            verify(forged, document_with(jwk))
    with pytest.raises(UnknownKey):
        verify(token)


def test_older_token_with_a_vc_claim_is_read():
    older = {"@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"], "issuer": ISSUER}
    older |= {"issuanceDate": "2026-01-01T00:00:00Z", "credentialSubject": {"id": "did:example:learner"}}
    gone = dict.fromkeys([*DOCUMENT, "exp", "jti"])
    token = resigned(claims={**gone, "vc": older})
    assert read_credential(token.encode()).document == older
    assert verify(token).controller == ISSUER
    with pytest.raises(MalformedError):
        verify(resigned(claims={**gone, "vc": older, "iss": None}))


@pytest.mark.parametrize(
    "data", [b"ey.ey", b"eyJ9.e30.", b"ey.\xff.e30", b"eyJ9.e30.e30=", b"eyJhIjoxfQ.bm90IGpzb24.eA", b"ey"]
)
def test_bytes_that_only_look_like_a_token_are_not_readable(data):
    with pytest.raises(ParsingError):
        read_credential(data)
