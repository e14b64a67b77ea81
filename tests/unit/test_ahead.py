"""Ranges that are asked for before their turn: each block comes once and in order, whatever was asked too early."""

import threading

import pytest
from lives import ACCREDITATION, CONTRACT, Life

from registry.errors import ChainUnavailable, RangeTooLarge
from registry.indexer.ahead import Ahead
from registry.indexer.early import FAR_BLOCKS
from registry.ledger.header import bloom_bits
from registry.ports import Tiers

BLOCKS = FAR_BLOCKS + 100
LIFE = Life(seed=5)
LIFE.mine(BLOCKS, events=1)


class Chain:
    """A chain of made-up blocks; `most` blocks are given at once, and the first `failing` questions have no answer."""

    contract, accreditation = CONTRACT, ACCREDITATION

    def __init__(self, most=BLOCKS, failing=0):
        self.most, self.failing, self.ranges, self.identified = most, failing, [], 0
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
                bloom |= bloom_bits(log.address)
            found[number] = header._replace(logs_bloom=bloom)
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


class Early:
    """Remembers which block's proof was asked for."""

    def __init__(self):
        self.asked = []

    def ask(self, number):
        self.asked.append(number)


def everything(ahead, first=1, target=BLOCKS):
    numbers, items = [], []
    while first <= target:
        fetched = ahead.take(first, target)
        numbers += [header.block.number for header in fetched.headers]
        items += [item for _, item in fetched.events]
        first = fetched.last + 1
    return numbers, items


@pytest.mark.parametrize("most", [BLOCKS, 50, 1])
def test_every_block_comes_once_and_in_order_however_small_ranges_have_to_be(most):
    numbers, items = everything(Ahead(Chain(most)))
    assert numbers == list(range(1, BLOCKS + 1))
    assert items == LIFE.events()


def test_far_catch_up_begins_with_its_proof_and_its_first_range():
    chain, early = Chain(), Early()
    ahead = Ahead(chain)
    ahead.begin(1, early)
    assert everything(ahead)[0] == list(range(1, BLOCKS + 1))
    assert (chain.identified, early.asked) == (1, [BLOCKS])
    assert [first for first, _ in chain.ranges].count(1) == 1


@pytest.mark.parametrize(("first", "until"), [(BLOCKS - 10, None), (1, 20)])
def test_short_catch_up_asks_for_nothing_early(first, until):
    chain, early = Chain(), Early()
    ahead = Ahead(chain)
    ahead.begin(first, early, until)
    assert everything(ahead, first, until or BLOCKS)[0] == list(range(first, (until or BLOCKS) + 1))
    assert early.asked == []


def test_beginning_that_failed_is_asked_for_again_in_its_turn():
    chain = Chain(failing=1)
    ahead = Ahead(chain)
    ahead.begin(1, Early())
    assert everything(ahead)[0] == list(range(1, BLOCKS + 1))
    assert [first for first, _ in chain.ranges].count(1) == 2


def test_what_was_asked_for_another_place_is_dropped():
    ahead = Ahead(Chain())
    ahead.begin(1, Early())
    assert everything(ahead, first=7)[0] == list(range(7, BLOCKS + 1))


def test_range_whose_answer_failed_can_be_taken_again():
    chain = Chain()
    ahead = Ahead(chain)
    first = ahead.take(1, BLOCKS)
    chain.failing = 10
    ahead.forget()
    with pytest.raises(ChainUnavailable):
        ahead.take(first.last + 1, BLOCKS)
    chain.failing = 0
    assert everything(ahead, first.last + 1)[0] == list(range(first.last + 1, BLOCKS + 1))
