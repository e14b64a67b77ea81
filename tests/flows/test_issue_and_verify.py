"""Walks 1 and 2: issue, anchor, index, verify; through the registry and without it."""

import json
from pathlib import Path

import ob_schema
import public_vectors
import pytest
from desk import open_api

CHECKS = ["readable", "conforming", "signature", "included", "anchored", "issuer", "accredited", "status", "validity"]


def verdicts(outcome):
    return [
        (row["verdict"], {c["name"]: (c["verdict"], c["code"]) for c in row["checks"]})
        for row in json.loads(outcome.out)
    ]


@pytest.fixture
def issued(desk):
    desk.issue(5)
    desk.mine()
    return desk


def test_issued_credential_is_valid_straight_from_the_chain(issued):
    outcome = issued.run("verify credentials/001.json credentials/005.json --json")
    assert outcome.code == 0, outcome.text
    rows = json.loads(outcome.out)
    assert [row["file"] for row in rows] == ["credentials/001.json", "credentials/005.json"]
    assert [c["name"] for c in rows[0]["checks"]] == CHECKS
    assert set(rows[0]) >= {"file", "verdict", "checks", "asOf", "assurance"}
    assert rows[0]["assurance"] == "endpoint"
    assert rows[0]["asOf"]["number"] == issued.head()


def test_finished_credential_is_signed_points_to_its_place_and_carries_the_anchor(issued):
    credential = json.loads((issued.folder / "credentials/003.json").read_text())
    assert [proof["cryptosuite"] for proof in credential["proof"]] == ["eddsa-rdfc-2022", "evm-merkle-jcs-2026"]
    assert credential["credentialStatus"]["id"].startswith("urn:hallmark:eip155:31337:0x")
    assert credential["credentialStatus"]["id"].endswith(":2#revocation")
    assert isinstance(credential["credentialStatus"], dict)  # Open Badges allows one object only


def test_names_of_learners_do_not_reach_the_chain(issued):
    logs = issued.chain.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    transactions = [issued.chain.rpc("eth_getTransactionByHash", log["transactionHash"])["input"] for log in logs]
    seen = json.dumps(logs) + json.dumps(transactions)
    for personal in ("Learner 1", "learner1@example.org"):
        assert personal.encode().hex() not in seen


def test_anchor_that_is_not_yet_safe_is_unknown_never_valid(desk):
    desk.issue(2)
    outcome = desk.run("verify credentials/001.json --json")
    assert outcome.code == 2
    assert verdicts(outcome)[0][1]["anchored"] == ("unknown", "ANCHOR_PENDING")


def test_several_files_any_invalid_wins_over_unknown(issued):
    text = (issued.folder / "credentials/002.json").read_text()
    (issued.folder / "changed.json").write_text(text.replace("Learner 2", "Learner 3"))
    stripped = json.loads(text)
    stripped["proof"] = stripped["proof"][:1]
    (issued.folder / "stripped.json").write_text(json.dumps(stripped))
    assert issued.run("verify credentials/001.json stripped.json").code == 2
    outcome = issued.run("verify credentials/001.json stripped.json changed.json --json")
    assert outcome.code == 1
    valid, unknown, invalid = verdicts(outcome)
    assert valid[0] == "valid"
    assert (unknown[0], unknown[1]["included"]) == ("unknown", ("unknown", "ANCHOR_PROOF_MISSING"))
    assert invalid[1]["included"] == ("invalid", "INCLUSION_PROOF_ERROR")
    assert invalid[1]["signature"] == ("invalid", "PROOF_VERIFICATION_ERROR")


def test_profile_is_needed_to_know_the_issuer_and_any_copy_will_do(issued):
    profile = next((issued.folder / "credentials").glob("batch-*/profile.json"))
    (issued.folder / "alone.json").write_bytes((issued.folder / "credentials/001.json").read_bytes())
    outcome = issued.run("verify alone.json --json")
    assert outcome.code == 2
    assert verdicts(outcome)[0][1]["issuer"] == ("unknown", "PROFILE_UNAVAILABLE")
    assert issued.run(f"verify alone.json --profile {profile}").code == 0
    forged = json.loads(profile.read_text()) | {"name": "Another Institute"}
    (issued.folder / "forged.json").write_text(json.dumps(forged))
    assert issued.run("verify alone.json --profile forged.json").code == 2
    (issued.folder / "profile.json").write_text("{")  # lies beside it, and is nothing
    assert issued.run("verify alone.json").code == 2
    outcome = issued.run("verify alone.json --profile profile.json")
    assert (outcome.code, "is not JSON" in outcome.err) == (2, True)


def test_untrusted_contract_is_invalid_whatever_the_chain_says(issued, tmp_path_factory):
    other = json.loads((issued.folder / "deployment.json").read_text())
    other["contract"] = "eip155:31337:0x" + "11" * 20
    (issued.folder / "other.json").write_text(json.dumps(other))
    outcome = issued.run("verify credentials/001.json --json --deployment other.json")
    assert outcome.code == 1
    assert verdicts(outcome)[0][1]["anchored"] == ("invalid", "UNTRUSTED_CONTRACT")


