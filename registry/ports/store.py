"""What is kept in a database: the mirror and the issuing journal (`registry/store`; `bootstrap` fills it in)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from registry.ledger.decode import BlockRef, LedgerEvent, RawLog
from registry.ledger.entities import AnyEntity
from registry.ledger.header import Header
from registry.ledger.history import HistoryRow
from registry.ledger.state import RowKey, State
from registry.ports.accounts import SignedTransaction


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
