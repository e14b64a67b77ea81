"""Walk 3, and the mirror through reorganisations: replay, compare, name what differs."""

import json

import pytest
from desk import open_api


@pytest.fixture
def busy(sql_desk):
    """A mirror with a row in every kind of table but reaffirmations."""
    desk = sql_desk
    desk.issue(300)
    desk.ok("status revoke credentials/001.json --reason superseded")
    desk.ok("status suspend credentials/300.json")
    extra = desk.chain.accounts[4].address
    desk.ok(f"issuer add-key {extra} --role status")
    desk.ok("issuer profile --name 'Northwind University'")
    request_admin(desk, desk.chain.accounts[5].address)
    desk.ok("issuer accredit 1 --scope achievement.json")
    desk.ok("index")
    return desk


def request_admin(desk, account):
    """Leaves a pending change on chain (no command for it yet)."""
    from registry import bootstrap
    from registry.config import load_settings

    settings = load_settings(
        rpc=desk.chain.url,
        deployment=desk.folder / "deployment.json",
        private_key=desk.key,
        home=desk.folder / "issuer",
    )
    bootstrap.contract(settings).send("requestChange", 1, 1, bytes.fromhex(account[2:]), 1, 0)


def audit(desk):
    outcome = desk.run("audit --json")
    return outcome.code, json.loads(outcome.out)


def test_mirror_equals_the_replay_and_the_contract(busy):
    code, report = audit(busy)
    assert (code, report["outcome"]) == (0, "equal")
    assert report["events"] >= 9
    assert report["rows"] >= 9


def test_deleted_and_invented_rows_are_found(busy):
    ((first,),) = busy.sql("SELECT min(log_index) FROM status_change")
    busy.sql("DELETE FROM status_change WHERE log_index = :first", first=first)
    busy.sql("INSERT INTO profile SELECT chain_id, 7, profile_hash, since, until FROM profile LIMIT 1")
    code, report = audit(busy)
    assert code == 1
    assert {(d["table"], d["expected"]) for d in report["differences"]} == {
        ("status_change", "there is such a row"),
        ("profile", "there is no such row"),
    }


def test_audit_cannot_tell_when_the_chain_does_not_answer(busy):
    outcome = busy.run("audit --json --rpc http://127.0.0.1:9")
    assert outcome.code == 2
    assert json.loads(outcome.out)["outcome"] == "unknown"


def test_audit_cannot_tell_from_an_empty_mirror(desk):
    assert desk.run("audit --database sqlite:///empty.sqlite").code == 2


def test_indexing_twice_changes_nothing(busy):
    before = busy.rows()
    busy.ok("index")
    assert busy.rows() == before


def test_rebuilding_from_the_events_changes_nothing_and_repairs_what_was_edited(busy):
    before = busy.rows()
    busy.sql("UPDATE key SET roles = 7")
    busy.sql("DELETE FROM status_word")
    assert audit(busy)[0] == 1
    assert "rebuilt all rows from" in busy.ok("index --from-events")
    assert busy.rows() == before
    assert audit(busy)[0] == 0
    busy.sql("UPDATE issuer SET word = recovery")
    busy.ok("index --from-events")  # the contract says which word is right
    assert busy.rows() == before


def anvil_only(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm cannot reorganise")


@pytest.mark.parametrize("depth", [1, 2])
def test_reorganisation_is_rolled_back_and_the_mirror_equals_a_fresh_replay(sql_desk, depth):
    desk = sql_desk
    anvil_only(desk)
    desk.issue(3)
    desk.mine(4)
    desk.ok("status revoke credentials/001.json")
    desk.ok("index")
    desk.chain.rpc("anvil_reorg", depth, [])
    desk.mine(1)
    outcome = desk.run("index")
    assert outcome.code == 0, outcome.text
    assert "rolled back" in outcome.err
    code, report = audit(desk)
    assert (code, report["outcome"]) == (0, "equal"), report
    assert desk.sql("SELECT count(*) FROM status_word") == [(0,)]
    assert desk.sql("SELECT count(*) FROM block WHERE NOT canonical")[0][0] >= 1
    # what was seen is kept, though it does not count any more
    assert desk.sql("SELECT count(*) FROM event") == [(5,)]


def test_reorganisation_past_finality_halts_and_changes_nothing(sql_desk):
    desk = sql_desk
    anvil_only(desk)
    desk.issue(3)
    desk.mine(6)
    desk.ok("index")
    before = desk.rows("checkpoint")
    desk.chain.rpc("anvil_reorg", 7, [])
    desk.mine(1)
    outcome = desk.run("index")
    assert outcome.code == 1
    assert "final" in outcome.err
    assert desk.rows("checkpoint") == before
    assert "was called final" in desk.sql("SELECT halted FROM checkpoint")[0][0]
    with open_api(desk, index=False) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, "was called final" in answer.json()["reason"]) == (503, True)
        # reads go on, and say what they are worth
        credential = (desk.folder / "credentials/001.json").read_bytes()
        assert "halted" in client.post("/v1/verify", content=credential).json()["warning"]
    assert desk.run("index").code == 1  # it stays halted
    desk.ok("index --accept-reorg 'compared with two other endpoints'")
    assert audit(desk)[0] == 0


def test_index_until_a_block_then_the_rest(sql_desk):
    desk = sql_desk
    desk.issue(2)
    first = json.loads((desk.folder / "deployment.json").read_text())["blockNumber"]
    assert f"up to block {first + 1}" in desk.ok(f"index --until {first + 1}")
    desk.ok("index")
    assert desk.run("audit").code == 0


def test_audit_of_a_database_that_is_not_there_cannot_tell_and_makes_none(desk):
    done = desk.run("audit --database sqlite:///nowhere.sqlite")
    assert done.code == 2
    assert "no mirror" in done.err
    assert not (desk.folder / "nowhere.sqlite").exists()
