"""Fifty seeded faults and every seed that once failed: nothing is silent, everything is repaired."""

import json
from pathlib import Path

import devchain
import pytest

KEPT = json.loads((Path(__file__).parent / "seeds.json").read_text())
SEEDS = (110, 111, 112, 10_301, 10_302)
ON_POSTGRES = 118


@pytest.fixture(autouse=True)
def _anvil():
    if devchain.chain.choose().engine != "anvil":
        pytest.skip("SKIPPED: anvil is needed, py-evm cannot reorganise")


def failures(seed, database=None):
    from faults.campaign import run_seed

    rounds = list(run_seed(seed, database))
    assert any(done.fired for done in rounds)
    return [str(done) for done in rounds if done.outcome == "FAILED"]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_fault_is_silent_and_each_is_repaired(seed):
    assert failures(seed) == []


def test_no_fault_is_silent_on_postgresql(postgres_server):
    import clusters

    database = clusters.make_database(postgres_server)
    try:
        assert failures(ON_POSTGRES, database) == []
    finally:
        clusters.drop_database(database)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: str(kept["seed"]))
def test_seed_that_once_failed_fails_no_more(kept):
    assert failures(kept["seed"]) == []
