"""The API gives the same answers from either database: deposits, verdicts, lookups, pages of events."""

import json

from desk import open_api


def test_api_deposits_verifies_and_looks_up_from_either_database(sql_desk):
    sql_desk.issue(300)
    sql_desk.ok("status revoke credentials/002.json --reason superseded")
    folder = next((sql_desk.folder / "credentials").glob("batch-*"))
    report, manifest = json.loads((folder / "report.json").read_text()), (folder / "manifest.bin").read_bytes()
    issuer = f"{report['batch'].rsplit(':', 2)[0]}:1"
    with open_api(sql_desk) as client:
        profile = client.get(f"/v1/issuers/{issuer}").json()["profiles"][0]["hash"]
        for _ in range(2):
            deposits = {
                f"profile/{profile}": (folder / "profile.json").read_bytes(),
                f"manifest/{report['batch']}": manifest,
            }
            for name, body in deposits.items():
                assert client.put(f"/v1/documents/{name}", content=body).status_code == 201
                assert client.get(f"/v1/documents/{name}").content == body
        verdicts = {}
        for name in ("001", "002", "300"):
            answer = client.post("/v1/verify", content=(sql_desk.folder / f"credentials/{name}.json").read_bytes())
            verdicts[name] = answer.json()["verdict"]
        assert verdicts == {"001": "valid", "002": "invalid", "300": "valid"}
        for index in (0, 1, 299):
            found = client.get(f"/v1/credentials/{manifest[32 * index : 32 * index + 32].hex()}").json()
            assert (found["index"], found["revoked"], found["batch"]["root"]) == (index, index == 1, report["root"])
        cursor, seen = "0-0", []
        while cursor:
            page = client.get(f"/v1/events?after={cursor}&limit=2").json()
            seen += [event["cursor"] for event in page["events"]]
            cursor = page["next"]
        assert seen == sorted(set(seen), key=lambda text: tuple(map(int, text.split("-"))))
        assert len(seen) == len(sql_desk.sql("SELECT 1 FROM event"))
        assert client.get("/readyz").json()["ready"] is True
