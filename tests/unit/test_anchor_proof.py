"""The anchor proof and the pointer against our own vectors (tests/vectors), which no line of this code made."""

import json
from hashlib import sha256

import own_vectors
import pytest

from registry.credential import signature
from registry.credential.anchor_proof import (
    AnchorClaim,
    decode_proof_value,
    encode_proof_value,
    leaf_entry,
    proof_config,
    read_anchor_proof,
)
from registry.credential.canonical import canonical_bytes, document_hash
from registry.credential.model import read_credential
from registry.credential.place import BatchId, ContractId, Place, parse_pointer
from registry.errors import InclusionError, MalformedError
from registry.ledger.record import commitment
from registry.merkle import leaf_hash, path_length, root_from_path

VALID = own_vectors.load("anchor/valid.json")["vectors"]
INVALID = own_vectors.load("anchor/invalid.json")
POINTERS = own_vectors.load("anchor/pointers.json")


def place_of(body: dict) -> Place:
    contract = ContractId(body["chainId"], bytes.fromhex(body["contract"]))
    return Place(BatchId(contract, body["issuerId"], bytes.fromhex(body["batchId"])), body["index"])


def claim_of(vector: dict) -> AnchorClaim:
    path = tuple(map(bytes.fromhex, vector["path"]))
    account, salt = bytes.fromhex(vector["account"]), bytes.fromhex(vector["salt"])
    return AnchorClaim(place_of(vector["place"]), account, vector["leafCount"], salt, path)


def test_committed_vectors_are_what_the_specification_says():
    made = own_vectors.generator()
    for name, content in made.files().items():
        assert (own_vectors.FOLDER / name).read_text(encoding="utf-8") == made.render(content), name


@pytest.mark.parametrize("vector", VALID, ids=lambda vector: vector["name"])
def test_every_value_from_document_to_commitment_is_reproduced(vector):
    claim = claim_of(vector)
    document = json.loads(vector["canonicalDocument"])
    assert canonical_bytes(document).decode() == vector["canonicalDocument"]
    assert document_hash(vector["credential"]).hex() == vector["docHash"]
    config = proof_config(claim.place.batch.contract, claim.account, "2026-01-31T09:30:00Z")
    assert canonical_bytes(config).decode() == vector["canonicalConfig"]
    assert sha256(canonical_bytes(config)).hexdigest() == vector["cfgHash"]
    entry = leaf_entry(claim.place, claim.salt, bytes.fromhex(vector["cfgHash"]), bytes.fromhex(vector["docHash"]))
    assert len(entry) == 172
    assert entry.hex() == vector["entry"]
    assert leaf_hash(entry).hex() == vector["leaf"]
    root = root_from_path(leaf_hash(entry), claim.place.index, claim.leaf_count, claim.path)
    assert root.hex() == vector["root"]
    assert commitment(root, claim.leaf_count, claim.account).hex() == vector["commitment"]
    assert len(bytes.fromhex(vector["proofValueBytes"])) == 121 + 32 * len(claim.path)
    assert encode_proof_value(claim) == vector["proofValue"]
    assert decode_proof_value(vector["proofValue"]) == claim


@pytest.mark.parametrize("vector", VALID, ids=lambda vector: vector["name"])
def test_valid_credential_is_read_with_its_claim_pointers_and_signature(vector):
    credential = read_credential(json.dumps(vector["credential"]).encode())
    assert credential.anchor is not None
    assert credential.anchor_problem == ""
    assert credential.anchor.claim == claim_of(vector)
    assert credential.anchor.config_hash.hex() == vector["cfgHash"]
    assert credential.doc_hash.hex() == vector["docHash"]
    assert credential.place == place_of(vector["place"])
    assert {place for place, _ in credential.pointers} == {credential.place}
    assert signature.verify(credential.document, credential.signatures[0]).controller == credential.document["issuer"]


def cases(refused: str) -> list:
    return [pytest.param(c["proof"], id=c["name"]) for c in INVALID["cases"] if c["refused"] == refused]


def test_there_are_at_least_forty_named_ways_to_be_refused():
    assert len({case["name"] for case in INVALID["cases"]}) == len(INVALID["cases"]) >= 40


@pytest.mark.parametrize("proof", cases("proof"))
def test_malformed_anchor_proof_is_refused(proof):
    with pytest.raises(MalformedError):
        read_anchor_proof(proof)


