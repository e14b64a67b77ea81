"""Data Integrity signatures: one table of suites, one way to check a proof, one way to make one.

Adding a suite is one entry in SUITES: which proofs are its, which keys it takes, and what the key signs.
Sources: Data Integrity 1.0, section 4; VC DI EdDSA 1.0, section 3; VC DI ECDSA 1.0, section 3.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256, sha384
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.credential import base58btc, vc_jwt
from registry.credential.canonical import canonical_bytes
from registry.credential.controller import NOTHING, RELATION, AtHand, Signer, find_signer
from registry.credential.keys import KeyKind, PublicKey, check_signature
from registry.credential.signer import DocumentSigner, method_of_signer, signer_of
from registry.credential.times import seconds_of
from registry.errors import DataLossError, MalformedError, ProofError

if TYPE_CHECKING:
    from registry.credential.rdf.contexts import ContextBook

JCS, RDFC = "eddsa-jcs-2022", "eddsa-rdfc-2022"
SUITE = JCS
_DATA_INTEGRITY = "DataIntegrityProof"
_LENGTHS = {KeyKind.ED25519: 64, KeyKind.P256: 64, KeyKind.P384: 96}

Json = Mapping[str, Any]


class Suite(NamedTuple):
    """One suite: its proof type, the keys that it takes, and the two texts that are hashed and signed."""

    proof_type: str
    kinds: frozenset[KeyKind]
    texts: "Callable[[Json, Json, ContextBook | None, str], tuple[bytes, bytes]]"
    over_rdf: bool


def _jcs_texts(document: Json, config: Json, book: "ContextBook | None", digest: str) -> tuple[bytes, bytes]:
    """Proof configuration and document in RFC 8785 form; the document's contexts start with the proof's."""
    if "@context" in config:
        ours, theirs = _as_list(document.get("@context")), _as_list(config["@context"])
        if ours[: len(theirs)] != theirs:
            raise ProofError("The document's @context does not start with the one that was signed.")
        document = {**document, "@context": config["@context"]}
    return canonical_bytes(config), canonical_bytes(document)


def _rdf_texts(document: Json, config: Json, book: "ContextBook | None", digest: str) -> tuple[bytes, bytes]:
    """Proof configuration and document as canonical N-Quads, both in the document's contexts."""
    from registry.credential.rdf.template import fast_quads

    assert book is not None  # suites over RDF are given contexts
    config_quads = _config_quads(config, document.get("@context"), book, digest)
    return config_quads.encode(), fast_quads(document, book, digest).encode()


def _config_quads(config: Json, contexts: Any, book: "ContextBook", digest: str) -> str:
    """The statements of a proof configuration, which a whole batch shares. Only texts are kept: 1 equals True."""
    from registry.credential.rdf.template import fast_quads

    listed = isinstance(contexts, list)
    if listed and all(isinstance(text, str) for text in (*contexts, *config.values())):
        return _shared_config_quads(tuple(config.items()), tuple(contexts), book, digest)
    return fast_quads({**config, "@context": contexts}, book, digest)


@lru_cache(maxsize=256)
def _shared_config_quads(
    config: tuple[tuple[str, Any], ...], contexts: tuple[Any, ...], book: "ContextBook", digest: str
) -> str:
    from registry.credential.rdf.template import fast_quads

    return fast_quads({**dict(config), "@context": list(contexts)}, book, digest)


_ED25519, _NIST = frozenset({KeyKind.ED25519}), frozenset({KeyKind.P256, KeyKind.P384})
SUITES: Mapping[str, Suite] = {
    JCS: Suite(_DATA_INTEGRITY, _ED25519, _jcs_texts, over_rdf=False),
    RDFC: Suite(_DATA_INTEGRITY, _ED25519, _rdf_texts, over_rdf=True),
    "ecdsa-jcs-2019": Suite(_DATA_INTEGRITY, _NIST, _jcs_texts, over_rdf=False),
    "ecdsa-rdfc-2019": Suite(_DATA_INTEGRITY, _NIST, _rdf_texts, over_rdf=True),
    "Ed25519Signature2020": Suite("Ed25519Signature2020", _ED25519, _rdf_texts, over_rdf=True),
}


