"""What the contract refuses a person, command by command: the error's name, what it means, and what to do next."""

from datetime import UTC, datetime

import pytest

from registry.chain.reverts import REFUSALS
from registry.commands import issuer

ZERO = "0x" + "00" * 20
FRESH = "0x" + "ab" * 20


@pytest.fixture(scope="module")
def settled(new_desk, tmp_path_factory):
    """An issuer with an anchored batch, one retired key (account 1), one distrusted key (account 2), one request."""
    desk = new_desk(tmp_path_factory.mktemp("settled"))
    desk.issue(1)
    desk.accounts = [account.address for account in desk.chain.accounts]
    for number in (1, 2):
        desk.ok(f"issuer add-key {desk.accounts[number]} --role anchor")
    desk.ok(f"issuer retire-key {desk.accounts[1]}")
    desk.ok(f"issuer distrust-key {desk.accounts[2]} --since 1000")
    desk.ok(f"issuer request-change add-admin {FRESH}")
    (desk.folder / "scope.json").write_text('{"id": "urn:example:scope"}')
    return desk


REFUSED = {
    "ZeroAccount": f"issuer add-key {ZERO} --role status",
    "KeyKnown": "issuer add-key {1} --role status",
    "KeyUnknown": f"issuer retire-key {FRESH}",
    "KeyAlreadyRetired": "issuer retire-key {1}",
    "IsRecovery": "issuer add-key {9} --role status",
    "IsAdmin": "issuer retire-key {0}",
    "IsNotAdmin": "issuer request-change retire-admin {2}",
    "BadDistrustTime": "issuer distrust-key {2} --since 2000",
    "NoPendingChange": "issuer veto-change {3} --requester {0}",
    "ChangeNotReady": f"issuer execute-change {FRESH} --requester {{0}}",
    "NotFrozen": "issuer unfreeze",
    "UnknownIssuer": f"issuer request-change add-admin {FRESH} --issuer 77",
    "UnknownSubject": "issuer accredit 77 --scope scope.json",
    "BadPeriod": "issuer accredit 1 --scope scope.json --since 2000 --until 1000",
    "NotAccredited": "issuer withdraw-accreditation 1 --scope scope.json",
}
BY_A_STRANGER = {
    "NotAuthorized": "issuer freeze",
    "NotAdmin": "issuer accredit 1 --scope scope.json",
}
WHILE_FROZEN = {
    "IssuerFrozen": "status revoke credentials/001.json",
    "AccreditorFrozen": "issuer accredit 1 --scope scope.json",
}


def assert_told(outcome, name):
    assert outcome.code == 1
    assert f"The contract refuses: {name}(" in outcome.err
    assert f"): {REFUSALS[name].means}. Next: {REFUSALS[name].todo}" in outcome.err


@pytest.mark.parametrize("name", REFUSED)
def test_refused_command_says_why_and_what_to_do_next(name, settled):
    assert_told(settled.run(REFUSED[name].format(*settled.accounts)), name)


@pytest.mark.parametrize("name", BY_A_STRANGER)
def test_strangers_account_is_told_which_role_it_lacks(name, settled):
    stranger = settled.chain.accounts[5].private_key
    assert_told(settled.run(BY_A_STRANGER[name], HALLMARK_PRIVATE_KEY=stranger), name)


def test_frozen_issuer_is_told_how_to_go_on(settled):
    settled.ok("issuer freeze")
    try:
        for name, line in WHILE_FROZEN.items():
            assert_told(settled.run(line), name)
    finally:
        settled.ok("issuer unfreeze")


def test_same_profile_of_the_same_second_is_told_to_be_there(settled, monkeypatch):
    class StoppedClock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    monkeypatch.setattr(issuer, "datetime", StoppedClock)
    settled.ok("issuer profile --name Northwind")
    assert_told(settled.run("issuer profile --name Northwind"), "ProfileUsed")


def test_tampered_credential_revokes_nothing_and_is_told_to_differ_from_its_batch(settled):
    issued = (settled.folder / "credentials" / "001.json").read_text()
    (settled.folder / "tampered.json").write_text(issued.replace("Learner 1", "Learner 7"))
    assert_told(settled.run("status revoke tampered.json"), "BatchMismatch")
