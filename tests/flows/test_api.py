"""The HTTP API as strangers use it: what it grants, refuses, lets them keep, and that both ways answer alike."""

import contextlib
import json
import re
import tracemalloc

import jsonschema
import pytest
from desk import open_api
from sqlalchemy import event

from registry.api import schemas
from registry.api.examples import EXAMPLES
from registry.api.gate import Gate
from registry.api.limits import Buckets, Limits, client_of


@pytest.fixture(scope="module")
def issued(desk_once):
    """Six badges signed as they stand, one revoked, with profile and manifest deposited where `api` is."""
    desk_once.write_csv(6)
    desk_once.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    desk_once.ok("status revoke credentials/003.json --reason superseded")
    desk_once.mine(4)
    return desk_once


@pytest.fixture(scope="module")
def api(issued):
    with open_api(issued, settings={"api_rate": 0.0}) as client:
        deposit(issued, client)
        yield client


def deposit(desk, client) -> None:
    from registry.credential.canonical import canonical_hash

    (folder,) = (desk.folder / "credentials").glob("batch-*")
    profile = (folder / "profile.json").read_bytes()
    name = canonical_hash(json.loads(profile)).hex()
    assert client.put(f"/v1/documents/profile/{name}", content=profile).status_code == 201
    record = json.loads((folder / "report.json").read_bytes())["batch"]
    manifest = (folder / "manifest.bin").read_bytes()
    assert client.put(f"/v1/documents/manifest/{record}", content=manifest).status_code == 201


def badge(desk, number: int = 1) -> bytes:
    return (desk.folder / f"credentials/{number:03}.json").read_bytes()


def record(desk) -> str:
    (folder,) = (desk.folder / "credentials").glob("batch-*")
    return json.loads((folder / "report.json").read_bytes())["batch"]


def leaves(desk) -> list[str]:
    (folder,) = (desk.folder / "credentials").glob("batch-*")
    manifest = (folder / "manifest.bin").read_bytes()
    return [manifest[i : i + 32].hex() for i in range(0, len(manifest), 32)]


def verdict_of(report: dict) -> tuple:
    return report["verdict"], [(check["name"], check["verdict"], check["code"]) for check in report["checks"]]


# --- the short way and the routes ------------------------------------------------------------------------------------


@contextlib.contextmanager
def long_way(client):
    """The same API with its short way closed."""
    front = client.app.state.gate._app
    mirror, front._mirror = front._mirror, None
    yield
    front._mirror = mirror


def test_short_way_and_routes_answer_alike_about_every_leaf(issued, api):
    for leaf in [*leaves(issued), leaves(issued)[0].upper(), "0x" + leaves(issued)[1], "00" * 32, "zz", "0x", "a" * 63]:
        short = api.get(f"/v1/credentials/{leaf}")
        with long_way(api):
            long = api.get(f"/v1/credentials/{leaf}")
        assert (short.status_code, short.content) == (long.status_code, long.content)
        assert short.json() == long.json()
        assert short.headers.get("etag") == long.headers.get("etag")
        assert short.headers.get("cache-control") == long.headers.get("cache-control")
        assert short.headers["access-control-allow-origin"] == "*"
    revoked = [api.get(f"/v1/credentials/{leaf}").json()["revoked"] for leaf in leaves(issued)]
    assert revoked == [False, False, True, False, False, False]


def changed(data: bytes, **members) -> bytes:
    return json.dumps({**json.loads(data), **members}).encode()


