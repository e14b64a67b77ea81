"""One signed checkpoint per final block, which every answer refers to; auditors hold two views against each other."""

import json
import socket
import threading
import time

import pytest
import uvicorn
from by_hand import by_hand_root, by_hand_statement
from desk import open_api

from registry import bootstrap
from registry.api.accountable import Checkpoints
from registry.config import load_settings
from registry.store.reading.checkpoints import CheckpointStore
from registry.verification.checkpoint import checkpoint_from_json


@pytest.fixture
def settled(sql_desk):
    """Two issuers, one of which accredits; all of it in final blocks."""
    desk = sql_desk
    desk.ok(f"issuer register --home other --name Southwind --recovery {desk.recovery}")
    (desk.folder / "scope.json").write_text('{"type": "AccreditationScope"}')
    desk.ok("issuer accredit 2 --scope scope.json")
    desk.issue(2)
    desk.mine(70)
    return desk


def words_on_chain(desk, contract, view, count, block):
    """Words by the contract's own view, with selectors from its ABI."""
    from registry.ledger.keccak import keccak

    selector = keccak(view.encode())[:4].hex()
    found = []
    for number in range(1, count + 1):
        call = {"to": contract, "data": "0x" + selector + f"{number:064x}"}
        found.append((number, bytes.fromhex(desk.chain.rpc("eth_call", call, hex(block))[2:])))
    return [(number, word) for number, word in found if any(word)]


def test_checkpoint_holds_the_words_of_the_contract_at_a_final_block(settled):
    with open_api(settled) as api:
        body = api.get("/v1/checkpoint").json()
        signed = body["signed"]
    final = int(settled.chain.rpc("eth_getBlockByNumber", "finalized", False)["number"], 16)
    assert signed["through"] == min(body["final"], body["proven"]) <= final
    number = signed["block"]["number"]
    block = settled.chain.rpc("eth_getBlockByNumber", hex(number), False)
    assert (block["hash"], int(block["timestamp"], 16)) == (signed["block"]["hash"], signed["block"]["time"])
    issuers = words_on_chain(settled, body["contract"].rpartition(":")[2], "issuerWord(uint64)", 2, signed["through"])
    assert signed["issuers"] == {"count": 2, "root": "0x" + by_hand_root(issuers).hex()}
    beside = words_on_chain(settled, body["accreditation"], "accreditorWord(uint64)", 2, signed["through"])
    assert len(beside) == 1
    expected = {"contract": body["accreditation"], "count": 1, "root": "0x" + by_hand_root(beside).hex()}
    assert signed["accreditation"] == expected


def test_every_answer_refers_to_the_checkpoint_even_refusals(settled):
    import hashlib

    with open_api(settled) as api:
        signed = api.get("/v1/checkpoint").json()["signed"]
        digest = hashlib.sha256(by_hand_statement(signed)).hexdigest()
        expected = f"{signed['block']['number']} {signed['through']} 0x{digest}"
        answers = [
            api.get("/healthz"),
            api.get("/v1/events?after=0-0"),
            api.get("/v1/credentials/" + "00" * 32),
            api.get("/v1/nothing"),
            api.post("/v1/verify", content=b"{"),
            api.post("/v1/verify", content=(settled.folder / "credentials/001.json").read_bytes()),
        ]
        assert {answer.status_code for answer in answers} == {200, 400, 404}
        assert {answer.headers["hallmark-checkpoint"] for answer in answers} == {expected}
        kept = api.get(f"/v1/checkpoint?block={signed['block']['number']}").json()["signed"]
        assert kept == signed


def test_nothing_is_signed_before_a_final_block_is_proven(desk):
    with open_api(desk, index=False) as api:
        assert api.get("/v1/checkpoint").status_code == 404
        assert "hallmark-checkpoint" not in api.get("/healthz").headers
        assert api.get("/v1/checkpoint?block=5").status_code == 404


def test_one_of_all_who_ask_within_a_second_looks_for_a_new_checkpoint(settled):
    """Else every request that waits when the second is over would look, all at once."""
    clock = [0.0]
    engine = bootstrap.mirror(_with_deployment(settled)).engine
    store = CheckpointStore(engine, bootstrap.deployment(_with_deployment(settled)).contract)
    told = Checkpoints(store, None, lambda: clock[0])
    assert [told.is_ones_turn() for _ in range(3)] == [True] * 3, "nobody has anything to refer to yet"
    told.refresh()
    assert not told.is_ones_turn()
    for _ in range(2):
        clock[0] += 1
        assert [told.is_ones_turn() for _ in range(3)] == [True, False, False]
    engine.dispose()


