"""A bundle proves a credential without any network; nothing that was changed in it is ever valid."""

import json
import socket

import pytest
from spoiling import CHANGES, changed, paths

ONE = "credentials/001.json"
SCOPE = {"type": "AccreditationScope", "name": "Short courses"}


class Bundled:
    """A desk with a bundle of its first credential, and the hash of the block that it rests on."""

    def __init__(self, desk, name="one.bundle", options=""):
        self.desk, self.name = desk, name
        said = desk.ok(f"bundle {ONE} --rpc {desk.chain.url} --out {name} {options}")
        self.hash = said.strip().splitlines()[1].rpartition(" ")[2]
        self.body = json.loads((desk.folder / name).read_text())

    def verify(self, body=None, options="", block_hash=None):
        """The JSON row of `hallmark verify --bundle`."""
        name = self.name
        if body is not None:
            name = "changed.bundle"
            (self.desk.folder / name).write_text(json.dumps(body))
        outcome = self.desk.run(f"verify --bundle {name} --block-hash {block_hash or self.hash} --json {options}")
        if not outcome.out:
            return {"verdict": {2: "unknown"}[outcome.code], "checks": [], "error": outcome.err}
        (row,) = json.loads(outcome.out)
        assert outcome.code == {"valid": 0, "invalid": 1, "unknown": 2}[row["verdict"]]
        return row


def checks(row):
    return {c["name"]: (c["verdict"], c["code"]) for c in row["checks"]}


@pytest.fixture(scope="module")
def bundled(desk_once):
    # After another test's reorganisation anvil's clock goes on from an old block: credentials would not be valid yet.
    desk_once.chain.rpc("evm_increaseTime", 7200)
    desk_once.mine(1)
    desk_once.ok(f"issuer register --home root --name 'Agency' --recovery {desk_once.recovery}")
    (desk_once.folder / "scope.json").write_text(json.dumps(SCOPE))
    desk_once.ok("issuer accredit 1 --scope scope.json --since 1 --home root")
    desk_once.issue(3)
    desk_once.mine(70)
    return Bundled(desk_once, options="--root 2")


