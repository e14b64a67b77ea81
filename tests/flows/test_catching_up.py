"""In the middle of a catch-up nothing is compared with the contract yet: no verdict, marked look-ups, not ready.

The real thing: an endpoint leaves a revocation out of the first range and refuses the second, so the mirror holds rows
that nobody proved.
"""

import json

import pytest
from desk import open_api
from meddler import Meddler
from published import badge, deposit, leaves, record, verdict_of

from registry.api.caching import FOREVER
from registry.api.client import RegistryClient
from registry.verification.evidence import NoEvidence
from registry.verification.verify import present

CODE = "REGISTRY_CATCHING_UP"


@pytest.fixture
def half_read(desk):
    return fill_by_half(desk)


@pytest.fixture
def half_read_sql(sql_desk):
    return fill_by_half(sql_desk)


def fill_by_half(desk):
    """Let a liar fill the mirror up to a block that no proof reaches; the desk, and the block of the revocation."""
    desk.write_csv(3)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    with open_api(desk) as api:
        deposit(desk, api)
    first = desk.head() + 1
    desk.ok("status revoke credentials/001.json")
    desk.mine(100)

    def lie(call, forward):
        answer = forward(call)
        if call["method"] == "eth_getLogs":
            if int(call["params"][0].get("fromBlock", "0x0"), 16) > first:
                return {
                    "jsonrpc": "2.0",
                    "id": call["id"],
                    "error": {"code": -32000, "message": "upstream unavailable"},
                }
            answer["result"] = [log for log in answer["result"] if int(log["blockNumber"], 16) < first]
        return answer

    liar = Meddler(desk.chain.url)
    liar.meddle = lie
    outcome = desk.run(f"index --rpc {liar.url}", HALLMARK_READER_BLOCKS="0")
    liar.close()
    assert outcome.code == 1, outcome.text
    ((block, proven),) = desk.sql("SELECT block_number, proven FROM checkpoint")
    assert proven < first <= block, "rows that nobody proved, one missing"
    return desk, first


def status_of(report):
    return report["verdict"], {
        (check["verdict"], check["code"]) for check in report["checks"] if check["name"] == "status"
    }


def test_mirror_in_the_middle_of_a_catch_up_gives_no_verdict_in_any_way(half_read_sql):
    desk, first = half_read_sql
    one = badge(desk)
    expected = ("unknown", {("unknown", CODE)})
    with open_api(desk, index=False) as api:
        for query in (
            "",
            "?evidence=true",
            f"?asOf={first}",
            f"?asOf={first - 2}",
            "?about=2026-11-24",
            "?asOf=2026-11-24",
        ):
            report = api.post(f"/v1/verify{query}", content=one).json()
            assert status_of(report) == expected, query
            assert (report["evidence"], report["asOf"], report["compared"]) == (None, None, "")
        lines = api.post(
            "/v1/verify",
            content=b"\n".join(json.dumps(json.loads(each)).encode() for each in (one, badge(desk, 2))),
            headers={"content-type": "application/x-ndjson"},
        )
        assert [status_of(json.loads(line)) for line in lines.text.splitlines()] == [expected] * 2
        told = api.post("/credentials/verify", json={"verifiableCredential": json.loads(one)}).json()
        assert told["verified"] is False
        assert CODE in {problem["title"].split(": ")[1] for problem in told["problemDetails"]}
        answer = api.get(f"/v1/batches/{record(desk)}/evidence?asOf={first - 2}")
        assert (answer.status_code, answer.json()["title"]) == (503, CODE)
        assert "retry-after" in answer.headers
    desk.ok("index")
    with open_api(desk, index=False) as api:
        assert status_of(api.post("/v1/verify", content=one).json()) == ("invalid", {("invalid", "REVOKED")})
        assert status_of(api.post(f"/v1/verify?asOf={first}", content=one).json())[0] == "invalid"
        assert status_of(api.post(f"/v1/verify?asOf={first - 1}", content=one).json())[0] == "valid"


