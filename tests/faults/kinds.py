"""Faults of an endpoint as named values: what it does wrong, how often, and from which seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an endpoint can do wrong. Lies answer 200; refusals do not answer, or say no; views show another chain."""

    # lies about logs
    DROP_LOG = "a log is left out"
    DROP_SHARE = "a share of the logs is left out"
    DROP_ALL = "every log is left out"
    DROP_TAIL = "the newest logs are left out"
    DROP_ISSUER = "one issuer's logs are left out"
    FORGE_DATA = "a byte of a log's data is changed"
    FORGE_TOPIC = "a byte of a log's topic is changed"
    INVENT_LOG = "a log is invented"
    FOREIGN_LOG = "a log of another contract is mixed in"
    DUPLICATE_LOG = "a log is given twice"
    REORDER_LOGS = "logs come in another order"
    SWAP_PLACES = "two logs change places"
    MOVE_LOG = "a log is put into another block"
    REMOVED_LOG = "a log is marked as removed"
    MOVE_ALIKE = "a log is put into a block with one alike"
    # lies about blocks
    FORGE_HEADER = "a header's parent is changed"
    FORGE_TIME = "a header's time is changed"
    FORK_VIEW = "blocks of the same height have another hash"
    # refusals
    HANG_UP = "the connection is closed without an answer"
    SLOW = "the answer takes its time"
    STATUS_429 = "HTTP 429 with Retry-After"
    RATE_ERROR = "a rate limit as a JSON-RPC error"
    STATUS_5XX = "HTTP 500, 502, 503 or 504"
    TRUNCATED = "the JSON ends in the middle"
    HTML = "an HTML page with status 200"
    EMPTY = "an empty body"
    NOT_RPC = "JSON that is not JSON-RPC"
    NULL_RESULT = "the result is null"
    PARTIAL_BATCH = "a part of a batch is answered"
    SHUFFLED_BATCH = "a batch is answered in another order"
    BATCH_REFUSED = "one error for a whole batch"
    RANGE_REFUSED = "a range of blocks is refused"
    NOT_SYNCED = "the node says that it lacks the block"
    # views
    STALE_HEAD = "the node is some blocks behind"
    JUMPING_HEAD = "the head jumps back and forth"
    NO_TAGS = "the node has no safe and finalized tags"
    NO_PROOFS = "the node has no eth_getProof"
    FORGED_PROOF = "a proof's value is changed"
    FINAL_BACK = "safe and finalized go back to the first block"
    NULL_TAGS = "safe and finalized are null"
    PAST_VIEWS = "no eth_getProof, logs and views of the past"
    WRONG_CHAIN = "the chain id changes"
    WRONG_GENESIS = "the first block is another one"
    WRONG_CODE = "the contract's code is another one"
    # the chain itself
    REORG = "blocks are replaced"
    REORG_MID_RUN = "blocks are replaced between two answers"
    REORG_PAST_FINALITY = "final blocks are replaced"


# Seeds below draw from the kinds that there were when they were found, so that they stay what they are.
_LATER, _SINCE = frozenset({Kind.MOVE_ALIKE, Kind.FINAL_BACK, Kind.NULL_TAGS, Kind.PAST_VIEWS}), 10_000


def kinds_of(seed: int) -> list[Kind]:
    """The kinds that a world of this seed draws from."""
    return [kind for kind in Kind if seed >= _SINCE or kind not in _LATER]


REORGS = frozenset({Kind.REORG, Kind.REORG_MID_RUN, Kind.REORG_PAST_FINALITY})

# How providers word it: they are matched by message, because their codes do not agree.
RANGE_WORDINGS = (
    (-32005, "query returned more than 10000 results"),
    (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),
    (-32600, "You can make eth_getLogs requests with up to a 10 block range."),
    (-32614, "eth_getLogs is limited to a 10,000 range"),
    (-32000, "exceed maximum block range: 5000"),
    (-32603, "block range is too wide"),
    (35, "ranges over 10000 blocks are not supported on freetier"),
    (-32005, "block range limit exceeded"),
    (-32000, "query timeout exceeded"),
    (-32002, "backend response too large"),
)
RATE_WORDINGS = (
    (-32005, "daily request count exceeded, request rate limited"),
    (429, "Your app has exceeded its compute units per second capacity."),
    (-32029, "Too Many Requests"),
    (-32007, "50/second request limit reached - reduce calls per second"),
)
NOT_SYNCED_WORDINGS = ((-32000, "header not found"), (-32000, "unknown block"), (-32001, "block not found"))


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: What.
        seed: Everything random about it comes from here.
        times: How many answers it spoils at most; 0: all that fit.
        share: Which share of the answers, or of the logs, it hits.
        depth: Blocks, where the kind is about blocks.
    """

    kind: Kind
    seed: int
    times: int = 0
    share: float = 1.0
    depth: int = 3


@dataclass
class Active:
    """A fault at work: its random numbers, and how often it fired."""

    fault: Fault
    rng: random.Random = field(init=False)
    fired: int = 0
    ceiling: int | None = None

    def __post_init__(self) -> None:
        self.rng = random.Random(self.fault.seed)

    def strikes(self) -> bool:
        """Whether it hits this answer; counts it if so."""
        if self.fault.times and self.fired >= self.fault.times:
            return False
        if self.fault.share < 1 and self.rng.random() >= self.fault.share:
            return False
        self.fired += 1
        return True

    def picks(self, *what: object) -> bool:
        """Whether a share-wise fault hits this thing: the same answer however often it is asked."""
        return random.Random(f"{self.fault.seed}{what}").random() < self.fault.share


def draw(rng: random.Random, kinds: Sequence[Kind]) -> Fault:
    """A random fault: lies are lasting or pass, refusals mostly pass (a lasting one is an outage)."""
    kind = rng.choice(kinds)
    times = rng.choice((0, 1, 1, 2, 3, 8))
    share = rng.choice((1.0, 1.0, 0.5, 0.3))
    depth = rng.choice((1, 2, 3, rng.randint(1, 12), rng.randint(1, 64), rng.randint(1, 256)))
    return Fault(kind, rng.getrandbits(32), times, share, depth)
