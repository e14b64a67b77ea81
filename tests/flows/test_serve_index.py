"""`hallmark serve --index`: whatever fails in the thread that follows the chain, /readyz says so, and it goes on."""

import json
import time

from served import ask, serving


def readiness(address, wanted, seconds=60):
    """The answer of /readyz once it has this status."""
    deadline = time.monotonic() + seconds
    while True:
        status, _, body = ask(address, "GET", "/readyz")
        if status == wanted or time.monotonic() > deadline:
            return status, json.loads(body)
        time.sleep(0.1)


def test_indexing_that_fails_is_told_at_once_and_goes_on_by_itself(desk):
    desk.issue(1)
    with serving(desk, "--index") as (address, process):
        assert readiness(address, 200)[0] == 200
        desk.sql("ALTER TABLE event RENAME TO event_away")  # a failure of the database, which no step expects
        desk.ok("status revoke credentials/001.json")
        status, told = readiness(address, 503)
        assert status == 503
        assert told["reason"].startswith("Indexing stopped and begins anew")
        assert b"hallmark_registry_indexing_stopped 1.0" in ask(address, "GET", "/metrics")[2]
        assert process.poll() is None
        assert ask(address, "GET", "/healthz")[0] == 200
        desk.sql("ALTER TABLE event_away RENAME TO event")
        status, told = readiness(address, 200)
        assert (status, told.get("ready")) == (200, True)
        assert told["checkpoint"]["block"]["number"] == desk.head()
        report = json.loads(ask(address, "POST", "/v1/verify", (desk.folder / "credentials/001.json").read_bytes())[2])
        assert report["checks"][7]["code"] == "REVOKED"
        said = desk.run(f"verify credentials/001.json --registry {address}").out
        assert "by the registry's word, which it compared with state proofs" in said
    log = (desk.folder / "serve.log").read_text()
    assert "indexing stopped: " in log
