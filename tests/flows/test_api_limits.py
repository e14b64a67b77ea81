"""What the API grants to one client and what it refuses; whatever is not there looks the same."""

import re

import pytest
from desk import open_api
from published import leaves, record
from sqlalchemy import event

from registry.api.gate import Gate
from registry.api.limits import Buckets, Limits, client_of


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


def test_who_asks_too_fast_is_told_when_to_go_on_and_liveness_is_never_refused(published):
    with open_api(published, settings={"api_rate": 0.5, "api_burst": 3}) as client:
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


def test_whatever_is_not_there_costs_the_same_questions_and_gives_the_same_bytes(published, api):
    """What a stranger could time is what the database is asked: the same for a near miss and for nonsense."""
    engine, asked = api.app.state.services.queries.engine, []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    mirror = api.app.state.services.quick
    rows, ask = mirror._rows, mirror._rows.ask

    def counted(query, *values):
        asked.append(query)
        return ask(query, *values)

    rows.ask = counted
    contract, _, batch_hex = record(published).rpartition(":")
    real = leaves(published)[0]
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
