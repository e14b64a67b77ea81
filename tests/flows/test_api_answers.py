"""What the API answers: what of it may be kept, lists in parts, and that all of it is as its document says."""

import jsonschema
from desk import open_api
from published import badge, leaves, record

from registry.api import schemas
from registry.api.examples import EXAMPLES


def test_every_answer_has_a_tag_and_is_not_sent_twice(published, api):
    issuer = record(published).rsplit(":", 1)[0]
    paths = [
        f"/v1/credentials/{leaves(published)[0]}",
        f"/v1/batches/{record(published)}",
        f"/v1/batches/{record(published)}/evidence",
        f"/v1/issuers/{issuer}",
        f"/v1/issuers/{issuer}/batches",
        "/v1/events",
        f"/v1/documents/manifest/{record(published)}",
    ]
    for path in paths:
        first = api.get(path)
        assert first.status_code == 200, path
        for held in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
            again = api.get(path, headers={"If-None-Match": held})
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["etag"] == first.headers["etag"]
        assert api.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_final_blocks_may_be_kept_for_ever_and_newer_ones_may_not(desk):
    desk.issue(2)
    with open_api(desk) as client:
        path = f"/v1/batches/{record(desk)}"
        assert client.get(path).headers["cache-control"] == "no-cache"
        assert client.get("/v1/events?limit=1").headers["cache-control"] != "no-cache"
        newest = client.get("/v1/events?limit=1000").json()
        assert newest["next"] is None
        desk.mine(5)
        desk.ok("index")
        assert "immutable" in client.get(path).headers["cache-control"]
        assert client.get("/v1/events?limit=1000").headers["cache-control"] == "no-cache", "an unfinished part grows"
        # what the newest block says is asked for again, always
        assert client.get(f"{path}/evidence").headers["cache-control"] == "no-cache"


# --- lists in parts --------------------------------------------------------------------------------------------------


def test_lists_come_in_parts_that_together_are_the_whole(desk):
    for number in range(3):
        desk.write_csv(1, first=number * 10 + 1)
        desk.ok(f"issue results.csv --achievement achievement.json --out out{number} --wait 1")
        desk.ok(f"issuer profile --name 'Northwind {number}'")
    for number in range(3, 7):
        desk.ok(f"issuer add-key {desk.chain.accounts[number].address} --role status")
    with open_api(desk) as client:
        issuer = client.get("/v1/events?limit=1").json()["events"][0]["issuerId"]
        base = f"/v1/issuers/{client.get('/v1/checkpoint').json()['contract']}:{issuer}"
        for name, count in (("batches", 3), ("profiles", 4), ("keys", 5), ("accredited", 0), ("accreditors", 0)):
            whole = client.get(f"{base}/{name}?limit=1000").json()
            assert (len(whole["entries"]), whole["next"]) == (count, None), name
            found, after = [], ""
            while after is not None:
                part = client.get(f"{base}/{name}", params={"limit": 2, "after": after}).json()
                assert len(part["entries"]) <= 2
                found, after = found + part["entries"], part["next"]
            assert found == whole["entries"]
            assert client.get(f"{base}/{name}?after=zz").status_code == 422
        events, after = [], "0-0"
        while after is not None:
            part = client.get("/v1/events", params={"limit": 3, "after": after}).json()
            events, after = events + part["events"], part["next"]
        assert events == client.get("/v1/events?limit=1000").json()["events"]


def openapi(client) -> dict:
    return client.get("/openapi.json").json()


def test_every_route_describes_its_answers_and_every_example_fits_its_schema(api):
    described, examples = openapi(api), 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if path in ("/", "/metrics", "/healthz") or path.startswith(("/pages", "/static")):
                continue
            assert operation["summary"], (method, path)
            assert {"429", "503"} <= set(operation["responses"]), (method, path)
            for status, answer in operation["responses"].items():
                for media in answer.get("content", {}).values():
                    if "example" in media:
                        jsonschema.validate(media["example"], media["schema"])
                        examples += 1
                assert answer["description"], (path, status)
    assert examples >= 10


def test_answers_are_what_the_document_says_they_are(published, api):
    issuer = record(published).rsplit(":", 1)[0]
    told = {
        f"/v1/credentials/{leaves(published)[2]}": schemas.CREDENTIAL,
        f"/v1/batches/{record(published)}": schemas.BATCH,
        f"/v1/batches/{record(published)}/evidence": schemas.EVIDENCE,
        f"/v1/issuers/{issuer}": schemas.ISSUER,
        f"/v1/issuers/{issuer}/keys": schemas.page("entries", schemas.KEY),
        f"/v1/issuers/{issuer}/batches": schemas.page("entries", schemas.BATCH),
        "/v1/events": schemas.page("events", schemas.EVENT),
        "/v1/checkpoint": schemas.CHECKPOINT,
        "/v1/credentials/00": schemas.PROBLEM,
        "/nowhere": schemas.PROBLEM,
    }
    for path, schema in told.items():
        jsonschema.validate(api.get(path).json(), schema)
    report = api.post("/v1/verify", content=badge(published)).json()
    jsonschema.validate(report, schemas.REPORT)
    assert report.keys() == EXAMPLES["report"].keys(), "the example is what is answered today"
    assert api.get(f"/v1/issuers/{issuer}").json().keys() == EXAMPLES["issuer"].keys()
    assert api.get(f"/v1/batches/{record(published)}/evidence").json().keys() == EXAMPLES["evidence"].keys()


def test_problems_never_name_what_is_not_ours_as_w3cs(api):
    answer = api.get("/v1/credentials/zz")
    assert answer.status_code == 422
    assert answer.json()["type"] == "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
    assert api.get("/nowhere").json()["type"] == "about:blank"


def test_account_has_one_spelling(published, api):
    path, account = f"/v1/batches/{record(published)}/evidence?account=", "ab" * 20
    assert api.get(f"{path}0x{account}").status_code == 200
    for spelling in (account, f"0x{account.upper()}", f"0X{account}", f"0x{account}0", "0x", f"0x{account}%0a"):
        assert api.get(path + spelling).status_code == 422, spelling
