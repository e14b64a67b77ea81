"""Chains for bench-index: our contract with 1,000 issuers and a known number of anchors, built fast and the same way.

Everything is sent by anvil's own unlocked account with nonces in order, and mined when all of a block is in the pool;
two builds hold the same events in the same places, only times and hashes differ.
"""

import hashlib
import http.client
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import devchain

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "bench" / "chains"
ISSUERS = 1_000
_RECIPE = 1
_REGISTERED_A_BLOCK = 50
_GAS = {"register": 400_000, "anchor": 120_000, "batch": 40_000}


@dataclass(frozen=True)
class Shape:
    """How a chain looks: `transactions` a block, `events` a transaction (one anchored batch each)."""

    name: str
    blocks: int
    transactions: int
    events: int
    issuers: int = ISSUERS

    @property
    def anchors(self) -> int:
        return self.blocks * self.transactions * self.events

    @property
    def total_events(self) -> int:
        """Every event that the contract emits: a registration is two."""
        return self.anchors + 2 * self.issuers


class Wire:
    """One kept connection that sends JSON-RPC batches; answers in order, errors raised."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        body = [{"jsonrpc": "2.0", "id": n, "method": m, "params": p} for n, (m, p) in enumerate(calls)]
        self._link.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        answers = sorted(json.loads(self._link.getresponse().read()), key=lambda answer: answer["id"])
        wrong = next((answer for answer in answers if "error" in answer), None)
        if wrong is not None or len(answers) != len(calls):
            raise RuntimeError(f"the chain refuses {calls[0][0]}: {wrong}")
        return [answer["result"] for answer in answers]

    def call(self, method: str, *params: Any) -> Any:
        return self.batch([(method, list(params))])[0]


@dataclass
class BuiltChain:
    """A running chain with its deployment file."""

    shape: Shape
    chain: devchain.Chain
    deployment: Path
    wire: Wire
    nonce: int = 0

    @property
    def head(self) -> int:
        return int(self.wire.call("eth_blockNumber"), 16)

    @property
    def address(self) -> str:
        return "0x" + json.loads(self.deployment.read_text())["contract"].split(":")[2][2:]

    @property
    def first_block(self) -> int:
        return int(json.loads(self.deployment.read_text())["blockNumber"])

    def mine(self, calls: Sequence[tuple[bytes, int]]) -> None:
        """One block that holds these calls (calldata, gas), in order."""
        sender, to = self.chain.accounts[0].address, self.address
        sends = []
        for number, (data, gas) in enumerate(calls):
            fields = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(gas)}
            fees = {"maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": "0x0", "nonce": hex(self.nonce + number)}
            sends.append(("eth_sendTransaction", [fields | fees]))
        if sends:
            self.wire.batch(sends)
        self.nonce += len(calls)
        self.wire.call("evm_mine")
        if int(self.wire.call("eth_getBlockTransactionCountByNumber", "latest"), 16) == len(calls):
            return
        # anvil's pool sometimes promotes the last transaction too late: the build is wrong then, never silently
        raise RuntimeError(f"block {self.head} does not hold its {len(calls)} transactions")


def opened(shape: Shape, folder: Path = KEPT) -> BuiltChain:
    """The chain of this shape from its kept state; built first where there is none (A takes anvil nine minutes)."""
    kept = folder / f"{shape.name}-{shape.blocks}-{_recipe()}"
    state, deployment = kept / "state.json", kept / "deployment.json"
    if not state.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        print(f"building chain {shape.name} of {shape.blocks} blocks in {kept}", flush=True)
        build(shape, kept).chain.stop()
    # a copy: anvil saves what it loaded with a second block 0 when it is stopped in order
    used = shutil.copy(state, kept / "used.json")
    chain = devchain.start(engine="anvil", block_time=0, state=used)
    return BuiltChain(shape, chain, deployment, Wire(chain.url))


def _recipe() -> str:
    """Changes when the way of building or the contract does: another recipe, another chain."""
    artifact = json.loads((ROOT / "contracts/artifacts/CredentialRegistry.json").read_text())
    return hashlib.sha256(f"{_RECIPE}{artifact['bytecode']}".encode()).hexdigest()[:8]


def build(shape: Shape, folder: Path) -> BuiltChain:
    """Start a chain, deploy, register, anchor; the caller stops `chain`, which keeps its state in the folder.

    anvil computes the whole storage trie for each block, so the time grows with the square of the anchors. It would
    also keep a copy of all storage for each block, tens of gigabytes: nobody asks for the past here.
    """
    with mock.patch("devchain.anvil.command", _forgetful(devchain.anvil.command)):
        chain = devchain.start(engine="anvil", block_time=0, state=folder / "state.json")
    wire = Wire(chain.url)
    built = BuiltChain(shape, chain, _deploy(chain, folder / "deployment.json"), wire)
    built.nonce = int(wire.call("eth_getTransactionCount", chain.accounts[0].address, "latest"), 16)
    wire.call("evm_setAutomine", False)
    wire.call("anvil_setBlockTimestampInterval", 1)
    for calls in _registrations(chain, shape.issuers):
        built.mine(calls)
    for calls in anchors(shape, 0, shape.blocks):
        built.mine(calls)
    # everything is final, also by the 30 blocks that Ponder counts
    wire.call("anvil_mine", hex(40))
    return built


def _forgetful(command: Callable[..., list[str]]) -> Callable[..., list[str]]:
    return lambda *arguments: [*command(*arguments), "--prune-history", "8"]


def _deploy(chain: devchain.Chain, path: Path) -> Path:
    from pydantic import SecretStr

    from registry.chain.contract import deploy
    from registry.chain.rpc import Rpc
    from registry.chain.signer import signer_of_key
    from registry.chain.transact import Transactor

    account = signer_of_key(SecretStr(chain.accounts[0].private_key), chain.chain_id)
    deploy(Transactor(Rpc(chain.url), chain.chain_id, account), path)
    return path


def _selector(signature: str) -> bytes:
    from registry.ledger.keccak import keccak

    return keccak(signature.encode())[:4]


def _word(value: int | bytes) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return value.rjust(32, b"\0") if len(value) == 20 else value.ljust(32, b"\0")


def _registrations(chain: devchain.Chain, issuers: int) -> Iterator[list[tuple[bytes, int]]]:
    admin, recovery = (bytes.fromhex(chain.accounts[i].address[2:]) for i in (0, 9))
    head = _selector("register((address,uint8)[],address,bytes32)")
    call = head + b"".join(map(_word, (0x60, recovery, 0, 1, admin, 7)))
    for first in range(0, issuers, _REGISTERED_A_BLOCK):
        yield [(call, _GAS["register"])] * min(_REGISTERED_A_BLOCK, issuers - first)


def anchors(shape: Shape, first: int, last: int) -> Iterator[list[tuple[bytes, int]]]:
    """The calls of anchoring blocks `first` … `last` − 1."""
    for block in range(first, last):
        yield [_anchor(shape, block * shape.transactions + place) for place in range(shape.transactions)]


def _anchor(shape: Shape, number: int) -> tuple[bytes, int]:
    """Transaction `number`: issuers take turns; batch ids and roots are counted."""
    issuer = 1 + number % shape.issuers
    batches = []
    for k in range(shape.events):
        tag = number * shape.events + k + 1
        batches.append((tag.to_bytes(16, "big"), (tag << 128 | 0xA5).to_bytes(32, "big"), 1 + tag % 1000))
    if len(batches) == 1:
        words = [issuer, *batches[0]]
        return _selector("anchor(uint64,bytes16,bytes32,uint64)") + b"".join(map(_word, words)), _GAS["anchor"]
    words = [issuer, 0x40, len(batches), *(field for batch in batches for field in batch)]
    head = _selector("anchorMany(uint64,(bytes16,bytes32,uint64)[])")
    return head + b"".join(map(_word, words)), _GAS["anchor"] + _GAS["batch"] * len(batches)
