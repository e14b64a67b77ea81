"""Parts of bench-credential about proofs: statements from a template against PyLD, and one full local check."""

import itertools
import json
import secrets
from typing import Any
from uuid import UUID

from harness import Bench, Subject
from nacl.signing import SigningKey
from pyld import jsonld

from registry.credential import signature
from registry.credential.anchor_proof import AnchorClaim, encode_proof_value, leaf_entry, proof_config
from registry.credential.did_key import did_of
from registry.credential.model import read_credential
from registry.credential.place import BatchId, ContractId, Place
from registry.credential.rdf.contexts import pinned_contexts
from registry.credential.rdf.template import fast_quads
from registry.credential.status.status_entry import with_pointer
from registry.merkle import leaf_hash, root_from_path

SEED = bytes(range(32))
BATCH, FIRST = BatchId(ContractId(31337, bytes(range(20))), 1, bytes(range(16))), 700_001
FILES = 200
STEPS, LEAVES = 20, 1 << 20
CREATED = "2026-03-01T09:30:00Z"


def unsigned(badge: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """One badge of a batch of our issuer, with its own id, learner and pointer, and no proof."""
    document = json.loads(json.dumps({name: value for name, value in badge.items() if name != "proof"}))
    document["issuer"]["id"] = did_of(bytes(SigningKey(SEED).verify_key))
    document["id"] = UUID(bytes=secrets.token_bytes(16), version=4).urn
    document["credentialSubject"]["identifier"][0]["identityHash"] = f"Zoë Öberg {secrets.token_hex(4)}"
    return with_pointer(document, Place(BATCH, FIRST + number), "https://registry.example")


def finished(badge: dict[str, Any], suite: str, number: int) -> bytes:
    """A badge as `hallmark issue` would write it, signed, anchored in a batch of 2^20 with a path of 20 hashes."""
    document, place = unsigned(badge, number), Place(BATCH, FIRST + number)
    account = bytes(range(20, 40))
    path = tuple(secrets.token_bytes(32) for _ in range(STEPS))
    claim = AnchorClaim(place, account, LEAVES, secrets.token_bytes(32), path)
    anchor = {**proof_config(BATCH.contract, account, CREATED), "proofValue": encode_proof_value(claim)}
    proofs = [signature.sign(document, SEED, CREATED, suite), anchor]
    return (json.dumps({**document, "proof": proofs}, indent=2, ensure_ascii=False) + "\n").encode()


def check(data: bytes) -> bytes:
    """Everything that can be checked without asking anybody: read, canonical, hash, path, signature; the root."""
    credential = read_credential(data)
    anchor = credential.anchor
    assert anchor is not None
    signer = signature.verify(credential.document, credential.signatures[0], doc_hash=credential.doc_hash)
    assert signer.bound
    claim = anchor.claim
    leaf = leaf_hash(leaf_entry(claim.place, claim.salt, anchor.config_hash, credential.doc_hash))
    return root_from_path(leaf, claim.place.index, claim.leaf_count, claim.path)


def bench_statements(bench: Bench, badge: dict[str, Any]) -> None:
    """Canonical N-Quads of badges that differ in their texts; PyLD with its contexts in memory and processed."""
    book, document = pinned_contexts(), unsigned(badge)
    turn = itertools.cycle([unsigned(badge, number) for number in range(FILES)])
    loaded = {
        url: {"contextUrl": None, "documentUrl": url, "document": dict(found), "tag": "static"}
        for url, found in book.documents.items()
    }
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": lambda url, _: loaded[url],
    }
    assert fast_quads(document, book) == fast_quads(document, book) == jsonld.normalize(document, options)
    timings = bench.rounds(
        "canonical N-Quads of a badge",
        {
            "ours": Subject(lambda: fast_quads(next(turn), book), 1_000, "from a compiled template"),
            "peer": Subject(lambda: jsonld.normalize(next(turn), options), 20, "PyLD, contexts cached"),
            "ours, signed": Subject(
                lambda: signature.sign(next(turn), SEED, CREATED, signature.RDFC), 300, "both hashes and Ed25519"
            ),
        },
    )
    bench.metric("rdfc_vs_pyld", timings.ratio("peer", "ours"), aim=50)
    bench.metric("rdfc_signed_vs_pyld", timings.ratio("peer", "ours, signed"))


def bench_check(bench: Bench, badge: dict[str, Any]) -> None:
    """One full local check, of 200 badges of one batch in turn, against the Ed25519 verification in it."""
    key, message = SigningKey(SEED), bytes(64)
    signed = key.sign(message).signature
    by_jcs, by_rdf = (
        [finished(badge, suite, number) for number in range(FILES)] for suite in (signature.JCS, signature.RDFC)
    )
    jcs, rdf = itertools.cycle(by_jcs), itertools.cycle(by_rdf)
    timings = bench.rounds(
        f"full local check of a badge, {len(by_rdf[0]):,} bytes, path of {STEPS}",
        {
            "ours, JCS": Subject(lambda: check(next(jcs)), 300, "eddsa-jcs-2022"),
            "ours, RDF": Subject(lambda: check(next(rdf)), 300, "eddsa-rdfc-2022, from a template"),
            "limit": Subject(lambda: key.verify_key.verify(message, signed), 500, "PyNaCl verify of 64 bytes"),
        },
    )
    bench.metric("verify_cost", timings.ratio("ours, JCS", "limit"), aim=2.2)
    bench.metric("verify_rdf_cost", timings.ratio("ours, RDF", "limit"))
    bench.limit("verify_cost", "one PyNaCl Ed25519 verification of 64 bytes, nothing else")
