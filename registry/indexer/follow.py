"""Follow the chain: decide about reorganisations, then append one range a step."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry.errors import ChainUnavailable, LedgerError, ReorgPastFinality
from registry.indexer.fetch import MAX_RANGE, Fetched, fetch_range
from registry.ledger.entities import Issuer
from registry.ledger.projection import fold, rows_needed
from registry.ledger.reorg import Halt, Rewind, decide
from registry.ledger.state import State
from registry.ledger.word import WordDomain
from registry.ports import ChainSource, Checkpoint, Mirror, Step, Tiers


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step did: the block it reached, the chain's newest block, events written, blocks rolled back."""

    block: int
    latest: int
    events: int
    rewound: int = 0

    @property
    def caught_up(self) -> bool:
        """Whether nothing more was to be read."""
        return self.block >= self.latest


class Follower:
    """Keeps one mirror level with one chain.

    Args:
        chain: Where to read.
        mirror: Where to write.
        start: First block to read: the deployment's.
    """

    def __init__(self, chain: ChainSource, mirror: Mirror, start: int) -> None:
        self.chain = chain
        self.mirror = mirror
        self.start = start

    def run(
        self, *, until: int | None = None, forever: bool = False, pause: Callable[[float], None] = time.sleep
    ) -> Iterator[Progress]:
        """Step until block `until`, or the newest block; or without end, outliving an endpoint that fails.

        Raises:
            ReorgPastFinality: A person has to look.
            LedgerError: Logs are missing, forged or reordered.
            ChainUnavailable: The endpoint fails (not when `forever`).
        """
        self.chain.check_identity()
        while True:
            try:
                progress = self.step(until)
                yield progress
                if progress.caught_up and not forever:
                    return
            except ChainUnavailable:
                if not forever:
                    raise
                progress = None
            if progress is None or progress.caught_up:
                pause(1.0)

    def step(self, until: int | None = None) -> Progress:
        """Rewind if the chain did; otherwise fetch, fold and commit the next range."""
        tiers, point = self.chain.tiers(), self.mirror.checkpoint()
        target = tiers.latest if until is None else min(until, tiers.latest)
        if point is not None:
            rewound = self._rewind(point, tiers)
            if rewound:
                return Progress(point.block.number - rewound, target, 0, rewound)
        first = self.start if point is None else point.block.number + 1
        if first > target:
            return Progress(first - 1, first - 1, 0)
        fetched = fetch_range(self.chain, first, min(target, first + MAX_RANGE - 1))
        self.mirror.commit(self._fold(fetched, tiers))
        return Progress(fetched.last, target, len(fetched.events))

    def _rewind(self, point: Checkpoint, tiers: Tiers) -> int:
        """How many blocks were rolled back; a node that is merely behind says nothing about what it lacks."""
        known = {n: h for n, h in self.mirror.known_hashes(point.final).items() if n <= tiers.latest}
        theirs = {number: header.block.hash for number, header in self.chain.headers(sorted(known)).items()}
        match decide(known, theirs, point.final):
            case Halt(at):
                raise ReorgPastFinality(
                    f"Block {at} was called final and is another one now; the mirror stays as it is.",
                    todo="compare with other endpoints before you trust either chain",
                )
            case Rewind(ancestor):
                self.mirror.rewind(ancestor)
                return point.block.number - ancestor
            case _:
                return 0

    def _fold(self, fetched: Fetched, tiers: Tiers) -> Step:
        items = [item for _, item in fetched.events]
        state = self.mirror.load(key for item in items for key in rows_needed(item))
        contract = self.chain.contract
        fold(state, WordDomain(contract.chain_id, contract.address), items)
        last = next(header for header in fetched.headers if header.block.number == fetched.last)
        if fetched.last == tiers.latest:
            self._check_words(state, tiers.latest)
        point = Checkpoint(last.block, min(tiers.safe, fetched.last), min(tiers.final, fetched.last))
        return Step(fetched.headers, fetched.events, state, point)

    def _check_words(self, state: State, latest: int) -> None:
        """At the head the folded words must be the contract's own; a chain that moved on meanwhile cannot tell."""
        issuers = state.all(Issuer)
        if not issuers:
            return
        words = self.chain.issuer_words([issuer.issuer_id for issuer in issuers])
        wrong = next((issuer for issuer in issuers if words[issuer.issuer_id] != issuer.word), None)
        if wrong is not None and self.chain.tiers().latest == latest:
            raise LedgerError(
                f"The events of issuer {wrong.issuer_id} do not lead to the contract's own word.",
                todo="the endpoint leaves logs out; ask another one",
            )
