"""SPEC.md, section 6: every value is recomputed from the document and the numbers that the text gives."""

import re
from pathlib import Path

from registry.credential.anchor_proof import (
    AnchorClaim,
    decode_proof_value,
    encode_proof_value,
    leaf_entry,
    proof_config,
)
from registry.credential.canonical import canonical_bytes, canonical_hash, document_hash
from registry.credential.place import BatchId, ContractId, Place
from registry.credential.reader import read_document
from registry.ledger.decode import BlockRef, RawLog, decode
from registry.ledger.events import Anchored
from registry.ledger.record import commitment
from registry.ledger.word import IssuerWord, WordDomain
from registry.merkle import Tree, leaf_hash, node_hash, verify_inclusion

SPEC = (Path(__file__).resolve().parents[2] / "contracts/SPEC.md").read_text(encoding="utf-8")
SECTION = SPEC[SPEC.index("## 6. Worked examples") : SPEC.index("## 7. Carriers")]
VALUES = dict(re.findall(r"^\| ([^|]+) \| `([0-9a-f]+)` \|$", SECTION, re.MULTILINE))
DOCUMENT, CANONICAL, CONFIG, PROOF_VALUE = (
    block.strip("\n") for block in re.findall(r"^```(?:json)?\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
)
CONTRACT, ACCOUNT = (bytes.fromhex(text) for text in re.findall(r"`0x([0-9a-f]{40})`", SECTION)[:2])
BATCH = BatchId(ContractId(31337, CONTRACT), 7, bytes.fromhex(re.findall(r"`([0-9a-f]{32})`", SECTION)[0]))


def value(name: str) -> bytes:
    return bytes.fromhex(VALUES[name])


def leaf(index: int, salt: bytes, doc_hash: bytes) -> bytes:
    return leaf_hash(leaf_entry(Place(BATCH, index), salt, value("cfgHash"), doc_hash))


def test_section_has_every_value():
    assert len(VALUES) == 5 + 8 + 7
    assert set(VALUES) >= {"docHash", "cfgHash", "entry", "leaf 1", "root", "commitment", "payload", "word after"}


def test_document_has_its_canonical_form_and_hash():
    document = read_document(DOCUMENT.encode())
    assert canonical_bytes(document).decode() == CANONICAL
    assert document_hash(document) == value("docHash")


def test_config_has_its_canonical_form_and_hash():
    config = proof_config(BATCH.contract, ACCOUNT, "2026-01-31T09:30:00Z")
    assert canonical_bytes(config).decode() == CONFIG
    assert canonical_hash(config) == value("cfgHash")


def test_entry_and_leaves_are_reproduced():
    entry = leaf_entry(Place(BATCH, 1), value("salt"), value("cfgHash"), value("docHash"))
    assert entry == value("entry")
    assert len(entry) == 172
    assert leaf_hash(entry) == value("leaf 1")
    assert leaf(0, b"\xa0" * 32, bytes(32)) == value("leaf 0")
    assert leaf(2, b"\xa2" * 32, b"\x22" * 32) == value("leaf 2")


def test_tree_path_and_commitment_are_reproduced():
    tree = Tree([value("leaf 0"), value("leaf 1"), value("leaf 2")])
    assert node_hash(value("leaf 0"), value("leaf 1")) == value("node of leaves 0 and 1")
    assert tree.root == node_hash(value("node of leaves 0 and 1"), value("leaf 2")) == value("root")
    path = (value("path of leaf 1, first hash"), value("path of leaf 1, second hash"))
    assert tree.path(1) == path == (value("leaf 0"), value("leaf 2"))
    verify_inclusion(value("leaf 1"), 1, 3, path, value("root"))
    assert commitment(value("root"), 3, ACCOUNT) == value("commitment")


def test_proof_value_is_reproduced():
    path = (value("path of leaf 1, first hash"), value("path of leaf 1, second hash"))
    claim = AnchorClaim(Place(BATCH, 1), ACCOUNT, 3, value("salt"), path)
    assert encode_proof_value(claim) == PROOF_VALUE
    assert decode_proof_value(PROOF_VALUE) == claim
    assert len(value("proofValue, bytes")) == 121 + 2 * 32


def test_event_payload_and_next_word_are_reproduced():
    topics = tuple(value(f"topic {number}") for number in range(3))
    block = BlockRef(1, bytes(32), 1_769_851_800)
    item = decode(RawLog(CONTRACT, topics, value("data"), 1, bytes(32), bytes(32), 0), block)
    assert item.event == Anchored(7, BATCH.batch_id, value("root"), 3, ACCOUNT, value("word after"))
    assert item.payload == value("payload")
    before = IssuerWord.unpack(value("word before"))
    assert (before.sequence, before.epoch, before.frozen) == (3, 0, False)
    head = WordDomain(31337, CONTRACT).head(7, value("word before"), item.payload)
    assert IssuerWord(head, 4, 0, frozen=False).pack() == value("word after")
