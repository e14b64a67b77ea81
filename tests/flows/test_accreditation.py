"""Issuers accredit each other: by command, mirrored on both databases, shown, audited, rolled back, rebuilt."""

import json
from hashlib import sha256

import pytest
from desk import open_api
from sqlalchemy import create_engine, text

from registry.ledger.slots import statement_slot

SCOPE = {"type": "AccreditationScope", "name": "Short courses up to 10 ECTS", "level": 6}
OTHER = {"type": "AccreditationScope", "name": "Anything"}
HASH = "0x" + sha256(json.dumps(SCOPE, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@pytest.fixture
def two(desk):
    """A desk with a second issuer in the folder `other`, and scopes."""
    desk.ok(f"issuer register --home other --name 'Southwind' --recovery {desk.recovery}")
    (desk.folder / "scope.json").write_text(json.dumps(SCOPE, indent=2))
    (desk.folder / "other.json").write_text(json.dumps(OTHER))
    return desk


def statements(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        names = "issuer_id, subject, since, until, withdrawn_at > 0"
        rows = connection.execute(text(f"SELECT {names} FROM accreditation ORDER BY issuer_id, subject, scope")).all()
    engine.dispose()
    return [(*row[:4], bool(row[4])) for row in rows]


def counts(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        names = ("accreditor", "accreditation", "accreditation_change")
        found = [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in names]
    engine.dispose()
    return found


def audited(desk, url):
    outcome = desk.run(f"audit --json --database {url}")
    return outcome.code, json.loads(outcome.out)["outcome"]


def test_accreditation_is_said_withdrawn_and_mirrored(two, database_url):
    said = two.ok("issuer accredit 2 --scope scope.json --since 2026-01-01T00:00:00Z --until 1900000000")
    assert HASH[2:] in said
    two.ok("issuer accredit 1 --scope other.json --home other --since 1 --until 18446744073709551615")
    two.ok(f"index --database {database_url}")
    # a time that no block reaches is kept as the largest that a column holds
    assert statements(database_url) == [(1, 2, 1767225600, 1900000000, False), (2, 1, 1, 2**63 - 1, False)]
    two.ok("issuer withdraw-accreditation 2 --scope scope.json")
    two.ok(f"index --database {database_url}")
    assert statements(database_url)[0] == (1, 2, 1767225600, 1900000000, True)
    assert audited(two, database_url) == (0, "equal")
    assert counts(database_url) == [2, 2, 3]
    two.ok(f"index --from-events --database {database_url}")
    assert counts(database_url) == [2, 2, 3]
    assert audited(two, database_url) == (0, "equal")


def test_rows_are_what_the_contract_keeps_and_proves(two):
    """Each row against the contract's own slot (SPEC.md, section 5.10): since, until, statedAt, withdrawnAt."""
    two.ok("issuer accredit 2 --scope scope.json --since 1767225600 --until 1900000000")
    two.ok("issuer accredit 1 --scope other.json")
    two.ok("issuer withdraw-accreditation 1 --scope other.json")
    two.ok("index --database sqlite:///slots.sqlite")
    engine = create_engine(f"sqlite:///{two.folder}/slots.sqlite")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM accreditation")).mappings().all()
    engine.dispose()
    assert len(rows) == 2
    for row in rows:
        slot = "0x" + statement_slot(row["issuer_id"], row["subject"], row["scope"]).hex()
        word = int(two.chain.rpc("eth_getStorageAt", beside(two), slot, "latest"), 16)
        times = [row[name] for name in ("since", "until", "stated_at", "withdrawn_at")]
        assert [word >> 64 * place & 2**64 - 1 for place in range(4)] == times


def test_edited_and_deleted_rows_are_found_and_rebuilt(two, database_url):
    two.ok("issuer accredit 2 --scope scope.json")
    two.ok(f"index --database {database_url}")
    engine = create_engine(database_url)
    for statement in (
        "UPDATE accreditation SET until = 5",
        "DELETE FROM accreditor",
        "UPDATE accreditor SET word = (SELECT scope FROM accreditation)",
    ):
        with engine.begin() as connection:
            connection.execute(text(statement))
        assert audited(two, database_url) == (1, "differs")
        two.ok(f"index --from-events --database {database_url}")  # the contract says which word is right
        assert audited(two, database_url) == (0, "equal")
    engine.dispose()


def test_reorganisation_takes_a_withdrawal_back_and_the_first_statement_too(two, database_url):
    if two.chain.engine != "anvil":
        pytest.skip("py-evm cannot reorganise")
    two.ok("issuer accredit 2 --scope scope.json")
    two.mine(4)
    two.ok("issuer withdraw-accreditation 2 --scope scope.json")
    two.ok("issuer accredit 1 --scope other.json --home other")
    two.ok(f"index --database {database_url}")
    assert counts(database_url) == [2, 2, 3]
    two.chain.rpc("anvil_reorg", 2, [])
    two.mine(1)
    assert "rolled back" in two.run(f"index --database {database_url}").err
    assert counts(database_url) == [1, 1, 1]
    assert [row[4] for row in statements(database_url)] == [False]
    assert audited(two, database_url) == (0, "equal")


def test_issuer_shows_what_it_gave_and_what_it_received(two):
    two.ok("issuer accredit 2 --scope scope.json --since 1767225600")
    two.ok("issuer accredit 1 --scope other.json")
    two.ok("issuer withdraw-accreditation 1 --scope other.json")
    with open_api(two) as client:
        contract = client.get("/v1/checkpoint").json()["contract"]
        assert client.get("/v1/checkpoint").json()["accreditation"] == beside(two)
        first, second = (client.get(f"/v1/issuers/{contract}:{n}").json()["accreditations"] for n in (1, 2))
        emitters = [event["address"] for event in client.get("/v1/events?limit=1000").json()["events"]]
        assert emitters[-3:] == [beside(two)] * 3
        assert set(emitters[:-3]) == {contract.rpartition(":")[2]}
    (standing, withdrawn) = first["given"]
    assert standing == second["received"][0]
    assert {name: standing[name] for name in ("issuer", "subject", "scope", "since", "until", "withdrawnAt")} == {
        "issuer": f"{contract}:1",
        "subject": f"{contract}:2",
        "scope": HASH,
        "since": 1767225600,
        "until": None,
        "withdrawnAt": None,
    }
    assert withdrawn["withdrawnAt"] >= withdrawn["statedAt"]
    assert first["received"] == [withdrawn]
    assert second["given"] == []


def beside(desk):
    return json.loads((desk.folder / "deployment.json").read_text())["accreditation"]["address"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("issuer accredit 9 --scope scope.json", "UnknownSubject"),
        ("issuer accredit 2 --scope scope.json --since 5 --until 5", "BadPeriod"),
        ("issuer accredit x --scope scope.json", "is no issuer"),
        ("issuer accredit eip155:1:0x5fbdb2315678afecb367f032d93f642f64180aa3:2 --scope scope.json", "is no issuer"),
        ("issuer accredit 99999999999999999999 --scope scope.json", "64 bits"),
        ("issuer accredit 2 --scope scope.json --since yesterday", "dateTimeStamp"),
        ("issuer accredit 2 --scope scope.json --since 1969-01-01T00:00:00Z", "before 1970"),
        ("issuer accredit 2 --scope nothing.json", "No such file"),
        ("issuer accredit 2 --scope results.csv", "JSON"),
        ("issuer withdraw-accreditation 2 --scope other.json", "NotAccredited"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(two, line, told):
    (two.folder / "results.csv").write_text("id,name\n")
    outcome = two.run(line)
    assert outcome.code == 1
    assert told in outcome.err


def test_stranger_cannot_accredit_for_an_issuer(two):
    outcome = two.run("issuer accredit 2 --scope scope.json", HALLMARK_PRIVATE_KEY=two.chain.accounts[3].private_key)
    assert (outcome.code, "NotAdmin" in outcome.err) == (1, True)


def test_deployment_file_without_accreditation_loads_and_says_what_is_missing(two):
    path = two.folder / "deployment.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in whole.items() if name != "accreditation"}))
    two.ok("index")
    assert audited(two, "sqlite:///hallmark.sqlite") == (0, "equal")
    outcome = two.run("issuer accredit 2 --scope scope.json")
    assert (outcome.code, "names no accreditation contract" in outcome.err) == (1, True)
    path.write_text(json.dumps(whole))
    outcome = two.run("index")  # events from before would be missing
    assert (outcome.code, "another database" in outcome.err) == (1, True)
    two.ok("index --database sqlite:///whole.sqlite")
    whole["accreditation"]["address"] = "0x12"
    path.write_text(json.dumps(whole))
    assert "no deployment file" in two.run("index").err
