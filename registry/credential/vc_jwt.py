"""Credentials as compact JWS: VC-JWT of Open Badges 3.0, section 8.2, of VC-JOSE-COSE 1.0, and of VC 1.1 (`vc`).

The algorithms are pinned (RS256, ES256, EdDSA), each to its kind of key, so that no header can choose another check.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from registry.credential.conformance.rules import issuer_of
from registry.credential.controller import AtHand, Signer, find_signer
from registry.credential.keys import KeyKind, base64url, check_signature, key_of_jwk
from registry.credential.reader import read_document
from registry.credential.signer import DocumentSigner, method_of_signer, signer_of
from registry.credential.times import seconds_of
from registry.errors import MalformedError, ParsingError, ProofError, UnknownKey
from registry.patterns import Pattern

TYPE = "VC-JWT"
CLAIMS = ("iss", "sub", "nbf", "iat", "jti", "exp")
_ALGORITHMS = {"RS256": KeyKind.RSA, "ES256": KeyKind.P256, "EdDSA": KeyKind.ED25519, "Ed25519": KeyKind.ED25519}
_TYPES = (None, "JWT", "vc+jwt", "vc+ld+jwt", "application/vc+jwt")
_COMPACT = Pattern(rb"\s*([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\s*", re.ASCII)

Json = Mapping[str, Any]


def is_compact(data: bytes) -> bool:
    """Whether bytes look like a compact JWS: three base64url parts. No JSON object does."""
    return data.lstrip()[:2] == b"ey" and _COMPACT.fullmatch(data) is not None


def unpack(data: bytes, *, max_bytes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The credential inside a compact JWS, and the JWS as a proof of it.

    Raises:
        ParsingError: The payload is not strictly readable, or holds no credential.
    """
    match = _COMPACT.fullmatch(data)
    payload = base64url(match[2].decode()) if match else None
    if payload is None or len(data) > max_bytes:
        raise ParsingError("This is no compact JWS, or one that is too long.")
    claims = read_document(payload, max_bytes=max_bytes)
    return _credential_of(claims), {"type": TYPE, "jws": data.strip().decode()}


def _credential_of(claims: Json) -> dict[str, Any]:
    inner = claims.get("vc")
    if inner is None:
        return {name: value for name, value in claims.items() if name not in CLAIMS}
    if not isinstance(inner, dict):
        raise ParsingError("The claim 'vc' is no object.")
    return inner


def sign(document: Json, key: bytes | DocumentSigner, anchor: Json | None = None) -> str:
    """A compact JWS (EdDSA, key named by `kid`) over a credential without its proofs, with the claims of section 8.2.

    Args:
        document: The credential.
        key: Whoever signs, or an Ed25519 seed of 32 bytes.
        anchor: Its anchor proof, which then travels inside; the leaf does not depend on what carries the document.

    Raises:
        MalformedError: A credential without issuer, or with a validity that is no dateTimeStamp.
    """
    signer = signer_of(key)
    header = {"alg": "EdDSA", "kid": method_of_signer(signer), "typ": "JWT"}
    body = _without_proof(document)
    carried = {} if anchor is None else {"proof": [anchor]}
    parts = [_encode(header), _encode({**body, **carried, **_claims_of(body)})]
    signed = ".".join(parts)
    return f"{signed}.{_base64(signer.sign(signed.encode()))}"


def method_named(proof: Json) -> str:
    """The key id in the JWS header; empty where none can be read."""
    try:
        header = read_document(base64url(str(proof.get("jws")).partition(".")[0]) or b"")
    except ParsingError:
        return ""
    return str(header.get("kid", ""))


def verify(document: Json, proof: Json, at_hand: AtHand) -> Signer:
    """Who signed the JWS, whose payload must be `document`.

    Raises:
        UnknownKey: The key cannot be had.
        MalformedError: A header or claim that is not allowed, or that contradicts the credential.
        ProofError: The signature does not match.
    """
    if not is_compact(str(proof.get("jws")).encode()):
        raise MalformedError("The proof holds no compact JWS.")
    head, body, tail = str(proof["jws"]).split(".")
    header, claims = (read_document(base64url(part) or b"") for part in (head, body))
    signature = base64url(tail) or b""
    if _without_proof(_credential_of(claims)) != _without_proof(document):
        raise ProofError("The JWS is about another document.")
    _check_claims(claims, document, at_hand.now)
    signer = _signer(header, claims, at_hand)
    check_signature(signer.key, signature, f"{head}.{body}".encode())
    return signer


def _signer(header: Json, claims: Json, at_hand: AtHand) -> Signer:
    algorithm, kind = header.get("alg"), _ALGORITHMS.get(str(header.get("alg")))
    if kind is None or header.get("typ") not in _TYPES or "crit" in header or "b64" in header:
        raise MalformedError(
            f"The JWS header asks for {algorithm!s:.40}; only RS256, ES256 and EdDSA JWTs are checked."
        )
    issuer, kid, jwk = issuer_of(claims.get("vc", claims)) or "", header.get("kid"), header.get("jwk")
    if isinstance(kid, str):
        method = issuer + kid if kid.startswith("#") else kid
        signer = find_signer(method, at_hand.controllers, at_hand.now)
    elif isinstance(jwk, Mapping):
        signer = Signer(issuer, key_of_jwk(jwk), bound=False)
    else:
        raise UnknownKey("The JWS names no key (kid or jwk).")
    if signer.key.kind is not kind:
        raise MalformedError(f"{algorithm} takes no {signer.key.kind} key.")
    return signer


def _claims_of(credential: Json) -> dict[str, Any]:
    """Registered claims that say what the credential says (Open Badges 3.0, section 8.2.4; VC 1.1, section 6.3.1)."""
    subject = credential.get("credentialSubject")
    claims = {
        "iss": issuer_of(credential),
        "jti": credential.get("id"),
        "sub": subject.get("id") if isinstance(subject, Mapping) else None,
        "nbf": _seconds(credential.get("validFrom", credential.get("issuanceDate"))),
        "exp": _seconds(credential.get("validUntil", credential.get("expirationDate"))),
    }
    if claims["iss"] is None:
        raise MalformedError("The credential names no issuer.")
    return {name: value for name, value in claims.items() if value is not None}


def _seconds(stamp: Any) -> int | None:
    return None if stamp is None else int(seconds_of(str(stamp)))


def _check_claims(claims: Json, document: Json, now: float | None) -> None:
    """Each claim that is present agrees with the credential; nbf and exp also with the moment of the verdict."""
    expected = _claims_of(document)
    for name in ("iss", "jti", "sub", "nbf", "exp"):
        value = claims.get(name)
        if value is not None and name in expected and value != expected[name]:
            raise MalformedError(
                f"The claim {name!r} is {value!s:.80}, but the credential says {expected[name]!s:.80}."
            )
    if "iss" not in claims and "vc" in claims:
        raise MalformedError("The JWT lacks the claim 'iss'.")
    for name in ("nbf", "exp", "iat"):
        if name in claims and (not isinstance(claims[name], int | float) or isinstance(claims[name], bool)):
            raise MalformedError(f"The claim {name!r} is no number of seconds.")
    if now is not None and (claims.get("nbf", now) > now or claims.get("exp", now + 1) <= now):
        raise ProofError("The JWT is not valid now (nbf, exp).")


def _without_proof(document: Json) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "proof"}


def _encode(value: Json) -> str:
    return _base64(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