def test_short_way_and_routes_judge_alike(issued, api):
    one = badge(issued)
    bodies = [badge(issued, number) for number in range(1, 7)]
    bodies += [changed(one, name="Somebody"), changed(one, proof=json.loads(one)["proof"][:1]), changed(one, proof=[])]
    bodies += [changed(one, proof={**json.loads(one)["proof"][0], "cryptosuite": "eddsa-rdfc-2022"})]
    bodies += [changed(one, issuer="did:web:example.org"), b"{}", b"", b"\xff", b"[]", b"1", one[:-2], b'{"a":1,"a":2}']
    for body in bodies:
        short = api.post("/v1/verify", content=body)
        with long_way(api):
            long = api.post("/v1/verify", content=body)
        assert short.status_code == long.status_code
        assert short.headers["content-type"] == long.headers["content-type"]
        if short.status_code == 200:
            assert verdict_of(short.json()) == verdict_of(long.json())
            assert short.json()["evidence"] == long.json()["evidence"]
            assert short.headers["cache-control"] == "no-store"
        else:
            assert short.json() == long.json()
    assert verdict_of(api.post("/v1/verify", content=one).json())[0] == "valid"
    assert verdict_of(api.post("/v1/verify", content=badge(issued, 3)).json())[0] == "invalid"


def test_short_way_sees_a_change_on_chain_as_soon_as_the_mirror_has_it(desk):
    desk.write_csv(2)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    with open_api(desk) as client:
        deposit(desk, client)
        leaf = leaves(desk)[0]
        assert client.get(f"/v1/credentials/{leaf}").json()["revoked"] is False
        assert client.post("/v1/verify", content=badge(desk)).json()["checks"][7]["code"] == ""
        desk.ok("status revoke credentials/001.json")
        desk.ok("index")
        assert client.get(f"/v1/credentials/{leaf}").json()["revoked"] is True
        assert client.post("/v1/verify", content=badge(desk)).json()["checks"][7]["code"] == "REVOKED"


# --- what may be kept ------------------------------------------------------------------------------------------------


