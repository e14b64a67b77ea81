"""What the contract tests share: the compiler script, and the contract on an anvil of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import evm
import pytest
from evm import Contract, Node

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def compiler() -> ModuleType:
    """The script `compile_contracts.py` as a module."""
    spec = importlib.util.spec_from_file_location("compile_contracts", ROOT / "scripts/compile_contracts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """A fresh anvil with the gas limit of EIP-7825 for each transaction."""
    if evm.ANVIL is None:
        pytest.skip("anvil is not installed: run `make setup`")
    with evm.anvil() as running:
        yield running


@pytest.fixture(scope="module")
def registry(node: Node) -> Contract:
    """The registry, deployed from its committed artifact."""
    return evm.deploy(node, evm.artifact("CredentialRegistry"))


@pytest.fixture(scope="module")
def deploy_artifact(node: Node) -> Callable[..., Contract]:
    """Deploys any artifact on the module's chain."""
    return partial(evm.deploy, node)
