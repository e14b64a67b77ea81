"""What the use cases need from the outside, as protocols; `bootstrap` says who fills them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from registry.credential.place import BatchId, ContractId, Place
from registry.ledger.decode import BlockRef, LedgerEvent, RawLog
from registry.ledger.entities import AnyEntity
from registry.ledger.header import Header
from registry.ledger.history import HistoryRow
from registry.ledger.state import RowKey, State
from registry.verification.evidence import NOW, Ask, Evidence, NoEvidence


@dataclass(frozen=True, slots=True)
class Tiers:
    """Block numbers: the newest, the newest safe and the newest final one, by the node's tags or confirmations."""

    latest: int
    safe: int
    final: int

    def deep(self, wait: str) -> int:
        """The newest block that lies as deep as `wait` asks: `final`, `safe`, or a number of confirmations."""
        if wait in ("final", "safe"):
            return self.final if wait == "final" else self.safe
        return self.latest + 1 - int(wait)


class StorageView(NamedTuple):
    """A contract's own storage at one block, the independent witness.

    Attributes:
        issuer_count: How many issuers there are; in the accreditation contract, how many accreditors.
        words: Issuer id → word (32 bytes) in that contract, for the issuers that were asked for.
        storage_root: Root of the contract's storage trie, 32 bytes; None where the node proves nothing.
        proven: Whether all this was proven against the header's state root; otherwise it is the node's word.
    """

    issuer_count: int
    words: Mapping[int, bytes]
    storage_root: bytes | None
    proven: bool


class ChainSource(Protocol):
    """Reads the chain for the indexer and the auditor. Every method raises ChainUnavailable or RpcError."""

    @property
    def contract(self) -> ContractId:
        """The contract that is read."""

    @property
    def accreditation(self) -> bytes | None:
        """The accreditation contract beside it (20 bytes), whose logs are read as well; None where there is none."""

    def check_identity(self) -> None:
        """Raise WrongChain unless chain id, genesis hash and the contracts' code are the deployment's."""

    def tiers(self) -> Tiers:
        """How far the chain is."""

    def headers(self, numbers: Sequence[int]) -> dict[int, Header]:
        """Headers of these blocks; one that the node does not have is missing."""

    def logs(self, first: int, last: int) -> list[RawLog]:
        """The contracts' logs of blocks `first` … `last`, in chain order."""

    def logs_elsewhere(self, numbers: Sequence[int]) -> list[RawLog]:
        """The contracts' logs of these blocks, by their hashes, from another endpoint where there is one."""

    def logs_by_receipts(self, header: Header) -> list[RawLog]:
        """The contracts' logs of a block, proven by its receipts root; LedgerError when it does not hold."""

    def issuer_count(self, header: Header) -> int:
        """How many issuers there are after this block, by the endpoint's word alone."""

    def storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        """Issuer count and words in the state after this block; proven where node and header allow it."""

    def accreditation_storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView | None:
        """The same of the accreditation contract; None where there is none, or not yet."""

    def agrees(self, number: int, block_hash: bytes) -> bool:
        """Whether another endpoint still has this block; False where there is no other one.

        ChainUnavailable where there are others and none can say: then nothing is settled.
        """

    def distrust(self, reason: str) -> bool:
        """Set the endpoint aside that answered last; whether another one takes its place."""


class EvidenceSource(Protocol):
    """Answers what the chain says about one place."""

    def gather(self, place: Place, account: bytes | None, ask: Ask = NOW) -> Evidence | NoEvidence:
        """Evidence, or why there is none; never raises for an unreachable source."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the mirror is.

    Attributes:
        block: Its newest block.
        safe, final: The tiers when it was taken.
        proven: Highest block at which the folded words were the contract's own; 0: never yet.
        evidence: How that was seen: `proof` (eth_getProof against a sealed header), `views`, or empty.
        storage_root: Roots of the contracts' storage there (32 bytes for the registry, 32 for accreditation where there
            is such a contract), or empty.
        halted: Why nothing is written any more, or empty; only an operator clears it.
    """

    block: BlockRef
    safe: int
    final: int
    proven: int = 0
    evidence: str = ""
    storage_root: bytes = b""
    halted: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One range of blocks, ready to be written: its headers, events and changed rows, and the new checkpoint."""

    headers: Sequence[Header]
    events: Sequence[tuple[RawLog, LedgerEvent]]
    state: State
    checkpoint: Checkpoint


class Mirror(Protocol):
    """The SQL mirror as the indexer and the auditor use it."""

    def checkpoint(self) -> Checkpoint | None:
        """The newest indexed block; None before the first."""

    def known_hashes(self, above: int) -> dict[int, bytes]:
        """Number → hash of canonical blocks from the newest known one at or below `above` on."""

    def load(self, keys: Iterable[RowKey]) -> State:
        """A state that holds these rows, where they exist."""

    def commit(self, step: Step) -> None:
        """Write rows, raw events, blocks and checkpoint in one transaction."""

    def rewind(self, ancestor: int) -> None:
        """Go back to block `ancestor`: rows are folded again from the raw events, which are never deleted."""

    def halt(self, reason: str) -> None:
        """Remember why nothing may be written any more; an empty reason clears it."""

    def count(self, kind: type[AnyEntity]) -> int:
        """How many rows of a kind there are."""

    def rows(self, kind: type[AnyEntity | HistoryRow]) -> Iterator[Any]:
        """All rows of a kind, history kinds too, ordered by key."""


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


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One batch in the issuing journal.

    Attributes:
        batch_id: 16 bytes.
        state: staged, sent, included, final, released, purged.
        root, leaf_count, account: What is anchored, and by whom.
        created: dateTimeStamp of staging.
        out: Folder of the finished credentials.
        nonce, raw, tx_hash: The transaction that was sent last, or the one that was mined.
        block_number, gas_used, gas_price: Where it was mined and what it cost (gas, wei).
        offers: Every transaction that was signed for it and may have left, oldest first.
        request: What a relayer was handed, in place of offers.
    """

    batch_id: bytes
    state: str
    root: bytes
    leaf_count: int
    created: str
    account: bytes
    out: str
    nonce: int | None = None
    raw: bytes | None = None
    tx_hash: bytes | None = None
    block_number: int | None = None
    gas_used: int | None = None
    gas_price: int | None = None
    request: bytes | None = None
    offers: tuple[SignedTransaction, ...] = ()


class Journal(Protocol):
    """The issuing journal; every `put` is durable when it returns."""

    def get(self, batch_id: bytes) -> JournalEntry | None:
        """The entry of a batch."""

    def put(self, entry: JournalEntry) -> None:
        """Insert or replace an entry, durably."""

    def entries(self) -> list[JournalEntry]:
        """All entries, in the order in which they were staged."""

    def drop(self, batch_id: bytes) -> None:
        """Forget a batch that is staged and was never signed, durably; StoreError where it is another one."""

    def lock(self) -> AbstractContextManager[None]:
        """Only one issuing run at a time; raises StoreError when another one is at work."""


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


class StatusReader(Protocol):
    """Reads the status of whole batches from the chain. Raises ChainUnavailable or RpcError."""

    def status_words(self, batch: BatchId, leaf_count: int, *, revoked: bool) -> tuple[BlockRef, dict[int, int]]:
        """The newest block, and there: word index → 256 bits (revoked, or else suspended), where they are not zero."""