def test_every_answer_has_a_tag_and_is_not_sent_twice(issued, api):
    issuer = record(issued).rsplit(":", 1)[0]
    paths = [
        f"/v1/credentials/{leaves(issued)[0]}",
        f"/v1/batches/{record(issued)}",
        f"/v1/batches/{record(issued)}/evidence",
        f"/v1/issuers/{issuer}",
        f"/v1/issuers/{issuer}/batches",
        "/v1/events",
        f"/v1/documents/manifest/{record(issued)}",
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


# --- many at once ----------------------------------------------------------------------------------------------------


def compact(data: bytes) -> bytes:
    return json.dumps(json.loads(data)).encode()


def test_ndjson_is_answered_line_by_line_in_order_whatever_the_lines_are(issued, api):
    lines = [compact(badge(issued, number)) for number in (1, 3, 2)]
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


def test_ndjson_of_any_length_takes_no_more_memory(issued, api):
    import asyncio

    from starlette.requests import Request

    from registry.api.routes.verify import _reports

    line = compact(badge(issued)) + b"\n"
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


# --- W3C VC API ------------------------------------------------------------------------------------------------------


def test_vc_api_says_verified_for_valid_only_and_names_every_problem(issued, api):
    def ask(number: int, **options):
        body = {"verifiableCredential": json.loads(badge(issued, number)), "options": options}
        answer = api.post("/credentials/verify", json=body)
        assert answer.status_code == 200
        jsonschema.validate(answer.json(), schemas.VC_API_ANSWER)
        return answer.json()

    assert ask(1) == {"verified": True, "problemDetails": []}
    revoked = ask(3, returnCredential=True, returnResults=True)
    assert revoked["verified"] is False
    assert revoked["problemDetails"][0]["title"] == "status: REVOKED"
    assert revoked["credential"] == json.loads(badge(issued, 3))
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


def test_vc_api_takes_jwts_in_their_envelope(issued, api):
    issued.ok("export credentials/001.json --format jwt --out jwts --without-anchor")
    token = next((issued.folder / "jwts").glob("*.jwt")).read_text().strip()
    envelope = {"type": "EnvelopedVerifiableCredential", "id": f"data:application/vc+jwt,{token}"}
    answer = api.post(
        "/credentials/verify", json={"verifiableCredential": envelope, "options": {"returnResults": True}}
    )
    checks = {check["name"]: check for check in answer.json()["results"]["checks"]}
    assert checks["readable"]["verdict"] == "valid"
    bad = api.post("/credentials/verify", json={"verifiableCredential": {**envelope, "id": "data:text/plain,x"}})
    assert bad.status_code == 422


# --- what one client is granted --------------------------------------------------------------------------------------


def test_bucket_grants_the_burst_then_the_rate_and_forgets_the_idle():
    buckets = Buckets(Limits(rate=2.0, burst=4, clients=2))
    assert [buckets.take("a", 0.0) for _ in range(4)] == [0.0] * 4
    assert buckets.take("a", 0.0) == pytest.approx(0.5)
    assert buckets.take("b", 0.0) == 0.0, "one client does not pay for another"
    assert buckets.take("a", 0.5) == 0.0
    assert buckets.take("a", 0.5) > 0
    assert buckets.take("a", 100.0, tokens=4) == 0.0
    buckets.take("c", 100.0)
    assert len(buckets._filled) == 2
    assert Buckets(Limits(rate=0)).take("a", 0.0, 10**9) == 0.0


def test_one_client_is_an_address_or_an_ipv6_network():
    assert client_of("192.0.2.1") != client_of("192.0.2.2")
    assert client_of("2001:db8:1:2::1") == client_of("2001:db8:1:2:ffff::9") != client_of("2001:db8:1:3::1")
    assert client_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert client_of("testclient") == "testclient"


def test_who_asks_too_fast_is_told_when_to_go_on_and_liveness_is_never_refused(issued):
    with open_api(issued, settings={"api_rate": 0.5, "api_burst": 3}) as client:
        answers = [client.get("/v1/checkpoint") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 1 <= int(refused.headers["retry-after"]) <= 4
        assert refused.headers["access-control-allow-origin"] == "*"
        assert client.get("/healthz").status_code == client.get("/metrics").status_code == 200


def test_too_much_at_once_is_put_off_at_once(api):
    import asyncio

    async def run() -> tuple[list[int], int]:
        release = asyncio.Event()

        async def slow(scope, receive, send):
            await release.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        gate, seen = Gate(slow, Limits(rate=0, concurrency=2)), []

        async def ask():
            async def send(message):
                if message["type"] == "http.response.start":
                    seen.append((message["status"], dict(message["headers"])))

            scope = {"type": "http", "method": "GET", "path": "/v1/x", "headers": [], "client": ("192.0.2.1", 1)}
            await gate(scope, None, send)

        tasks = [asyncio.create_task(ask()) for _ in range(4)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert [status for status, _ in seen] == [503, 503]
        assert seen[0][1][b"retry-after"] == b"1"
        release.set()
        await asyncio.gather(*tasks)
        await ask()
        return [status for status, _ in seen], gate.active

    assert asyncio.run(run()) == ([503, 503, 200, 200, 200], 0)


def test_one_client_cannot_hold_all_places(api):
    import asyncio

    async def run() -> list[tuple[str, int]]:
        release, seen = asyncio.Event(), []

        async def slow(scope, receive, send):
            await release.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        gate = Gate(slow, Limits(rate=0, concurrency=10, share=3))

        async def ask(client: str):
            async def send(message):
                if message["type"] == "http.response.start":
                    seen.append((client, message["status"]))

            await gate({"type": "http", "method": "GET", "path": "/", "headers": [], "client": (client, 1)}, None, send)

        tasks = [asyncio.create_task(ask("192.0.2.1")) for _ in range(9)] + [asyncio.create_task(ask("192.0.2.2"))]
        for _ in range(10):
            await asyncio.sleep(0)
        release.set()
        await asyncio.gather(*tasks)
        assert not gate._shares
        return seen

    seen = asyncio.run(run())
    assert seen.count(("192.0.2.1", 503)) == 6
    assert seen.count(("192.0.2.1", 200)) == 3
    assert ("192.0.2.2", 200) in seen


def test_bodies_beyond_the_limit_are_refused_without_being_read(api):
    assert api.post("/v1/verify", content=b" " * (256 * 1024 + 1)).status_code == 413
    assert api.post("/v1/verify", content=iter([b" " * 65536] * 5)).status_code == 413
    assert api.post("/credentials/verify", content=b" " * (256 * 1024 + 1)).status_code == 413
    answer = api.post("/v1/verify", content=b"{}", headers={"Content-Length": "9" * 20})
    assert answer.status_code == 413


def test_any_page_may_read_the_answers_and_ask_before(api):
    asked = api.options(
        "/v1/verify",
        headers={"Origin": "https://page.example", "Access-Control-Request-Method": "POST"},
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]
    for path in ("/v1/checkpoint", "/v1/credentials/00", "/nowhere", "/v1/status-lists/a/b/c/d"):
        answer = api.get(path, headers={"Origin": "https://page.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


# --- uniform 404 -----------------------------------------------------------------------------------------------------


def test_whatever_is_not_there_costs_the_same_questions_and_gives_the_same_bytes(issued, api):
    """What a stranger could time is what the database is asked: the same for a near miss and for nonsense."""
    engine, asked = api.app.state.services.queries.engine, []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    mirror = api.app.state.services.quick
    rows, ask = mirror._rows, mirror._rows.ask

    def counted(query, *values):
        asked.append(query)
        return ask(query, *values)

    rows.ask = counted
    contract, _, batch_hex = record(issued).rpartition(":")
    real = leaves(issued)[0]
    near = f"{int(real, 16) ^ 1:064x}"
    groups = [
        [f"/v1/credentials/{leaf}" for leaf in (near, real[::-1], "00" * 32, "ff" * 32, real[:-2] + "00")],
        [f"/v1/batches/{contract}:{text}" for text in ("0" * 32, f"{int(batch_hex, 16) ^ 1:032x}", "f" * 32)],
        [f"/v1/issuers/{contract.rpartition(':')[0]}:{number}" for number in (0, 99, 2**63 - 1, 2**64 - 1)],
        [f"/v1/documents/profile/{name}" for name in ("00" * 32, "ab" * 32)],
    ]
    api.get(groups[0][0])
    for group in groups:
        seen = set()
        for path in group:
            asked.clear()
            answer = api.get(path)
            assert answer.status_code == 404, path
            seen.add((answer.content, tuple(re.sub(r"\s+", " ", one) for one in asked)))
        assert len(seen) == 1, group
    rows.ask = ask


# --- the document that describes all this ----------------------------------------------------------------------------


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


def test_answers_are_what_the_document_says_they_are(issued, api):
    issuer = record(issued).rsplit(":", 1)[0]
    told = {
        f"/v1/credentials/{leaves(issued)[2]}": schemas.CREDENTIAL,
        f"/v1/batches/{record(issued)}": schemas.BATCH,
        f"/v1/batches/{record(issued)}/evidence": schemas.EVIDENCE,
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
    report = api.post("/v1/verify", content=badge(issued)).json()
    jsonschema.validate(report, schemas.REPORT)
    assert report.keys() == EXAMPLES["report"].keys(), "the example is what is answered today"
    assert api.get(f"/v1/issuers/{issuer}").json().keys() == EXAMPLES["issuer"].keys()
    assert api.get(f"/v1/batches/{record(issued)}/evidence").json().keys() == EXAMPLES["evidence"].keys()


def test_problems_never_name_what_is_not_ours_as_w3cs(api):
    answer = api.get("/v1/credentials/zz")
    assert answer.status_code == 422
    assert answer.json()["type"] == "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
    assert api.get("/nowhere").json()["type"] == "about:blank"
