"""What an audit reads of a mirror, as protocols: one look at everything in it, of one moment."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from registry.ledger.entities import AnyEntity
from registry.ledger.history import HistoryRow
from registry.ports.store import Checkpoint

Row = tuple[Any, ...]


class Look(Protocol):
    """All answers are of the same moment; rows come as they are read, and only those of the mirror's chain."""

    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint's row; None where there is none."""

    def chains(self) -> set[int]:
        """Ids of all chains that the database mirrors."""

    def newest_block(self, *, canonical: bool) -> Row | None:
        """Number, hash and time of the highest block, canonical or of any kind; None where there is none."""

    def rows(self, kind: type[AnyEntity | HistoryRow]) -> Iterator[Any]:
        """All projected rows of a kind, ordered by key."""

    def blocks(self, first: int, last: int) -> Iterator[Row]:
        """Number, hash, parent's hash, time and whether it is canonical, of known blocks; in order of their numbers."""

    def events(self, first: int, last: int) -> Iterator[Row]:
        """Raw events of canonical blocks, in chain order.

        Block number, log index, block hash, issuer id, transaction hash, topics (joined), data.
        """

    def outside(self, first: int, last: int) -> Iterator[Row]:
        """Canonical blocks below `first` or above `last`, as `blocks` gives them."""

    def documents(self) -> Iterator[tuple[str, str]]:
        """Kind and id of every kept document, of every chain."""

    def body(self, kind: str, name: str) -> bytes:
        """A kept document's bytes."""

    def leaves(self) -> Iterator[Row]:
        """Leaf hash, issuer id, batch id and index of all leaves, in no order: as many as there are credentials."""

    def leaves_of(self, issuer_id: int, batch_id: bytes) -> Iterator[Row]:
        """Those of one batch, found by reading all of them."""

    def leaf(self, leaf_hash: bytes) -> Row | None:
        """The row of one leaf."""

    def signed(self) -> Iterator[Row]:
        """Chain id, block, through and body of every signed checkpoint, of every chain, oldest first."""


class AuditedMirror(Protocol):
    """A mirror that can be looked at."""

    def look(self) -> AbstractContextManager[Look]:
        """Everything in it as it is now."""