def test_registry_takes_documents_that_match_the_chain_and_refuses_others(issued, client):
    folder = next((issued.folder / "credentials").glob("batch-*"))
    batch = json.loads((folder / "report.json").read_text())["batch"]
    manifest, profile = (folder / "manifest.bin").read_bytes(), (folder / "profile.json").read_bytes()
    contract = batch.rsplit(":", 2)[0]
    known = client.get(f"/v1/issuers/{contract}:1").json()["profiles"][0]["hash"]
    assert client.put(f"/v1/documents/manifest/{batch}", content=manifest).status_code == 201
    assert client.put(f"/v1/documents/profile/{known}", content=profile).status_code == 201
    assert client.put(f"/v1/documents/manifest/{batch}", content=manifest).status_code == 201  # idempotent
    wrong = bytes(32) + manifest[32:]
    assert client.put(f"/v1/documents/manifest/{batch}", content=wrong).status_code == 422
    assert client.put(f"/v1/documents/manifest/{batch}", content=manifest + bytes(32)).status_code == 413
    forged = profile.replace(b"Northwind", b"Southwind")
    assert client.put(f"/v1/documents/profile/{known}", content=forged).status_code == 422
    assert client.put(f"/v1/documents/profile/{'00' * 32}", content=profile).status_code == 422
    assert client.put(f"/v1/documents/secret/{'00' * 32}", content=b"x").status_code == 404
    assert client.get(f"/v1/documents/manifest/{batch}").content == manifest


def test_frozen_issuer_is_shown_with_who_can_thaw_it(sql_desk):
    """By the contract's view on the command line, and by the mirror in the API, on either database."""
    desk, told = sql_desk, "frozen by its recovery account: only the recovery account 0x"
    with open_api(desk) as client:
        contract = client.get("/v1/checkpoint").json()["contract"]

        def shown():
            desk.ok("index")
            issuer = client.get(f"/v1/issuers/{contract}:1").json()
            return issuer["frozen"], issuer["frozenByRecovery"], desk.ok("issuer show").splitlines()[1]

        assert shown() == (False, False, f"not frozen; recovery account {desk.recovery.lower()}")
        desk.ok("issuer freeze")
        assert shown()[:2] == (True, False)
        assert shown()[2].startswith("frozen by an admin: an admin or the recovery account 0x")
        desk.by_recovery("freeze")
        assert shown()[:2] == (True, True)
        assert shown()[2].startswith(told)
        refused = desk.run("issuer unfreeze")
        assert (refused.code, "NotRecovery" in refused.err, "nobody else can" in refused.err) == (1, True, True)
        desk.by_recovery("unfreeze")
        assert shown()[:2] == (False, False)


def test_api_verifies_and_looks_up_by_leaf_batch_issuer_and_cursor(issued, client):
    folder = next((issued.folder / "credentials").glob("batch-*"))
    report = json.loads((folder / "report.json").read_text())
    contract = report["batch"].rsplit(":", 2)[0]
    known = client.get(f"/v1/issuers/{contract}:1").json()["profiles"][0]["hash"]
    client.put(f"/v1/documents/profile/{known}", content=(folder / "profile.json").read_bytes())
    client.put(f"/v1/documents/manifest/{report['batch']}", content=(folder / "manifest.bin").read_bytes())
    answer = client.post("/v1/verify", content=(issued.folder / "credentials/001.json").read_bytes())
    assert answer.status_code == 200
    assert (answer.json()["verdict"], answer.json()["assurance"]) == ("valid", "registry")
    leaf = (folder / "manifest.bin").read_bytes()[64:96].hex()
    found = client.get(f"/v1/credentials/{leaf}").json()
    assert (found["index"], found["revoked"], found["batch"]["leafCount"]) == (2, False, 5)
    assert client.get(f"/v1/batches/{report['batch']}").json()["root"] == report["root"]
    issuer = client.get(f"/v1/issuers/{contract}:1").json()
    assert (issuer["keys"][0]["roles"], issuer["frozen"]) == (7, False)
    assert issuer["profiles"][0]["document"]["name"] == "Northwind Institute"
    first = client.get("/v1/events?limit=3").json()
    rest = client.get(f"/v1/events?after={first['next']}").json()
    assert len(first["events"]) == 3
    assert rest["next"] is None
    cursors = [event["cursor"] for event in first["events"] + rest["events"]]
    assert len(cursors) == len(set(cursors)) == 4
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json()["ready"] is True
    assert client.get("/v1/checkpoint").json()["block"]["number"] == issued.head()
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/verify", "/v1/credentials/{leaf}", "/v1/batches/{batch_id}", "/v1/events"} <= set(paths)


