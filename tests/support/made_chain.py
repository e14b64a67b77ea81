"""A chain source of made-up blocks, for whoever fetches ranges."""

import threading

from lives import ACCREDITATION, CONTRACT, Life

from registry.errors import ChainUnavailable, RangeTooLarge
from registry.indexer.early import FAR_BLOCKS
from registry.ledger.header import bloom_bits
from registry.ports.chain import StorageView, Tiers

BLOCKS = FAR_BLOCKS + 100
LIFE = Life(seed=5)
LIFE.mine(BLOCKS, events=1)


class Chain:
    """`most` blocks are given at once, and the first `failing` questions have no answer."""

    contract, accreditation = CONTRACT, ACCREDITATION

    def __init__(self, most=BLOCKS, failing=0):
        self.most, self.failing, self.ranges, self.identified, self.proven = most, failing, [], 0, []
        self._lock = threading.Lock()

    def check_identity(self):
        self.identified += 1

    def tiers(self):
        return Tiers(BLOCKS, BLOCKS, BLOCKS)

    def headers(self, numbers):
        found = {}
        for number in numbers:
            header, logs = LIFE.blocks[number - 1]
            bloom = 0
            for log, _ in logs:
                for value in (log.address, *log.topics):
                    bloom |= bloom_bits(value)
            found[number] = header._replace(logs_bloom=bloom, sealed=True)
        return found

    def logs(self, first, last):
        with self._lock:
            self.ranges.append((first, last))
            self.failing -= 1
            if self.failing >= 0:
                raise ChainUnavailable("busy", todo="wait")
        if last - first >= self.most:
            raise RangeTooLarge("too many", todo="ask for fewer")
        return [log for number in range(first, last + 1) for log, _ in LIFE.blocks[number - 1][1]]

    def issuer_count(self, header):
        return 3

    def storage(self, header, issuer_ids):
        self.proven.append(header.block.number)
        return StorageView(3, dict.fromkeys(issuer_ids, header.state_root), bytes(32), True)


class Early:
    """Remembers which block's proof was asked for."""

    def __init__(self):
        self.asked = []

    def ask(self, number):
        self.asked.append(number)


def everything(ahead, first=1, target=BLOCKS):
    """Numbers of all blocks and all events, as the ranges bring them."""
    numbers, items = [], []
    while first <= target:
        fetched = ahead.take(first, target)
        numbers += [header.block.number for header in fetched.headers]
        items += [item for _, item in fetched.events]
        first = fetched.last + 1
    return numbers, items