def test_look_ups_of_what_is_not_compared_are_marked_and_kept_by_nobody(half_read):
    desk, _ = half_read
    issuer = record(desk).rsplit(":", 1)[0]
    paths = [
        f"/v1/credentials/{leaves(desk)[0]}",
        f"/v1/batches/{record(desk)}",
        f"/v1/issuers/{issuer}",
        f"/v1/issuers/{issuer}/keys",
        "/v1/events?limit=2",
    ]
    with open_api(desk, index=False) as api:
        for path in paths:
            answer = api.get(path)
            assert "is catching up" in answer.json()["warning"], path
            assert answer.headers["cache-control"] == "no-cache", path
        long = api.get(paths[0], headers={"if-none-match": '"none"'})  # by the routes
        assert (long.status_code, long.content) == (200, api.get(paths[0]).content)
    desk.ok("index")
    with open_api(desk, index=False) as api:
        for path in paths:
            assert "warning" not in api.get(path).json(), path
        assert api.get(paths[0]).json()["revoked"] is True
        assert api.get(paths[1]).headers["cache-control"] == FOREVER
        desk.sql("UPDATE checkpoint SET halted = 'Somebody has to look.'")
        for path in paths:
            assert "is halted. Somebody has to look." in api.get(path).json()["warning"], path
        assert api.get(paths[1]).headers["cache-control"] == "no-cache"


def test_registry_is_not_ready_before_all_that_it_read_is_compared(half_read):
    desk, _ = half_read
    with open_api(desk, index=False) as api:
        answer = api.get("/readyz")
        assert answer.status_code == 503
        assert "Complete up to block" in answer.json()["reason"]
        assert "hallmark_registry_compared 0.0" in api.get("/metrics").text
    desk.ok("index")
    with open_api(desk, index=False) as api:
        assert api.get("/readyz").status_code == 200
        metrics = api.get("/metrics").text
        assert "hallmark_registry_compared 1.0" in metrics
        assert "hallmark_registry_by_proof 1.0" in metrics
        desk.sql("UPDATE checkpoint SET evidence = ''")
        assert api.get("/readyz").status_code == 503, "whatever number stands there: nobody says how it was compared"
        assert status_of(api.post("/v1/verify", content=badge(desk)).json())[0] == "unknown"


def test_status_list_is_not_signed_over_what_is_not_compared(half_read):
    desk, _ = half_read
    contract, issuer, batch = record(desk).rsplit(":", 2)
    with open_api(desk, index=False) as api:
        answer = api.get(f"/v1/status-lists/{contract}/{issuer}/{batch}/revocation")
        assert (answer.status_code, "catching up" in answer.json()["detail"]) == (503, True)


def test_verdict_says_how_the_registry_compared_what_it_tells(desk):
    """By proof, or by its node's word alone, which is weaker; both in the report, in the evidence, and in words."""
    desk.issue(1)
    one = badge(desk)
    node = Meddler(desk.chain.url)

    def without_proofs(call, forward):
        refused = {"code": -32601, "message": "the method eth_getProof does not exist/is not available"}
        return (
            {"jsonrpc": "2.0", "id": call["id"], "error": refused}
            if call["method"] == "eth_getProof"
            else forward(call)
        )

    node.meddle = without_proofs
    said = {}
    for how, url in (("proof", desk.chain.url), ("views", node.url)):
        desk.use(f"sqlite:///{desk.folder}/{how}.sqlite")
        desk.ok(f"index --rpc {url}")
        with open_api(desk, index=False) as api:
            report = api.post("/v1/verify", content=one).json()
            assert (report["compared"], report["evidence"]["compared"]) == (how, how)
            told = api.post(
                "/credentials/verify",
                json={"verifiableCredential": json.loads(one), "options": {"returnResults": True}},
            ).json()
            assert told["results"]["compared"] == how
            assert f"hallmark_registry_by_proof {float(how == 'proof')}" in api.get("/metrics").text
            said[how] = verdict_of(report)
    node.close()
    assert said["proof"] == said["views"]


class Answering(RegistryClient):
    """A client whose registry gives one answer."""

    def __init__(self, status, body):
        super().__init__("http://127.0.0.1:9")
        self.given = status, body

    def _request(self, method, path, body=None):
        return self.given


def test_client_says_that_the_registry_is_catching_up(desk):
    desk.issue(1)
    place = present(badge(desk)).place
    body = json.dumps({"title": CODE, "status": 503, "detail": "This registry is catching up."}).encode()
    assert Answering(503, body).gather(place, None) == NoEvidence("This registry is catching up.", CODE)
    for other in (b"", b"[]", b"[" * 2_000, b'{"title": 5}'):
        assert Answering(503, other).gather(place, None).code == "REGISTRY_REFUSED"
