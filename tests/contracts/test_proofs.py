"""Solidity, Python and the RFC agree on inclusion proofs, good and broken."""

from __future__ import annotations

import base64
import hashlib
import json

import public_vectors
import pytest

from registry.errors import InclusionError
from registry.merkle.proof import verify_inclusion
from registry.merkle.tree import Tree


@pytest.fixture(scope="module")
def harness(compiler, node, deploy_artifact):
    """The proof library, compiled as it is deployed and made callable."""
    sources = compiler.SOURCES
    compiler.SOURCES = {"ProofHarness": "test/util/ProofHarness.sol"}
    try:
        return deploy_artifact(compiler.compile_contract("ProofHarness", compiler.find_solc()))
    finally:
        compiler.SOURCES = sources


def python_says(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    try:
        verify_inclusion(leaf, index, size, path, root)
    except InclusionError:
        return False
    return True


@public_vectors.needed
def test_every_inclusion_vector(harness):
    seen = 0
    for file in sorted(public_vectors.path("rfc6962-merkle/inclusion").rglob("*.json")):
        case = json.loads(file.read_text(encoding="utf-8"))
        leaf, root = (base64.b64decode(case[name] or "") for name in ("leafHash", "root"))
        path = [base64.b64decode(item) for item in case["proof"] or []]
        python = python_says(leaf, case["leafIdx"], case["treeSize"], path, root)
        assert python is not case["wantErr"], file
        if all(len(item) == 32 for item in (leaf, root, *path)):
            seen += 1
            solidity = harness.view("check", leaf, case["leafIdx"], case["treeSize"], path, root)
            assert solidity == [python], file
    print(f"{seen} of the vectors have 32-byte hashes and were put to the contract")
    assert seen > 50


def test_trees_of_every_size_from_1_to_300(harness):
    leaves = [hashlib.sha256(bytes([0]) + str(i).encode()).digest() for i in range(300)]
    for size in range(1, 301):
        tree = Tree(leaves[:size])
        paths = [tree.path(index) for index in range(size)]
        assert harness.view("checkAll", leaves[:size], paths, tree.root) == [True], size
        wrong = [*paths[:-1], (*paths[-1], leaves[0])]
        assert harness.view("checkAll", leaves[:size], wrong, tree.root) == [False], size
        assert harness.view("checkAll", leaves[:size], paths, leaves[299 - size]) == [False], size


def test_the_specifications_leaf_hash(harness):
    assert harness.view("leafHash", b"") == [hashlib.sha256(b"\0").digest()]
