"""Walk 3, and the mirror through reorganisations: replay, compare, name what differs."""

import json
import sqlite3

import pytest
from desk import open_api

from registry.ledger.entities import ENTITY_TYPES
from registry.ledger.state import COLUMNS


@pytest.fixture
def busy(desk):
    """A mirror with a row in every kind of table but reaffirmations."""
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


def dump(connection):
    """All rows but who indexed last."""
    return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "lease"')]


def audit(desk):
    outcome = desk.run("audit --json")
    return outcome.code, json.loads(outcome.out)


def test_mirror_equals_the_replay_and_the_contract(busy):
    code, report = audit(busy)
    assert (code, report["outcome"]) == (0, "equal")
    assert report["events"] >= 9
    assert report["rows"] >= 9


@pytest.mark.parametrize(
    ("table", "column"),
    [(kind.TABLE, column) for kind in ENTITY_TYPES if kind.TABLE != "reaffirmation" for column in COLUMNS[kind]],
)
def test_edit_of_any_column_is_found_and_named(table, column, edited):
    connection, desk = edited
    (value,) = connection.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchone()
    rowid = connection.execute(f"SELECT min(rowid) FROM {table} WHERE {column} IS ?", (value,)).fetchone()[0]
    other = value + 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (other, rowid))
    connection.commit()
    try:
        code, report = audit(desk)
    finally:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
        connection.commit()
    assert (code, report["outcome"]) == (1, "differs")
    assert {difference["table"] for difference in report["differences"]} == {table}
    named = {difference["column"] for difference in report["differences"]}
    assert named == {column} or named == {""}  # another key is another row


@pytest.fixture(scope="module")
def edited(new_desk, tmp_path_factory):
    desk = new_desk(tmp_path_factory.mktemp("audit"))
    desk.issue(3)
    desk.ok("status revoke credentials/001.json")
    request_admin(desk, desk.chain.accounts[5].address)
    desk.ok("issuer accredit 1 --scope achievement.json")
    desk.ok("index")
    with sqlite3.connect(desk.folder / "hallmark.sqlite") as connection:
        yield connection, desk


def test_deleted_and_invented_rows_are_found(busy):
    with sqlite3.connect(busy.folder / "hallmark.sqlite") as connection:
        connection.execute("DELETE FROM status_change WHERE rowid = (SELECT min(rowid) FROM status_change)")
        connection.execute("INSERT INTO profile SELECT chain_id, 7, profile_hash, since, until FROM profile LIMIT 1")
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
    with sqlite3.connect(busy.folder / "hallmark.sqlite") as connection:
        before = dump(connection)
    busy.ok("index")
    with sqlite3.connect(busy.folder / "hallmark.sqlite") as connection:
        assert dump(connection) == before


def anvil_only(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm cannot reorganise")


@pytest.mark.parametrize("depth", [1, 2])
def test_reorganisation_is_rolled_back_and_the_mirror_equals_a_fresh_replay(desk, depth):
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
    with sqlite3.connect(desk.folder / "hallmark.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM status_word").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM block WHERE NOT canonical").fetchone()[0] >= 1
        # what was seen is kept, though it does not count any more
        assert connection.execute("SELECT count(*) FROM event").fetchone()[0] == 5


def test_reorganisation_past_finality_halts_and_changes_nothing(desk):
    anvil_only(desk)
    desk.issue(3)
    desk.mine(6)
    desk.ok("index")
    before = rows_of(desk)
    desk.chain.rpc("anvil_reorg", 7, [])
    desk.mine(1)
    outcome = desk.run("index")
    assert outcome.code == 1
    assert "final" in outcome.err
    assert rows_of(desk) == before
    with sqlite3.connect(desk.folder / "hallmark.sqlite") as connection:
        assert "was called final" in connection.execute("SELECT halted FROM checkpoint").fetchone()[0]
    with open_api(desk, index=False) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, "was called final" in answer.json()["reason"]) == (503, True)
        # reads go on, and say what they are worth
        credential = (desk.folder / "credentials/001.json").read_bytes()
        assert "halted" in client.post("/v1/verify", content=credential).json()["warning"]
    assert desk.run("index").code == 1  # it stays halted
    desk.ok("index --accept-reorg 'compared with two other endpoints'")
    assert audit(desk)[0] == 0


def rows_of(desk):
    """Every row but the checkpoint's, in which a halt is remembered."""
    with sqlite3.connect(desk.folder / "hallmark.sqlite") as connection:
        return [line for line in connection.iterdump() if '"checkpoint"' not in line and '"lease"' not in line]


def test_index_until_a_block_then_the_rest(desk):
    desk.issue(2)
    first = json.loads((desk.folder / "deployment.json").read_text())["blockNumber"]
    assert f"up to block {first + 1}" in desk.ok(f"index --until {first + 1}")
    desk.ok("index")
    assert desk.run("audit").code == 0
