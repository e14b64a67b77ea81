"""A fresh fold of everything that the contracts ever emitted, up to a block."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from registry.audit.words import WordsAt
from registry.indexer.ahead import Ahead
from registry.indexer.fetch import Fetched, check_links
from registry.indexer.places import Verify
from registry.ledger.decode import LedgerEvent
from registry.ledger.header import Header
from registry.ledger.history import HistoryRow, history_rows
from registry.ledger.projection import fold
from registry.ledger.state import State
from registry.ledger.word import WordDomain
from registry.ports.chain import ChainSource


class Replay:
    """State and history of one chain of blocks, from the deployment's on.

    Args:
        chain: Where to read.
        start: The deployment's block.
        receipts: Whether every block is proven by its receipts root.
        stops: Blocks after which all words are wanted, ascending.

    Attributes:
        state: What all events so far lead to.
        history: Their history rows.
        events: How many there were.
        header: The newest block that was read; None before the first.
        words: What the words were after the stops.
    """

    def __init__(self, chain: ChainSource, start: int, *, receipts: bool = False, stops: Sequence[int] = ()) -> None:
        self.start = start
        self.words = WordsAt(stops)
        self.state = State()
        self.history: list[HistoryRow] = []
        self.events = 0
        self.header: Header | None = None
        self._domain = WordDomain(chain.contract.chain_id, chain.contract.address, chain.accreditation)
        self._ahead = Ahead(chain, verify=Verify.RECEIPTS if receipts else Verify.PLACES)

    @property
    def last(self) -> int:
        """Number of the newest block that was read."""
        return self.start - 1 if self.header is None else self.header.block.number

    def advance(self, last: int, *, history: bool = True) -> Iterator[Fetched]:
        """Go on to block `last`, one range after the other; nothing where that was read already.

        Raises:
            LedgerError: Logs are missing, forged or reordered: the words do not chain.
            ChainUnavailable: The endpoint does not answer, or its chain moved.
        """
        while self.last < last:
            fetched = self._ahead.take(self.last + 1, last)
            if self.header is not None:
                check_links([self.header, fetched.headers[0]])
            items = self._fold(fetched)
            if history:
                self.history += history_rows(items)
            self.events += len(items)
            self.header = fetched.headers[-1]
            yield fetched

    def _fold(self, fetched: Fetched) -> list[LedgerEvent]:
        """Fold a range, with a halt after each stop in it; its events."""
        items, done = [item for _, item in fetched.events], 0
        for stop in self.words.within(fetched.first, fetched.last):
            until = bisect_right(items, stop, key=lambda item: item.block.number)
            self._fold_some(items[done:until])
            self.words.hold(fetched.headers[stop - fetched.first].block, self.state)
            done = until
        self._fold_some(items[done:])
        return items

    def _fold_some(self, items: Sequence[LedgerEvent]) -> None:
        fold(self.state, self._domain, items)
        self.words.note(items)
