"""Build, sign, send and follow transactions. web3.py encodes the calls; every refusal becomes one of our errors."""

import time
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3

from registry.chain.artifact import ARTIFACTS, load_artifact, revert_reason
from registry.chain.rpc import Caller
from registry.errors import ChainUnavailable, InsufficientFunds, Reverted, RpcError
from registry.ledger.decode import BlockRef
from registry.ports import Receipt, SignedTransaction

_POLL_SECONDS = 0.1
_TODO = {
    "NotAuthorized": "add the account as a key with this role: `hallmark issuer add-key`",
    "IssuerFrozen": "unfreeze the issuer first: `hallmark issuer unfreeze`",
    "UnknownIssuer": "register the issuer first: `hallmark issuer register`",
    "AlreadyAnchored": "nothing has to be done: the batch is on chain",
    "NotAdmin": "sign with an account that is an admin of this issuer",
    "AccreditorFrozen": "unfreeze the issuer first: `hallmark issuer unfreeze`",
    "UnknownSubject": "the subject must be registered first; check its id",
    "NotAccredited": "nothing has to be done: no such accreditation is in force",
}


class Transactor:
    """One account on one chain, through one endpoint."""

    def __init__(self, rpc: Caller, chain_id: int, account: LocalAccount) -> None:
        self.rpc = rpc
        self.chain_id = chain_id
        self._account = account
        self._contracts = {name: Web3().eth.contract(abi=load_artifact(name).abi) for name in ARTIFACTS}

    @property
    def address(self) -> bytes:
        """The account, 20 bytes."""
        return bytes.fromhex(self._account.address[2:])

    def encode(self, function: str, *arguments: Any, contract: str = "CredentialRegistry") -> bytes:
        """Calldata of a function of a contract, which is named as its artifact is."""
        return bytes.fromhex(str(self._contracts[contract].encode_abi(function, list(arguments)))[2:])

    def sign(self, to: bytes | None, data: bytes) -> SignedTransaction:
        """Estimate, price and sign (EIP-1559); nothing is sent. `to` None deploys.

        Raises:
            Reverted: The contract would refuse it; `name` is the custom error.
            InsufficientFunds: The account cannot pay; the message says how much is missing.
        """
        fields: dict[str, Any] = {"from": self._account.address, "data": "0x" + data.hex()}
        if to is not None:
            fields["to"] = Web3.to_checksum_address(to)
        gas = self._estimate(fields) * 11 // 10
        fee, tip = self._fees()
        self._check_balance(gas * fee)
        nonce = int(self.rpc.call("eth_getTransactionCount", self._account.address, "pending"), 16)
        transaction = {k: v for k, v in fields.items() if k != "from"} | {
            "chainId": self.chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": tip,
            "value": 0,
            "type": 2,
        }
        signed = self._account.sign_transaction(transaction)
        return SignedTransaction(bytes(signed.raw_transaction), bytes(signed.hash), nonce, gas * fee)

    def _estimate(self, fields: dict[str, Any]) -> int:
        try:
            return int(self.rpc.call("eth_estimateGas", fields), 16)
        except RpcError as error:
            if "insufficient funds" in error.what.lower():
                self._check_balance(2**255)
            if error.data or error.rpc_code == 3 or "revert" in error.what.lower():
                name, shown = revert_reason(error.data)
                raise Reverted(f"The contract refuses: {shown}.", name=name, todo=_TODO.get(name, "")) from None
            raise

    def _fees(self) -> tuple[int, int]:
        """Most that a gas may cost, and the tip (wei): twice the base fee leaves room for six full blocks."""
        base = int(self.rpc.call("eth_getBlockByNumber", "latest", False).get("baseFeePerGas", "0x0"), 16)
        try:
            tip = int(self.rpc.call("eth_maxPriorityFeePerGas"), 16)
        except RpcError:
            tip = 10**9
        return 2 * base + tip, tip

    def _check_balance(self, needed: int) -> None:
        balance = int(self.rpc.call("eth_getBalance", self._account.address, "latest"), 16)
        if balance >= needed:
            return
        missing = "" if needed == 2**255 else f"; {(needed - balance) / 1e18:.6f} are missing"
        raise InsufficientFunds(
            f"Account {self._account.address} on chain {self.chain_id} holds {balance / 1e18:.6f} of the chain's"
            f" currency, too little for this transaction{missing}.",
            todo="send it funds and run the same command again",
        )

    def broadcast(self, raw: bytes) -> None:
        """Send signed bytes; a node that has them already is no error."""
        try:
            self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcError as error:
            text = error.what.lower()
            if not any(known in text for known in ("already known", "already imported", "nonce too low")):
                raise

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt of a mined transaction, or None."""
        answer = self.rpc.call("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        if not answer or not answer.get("blockHash"):
            return None
        block = BlockRef(int(answer["blockNumber"], 16), bytes.fromhex(answer["blockHash"][2:]), 0)
        price = int(answer.get("effectiveGasPrice", "0x0"), 16)
        return Receipt(answer["status"] == "0x1", block, int(answer["gasUsed"], 16), price)

    def transact(self, to: bytes | None, data: bytes, *, timeout: float = 120.0) -> tuple[Receipt, Any]:
        """Sign, send and wait until it is mined; the receipt, and the node's own form of it.

        Raises:
            Reverted: It was mined and failed.
            ChainUnavailable: It was not mined within `timeout` seconds.
        """
        signed = self.sign(to, data)
        self.broadcast(signed.raw)
        deadline = time.monotonic() + timeout
        while (receipt := self.receipt(signed.hash)) is None:
            if time.monotonic() > deadline:
                what = f"Transaction 0x{signed.hash.hex()} was not mined within {timeout:.0f} seconds."
                raise ChainUnavailable(what, todo="look it up before you run the command again")
            time.sleep(_POLL_SECONDS)
        if not receipt.succeeded:
            raise Reverted(f"Transaction 0x{signed.hash.hex()} was mined and failed.", todo="run the command again")
        return receipt, self.rpc.call("eth_getTransactionReceipt", "0x" + signed.hash.hex())
