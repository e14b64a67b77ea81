"""Verifying through the API: many documents at once, and the W3C VC API."""

import json
import tracemalloc

import jsonschema
import pytest
from published import badge

from registry.api import schemas


def compact(data: bytes) -> bytes:
    return json.dumps(json.loads(data)).encode()


def test_ndjson_is_answered_line_by_line_in_order_whatever_the_lines_are(published, api):
    lines = [compact(badge(published, number)) for number in (1, 3, 2)]
    body = b"\n".join([lines[0], lines[1], b"not json", b"", lines[2], b"{" + b" " * 300_000, lines[0]])
    answer = api.post("/v1/verify", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    reports = [json.loads(line) for line in answer.text.splitlines()]
    assert [(report["line"], report["verdict"]) for report in reports] == [
        (1, "valid"),
        (2, "invalid"),
        (3, "invalid"),
        (5, "valid"),
        (6, "invalid"),
        (7, "valid"),
    ]
    assert reports[2]["checks"][0]["code"] == "PARSING_ERROR"
    assert "limit" in reports[4]["checks"][0]["detail"]


def test_ndjson_of_any_length_takes_no_more_memory(published, api):
    import asyncio

    from starlette.requests import Request

    from registry.api.routes.verify import _reports

    line = compact(badge(published)) + b"\n"
    verifier = api.app.state.services.verifier

    async def drive(count: int) -> int:
        left = [count]

        async def receive():
            left[0] -= 1
            return {"type": "http.request", "body": line, "more_body": left[0] > 0}

        scope = {
            "type": "http",
            "headers": [],
            "app": api.app,
            "client": ("192.0.2.1", 1),
            "method": "POST",
            "path": "/",
        }
        tracemalloc.start()
        async for report in _reports(Request(scope, receive), verifier.policy()):
            assert b'"valid"' in report
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    asyncio.run(drive(50))
    assert len(line) * 1_000 > 3_000_000
    assert asyncio.run(drive(1_000)) < 1_500_000, "less than half of what came in, and no more for more of it"


def test_vc_api_says_verified_for_valid_only_and_names_every_problem(published, api):
    def ask(number: int, **options):
        body = {"verifiableCredential": json.loads(badge(published, number)), "options": options}
        answer = api.post("/credentials/verify", json=body)
        assert answer.status_code == 200
        jsonschema.validate(answer.json(), schemas.VC_API_ANSWER)
        return answer.json()

    assert ask(1) == {"verified": True, "problemDetails": []}
    revoked = ask(3, returnCredential=True, returnResults=True)
    assert revoked["verified"] is False
    assert revoked["problemDetails"][0]["title"] == "status: REVOKED"
    assert revoked["credential"] == json.loads(badge(published, 3))
    assert revoked["results"]["verdict"] == "invalid"
    assert "problemDetails" not in ask(3, returnProblemDetails=False)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"",
        b"\xff",
        b'{"verifiableCredential":1}',
        b'{"options":{},"options":{}}',
    ],
)
def test_vc_api_without_a_credential_is_a_bad_request(api, body):
    answer = api.post("/credentials/verify", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_vc_api_takes_jwts_in_their_envelope(published, api):
    published.ok("export credentials/001.json --format jwt --out jwts --without-anchor")
    token = next((published.folder / "jwts").glob("*.jwt")).read_text().strip()
    envelope = {"type": "EnvelopedVerifiableCredential", "id": f"data:application/vc+jwt,{token}"}
    answer = api.post(
        "/credentials/verify", json={"verifiableCredential": envelope, "options": {"returnResults": True}}
    )
    checks = {check["name"]: check for check in answer.json()["results"]["checks"]}
    assert checks["readable"]["verdict"] == "valid"
    bad = api.post("/credentials/verify", json={"verifiableCredential": {**envelope, "id": "data:text/plain,x"}})
    assert bad.status_code == 422
