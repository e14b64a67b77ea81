"""One seeded world: an honest chain with our contract, a workload that acts on it, and an indexer behind a proxy."""

import contextlib
import functools
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import urllib3
from devchain import anvil
from devchain.accounts import ACCOUNTS
from devchain.process import EngineProcess, can_connect, free_port
from faults.proxy import FaultProxy
from faults.workload import Workload

from registry import bootstrap
from registry.chain.rpc import Rpc
from registry.config import Settings, load_settings
from registry.indexer.places import Verify

if TYPE_CHECKING:
    from registry.chain.deployment import DeployedContract

DEEPEST = 256  # anvil forgets the states of much older blocks
_WAIT = 9 * 86_400
_POOL = urllib3.PoolManager(timeout=60, retries=False)


def start_chain(slots: int) -> tuple[str, EngineProcess]:
    """anvil whose safe block is `slots` behind the head and its final one twice as many; its URL."""
    port = free_port("127.0.0.1")
    command = anvil.command(anvil.find().path, "127.0.0.1", port, 0, None)
    command[command.index("--slots-in-an-epoch") + 1] = str(slots)
    process = EngineProcess([*command, "--no-mining", "--order", "fifo"])
    process.wait_until(lambda: can_connect("127.0.0.1", port))
    return f"http://127.0.0.1:{port}", process


