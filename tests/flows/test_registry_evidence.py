"""A registry that leaves evidence out, or answers another question, is never believed: strip fields one by one."""

import json

import pytest
from spoiling import changed, paths

from registry.api.client import RegistryClient
from registry.verification.evidence import AsOf, Policy, Root
from registry.verification.verify import judge, present

ONE = "credentials/001.json"
OPTIONAL = {"warning"}


@pytest.fixture(scope="module")
def answered(desk_once):
    """A published, anchored credential, the registry's answer about it, and the deployment that is trusted."""
    from desk import open_api

    from registry.chain.deployment import read_deployment

    desk = desk_once
    desk.issue(2)
    desk.mine()
    profile = next((desk.folder / "credentials").glob("batch-*/profile.json")).read_bytes()
    with open_api(desk) as api:
        presented = present((desk.folder / ONE).read_bytes())
        from registry.credential.canonical import canonical_hash

        name = canonical_hash(json.loads(profile)).hex()
        assert api.put(f"/v1/documents/profile/{name}", content=profile).status_code == 201
        place, account = presented.place, presented.account
        url = f"/v1/batches/{place.batch}/evidence?word=0&account=0x{account.hex()}&root=1&about=2026-01-01"
        answer = api.get(url)
        assert answer.status_code == 200, answer.text
        verdict = api.post("/v1/verify", content=(desk.folder / ONE).read_bytes()).json()
    trusted = read_deployment(desk.folder / "deployment.json").trusted
    return presented, answer.json(), Policy((trusted,), 1_900_000_000, roots=(Root(trusted.contract, 1),)), verdict


class _Fixed(RegistryClient):
    """The client, with an answer put into its mouth."""

    def __init__(self, body):
        super().__init__("http://127.0.0.1:9")
        self.body = body

    def _request(self, method, path, body=None):
        return 200, self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def verdict_on(presented, body, policy):
    source = _Fixed(body)
    return judge(presented, source.gather(presented.place, presented.account), policy).verdict.value


def _change(body, path, value, *, delete=False):
    return changed(
        body, path, lambda holder, key: holder.__delitem__(key) if delete else holder.__setitem__(key, value)
    )


def test_whole_answer_is_valid_and_every_answer_of_the_api_carries_it(answered):
    presented, body, policy, verdict = answered
    assert verdict_on(presented, body, policy) == "valid"
    assert verdict["verdict"] == "valid"
    own = {name: value for name, value in verdict["evidence"].items() if name not in ("then", "accreditation")}
    assert own == {name: body[name] for name in own}
    no_roots = Policy(policy.trusted, policy.now)
    assert verdict_on(presented, verdict["evidence"], no_roots) == "valid"


def test_no_member_can_be_stripped_or_emptied(answered):
    presented, body, policy, _ = answered
    tried = 0
    # `then` speaks only where --about asks; safe and reaffirmation are null in this answer already
    for path in paths(body, closed="document"):  # what stands in a profile is covered by its hash
        if path[0] in ("then", "safe", "reaffirmation", "warning") and len(path) == 1:
            assert verdict_on(presented, _change(body, path, None, delete=True), policy) == "unknown", path
            continue
        for made in (_change(body, path, None, delete=True), _change(body, path, None), _change(body, path, "")):
            if made == body:
                continue
            found = verdict_on(presented, made, policy)
            if path == ("profiles",) or path[:1] == ("profiles",):
                assert found in ("unknown", "invalid"), path
            else:
                assert found != "valid", path
            tried += 1
    assert tried > 60


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"verdict": "valid"}', b"<html>", b"\xff\xfe", b"1e999"]
)
def test_verdict_without_evidence_is_not_verified(answered, body):
    presented, _, policy, _ = answered
    assert verdict_on(presented, body, policy) == "unknown"


def test_answer_about_another_contract_place_or_time_is_none(answered):
    presented, body, policy, _ = answered
    assert verdict_on(presented, {**body, "contract": "eip155:1:0x" + "11" * 20}, policy) == "unknown"
    assert verdict_on(presented, {**body, "codeHash": "0x" + "11" * 32}, policy) == "unknown"
    assert verdict_on(presented, {**body, "genesisHash": "0x" + "11" * 32}, policy) == "unknown"
    other_word = {**body, "status": {**body["status"], "wordIndex": 1}}
    assert verdict_on(presented, other_word, policy) == "unknown"
    past = Policy(policy.trusted, policy.now, as_of=AsOf(block=body["latest"]["number"] - 1))
    assert verdict_on(presented, body, past) == "unknown"
    about = Policy(policy.trusted, policy.now, about=1_800_000_000)
    assert verdict_on(presented, body, about) == "unknown"


def test_registry_that_is_down_is_neither_valid_nor_invalid(answered, desk_once):
    outcome = desk_once.run(f"verify {ONE} --registry http://127.0.0.1:9 --json")
    assert outcome.code == 2
    assert json.loads(outcome.out)[0]["verdict"] == "unknown"
