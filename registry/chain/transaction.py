"""One EIP-1559 transaction: as a node and a signer are told it, and as its signed bytes say it (EIP-2718, EIP-1559)."""

from dataclasses import dataclass, replace
from typing import Any

from registry.errors import LedgerError, SigningError
from registry.ledger.rlp import Item, decode_list

TYPE = 2
_MEMBERS = 12


@dataclass(frozen=True, slots=True)
class Transaction:
    """An unsigned transaction without value and access list.

    Attributes:
        chain_id: EIP-155 chain id.
        nonce: The account's number of it.
        gas: Most gas.
        max_fee: Most wei for a gas.
        tip: Wei for a gas that the validator gets.
        to: Contract, 20 bytes; None makes one.
        data: Calldata.
    """

    chain_id: int
    nonce: int
    gas: int
    max_fee: int
    tip: int
    to: bytes | None
    data: bytes

    def as_rpc(self, sender: bytes) -> dict[str, Any]:
        """As `eth_signTransaction` takes it."""
        fields = {
            "from": "0x" + sender.hex(),
            "chainId": hex(self.chain_id),
            "nonce": hex(self.nonce),
            "gas": hex(self.gas),
            "maxFeePerGas": hex(self.max_fee),
            "maxPriorityFeePerGas": hex(self.tip),
            "value": "0x0",
            "data": "0x" + self.data.hex(),
        }
        return fields if self.to is None else {**fields, "to": "0x" + self.to.hex()}

    def as_account(self) -> dict[str, Any]:
        """As eth_account signs it."""
        fields: dict[str, Any] = {
            "type": TYPE,
            "chainId": self.chain_id,
            "nonce": self.nonce,
            "gas": self.gas,
            "maxFeePerGas": self.max_fee,
            "maxPriorityFeePerGas": self.tip,
            "value": 0,
            "data": self.data,
        }
        return fields if self.to is None else {**fields, "to": self.to}

    def priced(self, max_fee: int, tip: int) -> "Transaction":
        """The same with another offer: a node takes it for its replacement."""
        return replace(self, max_fee=max_fee, tip=tip)


def read_signed(raw: bytes) -> Transaction:
    """What signed bytes say.

    Raises:
        SigningError: They are no transaction of type 2, or carry a value or an access list.
    """
    try:
        items = decode_list(raw[1:]) if raw[:1] == bytes((TYPE,)) else []
    except LedgerError:
        items = []
    texts = [item for item in items if isinstance(item, bytes)]
    if len(items) != _MEMBERS or len(texts) != _MEMBERS - 1 or items[8] != []:
        raise SigningError("The signed bytes are no EIP-1559 transaction without an access list.")
    chain_id, nonce, tip, max_fee, gas = map(_integer, texts[:5])
    if texts[6] or len(texts[5]) not in (0, 20):
        raise SigningError("The signed transaction carries a value, or names no account.")
    return Transaction(chain_id, nonce, gas, max_fee, tip, texts[5] or None, texts[7])


def _integer(item: Item) -> int:
    assert isinstance(item, bytes)
    return int.from_bytes(item, "big")