def test_absent_things_get_one_and_the_same_404(issued, client):
    contract = json.loads((issued.folder / "deployment.json").read_text())["contract"]
    paths = [
        f"/v1/credentials/{'00' * 32}",
        f"/v1/batches/{contract}:1:{'00' * 16}",
        f"/v1/batches/{contract}:{2**64 - 1}:{'00' * 16}",
        f"/v1/issuers/{contract}:99",
        f"/v1/issuers/{contract}:{2**64 - 1}",
        f"/v1/documents/profile/{'00' * 32}",
    ]
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "application/problem+json"


def test_revoked_suspended_reinstated(issued, client):
    issued.ok("status revoke credentials/001.json credentials/002.json --reason keyCompromise")
    issued.ok("status suspend credentials/003.json")
    outcome = issued.run("verify credentials/001.json credentials/003.json --json")
    assert outcome.code == 1
    revoked, suspended = verdicts(outcome)
    assert revoked[1]["status"] == ("invalid", "REVOKED")
    assert suspended[1]["status"] == ("invalid", "SUSPENDED")
    assert "keyCompromise" in issued.run("verify credentials/002.json").out
    issued.ok("index")
    by_registry = client.post("/v1/verify", content=(issued.folder / "credentials/002.json").read_bytes()).json()
    status = next(check for check in by_registry["checks"] if check["name"] == "status")
    assert (status["code"], "keyCompromise" in status["detail"]) == ("REVOKED", True)
    issued.ok("status reinstate credentials/003.json")
    assert issued.run("verify credentials/003.json").code == 0
    assert "nothing to do" in issued.ok("status revoke credentials/001.json")
    assert issued.run("status reinstate credentials/001.json").code == 1  # revoked is for ever
    assert issued.run("verify credentials/001.json").code == 1


def test_chain_down_is_unknown_never_invalid_never_valid(issued):
    outcome = issued.run("verify credentials/001.json --json --rpc http://127.0.0.1:9")
    assert outcome.code == 2
    (row,) = verdicts(outcome)
    assert {row[1][name] for name in ("included", "anchored", "issuer", "status")} == {("unknown", "CHAIN_UNAVAILABLE")}
    assert issued.run("verify credentials/001.json --registry http://127.0.0.1:9").code == 2


def test_distrusted_key_no_longer_counts(issued):
    extra = issued.chain.accounts[3]
    issued.ok(f"issuer add-key {extra.address} --role anchor")
    issued.write_csv(3, "more.csv", first=100)
    owner = issued.key
    issued.key = extra.private_key
    issued.ok("issue more.csv --achievement achievement.json --out more --wait 1")
    issued.key = owner
    issued.mine()
    assert issued.run("verify more/100.json").code == 0
    issued.ok(f"issuer distrust-key {extra.address} --since 1")
    outcome = issued.run("verify more/100.json credentials/001.json --json")
    distrusted, other = verdicts(outcome)
    assert distrusted[1]["anchored"] == ("invalid", "ANCHOR_KEY_DISTRUSTED")
    assert other[0] == "valid"


def test_vc2_document_of_our_own_gets_both_pointers_and_a_signature(desk):
    did = json.loads((desk.folder / "issuer/issuer.json").read_text())["profile"]["dids"][0]
    ready = desk.folder / "ready"
    ready.mkdir()
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": ["VerifiableCredential", "ExampleDegreeCredential"],
        "issuer": did,
        "credentialSubject": {"id": "did:example:abc", "degree": "MSc"},
    }
    (ready / "msc.json").write_text(json.dumps(document))
    desk.ok("anchor ready --out anchored --wait 1")
    desk.mine()
    finished = json.loads((desk.folder / "anchored/msc.json").read_text())
    assert [entry["statusPurpose"] for entry in finished["credentialStatus"]] == ["revocation", "suspension"]
    outcome = desk.run("verify anchored/msc.json --json")
    assert outcome.code == 0, outcome.out


def test_microcredential_with_every_element_is_complete_valid_and_conforms_to_the_published_schema(desk):
    """scripts/complete_achievement.json issued, verified, linted; the schema of Open Badges takes it as it is."""
    achievement = Path(__file__).resolve().parents[2] / "scripts/complete_achievement.json"
    (desk.folder / "results.csv").write_text("id,name,did,result\n001,Zoë Öberg,did:example:learner,A\n")
    issued = desk.run(f"issue results.csv --achievement {achievement} --out complete --wait 1")
    assert issued.code == 0, issued.text
    desk.mine()
    assert desk.run("verify complete/001.json").code == 0
    linted = desk.run("lint complete/001.json --json")
    (row,) = json.loads(linted.out)
    assert (linted.code, row["complete"], row["problems"], row["narrower"]) == (0, True, [], [])
    assert {element["status"] for element in row["achievements"][0]["elements"]} == {"present"}
    if public_vectors.PRESENT:
        document = json.loads((desk.folder / "complete/001.json").read_bytes())
        assert list(ob_schema.validator("achievementcredential").iter_errors(document)) == []
