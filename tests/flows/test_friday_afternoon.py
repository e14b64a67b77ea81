"""What an administration does on a Friday afternoon, and must not lose anything by."""

import json

import pytest

from registry.chain.transact import Transactor


def learner(desk, name, folder="credentials"):
    subject = json.loads((desk.folder / folder / f"{name}.json").read_text())["credentialSubject"]
    return next(i["identityHash"] for i in subject["identifier"] if i["identityType"] == "name")


def issue(desk, csv=None, out="credentials", **environment):
    desk.write_csv(1)
    if csv is not None:
        (desk.folder / "results.csv").write_bytes(csv.encode())
    line = f"issue results.csv --achievement achievement.json --out {out} --wait 1"
    return desk.run(line, **environment)


def test_what_stands_inside_quotes_is_signed_as_it_was_written(desk):
    done = issue(desk, 'id,name\n1,"李小龍 ""Bruce""\nLee"\n2,A\u2028B\n3,عائشة\n')
    assert done.code == 0, done.text
    assert learner(desk, "1") == '李小龍 "Bruce"\nLee'
    assert learner(desk, "2") == "A\u2028B"
    desk.mine()
    assert desk.run("verify credentials/1.json credentials/2.json credentials/3.json").code == 0


@pytest.mark.parametrize("name", ["長" * 90, "CON", "nul", "a.", "a\tb", "é" * 150])
def test_id_that_cannot_name_a_file_everywhere_is_refused_before_anything_is_paid(desk_once, name):
    before = desk_once.head()
    done = issue(desk_once, f"id,name\n{name},A\n")
    assert (done.code, "row 2" in done.err, "cannot name a file" in done.err) == (1, True, True)
    assert desk_once.head() == before


def test_ids_that_differ_in_case_only_are_one(desk_once):
    done = issue(desk_once, "id,name\nA,A\na,B\n")
    assert (done.code, "row 3" in done.err) == (1, True)


def test_row_that_would_make_an_invalid_credential_is_refused_with_its_row(desk_once):
    done = issue(desk_once, "id,name,awarded,expires\n1,A,2026-01-01,\n2,B,2026-01-01,2025-01-01\n")
    assert (done.code, "row 3, column 'expires'" in done.err) == (1, True), done.err
    done = issue(desk_once, "id,name,evidence\n1,A,not a url\n")
    assert (done.code, "row 2, column 'evidence'" in done.err) == (1, True), done.err


def test_wrong_account_first_the_right_one_afterwards(desk):
    wrong = issue(desk, HALLMARK_PRIVATE_KEY=desk.chain.accounts[5].private_key)
    assert (wrong.code, "NotAuthorized" in wrong.err) == (1, True)
    assert issue(desk).code == 0
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0


def test_transaction_that_failed_for_good_is_followed_by_another(desk, monkeypatch):
    """The issuer is frozen between signing and mining: the anchor reverts on chain."""
    real = Transactor.broadcast
    frozen = []

    def broadcast(self, raw):
        if not frozen:
            frozen.append(True)
            desk.by_recovery("freeze")
        real(self, raw)

    if desk.chain.engine != "anvil":
        pytest.skip("py-evm refuses a transaction that would fail")
    with monkeypatch.context() as patched:
        patched.setattr(Transactor, "broadcast", broadcast)
        failed = issue(desk)
    assert (failed.code, "nothing is anchored" in failed.err) == (1, True), failed.text
    desk.by_recovery("unfreeze")
    assert issue(desk).code == 0
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0


def test_file_in_the_way_is_found_before_anything_is_paid(desk):
    desk.write_csv(1)
    (desk.folder / "credentials").mkdir()
    (desk.folder / "credentials" / "001.json").write_text("mine")
    before = desk.head()
    done = issue(desk)
    assert (done.code, "nothing was sent" in done.err) == (1, True)
    assert desk.head() == before
    assert issue(desk, out="elsewhere").code == 0


def test_folder_that_is_a_file_is_found_before_anything_is_paid(desk_once):
    (desk_once.folder / "afile").write_text("")
    before = desk_once.head()
    done = issue(desk_once, "id,name\nfile,A\n", out="afile")
    assert (done.code, "cannot be written to" in done.err) == (1, True)
    assert desk_once.head() == before


def test_lost_credentials_are_written_again_and_another_folder_is_told_where_they_are(desk):
    assert issue(desk).code == 0
    before = desk.head()
    path = desk.folder / "credentials" / "001.json"
    content = path.read_bytes()
    path.unlink()
    assert issue(desk).code == 0
    assert path.read_bytes() == content
    elsewhere = issue(desk, out="elsewhere")
    assert (elsewhere.code, str(path.parent) in elsewhere.err) == (1, True)
    assert desk.head() == before


def test_wait_that_means_nothing_is_refused_at_once(desk_once):
    done = desk_once.run("issue x.csv --out y --wait soon")
    assert (done.code, "neither final, safe nor a number" in done.err) == (2, True)


def test_second_registration_and_second_deployment_are_refused(desk):
    done = desk.run(f"issuer register --name Other --recovery {desk.recovery}")
    assert (done.code, "is issuer 1 of" in done.err) == (1, True)
    done = desk.run("deploy --out deployment.json")
    assert (done.code, "on this chain already" in done.err) == (1, True)


def test_revoked_credential_cannot_be_reinstated_and_is_told_so(desk):
    desk.issue(2)
    desk.ok("status revoke credentials/001.json")
    done = desk.run("status reinstate credentials/001.json")
    assert (done.code, "revoked, for ever" in done.err) == (1, True)


def test_two_documents_with_one_id_are_refused(desk_once):
    did = json.loads((desk_once.folder / "issuer/issuer.json").read_text())["profile"]["dids"][0]
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "type": ["VerifiableCredential"],
        "issuer": did,
        "credentialSubject": {"id": "did:example:abc"},
    }
    (desk_once.folder / "two.ndjson").write_text(f"{json.dumps(document)}\n{json.dumps(document)}\n")
    done = desk_once.run("anchor two.ndjson --out two")
    assert (done.code, "its id is that of two-000001" in done.err) == (1, True)


def test_missing_file_does_not_hide_the_others(desk):
    desk.issue(2)
    desk.mine()
    done = desk.run("verify credentials/001.json nowhere.json credentials/002.json --json")
    rows = json.loads(done.out)
    assert done.code == 2
    assert [row["verdict"] for row in rows] == ["valid", "unknown", "valid"]
    assert rows[1]["checks"][0]["code"] == "FILE_UNREADABLE"
