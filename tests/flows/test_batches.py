"""Where batches stand, taking them up without their input, and forgetting people's documents after delivery."""

import json
import shutil
import sqlite3

import pytest

from registry.errors import StoreError

ISSUE = "issue results.csv --achievement achievement.json --out credentials --wait 1"
CHEAP = "--max-fee 0.000000001"


def rows(desk):
    return json.loads(desk.ok("batches --json"))


def staged(desk, count=3, first=1):
    """A batch that stands at "staged": its cap is below every price."""
    desk.write_csv(count, first=first)
    assert desk.run(f"{ISSUE} {CHEAP}").code == 1


def test_batches_say_state_count_cost_and_folder(desk):
    assert "nothing was issued" in desk.ok("batches")
    staged(desk, 4)
    (row,) = rows(desk)
    assert (row["state"], row["credentials"], row["costWei"]) == ("staged", 4, None)
    assert "issue --resume" in desk.ok("batches")
    desk.ok(ISSUE)
    (row,) = rows(desk)
    receipt = desk.chain.rpc("eth_getTransactionReceipt", row["transaction"])
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert (row["state"], row["costWei"], row["costPerCredentialWei"]) == ("released", str(paid), str(paid // 4))
    assert row["out"] == str(desk.folder / "credentials")
    assert row["block"] == int(receipt["blockNumber"], 16)


def test_estimate_before_and_cost_after_are_told_for_each_credential(desk):
    desk.write_csv(4)
    said = desk.ok(ISSUE)
    assert "at most" in said.partition("sent")[0]
    assert "a credential" in said.partition("sent")[0]
    (row,) = rows(desk)
    assert f"{int(row['costWei']) / 4e18:.3g} a credential" in said.rpartition("anchored")[2]


def test_resume_takes_up_every_unfinished_batch_without_its_input(desk):
    staged(desk)
    staged(desk, 2, first=50)
    for name in ("results.csv", "achievement.json"):
        (desk.folder / name).unlink()
    said = desk.ok("issue --resume --wait 1")
    assert said.count("anchored") == 2
    assert {row["state"] for row in rows(desk)} == {"released"}
    assert "no unfinished batch" in desk.ok("issue --resume")
    desk.mine()
    assert desk.run("verify credentials/001.json credentials/051.json").code == 0


def test_one_batch_is_taken_up_by_the_beginning_of_its_id(desk):
    staged(desk)
    staged(desk, 2, first=50)
    wanted = rows(desk)[1]["batch"]
    desk.ok(f"issue --resume {wanted[:12]} --wait 1")
    assert [row["state"] for row in rows(desk)] == ["staged", "released"]
    assert desk.run("issue --resume ffffffffffff").code == 1


def test_lost_credentials_are_written_again_by_resume(desk):
    desk.issue(3)
    before = {path.name: path.read_bytes() for path in (desk.folder / "credentials").glob("*.json")}
    shutil.rmtree(desk.folder / "credentials")
    desk.ok(f"issue --resume {rows(desk)[0]['batch']} --wait 1")
    assert {path.name: path.read_bytes() for path in (desk.folder / "credentials").glob("*.json")} == before


def test_purge_says_what_becomes_impossible_and_asks(desk):
    desk.issue(3)
    batch = rows(desk)[0]["batch"]
    refused = desk.run(f"batches purge {batch}")
    assert refused.code == 1
    assert "cannot be written again" in refused.out
    assert "nobody to ask" in refused.out
    assert rows(desk)[0]["documentsKept"]


def test_purge_forgets_people_and_never_anchors_twice(desk):
    desk.issue(3)
    batch = rows(desk)[0]["batch"]
    said = desk.ok(f"batches purge {batch[:10]} --yes")
    assert "stay valid" in said
    assert not (desk.folder / "issuer" / "batches" / batch).exists()
    (row,) = rows(desk)
    assert (row["state"], row["documentsKept"]) == ("purged", False)
    home = [path for path in (desk.folder / "issuer").rglob("*") if path.is_file()]
    for person in (b"Learner 1", b"learner1@example.org"):
        assert not [path for path in home if person in path.read_bytes()]
    before = desk.head()
    again = desk.run(ISSUE)
    assert (again.code, "were purged" in again.err) == (1, True), again.text
    assert desk.head() == before
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0
    desk.ok("status revoke credentials/001.json")
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 1


def test_row_of_a_purged_batch_is_found_by_its_id_and_what_is_not_says_what_to_do(desk):
    desk.issue(3)
    urn = json.loads((desk.folder / "credentials/003.json").read_text())["id"]
    pointer = json.loads((desk.folder / "credentials/003.json").read_text())["credentialStatus"]["id"]
    desk.ok("batches purge --older-than 0 --yes")
    shutil.rmtree(desk.folder / "credentials")
    assert "1 credential" in desk.ok("status revoke --id 002 --dry-run")
    desk.ok("status revoke --id 002")
    assert "nothing to do" in desk.ok("status revoke --id 002")
    for text in ("004", urn):
        refused = desk.run(f"status revoke --id {text}")
        assert (refused.code, "1 batch were purged" in refused.err) == (1, True), refused.text
        assert "its pointer (urn:hallmark:…)" in refused.err
    desk.ok(f"status revoke --id {pointer}")
    # the same row in a batch that is still there: which of the two is meant has to be said
    desk.ok(f"{ISSUE} --duplicates allow")
    both = desk.run("status revoke --id 001")
    assert (both.code, "stands in 2 places" in both.err) == (1, True), both.text
    newest = rows(desk)[-1]["batch"]
    assert "1 credential in block" in desk.ok(f"status revoke --id 001 --batch {newest}")


def test_batches_are_listed_where_the_deployment_file_is_gone(desk):
    desk.issue(2)
    (desk.folder / "deployment.json").unlink()
    assert "2 credentials" in desk.ok("batches")
    assert rows(desk)[0]["state"] == "released"
    desk.ok("batches purge --older-than 0 --yes")
    missing = desk.run(ISSUE)
    assert (missing.code, "deployment" in missing.err) == (1, True), missing.text


def test_purge_warns_when_the_credentials_are_not_where_they_were_written(desk):
    desk.issue(2)
    (desk.folder / "credentials").rename(desk.folder / "elsewhere")
    assert "ATTENTION" in desk.ok(f"batches purge {rows(desk)[0]['batch']} --yes")


def test_unfinished_batch_is_never_purged(desk):
    staged(desk)
    refused = desk.run(f"batches purge {rows(desk)[0]['batch']} --yes")
    assert (refused.code, "can never be finished" in refused.err) == (1, True)
    assert rows(desk)[0]["documentsKept"]
    desk.ok("batches purge --older-than 0 --yes")
    assert rows(desk)[0]["state"] == "staged"


def test_purge_by_age_takes_released_batches_only(desk):
    desk.issue(2)
    desk.ok("batches purge --older-than 30 --yes")
    assert rows(desk)[0]["state"] == "released"
    desk.ok("batches purge --older-than 0 --yes")
    assert rows(desk)[0]["state"] == "purged"
    assert desk.run("batches purge").code == 1


def test_purge_that_was_interrupted_is_finished(desk):
    from dataclasses import replace

    from registry.store.issuers.journal import SqlJournal

    desk.issue(2)
    journal = SqlJournal(desk.folder / "issuer" / "journal.sqlite")
    (entry,) = journal.entries()
    journal.put(replace(entry, state="purged"))
    desk.ok(f"batches purge {entry.batch_id.hex()} --yes")
    assert not (desk.folder / "issuer" / "batches" / entry.batch_id.hex()).exists()


def test_journal_of_the_first_version_is_read(tmp_path):
    """Columns that were added later are made; what it held is kept."""
    from registry.store.issuers.journal import SqlJournal

    path = tmp_path / "journal.sqlite"
    columns = "batch_id BLOB PRIMARY KEY, state, root BLOB, leaf_count, created, account BLOB, out, nonce, raw BLOB"
    with sqlite3.connect(path) as old:
        old.execute(f"CREATE TABLE issuing ({columns}, tx_hash BLOB, block_number, gas_used, gas_price)")
        values = (b"b" * 16, "sent", b"r" * 32, 3, "2026-01-31T00:00:00Z", b"a" * 20, "/out", 7, b"raw", b"h" * 32)
        old.execute(f"INSERT INTO issuing VALUES ({','.join('?' * 13)})", (*values, None, None, None))
    old.close()
    entry = SqlJournal(path).get(b"b" * 16)
    assert entry is not None
    assert (entry.state, entry.nonce, entry.raw, entry.offers, entry.request) == ("sent", 7, b"raw", (), None)


@pytest.mark.parametrize("wait", ["0", "-1", "deep", ""])
def test_depth_that_is_none_is_refused(desk_once, wait):
    assert desk_once.run(f"issue --resume --wait '{wait}'").code == 2


def test_batch_that_was_never_sent_is_dropped_and_its_learners_are_free(desk):
    staged(desk, 3)
    (row,) = rows(desk)
    desk.write_csv(4)
    assert "was issued before" in desk.run(ISSUE).err
    refused = desk.run(f"batches drop {row['batch']}")
    assert (refused.code, "nobody to ask" in refused.out, "count as never issued" in refused.out) == (1, True, True)
    assert rows(desk) == [row]
    desk.ok(f"batches drop {row['batch'][:10]} --yes")
    assert rows(desk) == []
    home = [path for path in (desk.folder / "issuer").rglob("*") if path.is_file()]
    assert not [path for path in home if b"Learner 1" in path.read_bytes()]
    desk.ok(ISSUE)
    assert [one["credentials"] for one in rows(desk)] == [4]


def test_dropped_input_is_staged_anew_with_other_salts(desk):
    staged(desk)
    (row,) = rows(desk)
    before = (desk.folder / "issuer" / "batches" / row["batch"] / "part-00000.index").read_bytes()
    desk.ok(f"batches drop {row['batch']} --yes")
    staged(desk)
    assert rows(desk)[0]["batch"] == row["batch"]
    assert (desk.folder / "issuer" / "batches" / row["batch"] / "part-00000.index").read_bytes() != before


def test_all_shards_of_an_input_are_dropped_together(desk):
    desk.write_csv(5)
    assert desk.run(f"{ISSUE} --shard-size 2 {CHEAP}").code == 1
    shards = rows(desk)
    assert len(shards) == 3
    said = desk.ok(f"batches drop {shards[0]['batch']} --yes")
    assert said.count("dropped") == 3
    assert rows(desk) == []


@pytest.mark.parametrize("state", ["sent", "staged"])
def test_batch_that_was_signed_is_never_dropped(desk, state):
    """Bytes that were signed may be mined whenever somebody has them, also after a run that failed."""
    from dataclasses import replace

    from registry.ports.accounts import SignedTransaction
    from registry.store.issuers.journal import SqlJournal

    staged(desk)
    journal = SqlJournal(desk.folder / "issuer" / "journal.sqlite")
    (entry,) = journal.entries()
    offer = SignedTransaction(b"raw", b"h" * 32, 1, 2, 3, 4)
    journal.put(replace(entry, state=state, offers=(offer,)))
    refused = desk.run(f"batches drop {entry.batch_id.hex()} --yes")
    assert (refused.code, "may be mined" in refused.err) == (1, True), refused.text
    with pytest.raises(StoreError):
        journal.drop(entry.batch_id)
    assert rows(desk)[0]["documentsKept"]


def test_batch_that_a_relayer_may_send_is_never_dropped(desk):
    desk.write_csv(2)
    assert desk.run(f"{ISSUE} --relay request.json").code == 3
    refused = desk.run(f"batches drop {rows(desk)[0]['batch']} --yes")
    assert (refused.code, "relayer" in refused.err) == (1, True)
    assert rows(desk)[0]["documentsKept"]


def test_batch_that_the_contract_knows_is_never_dropped(desk):
    """An old copy of the folder does not know that the batch was sent; the contract does."""
    desk.write_csv(3)
    desk.ok(ISSUE)
    batch = rows(desk)[0]["batch"]
    assert "anchored, for ever" in desk.run(f"batches drop {batch} --yes").err
    with sqlite3.connect(desk.folder / "issuer" / "journal.sqlite") as journal:
        journal.executescript("DELETE FROM issuing_offer; UPDATE issuing SET state = 'staged'")
    journal.close()
    assert rows(desk)[0]["state"] == "staged"
    refused = desk.run(f"batches drop {batch} --yes")
    assert (refused.code, "is anchored" in refused.err) == (1, True)
    assert rows(desk)[0]["documentsKept"]


def test_folder_named_before_the_act_is_the_one_that_is_meant(desk):
    desk.issue(2)
    (desk.folder / "issuer").rename(desk.folder / "moved")
    desk.ok("batches --home moved purge --older-than 0 --yes")
    assert json.loads(desk.ok("batches --home moved --json"))[0]["state"] == "purged"
