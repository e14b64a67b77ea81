"""The API's short way in front of FastAPI answers as the routes do, about every leaf and every document."""

import contextlib
import json

from desk import open_api
from published import badge, changed, deposit, leaves, verdict_of


@contextlib.contextmanager
def long_way(client):
    """The same API with its short way closed."""
    front = client.app.state.gate._app
    mirror, front._mirror = front._mirror, None
    yield
    front._mirror = mirror


def test_short_way_and_routes_answer_alike_about_every_leaf(published, api):
    for leaf in [
        *leaves(published),
        leaves(published)[0].upper(),
        "0x" + leaves(published)[1],
        "00" * 32,
        "zz",
        "0x",
        "a" * 63,
    ]:
        short = api.get(f"/v1/credentials/{leaf}")
        with long_way(api):
            long = api.get(f"/v1/credentials/{leaf}")
        assert (short.status_code, short.content) == (long.status_code, long.content)
        assert short.json() == long.json()
        assert short.headers.get("etag") == long.headers.get("etag")
        assert short.headers.get("cache-control") == long.headers.get("cache-control")
        assert short.headers["access-control-allow-origin"] == "*"
    revoked = [api.get(f"/v1/credentials/{leaf}").json()["revoked"] for leaf in leaves(published)]
    assert revoked == [False, False, True, False, False, False]


def test_short_way_and_routes_judge_alike(published, api):
    one = badge(published)
    bodies = [badge(published, number) for number in range(1, 7)]
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
    assert verdict_of(api.post("/v1/verify", content=badge(published, 3)).json())[0] == "invalid"


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
