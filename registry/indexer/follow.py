"""Follow the chain, one step at a time: fetch a range, settle reorganisations, fold, prove completeness, commit."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from registry.errors import ChainUnavailable, Incomplete, LedgerError, ReorgPastFinality
from registry.indexer.ahead import Ahead
from registry.indexer.complete import Completeness, Since, check_complete
from registry.indexer.early import FAR_BLOCKS, EarlyProof
from registry.indexer.fetch import Fetched, blooms_with, check_whole
from registry.indexer.reorg import resolve
from registry.ledger.projection import fold, rows_needed
from registry.ledger.state import State
from registry.ledger.word import WordDomain
from registry.ports.chain import ChainSource, Tiers
from registry.ports.store import Checkpoint, Mirror, Step

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step did.

    Attributes:
        block: The mirror's newest block now.
        latest, safe, final: How far the chain is (or the block to stop at, if that is less than `latest`).
        events: Events written.
        rewound: Blocks rolled back.
    """

    block: int
    latest: int
    safe: int
    final: int
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
        ahead: Who fetches; where it has begun already, it goes on. By default one that proves places.
        early: Who asks for the proof of a long catch-up.
        accept_views: Whether a mirror that was proven may go on by the contract's views, which prove nothing.

    `on_fault` is told of every fault before it is dealt with.
    """

    def __init__(
        self,
        chain: ChainSource,
        mirror: Mirror,
        start: int,
        *,
        ahead: Ahead | None = None,
        early: EarlyProof | None = None,
        accept_views: bool = False,
    ) -> None:
        self.chain = chain
        self.mirror = mirror
        self.start = start
        self.domain = WordDomain(chain.contract.chain_id, chain.contract.address, chain.accreditation)
        self._ahead = ahead or Ahead(chain)
        self._early = early or EarlyProof(chain)
        self._accept_views = accept_views
        self.on_fault: Callable[[Exception], None] = lambda _: None

    def run(
        self,
        *,
        until: int | None = None,
        forever: bool = False,
        pause: Callable[[float], None] = time.sleep,
        idle: Callable[[int], None] | None = None,
    ) -> Iterator[Progress]:
        """Step until block `until`, or the newest block; or without end, outliving an endpoint that fails.

        `pause` sleeps (seconds) after faults; `idle`, told the newest block read, waits for the next one: a second.

        Raises:
            ReorgPastFinality: A person has to look; nothing was changed.
            LedgerError: Logs are missing, forged or reordered, and no endpoint gives better ones.
            ChainUnavailable: The endpoint fails again and again (not when `forever`).
        """
        self.chain.check_identity()
        try:
            yield from self._steps(until, pause, idle or (lambda _: pause(1.0)), forever=forever)
        finally:
            self._ahead.forget()

    def _steps(
        self, until: int | None, pause: Callable[[float], None], idle: Callable[[int], None], *, forever: bool
    ) -> Iterator[Progress]:
        faults = 0
        while True:
            try:
                progress = self.step(until)
            except (ChainUnavailable, LedgerError) as error:
                faults += 1
                self.on_fault(error)
                self._after_fault(error, faults, forever=forever)
                pause(min(30.0, 0.2 * 2**faults))
                continue
            # Ranges before the proven one may hold what was wrong: only a proven step ends a row of faults.
            faults = 0 if progress.caught_up else faults
            yield progress
            if progress.caught_up and not forever:
                return
            if progress.caught_up:
                idle(progress.block)

    def _after_fault(self, error: ChainUnavailable | LedgerError, faults: int, *, forever: bool) -> None:
        """Go on after a fault that may pass; give up after a few, or where only a person can help."""
        self._ahead.forget()
        if isinstance(error, ReorgPastFinality):
            raise error
        if isinstance(error, LedgerError):
            # What is wrong came from the endpoint; an earlier range that was not proven may hold it already.
            self._back_to_proven(error)
            another = self.chain.distrust(str(error))
            if faults >= _TRIES or not (another or forever or faults < 3):
                raise error
        elif (faults >= _TRIES and not forever) or ("did not answer" in error.what and not forever):
            raise error

    def _back_to_proven(self, error: LedgerError) -> None:
        point = self.mirror.checkpoint()
        if point is None:
            return
        if point.evidence == "views" and isinstance(error, Incomplete) and error.proven:
            self.mirror.rewind(self.start - 1)  # what views said before may be what a proof contradicts now
        elif point.proven < point.block.number:
            self.mirror.rewind(point.proven)

    def step(self, until: int | None = None) -> Progress:
        """Rewind if the chain did; otherwise fetch, fold, prove and commit the next range."""
        tiers, point = self.chain.tiers(), self.mirror.checkpoint()
        if point is not None and point.halted:
            raise ReorgPastFinality(point.halted, todo="see `hallmark index --accept-reorg`")
        target = tiers.latest if until is None else min(until, tiers.latest)
        first = self.start if point is None else point.block.number + 1
        if first > target:
            return self._idle(point, tiers, first - 1)
        if target - first >= FAR_BLOCKS:
            self._early.ask(target)
        fetched = self._ahead.take(first, target)
        if point is not None and fetched.headers[0].parent_hash != point.block.hash:
            return self._rewound(point, tiers, target)
        self._commit(fetched, tiers, point, proving=fetched.last == target)
        return Progress(fetched.last, target, tiers.safe, tiers.final, len(fetched.events))

    def _idle(self, point: Checkpoint | None, tiers: Tiers, block: int) -> Progress:
        """No new block; but blocks may have been replaced by others of the same height or below, or never proven."""
        known = self.mirror.known_hashes(tiers.latest) if point is not None else {}
        at = max((number for number in known if number <= tiers.latest), default=None)
        header = self.chain.headers([at]).get(at) if at is not None else None
        if point is not None and at is not None and header is not None:
            if header.block.hash != known[at]:
                return self._rewound(point, tiers, block)
            if point.proven < point.block.number == at:
                nothing = Fetched(block + 1, block, [header], [])
                done = self._proven(point, nothing, State(), tiers, point)
                self.mirror.commit(Step([], [], State(), done))
        return Progress(block, block, tiers.safe, tiers.final, 0)

    def _rewound(self, point: Checkpoint, tiers: Tiers, target: int) -> Progress:
        self._ahead.forget()
        ancestor = resolve(self.chain, self.mirror, point, tiers)
        latest = max(target, ancestor + 1)
        return Progress(ancestor, latest, tiers.safe, tiers.final, 0, point.block.number - ancestor)

    def _commit(self, fetched: Fetched, tiers: Tiers, point: Checkpoint | None, *, proving: bool) -> None:
        items = [item for _, item in fetched.events]
        state = self.mirror.load(rows_needed(items))
        fold(state, self.domain, items)
        last, final = fetched.headers[-1], min(tiers.final, fetched.last)
        done = replace(point, block=last.block) if point else Checkpoint(last.block, 0, 0)
        if proving:
            done = self._proven(done, fetched, state, tiers, point)
        # The first block stands for every moment before the first event.
        telling = {self.start, *(log.block_number for log, _ in fetched.events)}
        kept = [h for h in fetched.headers if h.block.number in telling or h.block.number >= final]
        self.mirror.commit(Step(kept if last in kept else [*kept, last], fetched.events, state, done))

    def _proven(
        self, done: Checkpoint, fetched: Fetched, state: State, tiers: Tiers, point: Checkpoint | None
    ) -> Checkpoint:
        """The checkpoint after a comparison: only what was compared is safe or final, and never less than before."""
        found, number = self._prove(fetched, state, point), done.block.number
        safe, final = max(done.safe, min(tiers.safe, number)), max(done.final, min(tiers.final, number))
        evidence, root = found.evidence, found.storage_root
        return replace(done, safe=safe, final=final, proven=number, evidence=evidence, storage_root=root)

    def _prove(self, fetched: Fetched, state: State, point: Checkpoint | None) -> Completeness:
        # After a rewind no storage root is known, so a silent change could not be seen by comparing roots.
        rewound = point is not None and not point.storage_root and point.evidence == "proof"
        unproven_before = point is None or point.proven != point.block.number or rewound
        registry, accreditation = self.chain.contract.address, self.chain.accreditation
        blooms = blooms_with(fetched.headers, registry), blooms_with(fetched.headers, accreditation)
        since = Since(fetched.headers[-1], point, unproven_before, blooms)
        found = check_complete(self._early, self.mirror, state, since)
        if not found.whole:
            check_whole(self.chain, fetched)
        if point is not None and point.evidence == "proof" and found.evidence == "views" and not self._accept_views:
            what = f"The endpoint gives no state proof of block {since.header.block.number}, and all before was proven."
            todo = "name one that offers eth_getProof, or index with --accept-views, which proves nothing"
            raise LedgerError(what, todo=todo)
        return found