@pytest.mark.parametrize("proof", cases("proof"))
def test_document_with_a_malformed_anchor_proof_still_says_it_was_anchored(proof):
    credential = read_credential(json.dumps({**INVALID["document"], "proof": [proof]}).encode())
    assert credential.anchor is None
    assert credential.anchor_problem
    assert credential.says_anchored


@pytest.mark.parametrize("proof", cases("pointer"))
def test_readable_anchor_proof_of_another_place_is_not_where_the_document_points(proof):
    credential = read_credential(json.dumps({**INVALID["document"], "proof": [proof]}).encode())
    assert credential.anchor is not None
    assert credential.anchor.claim.place not in {place for place, _ in credential.pointers}


@pytest.mark.parametrize("proof", cases("inclusion"))
def test_readable_anchor_proof_that_leads_elsewhere_never_meets_the_commitment(proof):
    credential = read_credential(json.dumps({**INVALID["document"], "proof": [proof]}).encode())
    anchor = credential.anchor
    assert anchor is not None
    claim = anchor.claim
    leaf = leaf_hash(leaf_entry(claim.place, claim.salt, anchor.config_hash, credential.doc_hash))
    try:
        root = root_from_path(leaf, claim.place.index, claim.leaf_count, claim.path)
    except InclusionError:
        return
    assert commitment(root, claim.leaf_count, claim.account).hex() != INVALID["commitment"]


@pytest.mark.parametrize(("index", "count"), [(0, 1), (0, 2), (2, 3), (299, 300), (0, 2**40), (2**40 - 1, 2**40)])
def test_proof_value_round_trips(index, count):
    batch = BatchId(ContractId(2**64 - 1, b"\xaa" * 20), 2**64 - 1, b"\xbb" * 16)
    path = tuple(bytes([number]) * 32 for number in range(path_length(index, count)))
    claim = AnchorClaim(Place(batch, index), b"\xcc" * 20, count, b"\xdd" * 32, path)
    assert decode_proof_value(encode_proof_value(claim)) == claim


def test_two_anchor_proofs_in_one_document_are_refused_even_if_both_are_good():
    vector = VALID[1]["credential"]
    anchor = vector["proof"][1]
    credential = read_credential(json.dumps({**vector, "proof": [anchor, anchor]}).encode())
    assert credential.anchor is None
    assert "more than one" in credential.anchor_problem
    assert credential.says_anchored


def test_anchor_proof_may_stand_alone_outside_an_array():
    vector = VALID[1]["credential"]
    credential = read_credential(json.dumps({**vector, "proof": vector["proof"][1]}).encode())
    assert credential.anchor is not None
    assert credential.signatures == ()


@pytest.mark.parametrize("case", POINTERS["valid"], ids=lambda case: case["pointer"])
def test_pointer_names_its_place_and_is_written_alike(case):
    place = place_of(case["place"])
    assert parse_pointer(case["pointer"]) == place
    assert place.pointer(case["purpose"]) == case["pointer"]


@pytest.mark.parametrize("case", POINTERS["invalid"], ids=lambda case: case["name"])
def test_malformed_pointer_is_refused(case):
    with pytest.raises(MalformedError):
        parse_pointer(case["pointer"])


@pytest.mark.parametrize("case", POINTERS["invalid"], ids=lambda case: case["name"])
def test_document_with_a_malformed_pointer_still_says_it_was_anchored(case):
    if not case["pointer"].startswith("urn:hallmark:"):
        return
    document = {**INVALID["document"], "credentialStatus": {"id": case["pointer"], "type": "BitstringStatusListEntry"}}
    credential = read_credential(json.dumps(document).encode())
    assert credential.pointers == ()
    assert credential.says_anchored


@pytest.mark.parametrize("text", ["eip155:1:0x" + "ab" * 20, "EIP155:1:0X" + "AB" * 20])
def test_contract_id_is_read_in_any_case_and_written_in_lower_case(text):
    assert str(ContractId.parse(text)) == "eip155:1:0x" + "ab" * 20
    assert str(BatchId.parse(f"{text}:3:{'CD' * 16}")) == f"eip155:1:0x{'ab' * 20}:3:{'cd' * 16}"


@pytest.mark.parametrize(
    "text", ["", "eip155:1", "eip155:01:0x" + "ab" * 20, "eip155:1:" + "ab" * 20, f"eip155:{2**64}:0x" + "ab" * 20]
)
def test_text_that_is_no_contract_id_is_malformed(text):
    with pytest.raises(MalformedError):
        ContractId.parse(text)
    with pytest.raises(MalformedError):
        BatchId.parse(f"{text}:1:{'ab' * 16}")
