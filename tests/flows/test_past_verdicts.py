"""--as-of and --about on the real chain: through the endpoint, the registry and the API, which must say the same."""

import datetime
import json
from pathlib import Path

import pytest
from desk import open_api

from registry.chain.evidence import EndpointEvidence
from registry.chain.source import RpcChain
from registry.errors import RpcError

ONE = "credentials/001.json"


def stamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def block_time(desk, number):
    return int(desk.chain.rpc("eth_getBlockByNumber", hex(number), False)["timestamp"], 16)


def told(outcome):
    row = json.loads(outcome.out)[0] if isinstance(outcome, type(outcome)) and hasattr(outcome, "out") else outcome
    return row["verdict"], {c["name"]: (c["verdict"], c["code"]) for c in row["checks"]}


@pytest.fixture
def life(own_desk, tmp_path):
    """Anchored by a key that is no admin's, later suspended, reinstated, revoked."""
    desk = own_desk(tmp_path)
    anchorer = desk.chain.accounts[5]
    desk.ok(f"issuer add-key {anchorer.address} --role anchor")
    before = desk.head()
    desk.chain.rpc("evm_increaseTime", 1000)
    desk.write_csv(3)
    line = "issue results.csv --achievement achievement.json --out credentials --wait 1"
    assert desk.run(line, HALLMARK_PRIVATE_KEY=anchorer.private_key).code == 0
    desk.mine()
    at = {"before": before, "anchored": desk.head()}
    for action in ("suspend", "reinstate", "revoke"):
        desk.chain.rpc("evm_increaseTime", 1000)
        desk.ok(f"status {action} {ONE}")
        desk.mine()
        at[action] = desk.head()
    desk.ok("index")
    return desk, at


@pytest.fixture
def asked(life):
    """Ask both sources; each must give the same verdict and code."""
    desk, _ = life
    with open_api(desk) as api:

        def ask(options, query, file=ONE):
            outcome = desk.run(f"verify {file} --rpc {desk.chain.url} --json {options}")
            answer = api.post(f"/v1/verify?{query}", content=(desk.folder / file).read_bytes())
            assert answer.status_code == 200, answer.text
            verdict, checks = told(outcome)
            theirs, same = told(answer.json())
            differing = {name for name in checks if checks[name] != same[name]}
            assert verdict == theirs or differing <= {"issuer"}
            assert differing <= {"issuer"}  # the registry was not given the profile
            assert outcome.code == {"valid": 0, "invalid": 1, "unknown": 2}[verdict]
            return verdict, checks

        yield ask


def test_as_of_each_block_is_what_the_chain_said_then(life, asked):
    _, at = life
    expected = {"anchored": "valid", "suspend": "invalid", "reinstate": "valid", "revoke": "invalid"}
    for name, status in expected.items():
        verdict, checks = asked(f"--as-of {at[name]}", f"asOf={at[name]}")
        assert checks["status"][0] == status, name
        assert checks["anchored"][0] == "valid"
        if status == "invalid":
            assert verdict == "invalid"
    _, checks = asked(f"--as-of {at['before']}", f"asOf={at['before']}")
    assert checks["anchored"] == ("invalid", "NOT_ANCHORED")


def test_as_of_a_moment_is_the_newest_block_before_it(life, asked):
    desk, at = life
    for name, status in (("anchored", "valid"), ("suspend", "invalid"), ("reinstate", "valid")):
        moment = stamp(block_time(desk, at[name]) + 500)
        _, checks = asked(f"--as-of {moment}", f"asOf={moment}")
        assert checks["status"][0] == status, name


def test_the_future_is_unknown_and_so_is_what_lies_before_everything(life, asked):
    desk, _ = life
    for late in (desk.head() + 1_000, "2999-01-01"):
        verdict, checks = asked(f"--as-of {late}", f"asOf={late}")
        assert verdict == "unknown"
        assert checks["status"] == ("unknown", "BLOCK_NOT_READ")
    verdict, checks = asked("--as-of 1999-01-01", "asOf=1999-01-01")
    assert checks["anchored"] == ("unknown", "BLOCK_NOT_READ")
    late = "2999-01-01"
    _, checks = asked(f"--about {late}", f"about={late}")
    assert checks["status"][0] != "valid"


