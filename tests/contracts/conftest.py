"""What the contract tests share: the compiler script, forge, and a contract on an anvil of its own."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from eth_abi import decode, encode
from sha3 import keccak_256

ROOT = Path(__file__).resolve().parents[2]
ANVIL = next(ROOT.glob("hardhat-free-devchain/node_modules/@foundry-rs/anvil-*/bin/anvil*"), None)
GAS_CAP = 16_777_216  # EIP-7825


def keccak(data: bytes) -> bytes:
    return bytes(keccak_256(data).digest())


def _type(item: dict[str, Any]) -> str:
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    return "(" + ",".join(_type(part) for part in item["components"]) + ")" + item["type"][5:]


class Node:
    def __init__(self, url: str) -> None:
        self.url = url
        self.accounts = self.call("eth_accounts")

    def call(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            reply = json.load(answer)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply["result"]

    def send(self, data: bytes, to: str | None = None, sender: int = 0) -> dict[str, Any]:
        tx = {"from": self.accounts[sender], "data": "0x" + data.hex(), "gas": hex(GAS_CAP)}
        sent = self.call("eth_sendTransaction", tx | ({"to": to} if to else {}))
        for _ in range(500):
            receipt = self.call("eth_getTransactionReceipt", sent)
            if receipt is not None:
                return dict(receipt)
            time.sleep(0.01)
        raise RuntimeError(f"{sent} was not mined")


class Contract:
    def __init__(self, node: Node, artifact: dict[str, Any], address: str) -> None:
        self.node, self.address = node, address
        self.functions = {item["name"]: item for item in artifact["abi"] if item["type"] == "function"}

    def data(self, name: str, *args: Any) -> bytes:
        types = [_type(item) for item in self.functions[name]["inputs"]]
        return keccak(f"{name}({','.join(types)})".encode())[:4] + encode(types, args)

    def transact(self, name: str, *args: Any, sender: int = 0) -> dict[str, Any]:
        receipt = self.node.send(self.data(name, *args), self.address, sender)
        assert receipt["status"] == "0x1", f"{name} reverted"
        return receipt

    def view(self, name: str, *args: Any) -> list[Any]:
        call = {"to": self.address, "data": "0x" + self.data(name, *args).hex()}
        answer = bytes.fromhex(self.node.call("eth_call", call, "latest")[2:])
        return list(decode([_type(item) for item in self.functions[name]["outputs"]], answer))

    def gas(self, name: str, *args: Any, sender: int = 0) -> int:
        return int(self.transact(name, *args, sender=sender)["gasUsed"], 16)


def deploy(node: Node, artifact: dict[str, Any], arguments: bytes = b"", sender: int = 0) -> Contract:
    receipt = node.send(bytes.fromhex(artifact["bytecode"][2:]) + arguments, sender=sender)
    return Contract(node, artifact, receipt["contractAddress"])


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
    if ANVIL is None:
        pytest.skip("anvil is not installed: run `make setup`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([ANVIL, "--port", str(port), "--silent", "--enable-tx-gas-limit"])
    try:
        yield _connect(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="module")
def registry(node: Node) -> Contract:
    """The registry, deployed from its committed artifact."""
    return deploy(node, json.loads((ROOT / "contracts/artifacts/CredentialRegistry.json").read_text()))


@pytest.fixture(scope="module")
def deploy_artifact(node: Node) -> Callable[..., Contract]:
    """Deploys any artifact on the module's chain."""
    return partial(deploy, node)


def _connect(url: str) -> Node:
    for _ in range(100):
        try:
            return Node(url)
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"anvil does not answer at {url}")
