"""The worked example of SPEC.md, section 5.9, as the contract itself and a wallet library compute it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from eth_abi import encode
from eth_account.messages import encode_typed_data
from sha3 import keccak_256

SPEC = (Path(__file__).resolve().parents[2] / "contracts/SPEC.md").read_text(encoding="utf-8")
EXAMPLE = SPEC[SPEC.index("### 5.9 Worked example") :]
CHAIN_ID = 31337
REGISTRY = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
ADMIN = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
BATCH_ID, ROOT_HASH, LEAF_COUNT = bytes(range(16)), bytes(range(0x40, 0x60)), 600
DOMAIN = {
    "name": "Hallmark Credential Registry",
    "version": "1",
    "chainId": CHAIN_ID,
    "verifyingContract": REGISTRY,
}


def keccak(data):
    return keccak_256(data).digest()


def row(name):
    """The hex values of the example's row that starts with `name`."""
    line = next(line for line in EXAMPLE.splitlines() if line.startswith(f"| {name}"))
    return [bytes.fromhex(value) for value in re.findall(r"`([0-9a-f]{50,})`", line)]


@pytest.fixture(scope="module")
def receipts(registry):
    """The example, carried out: on a fresh anvil the first contract of the first account has the example's address."""
    assert registry.address == REGISTRY
    accounts = registry.node.accounts
    assert accounts[0] == ADMIN
    return [
        registry.transact("register", [(ADMIN, 7)], accounts[9], bytes(32)),
        registry.transact("anchor", 1, BATCH_ID, ROOT_HASH, LEAF_COUNT),
        registry.transact("setStatus", 1, (BATCH_ID, ROOT_HASH, LEAF_COUNT, ADMIN), 1, 4, [(2, 6)]),
    ]


def test_the_words_are_those_that_the_contract_emits(registry, receipts):
    logs = [log for receipt in receipts for log in receipt["logs"]]
    words = [row(f"`{name}`")[1] for name in ("IssuerRegistered", "KeyAdded", "Anchored", "StatusChanged")]
    assert len(logs) == len(words)
    static = [bytes.fromhex(log["data"][2:])[-32:] for log in logs[:3]]
    assert static == words[:3]
    assert registry.view("issuerWord", 1) == [words[3]]


def test_payloads_lead_from_word_to_word():
    word = bytes(32)
    for sequence, name in enumerate(("IssuerRegistered", "KeyAdded", "Anchored", "StatusChanged"), 1):
        payload, after = row(f"`{name}`")
        types = ["uint256", "address", "uint64", "bytes32", "bytes32"]
        head = keccak(encode(types, [CHAIN_ID, REGISTRY, 1, word, payload]))[:26]
        word = head + sequence.to_bytes(4, "big") + bytes(2)
        assert word == after


def test_payloads_of_events():
    signature = b"StatusChanged(uint64,bytes16,uint8,uint8,uint16,(uint64,uint256)[],address,bytes32)"
    changes = keccak(encode(["uint64", "uint256"], [2, 6]))
    assert row("enc(changes)") == [changes]
    types = ["bytes32", "uint64", "bytes16", "uint8", "uint8", "uint16", "bytes32", "address"]
    fields = [keccak(signature), 1, BATCH_ID, 1, 4, 0, changes, ADMIN]
    assert row("`StatusChanged`")[0] == keccak(encode(types, fields))


def test_the_record_is_where_the_specification_says(registry, receipts):
    (commitment,), (slot,) = row("commitment"), row("slot of the record")
    inner = keccak(encode(["uint64", "uint256"], [1, 3]))
    assert slot == keccak(encode(["bytes16", "bytes32"], [BATCH_ID, inner]))
    assert commitment == keccak(encode(["bytes32", "uint64", "address"], [ROOT_HASH, LEAF_COUNT, ADMIN]))[:27]
    stored = registry.node.call("eth_getStorageAt", registry.address, "0x" + slot.hex(), "latest")
    block = registry.node.call("eth_getBlockByNumber", receipts[1]["blockNumber"], False)
    assert bytes.fromhex(stored[2:]) == commitment + int(block["timestamp"], 16).to_bytes(5, "big")


def type_members(name):
    """The members of a message as section 5.5 prints them."""
    text = re.search(rf"^{name}\(([^)]*)\)$", SPEC, re.MULTILINE)
    assert text is not None
    return [dict(zip(("type", "name"), part.split(), strict=True)) for part in text[1].split(",")]


@pytest.mark.parametrize(
    ("name", "label", "message"),
    [
        ("Anchor", "digest of that `Anchor`", {"batchId": BATCH_ID, "root": ROOT_HASH, "leafCount": LEAF_COUNT}),
        ("Freeze", "digest of `Freeze`", {"sequence": 4}),
    ],
)
def test_digests_are_those_of_a_wallet(name, label, message):
    message = {"issuerId": 1, "actor": ADMIN, "deadline": 2_000_000_000} | message
    signable = encode_typed_data(DOMAIN, {name: type_members(name)}, message)
    assert row("EIP-712 domain separator") == [signable.header]
    assert row(label) == [keccak(b"\x19" + signable.version + signable.header + signable.body)]


def test_every_message_of_the_specification_is_in_the_contract():
    source = (Path(__file__).resolve().parents[2] / "contracts/src/lib/TypedData.sol").read_text(encoding="utf-8")
    section = SPEC[SPEC.index("### 5.5") : SPEC.index("### 5.6")]
    types = [line for line in section.splitlines() if re.fullmatch(r"[A-Za-z0-9]+\(.*\)", line)]
    assert len(types) == 19
    for line in types:
        assert f'"{line}' in source


def test_every_test_that_the_security_notes_name_exists():
    contracts = Path(__file__).resolve().parents[2] / "contracts"
    notes = (contracts / "SECURITY.md").read_text(encoding="utf-8")
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (contracts / "test").glob("*.sol"))
    names = re.findall(r"`(test_\w+)`", notes)
    assert len(names) >= 7
    assert [name for name in names if f"function {name}(" not in tests] == []
