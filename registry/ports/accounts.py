"""What the chain's room signs and sends for one account (`registry/chain`; `bootstrap` fills it in)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from registry.credential.place import ContractId
from registry.ledger.decode import BlockRef, LedgerEvent
from registry.ports.chain import Tiers


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Bytes that are ready to be sent.

    Attributes:
        raw: The signed transaction.
        hash: Its hash, 32 bytes.
        nonce: The account's number of it.
        gas: Most gas that it may use.
        max_fee, tip: Most wei for a gas, and the validator's part of it.
    """

    raw: bytes
    hash: bytes
    nonce: int
    gas: int
    max_fee: int
    tip: int

    @property
    def max_cost(self) -> int:
        """Most that it may cost, wei."""
        return self.gas * self.max_fee


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction: success, block, gas used and the price paid (wei per gas)."""

    succeeded: bool
    block: BlockRef
    gas_used: int
    gas_price: int


class Sender(Protocol):
    """Sends for one account. Every method raises ChainUnavailable or RpcError."""

    @property
    def account(self) -> bytes:
        """The account that signs, 20 bytes."""

    def replacement(self, first: SignedTransaction, last: SignedTransaction) -> SignedTransaction | None:
        """The same transaction at a higher price, signed and not sent; None when the cap leaves no room."""

    def broadcast(self, raw: bytes) -> None:
        """Send bytes; sending the same bytes again is no error. Raises FeeTooLow, InsufficientFunds."""

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt, if the transaction is mined in the canonical chain."""

    def tiers(self) -> Tiers:
        """How far the chain is."""

    def next_nonce(self, block: int) -> int:
        """How many transactions of the account there are up to a block."""


class Anchorer(Sender, Protocol):
    """Signs and sends for one account. Raises ChainUnavailable, Reverted, InsufficientFunds."""

    @property
    def contract(self) -> ContractId:
        """The contract that is written to."""

    def sign_anchor(self, issuer_id: int, batch_id: bytes, root: bytes, leaf_count: int) -> SignedTransaction:
        """Build and sign the anchoring transaction; nothing is sent."""

    def request_anchor(self, issuer_id: int, batch_id: bytes, root: bytes, leaf_count: int) -> bytes:
        """A signed request that a relayer can carry out (JSON); nothing is sent."""

    def record_time(self, issuer_id: int, batch_id: bytes) -> int:
        """Block time of the batch's record; 0 when there is none."""

    def anchored_root(self, issuer_id: int, batch_id: bytes, root: bytes, leaf_count: int) -> bool:
        """Whether the record on chain commits to this root, leaf count and our account."""

    def anchored_in(self, issuer_id: int, batch_id: bytes) -> tuple[int, bytes | None] | None:
        """Block number of the record and the transaction that made it, where the node tells; None: no record."""


class StatusWriter(Protocol):
    """The contract's status bits for one account. Raises ChainUnavailable, RpcError, Reverted, InsufficientFunds."""

    @property
    def contract(self) -> ContractId:
        """The contract that is written to."""

    def status_bits(
        self, issuer_id: int, batch_id: bytes, word_indexes: Iterable[int], *, revoked: bool
    ) -> dict[int, int]:
        """Word index → bits set now (revoked, or else suspended) in the issuer's present status epoch."""

    def estimate(self, function: str, *arguments: Any) -> int:
        """Gas that a call would use now, by the node's word; Reverted where the contract would refuse it."""

    def send(self, function: str, *arguments: Any) -> tuple[Receipt, list[LedgerEvent]]:
        """Call a state-changing function and wait until it is mined."""