def suite_name(proof: Json) -> str:
    """The name by which a proof's suite stands in the table: its cryptosuite, or its type in older suites.

    Either name is enough to be taken for that suite, so that a proof with one of them changed is refused, not skipped.
    """
    suite, kind = str(proof.get("cryptosuite", "")), str(proof.get("type", ""))
    return suite if suite in SUITES else kind if kind in SUITES else suite or kind or "unnamed"


def is_known(proof: Json) -> bool:
    """Whether this program checks proofs of this suite; a JWS around the whole credential is one."""
    return suite_name(proof) in SUITES or proof.get("type") == vc_jwt.TYPE


def method_named(proof: Json) -> str:
    """The verification method that a proof of a known suite names; empty where none can be read."""
    return vc_jwt.method_named(proof) if proof.get("type") == vc_jwt.TYPE else str(proof.get("verificationMethod"))


def sign(
    document: Json,
    key: bytes | DocumentSigner,
    created: str,
    suite: str = SUITE,
    also: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A Data Integrity proof over `document` without its proofs.

    Args:
        document: The credential or profile; its "proof" member is left out.
        key: Whoever signs, or an Ed25519 seed of 32 bytes.
        created: dateTimeStamp of signing.
        suite: `eddsa-jcs-2022` or `eddsa-rdfc-2022`.
        also: More members of the proof, e.g. challenge and domain of a presentation, or another proofPurpose.

    Raises:
        UnknownContext, DataLossError, WorkLimit, CannotTell, TransformationError: The document cannot be signed as RDF.
    """
    signer = signer_of(key)
    config: dict[str, Any] = {
        "type": _DATA_INTEGRITY,
        "cryptosuite": suite,
        "created": created,
        "verificationMethod": method_of_signer(signer),
        "proofPurpose": RELATION,
        **(also or {}),
    }
    if not SUITES[suite].over_rdf and "@context" in document:
        config["@context"] = document["@context"]
    book = None
    if SUITES[suite].over_rdf:
        from registry.credential.rdf.contexts import pinned_contexts

        book = pinned_contexts()
    message = _message(SUITES[suite], _without_proof(document), config, book, KeyKind.ED25519)
    return {**config, "proofValue": "z" + base58btc.encode(signer.sign(message))}


def _only_texts(config: Json) -> bool:
    """Whether a proof's members are texts and lists of texts, as nearly always: then no number needs a look."""
    for member in config.values():
        if type(member) is not str and not (type(member) is list and {*map(type, member)} <= {str}):
            return False
    return True


def verify(
    document: Json,
    proof: Json,
    at_hand: AtHand = NOTHING,
    *,
    doc_hash: bytes | None = None,
    purpose: str = RELATION,
) -> Signer:
    """Who signed `document` with this proof.

    Args:
        document: The credential, with or without its proofs.
        proof: One of its proofs.
        at_hand: What the verifier has besides.
        doc_hash: The document's hash (`canonical.document_hash`, 32 bytes) where it was computed before.
        purpose: The proofPurpose that it must have. The relation that a document on the web must name is always
            assertionMethod: for another purpose only a did:key is enough.

    Raises:
        CannotTell: A key, a context or a document is not at hand, or the work is too much: says nothing.
        MalformedError: A proof of another suite, that lacks members, or whose key is no key.
        ProofError: A signature that does not match, or a key that may not assert.
        DataLossError: A document with members that no statement stands for.
    """
    if proof.get("type") == vc_jwt.TYPE:
        return vc_jwt.verify(document, proof, at_hand)
    suite = SUITES.get(suite_name(proof))
    if suite is None or proof.get("type") != suite.proof_type:
        raise MalformedError(f"This is no proof of the suite {suite_name(proof)[:60]!r}, or none that is checked here.")
    method, value = _checked_members(proof, at_hand.now, purpose)
    signer = find_signer(method, at_hand.controllers, at_hand.now)
    if signer.key.kind not in suite.kinds:
        raise MalformedError(f"The suite {suite_name(proof)} takes no {signer.key.kind} key.")
    signature = _decode(value, _LENGTHS[signer.key.kind])
    config = {**proof}
    del config["proofValue"]
    if doc_hash is not None and _signs_the_hash(suite, signer.key.kind, document, config):
        check_signature(
            signer.key, signature, sha256(canonical_bytes(config, plain=_only_texts(config))).digest() + doc_hash
        )
    else:
        _check_texts(suite, signer.key, signature, _unsecured(document, proof), config, at_hand)
    return signer


def _signs_the_hash(suite: Suite, kind: KeyKind, document: Json, config: Json) -> bool:
    """Whether what is signed of the document is its `docHash`: JCS, SHA-256, no chain, the document's own contexts."""
    if suite.over_rdf or kind is KeyKind.P384 or "previousProof" in config:
        return False
    return bool(config.get("@context", document.get("@context")) == document.get("@context"))


def _check_texts(suite: Suite, key: PublicKey, signature: bytes, document: Json, config: Json, at_hand: AtHand) -> None:
    """Raise unless the signature matches in one of the books of contexts; what the first of them says is told."""
    problem: ProofError | DataLossError | None = None
    for book in _books(suite, document, at_hand):
        try:
            return check_signature(key, signature, _message(suite, document, config, book, key.kind))
        except (ProofError, DataLossError) as error:
            problem = problem or error
    assert problem is not None  # there is at least one book
    raise problem


def _message(suite: Suite, document: Json, config: Json, book: "ContextBook | None", kind: KeyKind) -> bytes:
    """Hash of the proof configuration, then hash of the document: 64 bytes, or 96 for P-384 (section 3.2.4)."""
    digest = sha384 if kind is KeyKind.P384 else sha256
    config_text, text = suite.texts(document, config, book, digest().name)
    return digest(config_text).digest() + digest(text).digest()


def _books(suite: Suite, document: Json, at_hand: AtHand) -> "list[ContextBook | None]":
    """The contexts to try: two files were published as Open Badges context 3.0.3, and either may have been signed."""
    if not suite.over_rdf:
        return [None]
    from registry.credential.rdf.contexts import OB_303, older_badge_contexts, pinned_contexts

    if at_hand.contexts is None and OB_303 in _as_list(document.get("@context")):
        return [pinned_contexts(), older_badge_contexts()]
    return [at_hand.contexts or pinned_contexts()]


def _checked_members(proof: Json, now: float | None, purpose: str) -> tuple[str, str]:
    """The verificationMethod and proofValue of a proof whose other members are in order (Data Integrity 1.0, 4.2)."""
    method, value = proof.get("verificationMethod"), proof.get("proofValue")
    if not isinstance(method, str) or not isinstance(value, str) or proof.get("proofPurpose") != purpose:
        raise MalformedError("The signature proof lacks verificationMethod, proofPurpose or proofValue.")
    for member in ("created", "expires"):
        if member in proof and not isinstance(proof[member], str):
            raise MalformedError(f"The signature proof's {member!r} is no text.")
    if "expires" in proof and now is not None and seconds_of(proof["expires"]) <= now:
        raise ProofError(f"The signature proof ended at {proof['expires']}.")
    return method, value


def _unsecured(document: Json, proof: Json) -> Json:
    """The document as it was signed: without proofs, or with those that this one is chained to (section 4.3)."""
    bare = _without_proof(document)
    if "previousProof" not in proof:
        return bare
    wanted = _as_list(proof["previousProof"])
    others = [other for other in _as_list(document.get("proof")) if isinstance(other, Mapping)]
    earlier = [other for other in others if other.get("id") in wanted]
    if {other["id"] for other in earlier} != set(map(str, wanted)) or proof in earlier:
        raise ProofError("The proof is chained to a proof that is not there.")
    return {**bare, "proof": earlier}


def _without_proof(document: Json) -> Json:
    return {name: member for name, member in document.items() if name != "proof"}


def _decode(value: str, length: int) -> bytes:
    signature = base58btc.decode(value[1:]) if value.startswith("z") and len(value) <= 160 else None
    if signature is None or len(signature) != length:
        raise MalformedError(f"proofValue is not a base58-btc signature of {length} bytes.")
    return signature


def _as_list(value: Any) -> list[Any]:
    """Unlike `values.as_list`, null is a value here: a proof whose context or chain is null must not match nothing."""
    return value if isinstance(value, list) else [value]