class World:
    """A chain, its contract, the workload, and the proxy before it.

    Args:
        seed: Everything random.
        folder: For deployment file and SQLite database.
        slots: See `start_chain`.
        database: SQLAlchemy URL; SQLite in the folder by default.
        second: Whether the indexer has an honest endpoint behind the spoiled one.

    In every third world a process of its own reads.
    """

    def __init__(
        self, seed: int, folder: Path, slots: int = 1, database: str | None = None, *, second: bool = False
    ) -> None:
        self.rng = random.Random(seed)
        self.second = second
        self.reads_beside = seed % 3 == 0
        self.final_after = 2 * slots
        self.url, self.process = start_chain(slots)
        self.proxy = FaultProxy(self.url)
        self.database = database or f"sqlite:///{folder}/mirror.sqlite"
        self.deployment = folder / "deployment.json"
        self._encoders = _deploy(self, self.deployment)
        body = json.loads(self.deployment.read_text())
        self.address, self.accreditation = "0x" + body["contract"].split(":0x")[1], body["accreditation"]["address"]
        self.start = int(body["blockNumber"])
        self.oldest = int(body["accreditation"]["blockNumber"])
        self.workload = Workload(self.rng, [bytes.fromhex(account.address[2:]) for account in ACCOUNTS])
        self.workload.remember(self.head, self._time())

    def close(self) -> None:
        self.proxy.__exit__()
        self.process.kill()

    def rpc(self, method: str, *params: Any) -> Any:
        """Ask the chain itself, past the proxy; RuntimeError where it refuses."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer: Any = _POOL.request("POST", self.url, json=call).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    @property
    def head(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def _time(self) -> int:
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def act(self, blocks: int) -> None:
        """Mine this many blocks with random calls; sometimes the days pass that a change has to wait."""
        for _ in range(blocks):
            for sender, function, arguments in self.workload.block():
                to = self.accreditation if function in ("accredit", "withdraw") else self.address
                data = self._encoders[to](function, list(arguments))
                fields = {"from": ACCOUNTS[sender].address, "to": to, "data": data, "gas": hex(1_500_000)}
                self.rpc("eth_sendTransaction", fields)
            if self.rng.random() < 0.05:
                self.rpc("evm_increaseTime", hex(_WAIT))
            self.mine(1)

    def mine(self, blocks: int) -> None:
        """Mine blocks; the first holds what waits."""
        self.rpc("anvil_mine", hex(blocks))
        self.workload.remember(self.head, self._time())

    def reorg(self, depth: int) -> int:
        """Replace the newest blocks (never the deployments') by empty ones of the same height; how many."""
        depth = min(depth, self.head - self.oldest, DEEPEST)
        if depth > 0:
            self.rpc("anvil_reorg", depth, [])
            self.rpc("anvil_dropAllTransactions")
            if self.rpc("eth_getCode", self.address, "latest") == "0x":
                raise RuntimeError(f"anvil lost the contract in a reorganisation of {depth} blocks")
            self.workload.go_back(self.head - depth)
        return depth

    def settings(self, *, honest: bool = False) -> Settings:
        """Settings of an indexer that reads through the proxy, or past it."""
        spoiled = f"{self.proxy.url},{self.url}" if self.second else self.proxy.url
        rpc = self.url if honest else spoiled
        place = {"deployment": self.deployment, "database": self.database}
        return load_settings(rpc=rpc, reader_blocks=int(self.reads_beside), **place)


def _deploy(world: World, path: Path) -> dict[str, Callable[[str, list[Any]], str]]:
    """Deploy both contracts by an unlocked account; address → the encoder of its calls."""
    from web3 import Web3

    from registry.chain.artifact import load_artifact
    from registry.chain.deployment import Deployment, write_deployment
    from registry.credential.place import ContractId

    artifacts = [load_artifact(), load_artifact("Accreditation")]
    registry = _put(world, artifacts[0].bytecode)
    accreditation = _put(world, artifacts[1].bytecode + bytes(12) + registry.address)
    genesis = bytes.fromhex(world.rpc("eth_getBlockByNumber", "0x0", False)["hash"][2:])
    contract = ContractId(int(world.rpc("eth_chainId"), 16), registry.address)
    place = (contract, genesis, registry.code_hash, registry.block_number)
    # What is final by confirmations is not final sooner than by the chain's own tags: nothing that was comes back.
    depths = (world.final_after // 2, world.final_after)
    write_deployment(path, Deployment(*place, *depths, accreditation))
    encoders = [Web3().eth.contract(abi=artifact.abi).encode_abi for artifact in artifacts]
    return dict(zip(("0x" + one.address.hex() for one in (registry, accreditation)), encoders, strict=True))


def _put(world: World, creation: bytes) -> "DeployedContract":
    from registry.chain.deployment import DeployedContract
    from registry.ledger.keccak import keccak

    fields = {"from": ACCOUNTS[0].address, "data": "0x" + creation.hex(), "gas": hex(16_000_000)}
    sent = world.rpc("eth_sendTransaction", fields)
    world.rpc("evm_mine")
    receipt = world.rpc("eth_getTransactionReceipt", sent)
    address, code = receipt["contractAddress"], world.rpc("eth_getCode", receipt["contractAddress"], "latest")
    block_number = int(receipt["blockNumber"], 16)
    return DeployedContract(bytes.fromhex(address[2:]), keccak(bytes.fromhex(code[2:])), block_number)


@contextlib.contextmanager
def world(seed: int, slots: int = 1, database: str | None = None, *, second: bool = False) -> Iterator[World]:
    """A world in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="hallmark-faults-") as folder:
        made = World(seed, Path(folder), slots, database, second=second)
        try:
            yield made
        finally:
            made.close()


class NeverGivesUp(AssertionError):
    """The indexer neither ended nor refused: a one-off `hallmark index` would hang."""


class Patience:
    """Pauses that take hardly any time; after too many of them nobody would have waited any longer.

    Args:
        most: How often one run may pause.
    """

    def __init__(self, most: int = 60) -> None:
        self.left = most

    def __call__(self, seconds: float) -> None:
        self.left -= 1
        if self.left < 0:
            raise NeverGivesUp("the run went on and on")
        time.sleep(min(seconds, 0.005))


def index(settings: Settings, *, receipts: bool = False) -> int:
    """One run of the indexer up to the newest block, as `hallmark index` does it; how many blocks it rolled back."""
    patience = Patience()
    patient = mock.patch("registry.chain.rpc.Rpc", functools.partial(Rpc, pause=patience))
    # beside the threads of our own proxy, of which the forked process has none
    alone = mock.patch("registry.indexer.beside._alone", return_value=settings.reader_blocks == 1)
    with patient, alone:
        follower = bootstrap.follower(settings, Verify.RECEIPTS if receipts else Verify.PLACES)
    try:
        return sum(progress.rewound for progress in follower.run(pause=patience))
    finally:
        follower.mirror.engine.dispose()