def test_about_a_moment_is_what_is_known_today(life, asked):
    desk, at = life
    expected = {"anchored": "valid", "suspend": "invalid", "reinstate": "valid", "revoke": "invalid"}
    for name, status in expected.items():
        moment = stamp(block_time(desk, at[name]))
        _, checks = asked(f"--about {moment}", f"about={moment}")
        assert checks["status"][0] == status, name
        assert checks["anchored"][0] == "valid"
    moment = stamp(block_time(desk, at["before"]))
    _, checks = asked(f"--about {moment}", f"about={moment}")
    assert checks["anchored"] == ("invalid", "NOT_YET_ANCHORED")


def test_key_distrusted_retroactively_shows_about_then_and_not_as_of_then(life, asked):
    desk, at = life
    moment = stamp(block_time(desk, at["reinstate"]))
    assert asked(f"--about {moment}", f"about={moment}")[0] == "valid"
    account = desk.chain.accounts[5].address
    desk.ok(f"issuer distrust-key {account} --since {block_time(desk, at['before']) + 1}")
    desk.mine()
    desk.ok("index")
    _, checks = asked(f"--about {moment}", f"about={moment}")
    assert checks["anchored"] == ("invalid", "ANCHOR_KEY_DISTRUSTED")
    _, checks = asked(f"--as-of {at['reinstate']}", f"asOf={at['reinstate']}")
    assert checks["anchored"][0] == "valid"


def test_final_verdict_as_of_a_block_never_flips(life, asked):
    desk, at = life
    block = at["reinstate"]
    first = asked(f"--as-of {block}", f"asOf={block}")
    desk.ok("status revoke credentials/002.json")
    desk.mine()
    desk.ok("index")
    assert asked(f"--as-of {block}", f"asOf={block}") == first


def test_malformed_wishes_are_refused_and_no_verdict(life):
    desk, _ = life
    assert desk.run(f"verify {ONE} --as-of yesterday").code == 2
    assert desk.run(f"verify {ONE} --root somebody").code == 2
    assert desk.run(f"verify {ONE} --domain example.org").code == 2
    with open_api(desk) as api:
        data = (desk.folder / ONE).read_bytes()
        for query in ("asOf=yesterday", "about=x", "root=nobody", "scope=1", "maxAge=-1", "root=1&" * 17):
            answer = api.post(f"/v1/verify?{query}", content=data)
            assert answer.status_code == 422, query
            assert answer.headers["content-type"] == "application/problem+json"


class _Pruned:
    """A node that keeps no state of old blocks, as most do."""

    def __init__(self, rpc, oldest, words):
        self.rpc, self.oldest, self.words, self.url = rpc, oldest, words, rpc.url

    def call(self, method, *params):
        self._check(method, params)
        return self.rpc.call(method, *params)

    def batch(self, calls):
        for method, params in calls:
            self._check(method, params)
        return self.rpc.batch(calls)

    def _check(self, method, params):
        tag = params[-1] if method in ("eth_call", "eth_getProof") else "latest"
        if tag.startswith("0x") and int(tag, 16) < self.oldest:
            raise RpcError(f"{method}: {self.words}", rpc_code=-32000)


@pytest.mark.parametrize("words", ["missing trie node 7a1b (path )", "state 0xab is not available", "old state pruned"])
def test_node_without_old_states_cannot_tell_the_past(life, words):
    from registry.chain.deployment import read_deployment
    from registry.chain.rpc import Rpc
    from registry.credential.place import Place
    from registry.verification.evidence import Ask, AsOf, Evidence, NoEvidence, Policy
    from registry.verification.verify import judge, present

    desk, at = life
    deployment = read_deployment(Path(desk.folder / "deployment.json"))
    pruned = _Pruned(Rpc(desk.chain.url), at["suspend"], words)
    source = EndpointEvidence(RpcChain(pruned, deployment))
    presented = present((desk.folder / ONE).read_bytes())
    assert isinstance(presented.place, Place)
    found = source.gather(presented.place, presented.account, Ask(block=at["anchored"]))
    assert isinstance(found, NoEvidence)
    assert found.code == "PAST_UNAVAILABLE"
    assert "archive node" in found.reason
    report = judge(presented, found, Policy((deployment.trusted,), 2e9, as_of=AsOf(block=at["anchored"])))
    assert report.verdict.value == "invalid" if report.check("validity").code == "EXPIRED" else "unknown"
    moment = block_time(desk, at["anchored"])
    found = source.gather(presented.place, presented.account, Ask(about=moment))
    assert isinstance(found, Evidence)
    assert found.then is None
