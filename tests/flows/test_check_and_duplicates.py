"""Everything is said before anything is signed; what was issued before is refused, replaced, or issued again."""

import json

import openpyxl
import pytest

from registry.chain.contract import RegistryContract

ISSUE = "issue results.csv --achievement achievement.json --wait 1"


def put(desk, rows, name="results.csv", header="id,name"):
    desk.write_csv(1)
    (desk.folder / name).write_text("\n".join([header, *rows]) + "\n")


def check(desk, line="results.csv --achievement achievement.json", **environment):
    done = desk.run(f"issue {line} --check --json", **environment)
    return done.code, json.loads(done.out)


def verdict(desk, path):
    desk.mine()
    row = json.loads(desk.run(f"verify {path} --json").out)[0]
    return row["verdict"], next(c["code"] for c in row["checks"] if c["name"] == "status")


def document(desk, path):
    return json.loads((desk.folder / path).read_text())


# ----------------------------------------------------------------------------------------------------- check


def test_check_says_everything_without_chain_or_key(desk_once, tmp_path):
    put(desk_once, ["1,", "2,A,x", "1,=B"], header="id,name")
    nothing = {"HALLMARK_RPC": "http://127.0.0.1:9", "HALLMARK_PRIVATE_KEY": "", "HALLMARK_DEPLOYMENT": "nowhere.json"}
    code, found = check(desk_once, **nothing)
    assert code == 1
    assert [(one["row"], one["column"]) for one in found["errors"]] == [(2, "name"), (3, ""), (4, "name"), (4, "id")]
    assert all(one["file"] == "results.csv" and one["write"] for one in found["errors"])
    said = desk_once.run("issue results.csv --achievement achievement.json --check", **nothing)
    assert said.code == 1
    assert "row 4, column 'id'" in said.out
    assert "4 errors; nothing was issued" in said.out


def test_what_check_complains_of_stops_the_real_run(desk_once):
    put(desk_once, ["1,=A", "2,B"])
    _, found = check(desk_once)
    before = desk_once.head()
    real = desk_once.run(f"{ISSUE} --out nothing")
    assert real.code == 1
    for one in found["errors"]:
        assert one["problem"] in real.err
    assert desk_once.head() == before
    assert not (desk_once.folder / "nothing").exists()


def test_clean_input_passes_check_and_leaves_nothing_behind(desk_once):
    put(desk_once, ["1,A", "2,B"])
    files = sorted(desk_once.folder.rglob("staged.json"))
    assert check(desk_once) == (0, {"file": "results.csv", "documents": 2, "errors": [], "warnings": [], "notes": []})
    assert "2 credentials can be issued" in desk_once.ok("issue results.csv --achievement achievement.json --check")
    assert sorted(desk_once.folder.rglob("staged.json")) == files


def test_check_without_a_home_says_what_it_cannot_look_at(desk_once):
    put(desk_once, ["1,A"])
    done = desk_once.run("issue results.csv --achievement achievement.json --check --home elsewhere")
    assert done.code == 0
    assert "names no issuer" in done.err


def test_achievement_that_cannot_be_signed_is_found_by_check(desk_once):
    put(desk_once, ["1,A"])
    achievement = json.loads((desk_once.folder / "achievement.json").read_text())
    (desk_once.folder / "achievement.json").write_text(json.dumps(achievement | {"colour": "red"}))
    code, found = check(desk_once)
    assert (code, [one["row"] for one in found["errors"]]) == (1, [2])
    assert "colour" in found["errors"][0]["problem"]
    assert check(desk_once, "results.csv --achievement achievement.json --suite jcs")[0] == 0


def ready(desk, number, **members):
    did = json.loads((desk.folder / "issuer/issuer.json").read_text())["profile"]["dids"][0]
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "type": ["VerifiableCredential"],
        "issuer": did,
        "credentialSubject": {"id": "did:example:abc"},
        **members,
    }


def test_check_names_file_or_line_and_path_of_ready_documents(desk_once):
    bad = [ready(desk_once, 1), ready(desk_once, 2, validFrom="x", issuer=7), ready(desk_once, 1), "{"]
    lines = [one if isinstance(one, str) else json.dumps(one) for one in bad]
    (desk_once.folder / "ready.ndjson").write_text("\n".join(lines))
    code, found = check(desk_once, "ready.ndjson")
    assert code == 1
    places = {(one["row"], one["column"]) for one in found["errors"]}
    assert {(2, "$.validFrom"), (2, "$.issuer"), (3, "$.id")} <= places
    assert 4 in {one["row"] for one in found["errors"]}
    folder = desk_once.folder / "folder"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(ready(desk_once, 3, validFrom="x")))
    (folder / "b.json").write_text(json.dumps(ready(desk_once, 4, issuer="did:example:other")))
    _, found = check(desk_once, "folder")
    assert [(one["file"], one["column"]) for one in found["errors"]] == [
        ("folder/a.json", "$.validFrom"), ("folder/b.json", "$.issuer"),
    ]  # fmt: skip


