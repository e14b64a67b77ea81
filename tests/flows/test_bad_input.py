"""Bad input: a clear message, a non-zero exit or a 4xx, and nothing lost."""

import json
import sqlite3

import pytest

BAD_DOCUMENTS = {
    "not JSON": (b"this is a letter", "not JSON"),
    "not UTF-8": (b'{"a": "\xff\xfe"}', "not UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "UTF-8"),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
    "empty": (b"", "empty"),
    "only white space": (b" \n\t ", "empty"),
    "duplicate keys": (b'{"id": 1, "id": 2}', "'id' stands twice"),
    "NaN": (b'{"a": NaN}', "NaN is not a JSON number"),
    "Infinity": (b'{"a": -Infinity}', "Infinity"),
    "5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", "2^53"),
    "huge exponent": (b'{"a": 1e999}', "too large"),
    "depth 1,000": (b'{"a":' * 1000 + b"1" + b"}" * 1000, "deeper than 32"),
    "depth 100,000": (b"[" * 100_000, "deeper than 32"),
    "10 MB": (b'{"a": "' + b"x" * 10_000_000 + b'"}', "limit is 262,144"),
    "lone surrogate": (b'{"a": "\\ud800"}', "surrogate"),
    "an array": (b"[]", "not an object"),
    "a number": (b"42", "not an object"),
}


@pytest.mark.parametrize("name", BAD_DOCUMENTS)
def test_unreadable_document_is_invalid_with_the_reason(name, desk_once):
    data, message = BAD_DOCUMENTS[name]
    (desk_once.folder / "bad.json").write_bytes(data)
    outcome = desk_once.run("verify bad.json --json")
    assert outcome.code == 1
    (row,) = json.loads(outcome.out)
    assert (row["verdict"], row["checks"][0]["code"]) == ("invalid", "PARSING_ERROR")
    assert message in row["checks"][0]["detail"]
    assert {check["verdict"] for check in row["checks"][1:]} == {"not_checked"}


@pytest.mark.parametrize("name", BAD_DOCUMENTS)
def test_api_answers_4xx_with_a_problem_and_never_5xx(name, api_once):
    data, message = BAD_DOCUMENTS[name]
    answer = api_once.post("/v1/verify", content=data)
    assert answer.status_code == (413 if name == "10 MB" else 400)
    body = answer.json()
    assert body["type"].endswith("#PARSING_ERROR")
    assert message in body["detail"] or name == "10 MB"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/credentials/xyz",
        "/v1/credentials/" + "0" * 63,
        "/v1/batches/7",
        "/v1/batches/eip155:1:0x00:1:00/evidence?word=-1",
        "/v1/issuers/not-one",
        "/v1/issuers/" + "9" * 500,
        "/v1/events?after=x",
        "/v1/events?limit=0",
        "/v1/events?limit=100000000000000000000000",
        "/v1/documents/manifest/%00",
        "/nowhere",
    ],
)
def test_api_refuses_bad_identifiers_with_4xx(path, api_once):
    answer = api_once.get(path)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_missing_members_are_named_by_path(desk_once):
    (desk_once.folder / "bad.json").write_text('{"type": ["VerifiableCredential"]}')
    outcome = desk_once.run("verify bad.json --json")
    conforming = json.loads(outcome.out)[0]["checks"][1]
    assert outcome.code == 1
    assert conforming["code"] == "MALFORMED_VALUE_ERROR"
    for path in ("$['@context']", "$.issuer", "$.credentialSubject"):
        assert path in conforming["detail"]


