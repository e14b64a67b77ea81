"""The contracts' state-changing functions, for one account (fills the port Anchorer), and their deployment."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from registry.chain.artifact import load_artifact
from registry.chain.deployment import DEV_CHAINS, DeployedContract, Deployment, write_deployment
from registry.chain.headers import header_of
from registry.chain.logs import raw_log
from registry.chain.records import place_of_record, record_time
from registry.chain.relay_requests import RelayFile
from registry.chain.source import RpcChain
from registry.chain.transact import Transactor
from registry.chain.views import call_data, integers, words
from registry.credential.place import ContractId
from registry.errors import ConfigError, LedgerError, WrongChain
from registry.issuing.pursue import Pace
from registry.ledger.decode import LedgerEvent, decode
from registry.ledger.events import IssuerRegistered
from registry.ledger.keccak import keccak
from registry.ledger.record import COMMITMENT_BYTES, commitment
from registry.ledger.word import IssuerWord
from registry.ports.accounts import Receipt, SignedTransaction
from registry.ports.chain import Tiers


class RegistryContract:
    """A deployed registry contract as one account uses it."""

    def __init__(self, chain: RpcChain, transactor: Transactor, relay: RelayFile | None = None) -> None:
        self.chain = chain
        self._tx = transactor
        self._relay = relay

    @property
    def relay(self) -> RelayFile | None:
        """Where this account's requests go; None where it sends itself."""
        return self._relay

    @property
    def contract(self) -> ContractId:
        """The contract."""
        return self.chain.contract

    @property
    def account(self) -> bytes:
        """The account that signs, 20 bytes."""
        return self._tx.account

    @property
    def pace(self) -> Pace:
        """How patient this account is with its chain."""
        return self._tx.pace

    def send(self, function: str, *arguments: Any) -> tuple[Receipt, list[LedgerEvent]]:
        """Call a state-changing function and wait until it is mined; the receipt and the contract's events.

        Args:
            function: The function's name in the interface.
            arguments: In the interface's order and types.

        Raises:
            Reverted: With the contract's custom error.
            HandedOver: It was signed and written for a relayer instead.
        """
        if self._relay is not None:
            self._relay.hand_over(self.chain, self._tx.signer, function, arguments)
        return self._send(self.contract.address, self._tx.encode(function, *arguments))

    def estimate(self, function: str, *arguments: Any) -> int:
        """Gas that a call would use now, by the node's word; Reverted where the contract would refuse it."""
        return self._tx.estimate(self.contract.address, self._tx.encode(function, *arguments))

    def send_accreditation(self, function: str, *arguments: Any) -> tuple[Receipt, list[LedgerEvent]]:
        """The same for a function of the accreditation contract: `accredit`, `withdraw`.

        Raises:
            ConfigError: The deployment has no such contract.
            Reverted: With the contract's custom error.
        """
        address = self.chain.accreditation
        if address is None:
            what = f"The deployment file of {self.contract} names no accreditation contract."
            raise ConfigError(what, todo="name a file that has one with --deployment")
        if self._relay is not None:
            self._relay.hand_over(self.chain, self._tx.signer, function, arguments)
        return self._send(address, self._tx.encode(function, *arguments, contract="Accreditation"))

    def _send(self, to: bytes, data: bytes) -> tuple[Receipt, list[LedgerEvent]]:
        receipt, answer = self._tx.transact(to, data)
        header = self.chain.headers([receipt.block.number])[receipt.block.number]
        logs = [raw_log(log) for log in answer["logs"]]
        events = [decode(log, header.block) for log in logs if log.address == to]
        return Receipt(True, header.block, receipt.gas_used, receipt.gas_price), events

    def register(self, keys: Sequence[tuple[bytes, int]], recovery: bytes, profile_hash: bytes = bytes(32)) -> int:
        """Register an issuer with (account, roles) keys; its id."""
        _, events = self.send("register", list(keys), recovery, profile_hash)
        for item in events:
            if isinstance(item.event, IssuerRegistered):
                return item.event.issuer_id
        raise LedgerError("The contract registered the issuer without saying its id.", todo="check --deployment")

    def is_admin(self, issuer_id: int) -> bool:
        """Whether this account is an active admin of an issuer."""
        key = integers(self.chain.view(call_data("keyOf(uint64,address)", issuer_id, self.account)))
        return bool(key[0] & 1) and not key[2]

    def status_bits(
        self, issuer_id: int, batch_id: bytes, word_indexes: Iterable[int], *, revoked: bool
    ) -> dict[int, int]:
        """Word index → bits set now (revoked, or else suspended) in the issuer's present status epoch."""
        word = IssuerWord.unpack(self.chain.issuer_words([issuer_id])[issuer_id])
        signature = "statusWord(uint64,bytes16,uint16,uint64)"
        indexes = sorted(word_indexes)
        calls = [call_data(signature, issuer_id, batch_id, word.epoch, index) for index in indexes]
        answers = [integers(answer) for answer in self.chain.views(calls)]
        return {index: answer[0 if revoked else 1] for index, answer in zip(indexes, answers, strict=True)}

    def sign_anchor(self, issuer_id: int, batch_id: bytes, root: bytes, leaf_count: int) -> SignedTransaction:
        """Build and sign `anchor`; nothing is sent."""
        data = self._tx.encode("anchor", issuer_id, batch_id, root, leaf_count)
        return self._tx.sign(self.contract.address, data)

    def request_anchor(self, issuer_id: int, batch_id: bytes, root: bytes, leaf_count: int) -> bytes:
        """A signed request to anchor, for a relayer; nothing is sent."""
        assert self._relay is not None  # whoever asks for a request has named its file
        return self._relay.request(self.chain, self._tx.signer, "anchor", (issuer_id, batch_id, root, leaf_count))

    def replacement(self, first: SignedTransaction, last: SignedTransaction) -> SignedTransaction | None:
        """The same transaction at a higher price, not sent; None when the cap leaves no room."""
        return self._tx.replacement(first, last)

    def next_nonce(self, block: int) -> int:
        """How many transactions of the account there are up to a block."""
        return self._tx.next_nonce(block)

    def broadcast(self, raw: bytes) -> None:
        """Send signed bytes."""
        self._tx.broadcast(raw)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt of a mined transaction, or None."""
        return self._tx.receipt(tx_hash)

    def now(self) -> int:
        """Time of the newest block, seconds since 1970."""
        return self.chain.newest().time

    def tiers(self) -> Tiers:
        """How far the chain is."""
        return self.chain.tiers()

    def record_time(self, issuer_id: int, batch_id: bytes) -> int:
        """Block time of the batch's record at the newest block; 0 when there is none."""
        return record_time(self.chain, issuer_id, batch_id)

    def anchored_in(self, issuer_id: int, batch_id: bytes) -> tuple[int, bytes | None] | None:
        """Block number of the batch's record and its transaction, where the node tells; None: there is no record."""
        at = self.record_time(issuer_id, batch_id)
        return place_of_record(self.chain, issuer_id, batch_id, at) if at else None

    def anchored_root(self, issuer_id: int, batch_id: bytes, root: bytes, leaf_count: int) -> bool:
        """Whether the record commits to this root, leaf count and our account."""
        answer = words(self.chain.view(call_data("recordOf(uint64,bytes16)", issuer_id, batch_id)))
        return answer[0][:COMMITMENT_BYTES] == commitment(root, leaf_count, self.account)


