"""Rows that somebody garbled: left out of the answers, logged, and named by /readyz; never a 500, never no JSON."""

import json

import pytest
from desk import open_api
from published import badge, deposit, record

GARBLED = [b"", b"{", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 2_000, "text", 5, b'{"type":"HallmarkIssuerProfile"}']


@pytest.fixture(scope="module")
def garbled(desk_once):
    """A published desk, its API's paths, and the profile as it was deposited."""
    desk = desk_once
    desk.write_csv(2)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    desk.mine(70)
    with open_api(desk) as api:
        deposit(desk, api)
        assert api.get("/v1/checkpoint").json()["signed"]
    return desk


@pytest.mark.parametrize("body", GARBLED, ids=lambda body: repr(body)[:20])
def test_garbled_signed_checkpoint_is_left_out(garbled, body, caplog):
    desk = garbled
    with open_api(desk, index=False) as api:
        signed = api.get("/v1/checkpoint").json()["signed"]
    desk.sql("UPDATE signed_checkpoint SET body = :body", body=body)
    with open_api(desk, index=False) as api:
        for path in ("/v1/checkpoint", "/healthz", "/readyz", "/v1/events", "/v1/checkpoint?block=999999"):
            assert api.get(path).status_code in (200, 404), path
        ready = api.get("/readyz").json()
        assert ready["ready"] is True
        assert [row.split()[0] for row in ready["leftOut"]] == ["signed_checkpoint"]
        assert "hallmark_registry_left_out 1.0" in api.get("/metrics").text
    assert "signed_checkpoint" in caplog.text
    assert caplog.text.count("left out") == 1, "once, not at every look"
    with open_api(desk, index=False) as api:  # the same was signed anew, and took the garbled row's place
        assert api.get("/v1/checkpoint").json()["signed"] == signed
        assert "leftOut" not in api.get("/readyz").json()


def test_signed_checkpoint_whose_words_were_changed_is_left_out(garbled):
    """It can be read, but nobody signed it."""
    desk = garbled
    with open_api(desk, index=False) as api:
        signed = api.get("/v1/checkpoint").json()["signed"]
    changed = {**signed, "issuers": {**signed["issuers"], "count": 7}}
    desk.sql("UPDATE signed_checkpoint SET body = :body", body=json.dumps(changed).encode())
    with open_api(desk, index=False) as api:
        assert api.get(f"/v1/checkpoint?block={signed['through']}").json()["signed"] == signed
        assert api.get("/readyz").json()["leftOut"]


@pytest.mark.parametrize("body", GARBLED, ids=lambda body: repr(body)[:20])
def test_garbled_profile_is_as_good_as_none(garbled, body):
    desk = garbled
    ((name, whole),) = desk.sql("SELECT id, body FROM document WHERE kind = 'profile'")
    desk.sql("UPDATE document SET body = :body WHERE kind = 'profile'", body=body)
    try:
        with open_api(desk, index=False) as api:
            for query in ("", "?evidence=true", "?asOf=9999"):  # the short way, the routes, the past
                answer = api.post(f"/v1/verify{query}", content=badge(desk))
                assert answer.status_code == 200, answer.text
                assert answer.json()["verdict"] == "unknown"
            issuer = record(desk).rsplit(":", 1)[0]
            assert api.get(f"/v1/issuers/{issuer}").json()["profiles"][0]["document"] is None
            assert api.get(f"/v1/batches/{record(desk)}/evidence").json()["profiles"][0]["document"] is None
            assert api.get(f"/v1/documents/profile/{name}").status_code == 404
            assert api.get("/readyz").json()["leftOut"] == [f"document profile/{name}"]
    finally:
        desk.sql("UPDATE document SET body = :body WHERE kind = 'profile'", body=whole)
    with open_api(desk, index=False) as api:
        assert api.post("/v1/verify", content=badge(desk)).json()["verdict"] == "valid"
        assert "leftOut" not in api.get("/readyz").json()
