"""Build, sign, send and follow transactions. web3.py encodes the calls; every refusal becomes one of our errors."""

import re
from functools import cache
from typing import Any

from registry.chain.artifact import load_artifact
from registry.chain.fees import GWEI, Offer, first_offer, next_offer
from registry.chain.reverts import refused
from registry.chain.rpc import Caller
from registry.chain.signer import AccountSigner, ContractAccount
from registry.chain.transaction import Transaction, read_signed
from registry.errors import FeeTooLow, InsufficientFunds, Reverted, RpcError
from registry.issuing.pursue import Pace, Pursuit
from registry.ledger.decode import BlockRef
from registry.ledger.keccak import keccak
from registry.ports.accounts import Receipt, SignedTransaction
from registry.ports.chain import Tiers

# What nodes are known to say to bytes that they have, that are too cheap, or that their sender cannot pay for.
_KNOWN = re.compile("already known|already imported|known transaction|nonce too low|already in mempool", re.IGNORECASE)
_CHEAP = re.compile(
    "underpriced|less than block base fee|fee too low|feetoolow|gas price too low|max fee per gas", re.IGNORECASE
)
_POOR = re.compile("insufficient funds|insufficient balance|not have enough funds", re.IGNORECASE)
_LEAST_GAS = 60_000


class Transactor:
    """One account on one chain, through one endpoint.

    Args:
        rpc: The endpoint.
        chain_id: Its chain.
        signer: The account.
        cap: Most wei for a gas; None: four times the first offer.
        pace: How patient it is.
    """

    def __init__(
        self, rpc: Caller, chain_id: int, signer: AccountSigner, cap: int | None = None, pace: Pace | None = None
    ) -> None:
        self.rpc = rpc
        self.chain_id = chain_id
        self.signer = signer
        self.pace = pace or Pace()
        self._cap = cap

    @property
    def account(self) -> bytes:
        """The account, 20 bytes."""
        return self.signer.address

    @property
    def _address(self) -> str:
        return "0x" + self.account.hex()

    def encode(self, function: str, *arguments: Any, contract: str = "CredentialRegistry") -> bytes:
        """Calldata of a function of a contract, which is named as its artifact is."""
        return bytes.fromhex(str(_contract(contract).encode_abi(function, list(arguments)))[2:])

    def sign(self, to: bytes | None, data: bytes) -> SignedTransaction:
        """Estimate, price and sign (EIP-1559); nothing is sent. `to` None deploys.

        Raises:
            Reverted: The contract would refuse it; `name` is the custom error.
            InsufficientFunds: The account cannot pay; the message says how much is missing.
            SigningError: The account does not sign this.
        """
        if isinstance(self.signer, ContractAccount):
            raise self.signer.cannot_send()
        gas = self.estimate(to, data) * 11 // 10
        base, tip = self._prices()
        offer = first_offer(base, tip, self._cap)
        self._check_balance(gas * offer.max_fee)
        nonce = int(self.rpc.call("eth_getTransactionCount", self._address, "pending"), 16)
        return self._signed(Transaction(self.chain_id, nonce, gas, offer.max_fee, offer.tip, to, data))

    def estimate(self, to: bytes | None, data: bytes) -> int:
        """Gas that the transaction would use now, by the node's word.

        Raises:
            Reverted: The contract would refuse it; `name` is the custom error.
        """
        fields = {"from": self._address, "data": "0x" + data.hex()}
        if to is not None:
            fields["to"] = "0x" + to.hex()
        return self._estimate(fields)

    def replacement(self, first: SignedTransaction, last: SignedTransaction) -> SignedTransaction | None:
        """The same transaction at a higher price, not sent; None when the cap leaves no room."""
        base, tip = self._prices()
        offer = next_offer(Offer(last.max_fee, last.tip), base, tip, self._cap, Offer(first.max_fee, first.tip))
        if offer is None:
            return None
        self._check_balance(last.gas * offer.max_fee)
        return self._signed(read_signed(last.raw).priced(*offer))

    def _signed(self, what: Transaction) -> SignedTransaction:
        raw = self.signer.sign_transaction(what)
        return SignedTransaction(raw, keccak(raw), what.nonce, what.gas, what.max_fee, what.tip)

    def _estimate(self, fields: dict[str, Any]) -> int:
        try:
            return int(self.rpc.call("eth_estimateGas", fields), 16)
        except RpcError as error:
            if _POOR.search(error.what):
                self._check_balance(_LEAST_GAS * sum(self._prices()), at_least=True)
            if error.data or error.rpc_code == 3 or "revert" in error.what.lower():
                raise refused(error.data) from None
            raise

    def _prices(self) -> tuple[int, int]:
        """Base fee of the newest block and the suggested tip, wei."""
        base = int(self.rpc.call("eth_getBlockByNumber", "latest", False).get("baseFeePerGas", "0x0"), 16)
        try:
            tip = int(self.rpc.call("eth_maxPriorityFeePerGas"), 16)
        except RpcError:
            tip = GWEI
        return base, tip

    def _check_balance(self, needed: int, *, at_least: bool = False) -> None:
        from eth_utils.address import to_checksum_address

        balance = int(self.rpc.call("eth_getBalance", self._address, "latest"), 16)
        if balance >= needed and not at_least:
            return
        missing = f"{'at least ' * at_least}{max(needed - balance, 1) / 1e18:.18f}".rstrip("0")
        who = to_checksum_address(self.account)
        raise InsufficientFunds(
            f"Account {who} on chain {self.chain_id} holds {balance / 1e18:.6f} of the chain's currency, too little for"
            f" this transaction: {missing} are missing.",
            todo="send it funds and run the same command again",
        )

    def broadcast(self, raw: bytes) -> None:
        """Send signed bytes; a node that has them already, or has gone beyond them, is no error.

        Raises:
            FeeTooLow: The node wants a higher price.
            InsufficientFunds: The account cannot pay; the message says how much is missing.
        """
        try:
            self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcError as error:
            if _KNOWN.search(error.what):
                return
            if _CHEAP.search(error.what):
                raise FeeTooLow(f"The node takes no such price: {error.what}.", todo="raise --max-fee") from None
            if _POOR.search(error.what):
                signed = read_signed(raw)
                self._check_balance(signed.gas * signed.max_fee, at_least=True)
            raise

    def next_nonce(self, block: int) -> int:
        """How many transactions of the account there are up to a block."""
        return int(self.rpc.call("eth_getTransactionCount", self._address, hex(block)), 16)

    def tiers(self) -> Tiers:
        """The newest block alone: for whoever waits for confirmations."""
        latest = int(self.rpc.call("eth_blockNumber"), 16)
        return Tiers(latest, -1, -1)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt of a mined transaction, or None."""
        answer = self.rpc.call("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        if not answer or not answer.get("blockHash"):
            return None
        block = BlockRef(int(answer["blockNumber"], 16), bytes.fromhex(answer["blockHash"][2:]), 0)
        price = int(answer.get("effectiveGasPrice", "0x0"), 16)
        return Receipt(answer["status"] == "0x1", block, int(answer["gasUsed"], 16), price)

    def transact(self, to: bytes | None, data: bytes) -> tuple[Receipt, Any]:
        """Sign, send and wait until it is mined, offering more while it is not; the receipt, and the node's form of it.

        Raises:
            Reverted: It was mined and failed, or another transaction took its nonce.
            ChainUnavailable: The endpoint was silent for too long.
        """
        signed = self.sign(to, data)
        pursuit = Pursuit(self, [signed], "1", before_send=_nothing, noted=_nothing, say=_nothing, pace=self.pace)
        mined = pursuit.run()
        if mined is None:
            what = f"Another transaction of {self._address} took the place of 0x{signed.hash.hex()}."
            raise Reverted(what, todo="run the command again")
        if not mined.receipt.succeeded:
            raise Reverted(f"Transaction 0x{mined.signed.hash.hex()} was mined and failed.", todo="run it again")
        return mined.receipt, self.rpc.call("eth_getTransactionReceipt", "0x" + mined.signed.hash.hex())


def _nothing(_: object) -> None:
    """No journal and nobody who is told: the commands of these look at the chain before they act again."""


@cache
def _contract(name: str) -> Any:
    from web3 import Web3

    return Web3().eth.contract(abi=load_artifact(name).abi)