def deploy(transactor: Transactor, path: Path) -> Deployment:
    """Deploy the registry and the accreditation contract beside it, and write their deployment file.

    On development chains two confirmations are called final; elsewhere 64, where the node has no tags. A crash between
    the two leaves a file that names the registry alone: it works, without accreditation.
    """
    rpc = transactor.rpc
    chain_id = int(rpc.call("eth_chainId"), 16)
    if chain_id != transactor.chain_id:
        raise WrongChain(f"The endpoint {rpc.url} is chain {chain_id}.", todo="check --rpc")
    registry = _put(transactor, load_artifact().bytecode)
    genesis = header_of(rpc.call("eth_getBlockByNumber", "0x0", False))
    depths = (1, 2) if chain_id in DEV_CHAINS else (12, 64)
    contract = ContractId(chain_id, registry.address)
    place = (registry.code_hash, registry.block_number)
    deployment = Deployment(contract, genesis.block.hash, *place, *depths, sealed=genesis.sealed)
    write_deployment(path, deployment)
    argument = bytes(12) + registry.address
    deployment = deployment._replace(accreditation=_put(transactor, load_artifact("Accreditation").bytecode + argument))
    write_deployment(path, deployment)
    return deployment


def _put(transactor: Transactor, creation: bytes) -> DeployedContract:
    receipt, answer = transactor.transact(None, creation)
    code = bytes.fromhex(transactor.rpc.call("eth_getCode", answer["contractAddress"], "latest")[2:])
    return DeployedContract(bytes.fromhex(answer["contractAddress"][2:]), keccak(code), receipt.block.number)
