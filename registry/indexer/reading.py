"""What the process that reads does (`beside`): range after range, checked and decoded, and last the closing proof."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry.indexer.fetch import Fetched
from registry.indexer.plan import LARGEST, WANTED_LOGS
from registry.indexer.wire import Proof, pack, pack_proof
from registry.ports.chain import ChainSource

_STEP_LOGS = WANTED_LOGS * 4 // 5


@dataclass(frozen=True)
class Reading:
    """What is read, and how.

    Attributes:
        chain: Where; nothing was asked of it yet, so that no connection is shared.
        ranges: Gives the range from a block on, at most to another.
        ask, answer: Ask for the proof of a block; and what came of it.
        troubled: Whether an endpoint was set aside.
        least: Fewer blocks than these it leaves to others.
    """

    chain: ChainSource
    ranges: Callable[[int, int], Fetched]
    ask: Callable[[int], None]
    answer: Callable[[], Proof | None]
    troubled: Callable[[], bool]
    least: int

    def answers(self, order: Callable[[], tuple[int, int | None]]) -> Iterator[bytes]:
        """Identity and height while the parent still looks where it stands; then range after range, and the proof.

        Args:
            order: Waits for the first block, and the last one; None: the newest.
        """
        self.chain.check_identity()
        newest = self.chain.tiers().latest
        first, until = order()
        target = newest if until is None else min(until, newest)
        if target - first < self.least:
            return
        self.ask(target)
        while first <= target:
            fetched = self._step(first, target)
            if self.troubled():
                return
            first, packed = fetched.last + 1, pack(fetched)
            del fetched  # whose place the next ones need
            yield packed
        proof = self.answer()
        if proof is not None and not self.troubled():
            yield pack_proof(proof)

    def _step(self, first: int, target: int) -> Fetched:
        """Ranges until they are worth a transaction: the first ones, by which their size is found, are small."""
        fetched = self.ranges(first, target)
        while fetched.last < target and fetched.last - first < LARGEST and len(fetched.events) < _STEP_LOGS:
            fetched = fetched.joined(self.ranges(fetched.last + 1, target))
        return fetched