BAD_CSV = {
    "wrong column": ("id,name,e-mail\n1,A,a@b.c\n", ["row 1", "unknown column 'e-mail'"]),
    "missing column": ("id,email\n1,a@b.c\n", ["row 1", "missing column 'name'"]),
    "column twice": ("id,name,name\n1,A,B\n", ["row 1", "'name' stands twice"]),
    "empty row": ("id,name\n1,A\n,\n3,C\n", ["row 3 is empty"]),
    "two equal ids": ("id,name\n1,A\n2,B\n1,C\n", ["row 4, column 'id'", "'1' stands in row 2 already"]),
    "empty name": ("id,name\n1,\n", ["row 2", "'name' is empty"]),
    "short row": ("email,id,name\na@b.cd,1\n", ["row 2 has 2 values"]),
    "no e-mail": ("id,name,email\n1,A,nobody\n", ["row 2", "no e-mail"]),
    "no date": ("id,name,awarded\n1,A,yesterday\n", ["row 2", "'awarded'", "2026-01-31"]),
    "impossible date": ("id,name,awarded\n1,A,2026-02-30\n", ["row 2", "'awarded'"]),
    "path in id": ("id,name\n../../x,A\n", ["row 2", "cannot name a file"]),
    "no rows": ("id,name\n", ["no rows"]),
    "nothing": ("", ["empty"]),
    "open quote": ('id,name\n1,"A\n', ["row"]),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_bad_csv_names_file_and_row_and_nothing_is_issued(name, desk_once):
    text, messages = BAD_CSV[name]
    desk_once.write_csv(1)
    (desk_once.folder / "results.csv").write_text(text)
    before = desk_once.head()
    outcome = desk_once.run("issue results.csv --achievement achievement.json --out nothing --wait 1")
    assert outcome.code == 1
    for message in ["results.csv", *messages]:
        assert message in outcome.err
    assert desk_once.head() == before
    assert not (desk_once.folder / "nothing").exists()


def test_every_bad_row_is_reported_at_once(desk_once):
    desk_once.write_csv(1)
    (desk_once.folder / "results.csv").write_text("id,name,email\n1,,x\n,B,b@c.d\n1,C,c@d.e\n")
    outcome = desk_once.run("issue results.csv --achievement achievement.json --out nothing")
    for message in (
        "row 2, column 'name' is empty",
        "row 2, column 'email'",
        "row 3, column 'id' is empty",
        "row 4, column 'id': the id '1' stands in row 2",
    ):
        assert message in outcome.err


def test_csv_that_is_neither_utf8_nor_windows_1252_says_so(desk_once):
    desk_once.write_csv(1)
    (desk_once.folder / "results.csv").write_bytes(b"id,name\n1,\x81\xff\n")
    outcome = desk_once.run("issue results.csv --achievement achievement.json --out nothing")
    assert outcome.code == 1
    assert "neither UTF-8 nor Windows-1252" in outcome.err


def test_achievement_that_lacks_members_names_them(desk_once):
    desk_once.write_csv(1)
    (desk_once.folder / "achievement.json").write_text('{"id": "https://a.example", "name": "A"}')
    outcome = desk_once.run("issue results.csv --achievement achievement.json --out nothing")
    assert outcome.code == 1
    assert "$.criteria is required" in outcome.err
    assert "$.description is required" in outcome.err


def test_folder_of_documents_reports_each_bad_one(desk_once):
    ready = desk_once.folder / "ready"
    ready.mkdir(exist_ok=True)
    (ready / "a.json").write_text("{")
    (ready / "b.json").write_text('{"type": []}')
    outcome = desk_once.run("anchor ready --out nothing")
    assert outcome.code == 1
    assert "a: Line 1" in outcome.err
    assert "b: $['@context']" in outcome.err


def test_same_batch_twice_says_already_anchored_and_changes_nothing(desk):
    desk.issue(3)
    files = {path: path.read_bytes() for path in (desk.folder / "credentials").rglob("*") if path.is_file()}
    before = desk.head()
    outcome = desk.run("issue results.csv --achievement achievement.json --out credentials --wait 1")
    assert outcome.code == 1
    assert "already anchored" in outcome.err
    assert "nothing was changed" in outcome.err
    assert desk.head() == before
    assert {path: path.read_bytes() for path in files} == files


def test_wrong_chain_is_refused_before_anything_is_sent(desk):
    deployment = json.loads((desk.folder / "deployment.json").read_text())
    deployment["genesisHash"] = "0x" + "ab" * 32
    (desk.folder / "deployment.json").write_text(json.dumps(deployment))
    desk.write_csv(1)
    for line in ("issue results.csv --achievement achievement.json --out x", "index"):
        outcome = desk.run(line)
        assert outcome.code == 1
        assert "another chain" in outcome.err
    deployment["contract"] = deployment["contract"].replace("31337", "1")
    (desk.folder / "deployment.json").write_text(json.dumps(deployment))
    assert "is chain 31337, not 1" in desk.run("index").err


def test_wrong_contract_is_refused(desk):
    deployment = json.loads((desk.folder / "deployment.json").read_text())
    deployment["contract"] = "eip155:31337:0x" + "22" * 20
    (desk.folder / "other.json").write_text(json.dumps(deployment))
    outcome = desk.run("index --deployment other.json")
    assert outcome.code == 1
    assert "no registry contract" in outcome.err
    assert desk.run("audit --deployment other.json").code == 2


def test_account_without_funds_says_how_much_is_missing(desk):
    from eth_account import Account

    desk.write_csv(1)
    poor = Account.create()
    desk.ok(f"issuer add-key {poor.address} --role anchor")
    outcome = desk.run(
        "issue results.csv --achievement achievement.json --out x --wait 1", HALLMARK_PRIVATE_KEY=poor.key.to_0x_hex()
    )
    assert outcome.code == 1
    assert poor.address in outcome.err
    assert "missing" in outcome.err
    assert poor.key.hex() not in outcome.text


def test_account_without_a_role_is_told_which_command_helps(desk):
    desk.write_csv(1)
    stranger = desk.chain.accounts[5].private_key
    outcome = desk.run(
        "issue results.csv --achievement achievement.json --out x --wait 1", HALLMARK_PRIVATE_KEY=stranger
    )
    assert outcome.code == 1
    assert "NotAuthorized" in outcome.err
    assert "add-key" in outcome.err


@pytest.mark.parametrize("line", ["index", "issue results.csv --achievement achievement.json --out x"])
def test_endpoint_down_is_said_with_its_address(line, desk):
    desk.write_csv(1)
    outcome = desk.run(f"{line} --rpc http://127.0.0.1:9")
    assert outcome.code == 1
    assert "http://127.0.0.1:9 did not answer" in outcome.err


def test_database_locked_stops_with_a_clear_error_and_the_checkpoint_unmoved(desk, monkeypatch):
    monkeypatch.setattr("registry.store.engine._BUSY_SECONDS", 0.2)
    desk.ok("index")
    desk.issue(1)
    with sqlite3.connect(desk.folder / "hallmark.sqlite") as other:
        before = other.execute("SELECT block_number FROM checkpoint").fetchone()
        other.execute("BEGIN EXCLUSIVE")
        outcome = desk.run("index")
        assert outcome.code == 1
        assert "locked" in outcome.err
        other.rollback()
        assert other.execute("SELECT block_number FROM checkpoint").fetchone() == before
    desk.ok("index")
    assert desk.run("audit").code == 0


def test_raw_key_is_refused_off_development_chains_and_never_printed():
    from pydantic import SecretStr

    from registry.chain.signer import signer_of_key
    from registry.errors import ConfigError

    key = "0x" + "5e" * 32
    with pytest.raises(ConfigError) as refused:
        signer_of_key(SecretStr(key), 1)
    assert "5e5e" not in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        signer_of_key(SecretStr("5e5e-not-hex"), 31337)
    assert "5e5e" not in str(refused.value)


def test_missing_setting_says_how_to_give_it(desk):
    desk.settings(home="issuer")
    outcome = desk.run("index")
    assert outcome.code == 1
    assert "--rpc" in outcome.err or "--deployment" in outcome.err
    (desk.folder / "hallmark.toml").write_text("colour = 1\n")
    assert "colour" in desk.run("index").err


def test_missing_file_is_named_and_cannot_be_told(desk_once):
    outcome = desk_once.run("verify nowhere.json")
    assert outcome.code == 2
    assert "nowhere.json cannot be read" in outcome.text


def test_api_names_the_path_of_the_offending_property(api_once):
    """In a report each broken rule has its path and W3C code; a refused document's problem has its path."""
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "relative"],
        "type": ["VerifiableCredential"],
        "issuer": {"id": "not a URL"},
        "credentialSubject": {"id": "did:example:1"},
        "validFrom": "2026-02-01T00:00:00Z",
        "validUntil": "2026-01-01T00:00:00Z",
    }
    answer = api_once.post("/v1/verify", content=json.dumps(document))
    assert answer.status_code == 200
    conforming = answer.json()["checks"][1]
    assert [(problem["path"], problem["code"]) for problem in conforming["problems"]] == [
        ("$['@context'][1]", "MALFORMED_VALUE_ERROR"),
        ("$.issuer.id", "MALFORMED_VALUE_ERROR"),
        ("$.validUntil", "RANGE_ERROR"),
    ]
    profile = {"type": "HallmarkIssuerProfile", "version": 1, "contract": "eip155:1:0x00", "issuerId": "x", "name": "n"}
    refused = api_once.put("/v1/documents/profile/" + "0" * 64, content=json.dumps(profile))
    assert refused.status_code == 422
    assert (refused.json()["title"], refused.json()["path"]) == ("MALFORMED_VALUE_ERROR", "$.issuerId")


def test_documentation_pages_ask_no_other_site(api_once):
    page = api_once.get("/docs").text
    assert "swagger" in page
    assert "http://" not in page
    assert "https://" not in page
    described = api_once.get("/openapi.json").json()["paths"]["/v1/verify"]["post"]["responses"]
    assert {"200", "400", "413", "422"} <= set(described)
    assert "application/problem+json" in described["422"]["content"]


def test_wrong_method_says_which_are_right(api_once):
    answer = api_once.get("/v1/verify")
    assert (answer.status_code, answer.headers["allow"], answer.json()["type"]) == (405, "POST", "about:blank")
