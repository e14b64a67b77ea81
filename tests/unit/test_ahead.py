"""Ranges that are asked for before their turn: each block comes once and in order, whatever was asked too early."""

import pytest
from made_chain import BLOCKS, LIFE, Chain, Early, everything

from registry.errors import ChainUnavailable
from registry.indexer.ahead import Ahead


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
