"""Read one deployment through one endpoint: identity, tiers, headers, logs, words (the port ChainSource)."""

from collections.abc import Sequence
from typing import Any

from registry.chain.deployment import Deployment
from registry.chain.rpc import Rpc
from registry.chain.views import call_data, integers, words
from registry.credential.place import ContractId
from registry.errors import RpcError, WrongChain
from registry.ledger.decode import BlockRef, RawLog
from registry.ledger.keccak import keccak
from registry.ports import Header, Tiers


class RpcChain:
    """A deployment as one endpoint shows it."""

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self.rpc = rpc
        self.deployment = deployment
        self.address = "0x" + deployment.contract.address.hex()

    @property
    def contract(self) -> ContractId:
        """The contract that is read."""
        return self.deployment.contract

    def check_identity(self) -> None:
        """Raise WrongChain unless chain id, genesis hash and code are the deployment's."""
        chain_id, genesis_hash, code_hash = self.identity()
        if chain_id != self.contract.chain_id:
            raise self._wrong(f"is chain {chain_id}, not {self.contract.chain_id}")
        if genesis_hash != self.deployment.genesis_hash:
            raise self._wrong(f"has chain id {chain_id}, but another first block: it is another chain")
        if code_hash != self.deployment.code_hash:
            raise self._wrong(f"has no registry contract, or another one, at {self.address}")

    def identity(self) -> tuple[int, bytes, bytes]:
        """Chain id, genesis hash and keccak-256 of the contract's code (32 bytes each), as the endpoint has them."""
        chain_id, genesis, code = self.rpc.batch(
            [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False]), ("eth_getCode", [self.address, "latest"])]
        )
        return int(chain_id, 16), _bytes(genesis["hash"]), keccak(_bytes(code))

    def _wrong(self, what: str) -> WrongChain:
        return WrongChain(f"The endpoint {self.rpc.url} {what}.", todo="check --rpc and --deployment")

    def tiers(self) -> Tiers:
        """By the node's tags `safe` and `finalized` where it has them, else by the deployment's confirmations."""
        try:
            blocks = self.rpc.batch([("eth_getBlockByNumber", [tag, False]) for tag in ("latest", "safe", "finalized")])
            latest, safe, final = (int(block["number"], 16) for block in blocks)
            return Tiers(latest, safe, final)
        except (RpcError, TypeError):
            latest = int(self.rpc.call("eth_blockNumber"), 16)
            safe, final = self.deployment.safe_after, self.deployment.final_after
            return Tiers(latest, max(0, latest - safe), max(0, latest - final))

    def headers(self, numbers: Sequence[int]) -> dict[int, Header]:
        """Headers by number; blocks that the node does not have are missing."""
        answers = self.rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return {int(answer["number"], 16): header_of(answer) for answer in answers if answer}

    def logs(self, first: int, last: int) -> list[RawLog]:
        """The contract's logs of blocks `first` … `last`, in chain order."""
        query = {"address": self.address, "fromBlock": hex(first), "toBlock": hex(last)}
        found = [raw_log(log) for log in self.rpc.call("eth_getLogs", query) if not log.get("removed")]
        return sorted(found, key=lambda log: (log.block_number, log.log_index))

    def issuer_count(self) -> int:
        """`issuerCount()` at the newest block."""
        return integers(self.view(call_data("issuerCount()")))[0]

    def issuer_words(self, issuer_ids: Sequence[int]) -> dict[int, bytes]:
        """`issuerWord(issuerId)` at the newest block, 32 bytes each."""
        calls = [call_data("issuerWord(uint64)", issuer_id) for issuer_id in issuer_ids]
        answers = self.views(calls)
        return {issuer_id: words(answer)[0] for issuer_id, answer in zip(issuer_ids, answers, strict=True)}

    def view(self, data: str, block: str = "latest") -> str:
        """One `eth_call` of the contract at a block tag or number (hex)."""
        return str(self.rpc.call("eth_call", {"to": self.address, "data": data}, block))

    def views(self, calls: Sequence[str], block: str = "latest") -> list[str]:
        """Many `eth_call`s of the contract at one block tag or number (hex)."""
        return self.rpc.batch([("eth_call", [{"to": self.address, "data": data}, block]) for data in calls])


def header_of(answer: Any) -> Header:
    """A header from the node's JSON."""
    block = BlockRef(int(answer["number"], 16), _bytes(answer["hash"]), int(answer["timestamp"], 16))
    return Header(block, _bytes(answer["parentHash"]))


def raw_log(answer: Any) -> RawLog:
    """A log from the node's JSON."""
    return RawLog(
        _bytes(answer["address"]),
        tuple(_bytes(topic) for topic in answer["topics"]),
        _bytes(answer["data"]),
        int(answer["blockNumber"], 16),
        _bytes(answer["blockHash"]),
        _bytes(answer["transactionHash"]),
        int(answer["logIndex"], 16),
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