@pytest.fixture
def no_network(monkeypatch):
    """Any attempt to open a socket fails the test."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_bundle_alone_with_a_trusted_hash_is_valid_without_any_network(bundled, no_network):
    row = bundled.verify()
    assert row["verdict"] == "valid"
    assert row["assurance"] == "proven"
    assert row["asOf"]["hash"] == bundled.hash
    by_name = {c["name"]: c for c in row["checks"]}
    assert {by_name[name]["assurance"] for name in ("included", "anchored", "issuer", "status")} == {"proven"}
    assert "(final)" in by_name["anchored"]["detail"]
    with_files = bundled.verify(options=ONE)
    assert with_files["verdict"] == "valid"


def test_bundle_names_the_hash_to_compare_and_is_unknown_without_it(bundled, no_network):
    outcome = bundled.desk.run(f"verify --bundle {bundled.name}")
    assert outcome.code == 2
    assert bundled.hash in outcome.out
    assert "compare it with a source that you trust" in outcome.out
    row = bundled.verify(block_hash="0x" + "ab" * 32)
    assert (row["verdict"], checks(row)["anchored"]) == ("unknown", ("unknown", "BLOCK_HASH_NEEDED"))


def test_hash_of_another_chain_proves_nothing(bundled):
    assert bundled.verify(block_hash=f"eip155:31337:{bundled.hash}")["verdict"] == "valid"
    row = bundled.verify(block_hash=f"eip155:1:{bundled.hash}")
    assert checks(row)["anchored"] == ("unknown", "BLOCK_HASH_NEEDED")


def test_bundle_holds_the_accreditations_from_the_roots_it_was_made_for(bundled, no_network):
    row = bundled.verify(options="--root 2 --scope scope.json")
    assert (row["verdict"], checks(row)["accredited"]) == ("valid", ("valid", ""))
    row = bundled.verify(options="--root 3")
    assert (row["verdict"], checks(row)["accredited"]) == ("unknown", ("unknown", "ACCREDITATION_INCOMPLETE"))


def test_bundle_tells_of_its_own_block_only(bundled):
    number = bundled.verify()["asOf"]["number"]
    assert bundled.verify(options=f"--as-of {number}")["verdict"] == "valid"
    assert checks(bundled.verify(options=f"--as-of {number + 1}"))["status"] == ("unknown", "BLOCK_NOT_READ")
    assert checks(bundled.verify(options="--about 2026-01-01"))["status"][0] == "unknown"


def test_bundle_about_one_credential_says_nothing_about_another(bundled):
    row = bundled.verify(options="credentials/002.json")
    assert row["verdict"] != "valid" or checks(row)["included"] == ("valid", "")
    second = json.loads((bundled.desk.folder / "credentials/002.json").read_text())
    place = second["credentialStatus"]["id"]
    second["credentialStatus"]["id"] = place.replace(":1#", ":300#")
    (bundled.desk.folder / "elsewhere.json").write_text(json.dumps(second))
    assert bundled.verify(options="elsewhere.json")["verdict"] == "invalid"


def test_no_field_that_is_changed_stripped_or_emptied_leaves_it_valid(bundled):
    """In process, with the core that the command uses: the command itself is tried on a sample below."""
    from registry.chain.deployment import read_deployment
    from registry.errors import HallmarkError
    from registry.verification.bundle import read_bundle
    from registry.verification.evidence import BlockHash, Policy, Root
    from registry.verification.proven import BundleEvidence
    from registry.verification.verify import judge, present

    trusted = read_deployment(bundled.desk.folder / "deployment.json").trusted
    policy = Policy((trusted,), 1_900_000_000, roots=(Root(trusted.contract, 2),))
    hashes = [BlockHash(trusted.contract.chain_id, bytes.fromhex(bundled.hash[2:]))]

    def verdict(body):
        try:
            source = BundleEvidence(read_bundle(json.dumps(body).encode()), policy.trusted, hashes)
        except HallmarkError:
            return "unreadable"
        presented = present(source.credential)
        if presented.place is None:
            return "unplaced"
        found = source.gather(presented.place, presented.account, policy.ask(trusted.contract))
        return judge(presented, found, policy).verdict.value

    assert verdict(bundled.body) == "valid"
    tried, seen = 0, {}
    for path in paths(bundled.body):
        for change in CHANGES:
            found = verdict(changed(bundled.body, path, change))
            assert found != "valid", path
            seen[found] = seen.get(found, 0) + 1
            tried += 1
    assert tried > 200
    assert set(seen) <= {"unreadable", "unknown", "invalid", "unplaced"}


def test_no_bit_of_header_or_nodes_can_be_flipped(bundled):
    import random

    draw = random.Random(5)
    hexes = [path for path in paths(bundled.body) if str(_at(bundled.body, path)).startswith("0x")]
    for _ in range(40):
        path = draw.choice(hexes)
        digits = _at(bundled.body, path)
        place = draw.randrange(2, len(digits))
        digit = format(int(digits[place], 16) ^ (1 << draw.randrange(4)), "x")
        made = changed(
            bundled.body, path, lambda h, k, d=digit, p=place: h.__setitem__(k, h[k][:p] + d + h[k][p + 1 :])
        )
        assert bundled.verify(made, options="--root 2")["verdict"] == "unknown", path


def _at(body, path):
    for step in path:
        body = body[step]
    return body


def test_later_revocation_shows_in_a_later_bundle_and_an_old_one_can_be_called_too_old(desk, monkeypatch):
    desk.issue(2)
    desk.mine(70)
    old = Bundled(desk, "old.bundle")
    desk.ok(f"status revoke {ONE}")
    desk.mine(70)
    new = Bundled(desk, "new.bundle")
    assert old.verify()["verdict"] == "valid"
    row = new.verify()
    assert (row["verdict"], checks(row)["status"]) == ("invalid", ("invalid", "REVOKED"))
    # slots of the new state with the header of the old one, and the other way round
    assert old.verify({**new.body, "header": old.body["header"]})["verdict"] == "unknown"
    assert new.verify({**new.body, "slots": old.body["slots"]})["verdict"] == "unknown"
    assert (
        new.verify({**new.body, "slots": {**new.body["slots"], "revoked": old.body["slots"]["revoked"]}})["verdict"]
        == "unknown"
    )
    of_block = old.verify()["asOf"]["time"]
    # The development chain's clock runs ahead of this one: the verifier comes a minute after the bundle's block.
    monkeypatch.setattr("time.time", lambda: of_block + 60.0)
    assert checks(old.verify(options="--max-age 59"))["status"] == ("unknown", "EVIDENCE_STALE")
    assert checks(old.verify(options="--max-age 61"))["status"] == ("valid", "")


def test_reaffirmed_record_is_proven_with_the_key_that_reaffirmed_it(desk):
    """A record whose key was distrusted counts again, and only with the reaffirming key's own slot."""
    thief = desk.chain.accounts[5]
    desk.ok(f"issuer add-key {thief.address} --role anchor")
    desk.write_csv(2)
    line = "issue results.csv --achievement achievement.json --out credentials --wait 1"
    assert desk.run(line, HALLMARK_PRIVATE_KEY=thief.private_key).code == 0
    desk.ok(f"issuer distrust-key {thief.address} --since 1")
    desk.mine(70)
    assert checks(Bundled(desk, "distrusted.bundle").verify())["anchored"] == ("invalid", "ANCHOR_KEY_DISTRUSTED")
    _reaffirm(desk)
    desk.mine(70)
    again = Bundled(desk, "again.bundle")
    assert again.verify()["verdict"] == "valid"
    without = {name: value for name, value in again.body.items() if name != "reaffirmer"}
    assert again.verify(without)["verdict"] == "unknown"
    assert again.verify({**again.body, "reaffirmer": again.body["slots"]["key"]})["verdict"] == "unknown"


def _reaffirm(desk):
    """The contract's `reaffirm`, by the admin's key."""
    from registry import bootstrap
    from registry.config import load_settings
    from registry.credential.model import read_credential
    from registry.credential.place import BatchId
    from registry.merkle import root_from_path
    from registry.verification.place_steps import leaf_of

    credential = read_credential((desk.folder / ONE).read_bytes())
    claim = credential.anchor.claim
    batch = claim.place.batch
    assert isinstance(batch, BatchId)
    root = root_from_path(leaf_of(credential, credential.anchor), claim.place.index, claim.leaf_count, claim.path)
    reference = (batch.batch_id, root, claim.leaf_count, desk.chain.accounts[5].address)
    settings = load_settings(rpc=desk.chain.url, deployment=desk.folder / "deployment.json", private_key=desk.key)
    bootstrap.contract(settings).send("reaffirm", batch.issuer_id, reference)


def test_bundle_needs_a_final_anchored_credential(desk):
    desk.issue(1)
    outcome = desk.run(f"bundle {ONE} --rpc {desk.chain.url} --out x")
    assert outcome.code == 1
    assert "final" in outcome.err
    bare = json.loads((desk.folder / ONE).read_text())
    bare["proof"] = bare["proof"][:1]
    (desk.folder / "bare.json").write_text(json.dumps(bare))
    assert "no readable anchor proof" in desk.run(f"bundle bare.json --rpc {desk.chain.url} --out x").err
    assert not (desk.folder / "x").exists()
