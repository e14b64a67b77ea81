"""A chain and contracts on it, without web3: JSON-RPC, ABI by eth_abi, receipts. For contract tests and bench-gas."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_abi import decode, encode
from sha3 import keccak_256

ROOT = Path(__file__).resolve().parents[2]
ANVIL = next(ROOT.glob("hardhat-free-devchain/node_modules/@foundry-rs/anvil-*/bin/anvil*"), None)
GAS_CAP = 16_777_216  # EIP-7825


def keccak(data: bytes) -> bytes:
    return bytes(keccak_256(data).digest())


def type_of(item: dict[str, Any]) -> str:
    """The canonical ABI type of a parameter."""
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    return "(" + ",".join(type_of(part) for part in item["components"]) + ")" + item["type"][5:]


class Reverted(RuntimeError):
    """A transaction that was mined and failed, or would have."""


class Node:
    """A JSON-RPC endpoint whose accounts are unlocked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.accounts = self.call("eth_accounts")

    def call(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            reply = json.load(answer)
        if "error" in reply:
            raise Reverted(reply["error"])
        return reply["result"]

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Results of many calls in one request, in their order."""
        bodies = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        request = urllib.request.Request(self.url, json.dumps(bodies).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            replies = sorted(json.load(answer), key=lambda reply: reply["id"])
        return [reply["result"] for reply in replies]

    def send(self, data: bytes, to: str | None = None, sender: int | str = 0) -> dict[str, Any]:
        """Send from an account (its number, or its address) with all the gas that a transaction may use; mined."""
        account = self.accounts[sender] if isinstance(sender, int) else sender
        tx = {"from": account, "data": "0x" + data.hex(), "gas": hex(GAS_CAP)}
        sent = self.call("eth_sendTransaction", tx | ({"to": to} if to else {}))
        for _ in range(500):
            receipt = self.call("eth_getTransactionReceipt", sent)
            if receipt is not None:
                return dict(receipt)
            time.sleep(0.01)
        raise RuntimeError(f"{sent} was not mined")


class Contract:
    """A deployed contract by its ABI; overloaded functions are named with their types, `issue(bytes32)`."""

    def __init__(self, node: Node, abi: list[dict[str, Any]], address: str, receipt: dict[str, Any]) -> None:
        self.node, self.address, self.receipt = node, address, receipt
        self.functions: dict[str, tuple[str, dict[str, Any]]] = {}
        for item in abi:
            if item["type"] == "function":
                signature = f"{item['name']}({','.join(map(type_of, item['inputs']))})"
                self.functions[signature] = self.functions[item["name"]] = (signature, item)

    def data(self, name: str, *args: Any) -> bytes:
        signature, item = self.functions[name]
        return keccak(signature.encode())[:4] + encode([type_of(part) for part in item["inputs"]], args)

    def transact(self, name: str, *args: Any, sender: int | str = 0) -> dict[str, Any]:
        receipt = self.node.send(self.data(name, *args), self.address, sender)
        if receipt["status"] != "0x1":
            raise Reverted(f"{name} reverted")
        return receipt

    def view(self, name: str, *args: Any) -> list[Any]:
        call = {"to": self.address, "data": "0x" + self.data(name, *args).hex()}
        answer = bytes.fromhex(self.node.call("eth_call", call, "latest")[2:])
        return list(decode([type_of(part) for part in self.functions[name][1]["outputs"]], answer))

    def views(self, questions: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
        """Many views (name, arguments …) of the latest block in one request."""
        calls = [{"to": self.address, "data": "0x" + self.data(*question).hex()} for question in questions]
        answers = self.node.batch([("eth_call", [call, "latest"]) for call in calls])
        types = [[type_of(part) for part in self.functions[question[0]][1]["outputs"]] for question in questions]
        return [list(decode(kind, bytes.fromhex(answer[2:]))) for kind, answer in zip(types, answers, strict=True)]

    def gas(self, name: str, *args: Any, sender: int | str = 0) -> int:
        return int(self.transact(name, *args, sender=sender)["gasUsed"], 16)


def deploy(node: Node, artifact: dict[str, Any], arguments: bytes = b"", sender: int = 0) -> Contract:
    """Deploy an artifact (`abi`, `bytecode`) with ABI-encoded constructor arguments."""
    receipt = node.send(bytes.fromhex(artifact["bytecode"][2:]) + arguments, sender=sender)
    if receipt["status"] != "0x1":
        raise Reverted("the deployment reverted")
    return Contract(node, artifact["abi"], receipt["contractAddress"], receipt)


def artifact(name: str) -> dict[str, Any]:
    """A committed artifact of ours."""
    return dict(json.loads((ROOT / f"contracts/artifacts/{name}.json").read_text(encoding="utf-8")))


@contextmanager
def anvil(*options: str) -> Iterator[Node]:
    """A fresh anvil, by default with the gas limit of EIP-7825 for each transaction."""
    assert ANVIL is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([ANVIL, "--port", str(port), "--silent", "--enable-tx-gas-limit", *options])
    try:
        yield _connect(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=10)


def _connect(url: str) -> Node:
    for _ in range(400):
        try:
            return Node(url)
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"anvil does not answer at {url}")