def test_workbook_with_a_mapping_is_issued_and_verifies(desk):
    desk.write_csv(1)
    achievement = json.loads((desk.folder / "achievement.json").read_text())
    mapping = {"Matrikel-Nr.": "id", "Vorname": "name", "Nachname": "name", "Note": "result", "Gültig bis": "expires"}
    body = {"achievement": achievement, "columns": mapping, "dates": "DD.MM.YYYY"}
    (desk.folder / "mapped.json").write_text(json.dumps(body))
    book = openpyxl.Workbook()
    header = ["Nachname", "Vorname", "Matrikel-Nr.", "Note", "Gültig bis", "Raum"]
    for row in (header, ["Çelik", "Ayşe", 4711, 1.3, "31.12.2099", "B2"]):
        book.active.append(row)
    book.save(desk.folder / "results.xlsx")
    done = desk.run("issue results.xlsx --achievement mapped.json --out credentials --wait 1")
    assert done.code == 0, done.text
    assert "not used: 'Raum'" in done.err
    found = document(desk, "credentials/4711.json")
    assert found["validUntil"] == "2099-12-31T23:59:59Z"
    assert found["credentialSubject"]["identifier"][0]["identityHash"] == "Ayşe Çelik"
    assert found["credentialSubject"]["achievement"] == achievement
    assert verdict(desk, "credentials/4711.json")[0] == "valid"


# ------------------------------------------------------------------------------------------------ duplicates


@pytest.fixture
def issued(desk):
    put(desk, ["1,A", "2,B", "3,C"])
    desk.ok(f"{ISSUE} --out first")
    return desk


def test_what_was_issued_before_is_denied_with_its_row_and_nothing_is_sent(issued):
    put(issued, ["4,D", "2,Bea"])
    before = issued.head()
    _, found = check(issued)
    assert [one["row"] for one in found["errors"]] == [3]
    done = issued.run(f"{ISSUE} --out second")
    assert done.code == 1
    assert "row 3: the id '2' was issued before" in done.err
    assert "--duplicates replace" in done.err
    assert issued.head() == before


def test_another_achievement_for_the_same_learner_is_no_duplicate(issued):
    put(issued, ["2,B"])
    achievement = json.loads((issued.folder / "achievement.json").read_text())
    (issued.folder / "achievement.json").write_text(json.dumps(achievement | {"id": "https://northwind.example/other"}))
    issued.ok(f"{ISSUE} --out second")


def test_allowed_duplicates_are_issued_again_and_both_stand(issued):
    put(issued, ["2,B"])
    issued.ok(f"{ISSUE} --out second --duplicates allow")
    assert verdict(issued, "first/2.json")[0] == "valid"
    assert verdict(issued, "second/2.json")[0] == "valid"


def test_replacement_names_what_it_supersedes_and_the_old_one_is_revoked_with_that_reason(issued):
    put(issued, ["2,Bea", "4,D"])
    said = issued.ok(f"{ISSUE} --out second --duplicates replace")
    assert "revoked 1 replaced credential" in said
    old, new = document(issued, "first/2.json"), document(issued, "second/2.json")
    assert verdict(issued, "first/2.json") == ("invalid", "REVOKED")
    assert "superseded" in issued.run("verify first/2.json").out
    assert verdict(issued, "second/2.json")[0] == "valid"
    assert verdict(issued, "first/1.json")[0] == "valid"
    (link,) = new["relatedResource"]
    assert link["id"] == old["credentialStatus"]["id"].partition("#")[0]
    assert "relatedResource" not in document(issued, "second/4.json")
    manifest = next((issued.folder / "first").glob("batch-*/manifest.bin")).read_bytes()
    from registry.credential.values import sha256_digests

    assert sha256_digests(link["digestMultibase"]) == {manifest[32:64]}


def test_replacement_of_a_replacement_supersedes_the_newest_only(issued):
    put(issued, ["2,Bea"])
    issued.ok(f"{ISSUE} --out second --duplicates replace")
    put(issued, ["2,Beatrix"])
    assert "revoked 1 replaced credential" in issued.ok(f"{ISSUE} --out third --duplicates replace")
    (link,) = document(issued, "third/2.json")["relatedResource"]
    assert link["id"] == document(issued, "second/2.json")["credentialStatus"]["id"].partition("#")[0]
    assert verdict(issued, "third/2.json")[0] == "valid"


