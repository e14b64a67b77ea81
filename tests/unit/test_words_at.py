"""The audit's growing tree: whatever is added and changed, its root is the one of a tree built anew."""

import random

import pytest
from lives import DOMAIN, Life

from registry.audit.words import GrowingTree, WordsAt
from registry.ledger.entities import Accreditor, Issuer
from registry.ledger.projection import fold
from registry.ledger.state import State
from registry.merkle import Tree
from registry.verification.checkpoint import words_of


@pytest.mark.parametrize("seed", range(5))
def test_a_grown_tree_has_the_root_of_one_built_anew(seed):
    rng, tree, leaves = random.Random(seed), GrowingTree(), []
    for _ in range(150):
        index, leaf = rng.randint(0, len(leaves)), rng.randbytes(32)
        leaves[index : index + 1] = [leaf]
        tree.put(index, leaf)
        assert (len(tree), tree.root) == (len(leaves), Tree(leaves).root)


@pytest.mark.parametrize("seed", range(3))
def test_words_are_those_of_a_fold_up_to_each_block(seed):
    life, state = Life(seed=seed, issuers=9), State()
    life.mine(60, events=4)
    at = WordsAt([7, 20, 21, 60])
    for header, logs in life.blocks:
        items = [item for _, item in logs]
        fold(state, DOMAIN, items)
        at.note(items)
        if header.block.number in at.within(1, 60):
            at.hold(header.block, state)
    assert list(at.found) == [7, 20, 21, 60]
    for number, (block, issuers, accreditors) in at.found.items():
        then = life.state(number)
        assert block == life.blocks[number - 1][0].block
        assert issuers == words_of((row.issuer_id, row.word) for row in then.all(Issuer))
        assert accreditors == words_of((row.issuer_id, row.word) for row in then.all(Accreditor))