def test_once_per_final_block_and_history_stays(settled):
    clock = [0.0]
    settings = load_settings(database=settled.database, home=settled.folder / "issuer")
    settled.ok("index")
    engine = bootstrap.mirror(_with_deployment(settled)).engine
    contract = bootstrap.deployment(_with_deployment(settled)).contract
    store = CheckpointStore(engine, contract)
    signing = Checkpoints(store, bootstrap.registry_key(settings, engine), lambda: clock[0])
    first = signing.refresh()
    for _ in range(5):
        clock[0] += 10
        assert signing.refresh() == first
    assert len(settled.sql("SELECT * FROM signed_checkpoint")) == 1
    settled.ok("status revoke credentials/001.json")
    settled.mine(70)
    settled.ok("index")
    clock[0] += 10
    second = signing.refresh()
    assert second.checkpoint.block.number > first.checkpoint.block.number
    assert second.checkpoint.issuers != first.checkpoint.issuers
    assert store.newest(first.checkpoint.through) == first
    assert store.newest() == second
    assert Checkpoints(store, None).refresh() == second  # a process without the key tells what was signed
    settled.mine(3)
    settled.ok("index")
    clock[0] += 10
    assert signing.refresh() == second  # nothing happened, so nothing new is signed yet
    clock[0] += 400
    assert signing.refresh().checkpoint.through > second.checkpoint.through
    engine.dispose()


def _with_deployment(desk):
    return load_settings(database=desk.database, deployment=desk.folder / "deployment.json")


def test_key_is_made_once_and_readable_by_its_owner_alone(settled):
    with open_api(settled) as api:
        signer = api.get("/v1/checkpoint").json()["signed"]["signer"]
    key = settled.folder / "issuer" / "registry" / "signing.key"
    assert key.stat().st_mode & 0o777 == 0o600
    with open_api(settled, index=False) as api:
        assert api.get("/v1/checkpoint").json()["signed"]["signer"] == signer


class _Served:
    """A registry over a database, on a port of its own."""

    def __init__(self, desk, database):
        import os
        from pathlib import Path

        before = Path.cwd()
        os.chdir(desk.folder)
        try:
            app = bootstrap.api(load_settings(database=database))
        finally:
            os.chdir(before)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)
        return self.url

    def __exit__(self, *_exc):
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()


def found(outcome):
    return [row["outcome"] for row in json.loads(outcome.out)]


def test_registry_that_hides_a_revocation_from_one_view_is_caught(desk):
    """The same key over two databases; from one of them an event is taken, rows and all."""
    desk.issue(2)
    desk.ok("status revoke credentials/001.json")
    desk.mine(70)
    whole, hidden = f"sqlite:///{desk.folder}/whole.sqlite", f"sqlite:///{desk.folder}/hidden.sqlite"
    for database in (whole, hidden):
        desk.ok(f"index --database {database}")
    desk.database = hidden
    desk.sql("DELETE FROM event WHERE block_number = (SELECT max(block_number) FROM event)")
    (word,) = desk.sql("SELECT word FROM issuer")[0]
    desk.sql("UPDATE issuer SET word = :word", word=bytes(32 - 6) + word[-6:])
    desk.sql("DELETE FROM status_word")
    with _Served(desk, whole) as one, _Served(desk, hidden) as other:
        outcome = desk.run(f"checkpoint {one} {other} --json")
        assert (outcome.code, found(outcome)[0]) == (1, "differs")
        assert "two stories" in outcome.out
        alone = desk.run(f"checkpoint {one} --json --rpc {desk.chain.url}")
        assert (alone.code, found(alone)) == (0, ["equal"])
        lying = desk.run(f"checkpoint {other} --json --rpc {desk.chain.url}")
        assert (lying.code, found(lying)) == (1, ["differs"])
        desk.ok(f"checkpoint {one} --keep kept.json")
        assert desk.run("checkpoint kept.json --json").code == 0
        again = desk.run(f"checkpoint kept.json {other} --json --rpc {desk.chain.url}")
        assert again.code == 1
        body = json.loads((desk.folder / "kept.json").read_text())
        body["issuers"]["count"] += 1
        (desk.folder / "forged.json").write_text(json.dumps(body))
        forged = desk.run(f"checkpoint {one} forged.json --json")
        assert (forged.code, "proves nothing" in forged.out) == (2, True)
        stranger = desk.run(
            f"checkpoint {one} --signer did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp --json"
        )
        assert stranger.code == 2
        assert checkpoint_from_json(json.loads((desk.folder / "kept.json").read_text())).checkpoint.issuers.count == 1


def test_registry_that_does_not_answer_cannot_be_told(desk):
    assert desk.run("checkpoint http://127.0.0.1:9").code == 2
