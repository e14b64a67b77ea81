"""Accreditation from roots of the verifier's choice: by the endpoint, the registry and the API; they must agree."""

import json

import pytest
from desk import open_api

ONE = "credentials/001.json"
SCOPE = {"type": "AccreditationScope", "name": "Short courses up to 10 ECTS"}
OTHER = {"type": "AccreditationScope", "name": "Doctorates"}


@pytest.fixture(scope="module")
def town(own_desk, tmp_path_factory):
    """Issuer 1 issues. 2 (an agency) accredits 3 (a council), which accredits 1; 4 and 1 accredit in a circle."""
    desk = own_desk(tmp_path_factory.mktemp("town"))
    for name in ("agency", "council", "mill"):
        desk.ok(f"issuer register --home {name} --name {name} --recovery {desk.recovery}")
    (desk.folder / "scope.json").write_text(json.dumps(SCOPE))
    (desk.folder / "other.json").write_text(json.dumps(OTHER, indent=2))
    desk.ok("issuer accredit 3 --scope scope.json --since 1 --home agency")
    desk.ok("issuer accredit 1 --scope scope.json --since 1 --home council")
    desk.ok("issuer accredit 3 --scope other.json --since 1 --home agency")
    desk.ok("issuer accredit 1 --scope other.json --since 1 --home mill")
    desk.ok("issuer accredit 4 --scope other.json --since 1")
    desk.issue(2)
    desk.mine()
    desk.ok("index")
    return desk


@pytest.fixture(scope="module")
def ask(town):
    """Both sources and the API; each must give the same verdict, code and words."""
    with open_api(town) as api:

        def asked(roots=(), scopes=(), more=""):
            line = "".join(f" --root {root}" for root in roots) + "".join(f" --scope {scope}" for scope in scopes)
            (row,) = json.loads(town.run(f"verify {ONE} --rpc {town.chain.url} --json{line} {more}").out)
            query = "&".join([*(f"root={root}" for root in roots), *(f"scope={_hash(town, s)}" for s in scopes)])
            data = (town.folder / ONE).read_bytes()
            past = more.replace("--as-of ", "&asOf=").strip()
            theirs = api.post(f"/v1/verify?{query}{past}", content=data).json()
            found = [next(c for c in r["checks"] if c["name"] == "accredited") for r in (row, theirs)]
            assert (found[0]["verdict"], found[0]["code"]) == (found[1]["verdict"], found[1]["code"])
            assert set(found[0]["restsOn"]) == set(found[1]["restsOn"])
            return row["verdict"], found[0]["verdict"], found[0]["code"], found[0]["detail"]

        yield asked


def _hash(desk, name):
    from registry.credential.canonical import canonical_hash

    return canonical_hash(json.loads((desk.folder / name).read_text())).hex()


def test_nothing_is_said_about_accreditation_without_roots(ask):
    assert ask()[:3] == ("valid", "not_checked", "")


def test_chain_from_a_chosen_root_is_followed(ask):
    verdict, check, code, detail = ask(roots=["2"])
    assert (verdict, check, code) == ("valid", "valid", "")
    assert "issuers 2 → 3 → 1" in detail
    assert ask(roots=["1"])[:3] == ("valid", "valid", "")


def test_root_may_be_written_in_full(town, ask):
    contract = json.loads((town.folder / "deployment.json").read_text())["contract"]
    assert ask(roots=[f"{contract}:2"])[1] == "valid"
    elsewhere = contract.replace("eip155:31337", "eip155:1")
    assert ask(roots=[f"{elsewhere}:1"])[:2] == ("invalid", "invalid")


def test_diploma_mill_that_accredits_itself_in_a_circle_reaches_only_its_own_roots(ask):
    assert ask(roots=["4"])[1] == "valid"  # whoever chooses the mill as a root gets what they asked for
    assert ask(roots=["5"])[:3] == ("invalid", "invalid", "NOT_ACCREDITED")


def test_scope_must_be_accepted_on_every_link(ask):
    assert ask(roots=["2"], scopes=["scope.json"])[1] == "valid"
    assert ask(roots=["2"], scopes=["other.json"])[:3] == ("invalid", "invalid", "NOT_ACCREDITED")
    assert ask(roots=["2"], scopes=["scope.json", "other.json"])[1] == "valid"


def test_withdrawn_later_was_accredited_when_it_was_anchored(town, ask):
    before = town.head()
    town.chain.rpc("evm_increaseTime", 100)
    town.ok("issuer withdraw-accreditation 3 --scope other.json --home agency")
    town.ok("issuer withdraw-accreditation 3 --scope scope.json --home agency")
    town.ok("index")
    verdict, check, _, detail = ask(roots=["2"])
    assert (verdict, check) == ("valid", "valid")
    assert "Withdrawn on" in detail
    assert "Withdrawn on" not in ask(roots=["2"], more=f"--as-of {before}")[3]


def test_statement_that_begins_after_the_anchor_is_too_late(town, ask):
    later = int(town.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 10_000
    town.ok(f"issuer register --home late --name late --recovery {town.recovery}")
    town.ok(f"issuer accredit 1 --scope scope.json --since {later} --home late")
    town.ok("index")
    verdict, check, code, detail = ask(roots=["5"])
    assert (verdict, check, code) == ("invalid", "invalid", "NOT_ACCREDITED")
    assert "did not hold then" in detail


def test_deployment_without_the_second_contract_cannot_tell(town):
    body = json.loads((town.folder / "deployment.json").read_text())
    del body["accreditation"]
    (town.folder / "old.json").write_text(json.dumps(body))
    line = f"verify {ONE} --rpc {town.chain.url} --deployment old.json --root 2 --json"
    (row,) = json.loads(town.run(line).out)
    check = next(c for c in row["checks"] if c["name"] == "accredited")
    assert (row["verdict"], check["code"]) == ("unknown", "ACCREDITATION_UNAVAILABLE")
