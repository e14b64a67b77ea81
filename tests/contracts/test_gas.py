"""Gas, from receipts on anvil, stays within the promised limits."""

from __future__ import annotations

import os

import pytest

ADMIN, ANCHORER, REVOKER, RECOVERY = 0, 1, 2, 9
FULL = 2**256 - 1


def batch(leaf_count=1_000):
    return (os.urandom(16), os.urandom(32), leaf_count)


@pytest.fixture(scope="module")
def issuer(registry):
    """An issuer in steady state: its word, keys and count are not zero."""
    accounts = registry.node.accounts
    keys = [(accounts[ADMIN], 1), (accounts[ANCHORER], 2), (accounts[REVOKER], 4)]
    registry.transact("register", keys, accounts[RECOVERY], os.urandom(32), sender=ADMIN)
    registry.transact("anchor", 1, *batch(), sender=ANCHORER)
    return registry


@pytest.fixture
def anchored(issuer):
    """A batch of 10,000 without any status."""
    fields = batch(10_000)
    issuer.transact("anchor", 1, *fields, sender=ANCHORER)
    return (*fields, issuer.node.accounts[ANCHORER])


def within(name, gas, limit):
    print(f"{name}: {gas:,.1f} (at most {limit:,})")
    assert gas <= limit


def test_anchor(issuer):
    within("anchor", issuer.gas("anchor", 1, *batch(), sender=ANCHORER), 58_500)


def test_anchor_many(issuer):
    gas = issuer.gas("anchorMany", 1, [batch() for _ in range(100)], sender=ANCHORER)
    within("anchor_many_each", gas / 100, 29_300)


def test_a_full_anchor_many_fits_a_transaction(issuer):
    gas = issuer.gas("anchorMany", 1, [batch() for _ in range(575)], sender=ANCHORER)
    within("anchorMany of 575", gas, 16_777_216)


def test_revoke_one(issuer, anchored):
    for name, mask, limit in (("revoke_first", 1, 65_000), ("revoke_next", 2, 48_000)):
        within(name, issuer.gas("setStatus", 1, anchored, 1, 0, [(3, mask)], sender=REVOKER), limit)


def test_revoke_a_full_word(issuer, anchored):
    gas = issuer.gas("setStatus", 1, anchored, 1, 0, [(0, FULL)], sender=REVOKER)
    within("revoke_256_each", gas / 256, 256)


def test_revoke_nearly_a_whole_batch(issuer, anchored):
    gas = issuer.gas("setStatus", 1, anchored, 1, 0, [(word, FULL) for word in range(39)], sender=REVOKER)
    within("revoke_9984_each", gas / 9_984, 120)
