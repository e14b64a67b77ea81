"""Issuing that stops anywhere goes on from there: one record on chain, complete credentials, no salt twice."""

import json
import shutil

import pytest

from registry.issuing.batch.staged import open_staged
from registry.store.issuers.journal import SqlJournal


class Crash(Exception):
    """Stands for the process ending between two acts."""


def run_until(desk, monkeypatch, state, *, before):
    """Issue, and end just before or just after the journal reaches this state."""
    real = SqlJournal.put

    def put(self, entry):
        if before and entry.state == state:
            raise Crash
        real(self, entry)
        if entry.state == state:
            raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(SqlJournal, "put", put)
        with pytest.raises(Crash):
            desk.issue(4)


def anchored_logs(desk):
    deployment = json.loads((desk.folder / "deployment.json").read_text())
    query = {"address": deployment["contract"].split(":")[2], "fromBlock": "0x0", "toBlock": "latest"}
    from registry.ledger.decode import TOPICS
    from registry.ledger.events import Anchored

    return [log for log in desk.chain.rpc("eth_getLogs", query) if log["topics"][0] == "0x" + TOPICS[Anchored].hex()]


@pytest.mark.parametrize("state", ["staged", "sent", "final", "released"])
@pytest.mark.parametrize("before", [True, False])
def test_run_that_ends_anywhere_goes_on_and_anchors_once(desk, monkeypatch, state, before):
    run_until(desk, monkeypatch, state, before=before)
    outcome = desk.run("issue results.csv --achievement achievement.json --out credentials --wait 1")
    if (state, before) == ("released", False):
        assert (outcome.code, "already anchored" in outcome.err) == (1, True)
    else:
        assert outcome.code == 0, outcome.text
    assert len(anchored_logs(desk)) == 1
    desk.mine()
    assert desk.run("verify " + " ".join(f"credentials/00{n}.json" for n in range(1, 5))).code == 0


def test_reply_lost_after_the_send_sends_the_same_bytes_again(desk, monkeypatch):
    from registry.chain.transact import Transactor
    from registry.errors import ChainUnavailable

    real = Transactor.broadcast

    def lost(self, raw):
        real(self, raw)
        raise ChainUnavailable("the reply was lost")

    desk.write_csv(3)
    line = "issue results.csv --achievement achievement.json --out credentials --wait 1"
    with monkeypatch.context() as patched:
        patched.setattr(Transactor, "broadcast", lost)
        said = desk.ok(line)
    assert "the reply was lost" in said
    assert len(anchored_logs(desk)) == 1


def test_lost_journal_meets_already_anchored_and_says_what_to_restore(desk):
    desk.issue(3)
    (desk.folder / "issuer" / "journal.sqlite").unlink()
    for extra in ("journal.sqlite-wal", "journal.sqlite-shm"):
        (desk.folder / "issuer" / extra).unlink(missing_ok=True)
    shutil.rmtree(desk.folder / "issuer" / "batches")
    outcome = desk.run("issue results.csv --achievement achievement.json --out again --wait 1")
    assert outcome.code == 1
    assert "restore the journal" in outcome.err
    assert len(anchored_logs(desk)) == 1
    assert not (desk.folder / "again").exists()


def test_old_backup_of_the_journal_adopts_the_record_that_is_there(desk, monkeypatch):
    run_until(desk, monkeypatch, "staged", before=False)
    journal = desk.folder / "issuer" / "journal.sqlite"
    backup = {path: path.read_bytes() for path in journal.parent.glob("journal.sqlite*")}
    line = "issue results.csv --achievement achievement.json --out credentials --wait 1"
    desk.ok(line)
    for path in journal.parent.glob("journal.sqlite*"):
        path.unlink()
    for path, data in backup.items():
        path.write_bytes(data)
    desk.ok(line)
    assert len(anchored_logs(desk)) == 1
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0


def test_second_run_at_once_says_that_another_is_at_work(desk):
    desk.write_csv(2)
    with SqlJournal(desk.folder / "issuer" / "journal.sqlite").lock():
        outcome = desk.run("issue results.csv --achievement achievement.json --out credentials --wait 1")
    assert outcome.code == 1
    assert "Another issuing run" in outcome.err


def test_foreign_content_in_the_out_folder_is_never_overwritten(desk):
    desk.write_csv(2)
    (desk.folder / "credentials").mkdir()
    (desk.folder / "credentials" / "001.json").write_text("mine")
    outcome = desk.run("issue results.csv --achievement achievement.json --out credentials --wait 1")
    assert outcome.code == 1
    assert "holds something else" in outcome.err
    assert (desk.folder / "credentials" / "001.json").read_text() == "mine"
    desk.ok("issue results.csv --achievement achievement.json --out elsewhere --wait 1")
    assert len(anchored_logs(desk)) == 1


def test_secrets_and_staged_documents_are_readable_by_their_owner_only(desk):
    desk.issue(2)
    files = [path for path in (desk.folder / "issuer").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {
        "signing.key",
        "batch.secret",
        "journal.sqlite",
        "staged.json",
        "part-00000.ndjson",
    }
    private = [path for path in files if not path.name.endswith((".lock", "-wal", "-shm"))]
    assert {oct(path.stat().st_mode & 0o777) for path in private} == {"0o600"}


def test_salts_are_never_used_twice(desk):
    desk.issue(5)
    desk.write_csv(5, first=50)
    desk.ok("issue results.csv --achievement achievement.json --out more --wait 1")
    folders = (desk.folder / "issuer" / "batches").glob("*")
    salts = [record.salt for folder in folders for record in open_staged(folder).records(0).record_values()]
    assert len(salts) == len(set(salts)) == 10
