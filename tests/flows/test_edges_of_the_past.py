"""Questions about the past at its edges: the block of the deployment, and the newest block's own second."""

import json

import pytest
from desk import Desk, open_api
from published import badge, deposit

from registry.credential.times import stamp_of


@pytest.fixture
def early(bare_desk: Desk):
    """A contract that nothing was said to for some blocks, then two credentials; the number of its first block."""
    desk = bare_desk
    desk.ok("deploy --out deployment.json")
    desk.mine(3)
    desk.ok(f"issuer register --name Northwind --recovery {desk.recovery}")
    desk.write_csv(2)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    desk.mine(8)
    return desk, json.loads((desk.folder / "deployment.json").read_text())["blockNumber"]


def outcomes(report):
    return report["verdict"], [
        (c["verdict"], c["code"]) for c in report["checks"] if c["name"] in ("anchored", "status")
    ]


def test_as_of_the_first_blocks_registry_and_endpoint_say_the_same(early):
    desk, first = early
    mined = int(desk.chain.rpc("eth_getBlockByNumber", hex(first), False)["timestamp"], 16)
    said = {}
    with open_api(desk) as api:
        for asked in (0, first - 1, first, first + 1, first + 2, stamp_of(mined - 1), stamp_of(mined)):
            ours = outcomes(api.post(f"/v1/verify?asOf={asked}", content=badge(desk)).json())
            theirs = desk.run(f"verify credentials/001.json --as-of {asked} --json --rpc {desk.chain.url}")
            assert ours == outcomes(json.loads(theirs.out)[0]), asked
            said[asked] = ours
    assert said[first - 1] == ("unknown", [("unknown", "BLOCK_NOT_READ")] * 2)
    assert said[first] == said[first + 2] == ("invalid", [("invalid", "NOT_ANCHORED"), ("valid", "")])


def test_what_was_said_in_the_newest_second_is_unknown_until_it_is_over(desk):
    """Two blocks of one second: the first says that all is well, the second holds the revocation."""
    desk.write_csv(1)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    desk.chain.rpc("evm_increaseTime", 60)  # so that the second before the newest block is after the anchor
    desk.mine(3)

    def ask(api, moment):
        ours = outcomes(api.post(f"/v1/verify?asOf={moment}", content=badge(desk)).json())
        theirs = desk.run(f"verify credentials/001.json --as-of {moment} --json --rpc {desk.chain.url}")
        assert ours[1] == outcomes(json.loads(theirs.out)[0])[1]
        return ours

    with open_api(desk) as api:
        deposit(desk, api)
        desk.chain.rpc("anvil_setBlockTimestampInterval", 0)
        try:
            desk.mine(1)
            desk.ok("index")
            second = newest_second(desk)
            moment = stamp_of(second)
            before = ask(api, moment)
            desk.ok("status revoke credentials/001.json")
            assert newest_second(desk) == second, "the revocation has the same second"
            desk.ok("index")
            between = ask(api, moment)
        finally:
            desk.chain.rpc("anvil_removeBlockTimestampInterval")
        desk.chain.rpc("evm_increaseTime", 60)
        desk.mine(1)
        desk.ok("index")
        after = ask(api, moment)
        assert ask(api, stamp_of(second - 1))[0] == "valid"
    unknown = ("unknown", [("unknown", "BLOCK_NOT_READ")] * 2)
    assert (before, between) == (unknown, unknown)
    assert after == ("invalid", [("valid", ""), ("invalid", "REVOKED")])


def newest_second(desk):
    return int(desk.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
