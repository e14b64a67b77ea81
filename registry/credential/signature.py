"""The suite `eddsa-jcs-2022` (VC Data Integrity EdDSA Cryptosuites 1.0, section 3.3)."""

from collections.abc import Mapping
from typing import Any

import base58
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from registry.credential.canonical import canonical_hash, document_hash
from registry.credential.did_key import did_of, method_of, public_key_of
from registry.errors import MalformedError, ProofError

SUITE = "eddsa-jcs-2022"


def sign(document: Mapping[str, Any], seed: bytes, created: str) -> dict[str, Any]:
    """A Data Integrity proof over `document` without its proofs.

    Args:
        document: The credential or profile; its "proof" member is left out.
        seed: Ed25519 seed, 32 bytes.
        created: dateTimeStamp of signing.
    """
    key = SigningKey(seed)
    config: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": method_of(did_of(bytes(key.verify_key))),
        "proofPurpose": "assertionMethod",
    }
    if "@context" in document:
        config["@context"] = document["@context"]
    signature = key.sign(canonical_hash(config) + document_hash(document)).signature
    return {**config, "proofValue": "z" + base58.b58encode(signature).decode()}


def verify(document: Mapping[str, Any], proof: Mapping[str, Any]) -> str:
    """The did:key that signed `document`.

    Raises:
        MalformedError: A proof of another type or suite, that lacks members, or that names no Ed25519 did:key.
        ProofError: A signature that does not match (section 3.3.2).
    """
    if proof.get("type") != "DataIntegrityProof" or proof.get("cryptosuite") != SUITE:
        raise MalformedError(f"The signature proof is no DataIntegrityProof of the suite {SUITE}.")
    method, value = proof.get("verificationMethod"), proof.get("proofValue")
    if not isinstance(method, str) or not isinstance(value, str) or proof.get("proofPurpose") != "assertionMethod":
        raise MalformedError("The signature proof lacks verificationMethod, proofPurpose or proofValue.")
    public_key, signature = public_key_of(method), _signature(value)
    _check_context(document, proof)
    unsecured = {**document, "@context": proof["@context"]} if "@context" in proof else document
    config = {name: member for name, member in proof.items() if name != "proofValue"}
    try:
        VerifyKey(public_key).verify(canonical_hash(config) + document_hash(unsecured), signature)
    except BadSignatureError:
        raise ProofError("The signature does not match: the document or the proof was changed after signing.") from None
    return method.partition("#")[0]


def _signature(value: str) -> bytes:
    try:
        signature = base58.b58decode(value[1:]) if value.startswith("z") and len(value) <= 96 else b""
    except ValueError:
        signature = b""
    # b58decode drops white space behind the text: only the one true spelling passes.
    if len(signature) != 64 or base58.b58encode(signature).decode() != value[1:]:
        raise MalformedError("proofValue is not a base58-btc Ed25519 signature of 64 bytes.")
    return signature


def _check_context(document: Mapping[str, Any], proof: Mapping[str, Any]) -> None:
    """The document's contexts must start with the proof's, in order (section 3.3.2, step 3)."""
    if "@context" not in proof:
        return
    ours, theirs = _as_list(document.get("@context")), _as_list(proof["@context"])
    if ours[: len(theirs)] != theirs:
        raise ProofError("The document's @context does not start with the one that was signed.")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
