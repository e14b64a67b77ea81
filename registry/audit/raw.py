"""Blocks and raw events of a mirror against those that the chain has: what every other row can be built from."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import msgspec

from registry.audit.diff import Difference, differences
from registry.audit.look import Look
from registry.indexer.fetch import Fetched
from registry.ledger.header import Header


class BlockRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `block`; hashes 32 bytes, the time in seconds."""

    TABLE: ClassVar[str] = "block"
    KEY: ClassVar[tuple[str, ...]] = ("block_number", "block_hash")

    block_number: int
    block_hash: bytes
    parent_hash: bytes
    block_time: int
    canonical: bool


class EventRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `event`: where the log stands, whose it is, its transaction, its topics in one, its data."""

    TABLE: ClassVar[str] = "event"
    KEY: ClassVar[tuple[str, ...]] = ("block_number", "log_index", "block_hash", "issuer_id")

    block_number: int
    log_index: int
    block_hash: bytes
    issuer_id: int
    tx_hash: bytes
    topics: bytes
    data: bytes


class RawCheck:
    """Ranges of blocks whose rows differed when they were read; nothing is said before a last look at them.

    A mirror that is being written may have been rolled back at that moment. The ranges are kept until then, and they
    hold events: only a few are, which name more than anybody reads.
    """

    MOST = 4

    def __init__(self) -> None:
        self.suspects: list[Fetched] = []

    @property
    def full(self) -> bool:
        """Whether ranges may have been left out."""
        return len(self.suspects) >= self.MOST

    def compare(self, fetched: Fetched, look: Look) -> None:
        """Remember the range if the mirror holds other rows."""
        if not self.full and next(raw_differences(fetched, look), None) is not None:
            self.suspects.append(fetched)

    def differences(self, look: Look) -> Iterator[Difference]:
        """What still differs."""
        for fetched in self.suspects:
            yield from raw_differences(fetched, look)


def raw_differences(fetched: Fetched, look: Look) -> Iterator[Difference]:
    """Every difference between the rows of `block` and `event` and these blocks, as the chain has them."""
    point, needed = look.checkpoint(), {log.block_number for log, _ in fetched.events}
    if point is not None:
        needed.add(point.block.number)
    yield from _block_differences(fetched, [BlockRow(*row) for row in look.blocks(fetched.first, fetched.last)], needed)
    expected = (
        EventRow(
            log.block_number,
            log.log_index,
            log.block_hash,
            item.event.issuer_id,
            log.tx_hash,
            b"".join(log.topics),
            log.data,
        )
        for log, item in fetched.events
    )
    yield from differences(EventRow, expected, (EventRow(*row) for row in look.events(fetched.first, fetched.last)))


def outside_differences(look: Look, first: int, last: int) -> Iterator[Difference]:
    """Canonical blocks below `first` or above `last`, where the mirror can have none."""
    yield from differences(BlockRow, (), (BlockRow(*row) for row in look.outside(first, last)))


def _block_differences(fetched: Fetched, known: Sequence[BlockRow], needed: set[int]) -> Iterator[Difference]:
    """Canonical rows must be the chain's; blocks with events and the newest one must be there, others may or may not.

    (Which of the others a mirror keeps depends on what was final for the endpoint that it asked then.)
    """
    named = needed | {row.block_number for row in known if row.canonical}
    expected = [_row(header) for header in fetched.headers if header.block.number in named]
    true = {(row.block_number, row.block_hash) for row in expected}
    found = [row for row in known if row.canonical or (row.block_number, row.block_hash) in true]
    yield from differences(BlockRow, expected, found)


def _row(header: Header) -> BlockRow:
    return BlockRow(header.block.number, header.block.hash, header.parent_hash, header.block.time, True)
