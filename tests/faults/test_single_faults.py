"""One fault at a time, each told plainly: what the campaign found, and what must never come back."""

import contextlib

import devchain
import pytest


@pytest.fixture
def here():
    if devchain.chain.choose().engine != "anvil":
        pytest.skip("SKIPPED: anvil is needed, py-evm cannot reorganise")
    from faults.world import index, world

    with world(21, slots=2) as made:
        made.act(8)
        index(made.settings(honest=True))
        yield made


def spoiled(here, *faults):
    """Index under the faults, then honestly; what was silent, and what differs in the end."""
    from faults import oracle
    from faults.world import index

    from registry.errors import HallmarkError

    active = here.proxy.install(*faults)
    with contextlib.suppress(HallmarkError):
        index(here.settings())
    assert all(one.fired for one in active)
    here.proxy.clear()
    silent = oracle.silent_errors(here)
    here.mine(1)
    index(here.settings(honest=True))
    return silent + oracle.differences(here)


def test_hidden_issuer_is_noticed_though_a_later_one_is_seen(here, monkeypatch):
    from faults import lies
    from faults.kinds import Fault, Kind

    hidden = len(here.workload.issuers) + 1
    for _ in range(2):
        call = here.workload._register()
        monkeypatch.setattr(here.workload, "block", lambda call=call: [call])
        here.act(1)

    def drop(_active, logs):
        return [log for log in logs if int(log["topics"][1], 16) != hidden]

    monkeypatch.setitem(lies.LOG_LIES, Kind.DROP_ISSUER, drop)
    assert spoiled(here, Fault(Kind.DROP_ISSUER, 1)) == []


@pytest.mark.parametrize("name", ["NULL_RESULT", "NOT_RPC"])
@pytest.mark.parametrize("seed", range(3))
def test_answer_without_sense_is_an_error_of_ours(here, name, seed):
    from faults.kinds import Fault, Kind

    here.act(3)
    assert spoiled(here, Fault(Kind[name], seed)) == []


@pytest.mark.parametrize("name", ["FORGE_TIME", "FORGE_HEADER", "FORK_VIEW"])
def test_header_that_is_not_its_hash_is_never_taken(here, name):
    from faults.kinds import Fault, Kind

    here.act(3)
    assert spoiled(here, Fault(Kind[name], 2)) == []


@pytest.mark.parametrize("indexed_before", [False, True])
def test_contract_without_any_issuer_is_mirrored(indexed_before):
    from faults import oracle
    from faults.world import index, world

    with world(22, slots=32) as here:
        if indexed_before:
            here.act(6)
            index(here.settings(honest=True))
            assert here.workload.issuers
            here.reorg(here.head)
        here.mine(3)
        index(here.settings(honest=True))
        assert oracle.differences(here) == []
