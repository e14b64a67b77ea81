"""A credential that was read: the document with what every later step asks of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from registry.credential.anchor_proof import SUITE, AnchorProof, read_anchor_proof
from registry.credential.canonical import document_hash, hash_without_proof
from registry.credential.place import Place
from registry.credential.reader import MAX_BYTES, read_canonical
from registry.credential.status.status_entry import pointers_of
from registry.credential.values import as_list
from registry.credential.vc_jwt import is_compact, unpack
from registry.errors import HallmarkError


class Credential(NamedTuple):
    """A readable document.

    Attributes:
        document: The JSON object.
        doc_hash: SHA-256 of its canonical form without proofs, 32 bytes.
        signatures: Proofs other than ours, in order.
        anchor: Our anchor proof, where there is one that can be read.
        anchor_problem: Why the anchor proof, or the pointer, cannot be read; empty where all is well.
        pointers: Places that `credentialStatus` names, with the statusListIndex beside each.
        says_anchored: Whether it carries an anchor proof or a pointer, readable or not.
        place: Where it is anchored, by its proof or else by its pointer.
    """

    document: Mapping[str, Any]
    doc_hash: bytes
    signatures: tuple[Mapping[str, Any], ...]
    anchor: AnchorProof | None
    anchor_problem: str
    pointers: tuple[tuple[Place, str], ...]
    says_anchored: bool
    place: Place | None


def read_credential(data: bytes, *, max_bytes: int = MAX_BYTES) -> Credential:
    """Read a credential from bytes, JSON or compact JWS; `max_bytes` is another limit, for status lists.

    Raises:
        ParsingError: Not a strictly readable JSON document, nor a JWS around one.
    """
    if is_compact(data):
        return _read_jwt(data, max_bytes)
    reading = read_canonical(data, max_bytes=max_bytes)
    document = reading.document
    ours: list[Mapping[str, Any]] = []
    others: list[Mapping[str, Any]] = []
    for proof in as_list(document.get("proof")):
        if isinstance(proof, dict):
            (ours if proof.get("cryptosuite") == SUITE else others).append(proof)
    doc_hash = hash_without_proof(document, reading.canonical, plain=reading.plain)
    return _credential(document, doc_hash, tuple(others), ours)


def _read_jwt(data: bytes, max_bytes: int) -> Credential:
    """A credential whose one signature is the JWS around it; of the proofs inside it only our anchor is looked at."""
    document, proof = unpack(data, max_bytes=max_bytes)
    inside = [item for item in as_list(document.pop("proof", None)) if isinstance(item, Mapping)]
    ours = [item for item in inside if item.get("cryptosuite") == SUITE]
    return _credential(document, document_hash(document), (proof,), ours)


def _credential(
    document: Mapping[str, Any],
    doc_hash: bytes,
    signatures: tuple[Mapping[str, Any], ...],
    ours: Sequence[Mapping[str, Any]],
) -> Credential:
    """With what its anchor proofs (`ours`) and its pointers say."""
    anchor, problem = _read_anchor(ours)
    pointers, pointer_problem = _read_pointers(document)
    problem = problem or pointer_problem
    says_anchored = anchor is not None or bool(pointers) or bool(problem)
    place = anchor.claim.place if anchor is not None else pointers[0][0] if pointers else None
    return Credential(document, doc_hash, signatures, anchor, problem, pointers, says_anchored, place)


def _read_anchor(ours: Sequence[Mapping[str, Any]]) -> tuple[AnchorProof | None, str]:
    if len(ours) > 1:
        return None, "The document carries more than one anchor proof."
    try:
        return (read_anchor_proof(ours[0]) if ours else None), ""
    except HallmarkError as error:
        return None, str(error)


def _read_pointers(document: Mapping[str, Any]) -> tuple[tuple[tuple[Place, str], ...], str]:
    try:
        return pointers_of(document), ""
    except HallmarkError as error:
        return (), str(error)
