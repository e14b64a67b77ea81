"""Admins change after seven days, and whoever the contract names can refuse it until then."""

import re

import pytest

OTHER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
WEEK = 7 * 86_400


@pytest.fixture
def desk(own_desk, tmp_path):
    return own_desk(tmp_path)


def admin(desk):
    return desk.chain.accounts[0].address


def later(desk, seconds):
    desk.chain.rpc("evm_increaseTime", seconds)
    desk.mine(1)


def test_admin_that_was_requested_acts_after_a_week_and_not_before(desk):
    said = desk.ok(f"issuer request-change add-admin {OTHER}")
    (execute,) = re.findall("`hallmark (issuer execute-change .*)`", said)
    early = desk.run(execute)
    assert (early.code, "refuses" in early.err) == (1, True)
    later(desk, WEEK)
    desk.ok(execute)
    key = {"HALLMARK_PRIVATE_KEY": desk.chain.accounts[2].private_key}
    assert desk.run(f"issuer add-key {desk.chain.accounts[4].address} --role status", **key).code == 0


def test_recovery_account_refuses_a_change_without_the_issuers_folder(desk):
    said = desk.ok(f"issuer request-change add-admin {OTHER}")
    (veto,) = re.findall("`hallmark (issuer veto-change .*)`", said)
    (execute,) = re.findall("`hallmark (issuer execute-change .*)`", said)
    recovery = {"HALLMARK_PRIVATE_KEY": desk.chain.accounts[9].private_key}
    refused = desk.run(f"{veto} --home nowhere --issuer 1", **recovery)
    assert refused.code == 0, refused.text
    later(desk, WEEK)
    assert desk.run(execute).code == 1


def test_admin_key_is_retired_by_request_and_the_refusal_says_so(desk):
    refused = desk.run(f"issuer retire-key {admin(desk)}")
    assert (refused.code, "issuer request-change" in refused.err) == (1, True)
    desk.ok(f"issuer request-change add-admin {OTHER}")
    later(desk, WEEK)
    desk.ok(f"issuer execute-change {OTHER} --requester {admin(desk)}")
    desk.ok(f"issuer request-change retire-admin {admin(desk)}")
    later(desk, WEEK)
    desk.ok(f"issuer execute-change {admin(desk)} --requester {admin(desk)}")
    stopped = desk.run(f"issuer add-key {desk.chain.accounts[4].address} --role status")
    assert (stopped.code, "NotAuthorized" in stopped.err) == (1, True)


@pytest.mark.parametrize("line", ["add-admin {} --since 5", "distrust-admin {}", "add-admin nobody"])
def test_request_that_makes_no_sense_is_refused_before_it_is_sent(desk, line):
    before = desk.head()
    assert desk.run(f"issuer request-change {line.format(OTHER)}").code == 1
    assert desk.head() == before
