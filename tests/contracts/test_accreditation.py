"""Accreditation as SPEC.md, section 5.10, says: its worked example carried out, and signed with a wallet library."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from sha3 import keccak_256

HOME = Path(__file__).resolve().parents[2] / "contracts"
SPEC = (HOME / "SPEC.md").read_text(encoding="utf-8")
SECTION = SPEC[SPEC.index("### 5.10 Accreditation") : SPEC.index("\n## 6.")]
CHAIN_ID = 31337
ADDRESS = "0x8464135c8f25da09e49bc8782676a84730c318bc"
ADMIN = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
SCOPE, SINCE, UNTIL = bytes(range(0x60, 0x80)), 1_800_000_000, 1_900_000_000
NEW_ADMIN = Account.from_key(bytes([7]) * 32)


def keccak(data):
    return keccak_256(data).digest()


def row(name):
    """The hex values of the example's row that starts with `name`."""
    line = next(line for line in SECTION.splitlines() if line.startswith(f"| {name}") and "indexed" not in line)
    return [bytes.fromhex(value) for value in re.findall(r"`([0-9a-f]{64})`", line)]


def members(name):
    """The members of a message as the section prints them."""
    text = re.search(rf"^{name}\(([^)]*)\)$", SECTION, re.MULTILINE)
    assert text is not None
    return [dict(zip(("type", "name"), part.split(), strict=True)) for part in text[1].split(",")]


def domain(address):
    return {"name": "Hallmark Accreditation", "version": "1", "chainId": CHAIN_ID, "verifyingContract": address}


@pytest.fixture(scope="module")
def accreditation(registry, deploy_artifact):
    """Deployed by the second account, whose first contract it is; issuers 1 (of the first account) and 2 exist."""
    node = registry.node
    artifact = json.loads((HOME / "artifacts/Accreditation.json").read_text(encoding="utf-8"))
    for sender in (0, 2):
        registry.transact("register", [(node.accounts[sender], 7)], node.accounts[9], bytes(32), sender=sender)
    return deploy_artifact(artifact, encode(["address"], [registry.address]), sender=1)


@pytest.fixture(scope="module")
def receipts(accreditation):
    """The example, carried out."""
    return [
        accreditation.transact("accredit", 1, 2, SCOPE, SINCE, UNTIL),
        accreditation.transact("withdraw", 1, 2, SCOPE),
    ]


def test_the_words_are_those_that_the_contract_emits(accreditation, receipts):
    assert accreditation.address == ADDRESS
    words = [row(f"`{name}`")[1] for name in ("Accredited", "Withdrawn")]
    assert [bytes.fromhex(receipt["logs"][0]["data"][2:])[-32:] for receipt in receipts] == words
    assert accreditation.view("accreditorWord", 1) == [words[1]]
    assert accreditation.view("accreditorCount") == [1]


def test_payloads_lead_from_word_to_word():
    common = [1, 2, SCOPE]
    accredited = [keccak(b"Accredited(uint64,uint64,bytes32,uint64,uint64,address,bytes32)"), *common, SINCE, UNTIL]
    withdrawn = [keccak(b"Withdrawn(uint64,uint64,bytes32,address,bytes32)"), *common]
    word = bytes(32)
    for sequence, (name, fields) in enumerate((("Accredited", accredited), ("Withdrawn", withdrawn)), 1):
        payload, after = row(f"`{name}`")
        periods = ["uint64"] * (len(fields) - 4)
        assert payload == keccak(
            encode(["bytes32", "uint64", "uint64", "bytes32", *periods, "address"], [*fields, ADMIN])
        )
        types = ["uint256", "address", "uint64", "bytes32", "bytes32"]
        word = (
            keccak(encode(types, [CHAIN_ID, ADDRESS, 1, word, payload]))[:26] + sequence.to_bytes(4, "big") + bytes(2)
        )
        assert word == after


def test_the_statement_is_where_the_specification_says(accreditation, receipts):
    slot = keccak(encode(["uint64", "uint256"], [1, 2]))
    slot = keccak(encode(["uint64", "bytes32"], [2, slot]))
    assert row("slot of the statement") == [keccak(encode(["bytes32", "bytes32"], [SCOPE, slot]))]
    place = "0x" + row("slot of the statement")[0].hex()
    stored = accreditation.node.call("eth_getStorageAt", ADDRESS, place, "latest")
    blocks = [accreditation.node.call("eth_getBlockByNumber", receipt["blockNumber"], False) for receipt in receipts]
    stated, withdrawn = (int(block["timestamp"], 16) for block in blocks)
    assert int(stored, 16) == SINCE | UNTIL << 64 | stated << 128 | withdrawn << 192


def test_the_digest_is_that_of_a_wallet():
    message = {"issuerId": 1, "subject": 2, "scope": SCOPE, "actor": ADMIN, "sequence": 1, "deadline": 2_000_000_000}
    signable = encode_typed_data(domain(ADDRESS), {"Withdraw": members("Withdraw")}, message)
    assert row("domain separator of accreditation") == [signable.header]
    assert row("digest of `Withdraw`") == [keccak(b"\x19" + signable.version + signable.header + signable.body)]


def test_an_issuer_without_gas_accredits_and_withdraws(accreditation, registry):
    accounts = registry.node.accounts
    registry.transact("register", [(accounts[3], 1), (NEW_ADMIN.address, 1)], accounts[9], bytes(32), sender=3)
    issuer = registry.view("issuerCount")[0]
    common = {"issuerId": issuer, "subject": 1, "scope": SCOPE}
    signed(accreditation, "accredit", 0, common | {"since": SINCE, "until": 0})
    assert accreditation.view("holds", issuer, 1, SCOPE, SINCE) == [True]
    signed(accreditation, "withdraw", 1, common)
    assert accreditation.view("statement", issuer, 1, SCOPE)[0][3] > 0


def signed(accreditation, name, sequence, fields):
    """Sends what NEW_ADMIN signed, by an account without any role."""
    message = fields | {"actor": NEW_ADMIN.address, "sequence": sequence, "deadline": 2**40}
    primary = name.capitalize()
    data = NEW_ADMIN.sign_typed_data(domain(accreditation.address), {primary: members(primary)}, message)
    authorization = (NEW_ADMIN.address, 2**40, data.signature)
    accreditation.transact(f"{name}BySig", *fields.values(), authorization, sender=5)


def test_the_messages_of_the_specification_are_in_the_contract():
    source = (HOME / "src/lib/AccreditationData.sol").read_text(encoding="utf-8")
    for name in ("Accredit", "Withdraw"):
        line = next(line for line in SECTION.splitlines() if line.startswith(f"{name}("))
        assert f'"{line}"' in source
