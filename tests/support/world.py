"""A small world in memory: an issuer, its anchored batch, and the evidence that a chain would give about it."""

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from registry.credential import signature
from registry.credential.anchor_proof import AnchorClaim, encode_proof_value, leaf_entry, proof_config
from registry.credential.canonical import canonical_hash, document_hash
from registry.credential.did_key import did_of
from registry.credential.place import BatchId, ContractId, Place
from registry.credential.profile import build_profile
from registry.credential.signer import signer_of
from registry.credential.status.status_entry import with_pointer
from registry.ledger.record import KeySlot, commitment
from registry.ledger.word import IssuerWord
from registry.merkle import Tree, leaf_hash
from registry.verification.evidence import (
    Assurance,
    Evidence,
    NoEvidence,
    Policy,
    ProfileFact,
    RecordFact,
    StatusFact,
    Tier,
    TrustedContract,
)
from registry.verification.report import Report
from registry.verification.verdict import BlockPoint
from registry.verification.verify import judge, present

Json = dict[str, Any]

NOW = 1_800_000_000  # 2027-01-15T08:00:00Z
ANCHORED_AT = NOW - 10_000
CREATED = "2027-01-15T05:00:00Z"
SEED, SECOND_SEED, FOREIGN_SEED = (bytes([number]) * 32 for number in (1, 2, 3))
DID, SECOND_DID, FOREIGN_DID = (did_of(signer_of(seed).public_key) for seed in (SEED, SECOND_SEED, FOREIGN_SEED))
CONTRACT = ContractId(31337, b"\xc0" * 20)
BATCH = BatchId(CONTRACT, 7, b"\xba" * 16)
ACCOUNT = b"\xac" * 20
INDEX = 1


def point(number: int, time: int) -> BlockPoint:
    return BlockPoint(number, "0x" + sha256(b"block %d" % number).hexdigest(), time)


def body(index: int) -> Json:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"urn:uuid:00000000-0000-4000-8000-{index:012x}",
        "type": ["VerifiableCredential"],
        "issuer": {"id": DID, "name": "Example University"},
        "validFrom": "2027-01-01T00:00:00Z",
        "validUntil": "2030-01-01T00:00:00Z",
        "credentialSubject": {"id": f"urn:uuid:10000000-0000-4000-8000-{index:012x}", "name": "Ada", "score": 97},
    }


def profile_fact(document: Json, since: int = ANCHORED_AT - 100, until: int = 0) -> ProfileFact:
    return ProfileFact(canonical_hash(document), since, until, document)


def profile_document(*seeds: bytes, issuer_id: int = BATCH.issuer_id, contract: ContractId = CONTRACT) -> Json:
    return build_profile(
        contract, issuer_id, "Example University", signers=seeds or (SEED,), accounts=[ACCOUNT], created=CREATED
    )


@dataclass(frozen=True)
class World:
    """One batch and what is known about the credential at INDEX; `credential` is that credential, finished."""

    credentials: tuple[Json, ...]
    evidence: Evidence
    policy: Policy = field(default_factory=lambda: Policy((trusted(CONTRACT),), NOW))

    @property
    def credential(self) -> Json:
        return self.credentials[min(INDEX, len(self.credentials) - 1)]

    def judge(
        self,
        credential: Json | bytes | None = None,
        evidence: Evidence | NoEvidence | None = None,
        policy: Policy | None = None,
    ) -> Report:
        """The report on a document (this world's credential unless given)."""
        document = self.credential if credential is None else credential
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        return judge(present(data), evidence or self.evidence, policy or self.policy)

    def with_evidence(self, **changes: Any) -> "World":
        return replace(self, evidence=replace(self.evidence, **changes))

    def with_policy(self, **changes: Any) -> "World":
        return replace(self, policy=self.policy._replace(**changes))


def trusted(contract: ContractId) -> TrustedContract:
    return TrustedContract(contract, b"\x9e" * 32, b"\xcd" * 32)


def build(
    *,
    size: int = 3,
    batch: BatchId = BATCH,
    seed: bytes | None = SEED,
    pointer: bool = True,
    pointer_to: Place | None = None,
    changes: Json | None = None,
) -> World:
    """Issue and anchor a batch.

    Args:
        size: Credentials in it.
        batch: Where it is anchored.
        seed: Who signs; None: nobody.
        pointer: Whether the documents say that they are anchored.
        pointer_to: Another place that they name than their own.
        changes: Members that replace those of every document before signing; None removes one.
    """
    documents = []
    for index in range(size):
        document = {name: value for name, value in {**body(index), **(changes or {})}.items() if value is not None}
        place = Place(batch, index)
        if pointer:
            document = with_pointer(document, pointer_to or place, "https://registry.example")
        proof = [] if seed is None else [signature.sign(document, seed, CREATED)]
        documents.append({**document, "proof": proof})
    return World(*anchor(documents, batch))


def anchor(documents: list[Json], batch: BatchId = BATCH) -> tuple[tuple[Json, ...], Evidence]:
    """Give documents their anchor proofs, and say what the chain then holds."""
    config = proof_config(batch.contract, ACCOUNT, CREATED)
    salts = [sha256(b"salt %d" % index).digest() for index in range(len(documents))]
    leaves = [
        leaf_hash(leaf_entry(Place(batch, index), salts[index], canonical_hash(config), document_hash(document)))
        for index, document in enumerate(documents)
    ]
    tree = Tree(leaves)
    finished = []
    for index, document in enumerate(documents):
        claim = AnchorClaim(Place(batch, index), ACCOUNT, tree.size, salts[index], tree.path(index))
        proof = {**config, "proofValue": encode_proof_value(claim)}
        finished.append({**document, "proof": [*document["proof"], proof]})
    return tuple(finished), evidence_of(batch, commitment(tree.root, tree.size, ACCOUNT))


def evidence_of(batch: BatchId, committed: bytes) -> Evidence:
    return Evidence(
        assurance=Assurance.ENDPOINT,
        contract=batch.contract,
        genesis_hash=b"\x9e" * 32,
        code_hash=b"\xcd" * 32,
        latest=point(100, NOW - 10),
        safe=point(90, NOW - 130),
        issuer_word=IssuerWord(b"\x11" * 26, 5, 0, frozen=False).pack(),
        record=RecordFact(committed, ANCHORED_AT, Tier.SAFE),
        key=KeySlot(2, ANCHORED_AT - 1_000, 0, 0),
        reaffirmation=None,
        status=StatusFact(0, 0, 0, 0, ()),
        profiles=(profile_fact(profile_document(issuer_id=batch.issuer_id, contract=batch.contract)),),
    )


def signature_of(credential: Json) -> Json:
    return credential["proof"][0]


def anchor_of(credential: Json) -> Json:
    return credential["proof"][-1]


def stripped(credential: Json) -> Json:
    """Without its anchor proof."""
    return {**credential, "proof": credential["proof"][:-1]}


def with_anchor(credential: Json, proof: Json) -> Json:
    """With another anchor proof."""
    return {**credential, "proof": [*credential["proof"][:-1], proof]}