def test_crash_before_the_old_one_is_revoked_is_completed_by_the_same_command(issued, monkeypatch):
    put(issued, ["2,Bea"])
    real = RegistryContract.send

    def send(self, function, *arguments):
        if function == "setStatus":
            raise KeyboardInterrupt
        return real(self, function, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(RegistryContract, "send", send)
        assert issued.run(f"{ISSUE} --out second --duplicates replace").code == 130
    assert verdict(issued, "first/2.json")[0] == "valid"
    assert "revoked 1 replaced credential" in issued.ok(f"{ISSUE} --out second --duplicates replace")
    assert verdict(issued, "first/2.json") == ("invalid", "REVOKED")
    again = issued.run(f"{ISSUE} --out second --duplicates replace")
    assert (again.code, "already anchored" in again.err) == (1, True)


def test_run_that_crashed_after_staging_does_not_meet_itself(desk, monkeypatch):
    put(desk, ["1,A", "2,B"])

    def refuse(self, *_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RegistryContract, "sign_anchor", refuse)
        assert desk.run(f"{ISSUE} --out first").code == 130
    put(desk, ["2,B"], name="other.csv")
    other = desk.run("issue other.csv --achievement achievement.json --out other --wait 1")
    assert (other.code, "staged" in other.err) == (1, True)
    replaced = desk.run("issue other.csv --achievement achievement.json --out other --wait 1 --duplicates replace")
    assert (replaced.code, "--resume" in replaced.err) == (1, True)
    desk.ok(f"{ISSUE} --out first")


def test_ready_documents_with_an_id_that_was_issued_are_denied_and_replaced(desk):
    (desk.folder / "ready.ndjson").write_text(json.dumps(ready(desk, 1)) + "\n" + json.dumps(ready(desk, 2)) + "\n")
    desk.ok("anchor ready.ndjson --out first --wait 1")
    changed = ready(desk, 1, credentialSubject={"id": "did:example:other"})
    (desk.folder / "again.ndjson").write_text(json.dumps(changed) + "\n")
    denied = desk.run("anchor again.ndjson --out second --wait 1")
    assert (denied.code, "again-000001 was issued before" in denied.err) == (1, True)
    desk.ok("anchor again.ndjson --out second --wait 1 --duplicates replace")
    old, new = document(desk, "first/ready-000001.json"), document(desk, "second/again-000001.json")
    pointer = old["credentialStatus"][0]["id"].partition("#")[0]
    assert new["relatedResource"][0]["id"] == pointer
    assert verdict(desk, "first/ready-000001.json") == ("invalid", "REVOKED")
    assert verdict(desk, "second/again-000001.json")[0] == "valid"


def test_index_of_what_was_issued_holds_nothing_personal(issued):
    data = (issued.folder / "issuer" / "issued.sqlite").read_bytes()
    assert oct((issued.folder / "issuer" / "issued.sqlite").stat().st_mode & 0o777) == "0o600"
    body = json.loads((issued.folder / "achievement.json").read_text())
    achievement = body.get("achievement", body)["id"].encode()
    assert achievement in data  # what was issued, not to whom
    for text in (b"northwind", b"Northwind", b"earner", b"urn:uuid"):
        assert text not in data.replace(achievement, b"")


def test_duplicates_are_found_in_the_right_shard(desk):
    put(desk, [f"{n},A" for n in range(5)])
    desk.ok(f"{ISSUE} --out first --shard-size 2")
    put(desk, ["3,Bea"])
    said = desk.ok(f"{ISSUE} --out second --duplicates replace")
    assert "revoked 1 replaced credential" in said
    (link,) = document(desk, "second/3.json")["relatedResource"]
    assert link["id"] == document(desk, "first/3.json")["credentialStatus"]["id"].partition("#")[0]
    assert verdict(desk, "first/3.json") == ("invalid", "REVOKED")
    assert verdict(desk, "first/2.json")[0] == "valid"
    urn = document(desk, "first/4.json")["id"]
    desk.ok(f"status suspend --id {urn}")
    assert verdict(desk, "first/4.json") == ("invalid", "SUSPENDED")


def test_check_says_that_this_very_input_was_issued(issued):
    said = issued.ok("issue results.csv --achievement achievement.json --check")
    assert "another run issues nothing" in said
