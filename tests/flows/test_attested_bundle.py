"""A bundle judges did:web years later by the word of an attester whom the verifier names, and by nobody else's."""

import copy
import json

import pytest
from nacl.signing import SigningKey
from spoiling import CHANGES, changed, other, paths

from registry.credential import signature
from registry.credential.did_key import did_of

WEB = "did:web:university.example"
METHOD = f"{WEB}#key-1"
WITNESS, STRANGER = b"\x51" * 32, b"\x52" * 32


def did_document(key):
    entry = {"id": METHOD, "type": "Multikey", "controller": WEB, "publicKeyMultibase": did_of(key)[8:]}
    return {"id": WEB, "verificationMethod": [entry], "assertionMethod": [METHOD]}


def witness_home(desk, name, seed):
    (desk.folder / name).mkdir(exist_ok=True)
    (desk.folder / name / "signing.key").write_text(seed.hex())
    return did_of(bytes(SigningKey(seed).verify_key))


def web_credential(desk, name="issuer"):
    """A folder with one badge of the did:web issuer, signed by the key of a home folder under its id on the web."""
    desk.write_csv(1)
    seed = bytes.fromhex((desk.folder / name / "signing.key").read_text())
    achievement = json.loads((desk.folder / "achievement.json").read_text())
    body = {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:0e0e7d0c-6d6f-4b39-8f7f-3f5c86a6b0a1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": WEB, "type": ["Profile"], "name": "University"},
        "name": "A badge",
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:example:learner",
            "type": ["AchievementSubject"],
            "achievement": achievement.get("achievement", achievement),
        },
    }
    proof = signature.sign(body, seed, "2026-01-02T00:00:00Z", also={"verificationMethod": METHOD})
    folder = desk.folder / f"ready-{name}"
    folder.mkdir(exist_ok=True)
    (folder / "web.json").write_text(json.dumps({**body, "proof": [proof]}))
    document = did_document(bytes(SigningKey(seed).verify_key))
    (desk.folder / f"did-{name}.json").write_text(json.dumps(document))
    return folder.name, document


class Attested:
    """A desk with a bundle of a did:web credential whose DID document a witness and a stranger attested."""

    def __init__(self, desk):
        self.desk = desk
        self.witness = witness_home(desk, "witness", WITNESS)
        self.stranger = witness_home(desk, "stranger", STRANGER)
        desk.chain.rpc("evm_increaseTime", 7200)
        desk.mine(1)
        desk.ok(f"issuer profile --name University --method {METHOD}")
        folder, self.document = web_credential(desk)
        desk.mine(70)
        desk.ok(f"attest {WEB} --did did-issuer.json --home witness --out early.json")
        desk.chain.rpc(
            "evm_increaseTime", 60
        )  # this chain may put the block that was seen and the anchor in one second
        desk.ok(f"anchor {folder} --out credentials --allow-foreign-issuer --wait 1")
        desk.mine(70)
        desk.ok(f"attest {WEB} --did did-issuer.json --home witness --out witness.json")
        desk.ok(f"attest {WEB} --did did-issuer.json --home stranger --out stranger.json")
        self.said, self.hash = self.bundle("one", "--attested witness.json --attested stranger.json")
        self.body = json.loads((desk.folder / "one.bundle").read_text())

    def bundle(self, name, options):
        said = self.desk.ok(f"bundle credentials/web.json --rpc {self.desk.chain.url} --out {name}.bundle {options}")
        return said, said.strip().splitlines()[1].rpartition(" ")[2]

    def verify(self, body=None, options="", name="one", block_hash=None):
        if body is not None:
            name = "changed"
            (self.desk.folder / "changed.bundle").write_text(json.dumps(body))
        given = block_hash or self.hash
        outcome = self.desk.run(f"verify --bundle {name}.bundle --block-hash {given} --json {options}")
        if not outcome.out:
            return {"verdict": "unreadable", "checks": []}
        (row,) = json.loads(outcome.out)
        return row


def checks(row):
    return {check["name"]: check for check in row["checks"]}


@pytest.fixture(scope="module")
def attested(desk_once):
    return Attested(desk_once)


def test_attested_did_document_judges_identity_without_any_network_and_says_whose_word_it_is(attested):
    row = attested.verify(options=f"--attester {attested.witness}")
    assert row["verdict"] == "valid"
    block = attested.body["snapshots"][0]["block"]
    for name in ("signature", "issuer"):
        check = checks(row)[name]
        assert (check["verdict"], check["assurance"]) == ("valid", "attested")
        assert f"By the word of {attested.witness}" in check["detail"]
        assert f"at block {block['number']} (" in check["detail"]
    assert checks(row)["anchored"]["assurance"] == "proven"
    assert attested.witness in attested.said


def test_without_an_attester_of_ones_own_choice_identity_is_unknown_and_the_answer_names_whose_word_there_is(attested):
    other = did_of(bytes(SigningKey(b"\x53" * 32).verify_key))
    for options in ("", f"--attester {other}"):
        row = attested.verify(options=options)
        assert row["verdict"] == "unknown"
        found = checks(row)
        assert (found["signature"]["verdict"], found["issuer"]["verdict"]) == ("unknown", "unknown")
        assert attested.witness in found["signature"]["detail"]
        assert attested.stranger in found["signature"]["detail"]
        assert found["included"]["verdict"] == found["status"]["verdict"] == "valid"


def test_attested_document_counts_beside_an_endpoint_and_a_registrys_bundle_alike(attested):
    """The issuer's domain is gone, the chain is not."""
    desk = attested.desk
    line = f"verify credentials/web.json --rpc {desk.chain.url} --json"

    def judged(options):
        (row,) = json.loads(desk.run(f"{line} {options}").out)
        return row

    assert judged("")["verdict"] == "unknown"
    assert judged("--attested witness.json")["verdict"] == "unknown"
    row = judged(f"--attested witness.json --attested stranger.json --attester {attested.witness}")
    assert (row["verdict"], checks(row)["issuer"]["assurance"]) == ("valid", "attested")
    assert judged(f"--attested early.json --attester {attested.witness}")["verdict"] == "unknown"
    body = json.loads((desk.folder / "witness.json").read_text())
    for name, value in (("signature", "0x" + "00" * 64), ("chain", "eip155:1"), ("digest", "0x" + "11" * 32)):
        changed = {**body, "snapshot": {**body["snapshot"], name: value}}
        (desk.folder / "changed.json").write_text(json.dumps(changed))
        assert judged(f"--attested changed.json --attester {attested.witness}")["verdict"] == "unknown", name
    said, block_hash = attested.bundle("without", "")
    assert "holds the document" not in said
    options = f"--attested witness.json --attester {attested.witness}"
    assert attested.verify(name="without", block_hash=block_hash, options=options)["verdict"] == "valid"


def test_document_that_nobody_attests_is_not_believed(attested):
    said, block_hash = attested.bundle("bare", "--did did-issuer.json")
    assert "nobody attests it" in said
    row = attested.verify(name="bare", block_hash=block_hash, options=f"--attester {attested.witness}")
    assert (row["verdict"], checks(row)["signature"]["code"]) == ("unknown", "KEY_UNKNOWN")
    assert "nobody attests it" in checks(row)["signature"]["detail"]


def test_what_was_seen_before_the_anchor_does_not_say_whose_key_it_was(attested):
    _, block_hash = attested.bundle("early", "--attested early.json")
    row = attested.verify(name="early", block_hash=block_hash, options=f"--attester {attested.witness}")
    assert row["verdict"] == "unknown"
    assert "before the credential was anchored" in checks(row)["signature"]["detail"]


def test_verifiers_own_document_decides_over_an_attested_one(attested):
    other = did_document(bytes(SigningKey(STRANGER).verify_key))
    (attested.desk.folder / "other.json").write_text(json.dumps(other))
    row = attested.verify(options=f"--attester {attested.witness} --did other.json")
    assert row["verdict"] == "invalid"
    assert "By the word of" not in checks(row)["signature"]["detail"]


def test_issuer_that_attests_itself_with_a_document_of_its_own_making_is_never_valid(attested):
    """THREATS 1 and 16b: the chain proves what an issuer said of itself, not that the domain says so too."""
    desk = attested.desk
    desk.ok(f"issuer register --home mallory --name University --recovery {desk.recovery} --method {METHOD}")
    folder, _ = web_credential(desk, "mallory")
    desk.ok(f"anchor {folder} --out forged --allow-foreign-issuer --wait 1 --home mallory")
    desk.mine(70)
    desk.ok(f"attest {WEB} --did did-mallory.json --home mallory --out mallory-says.json")
    said = desk.ok(f"bundle forged/web.json --rpc {desk.chain.url} --out forged.bundle --attested mallory-says.json")
    block_hash = said.strip().splitlines()[1].rpartition(" ")[2]
    row = attested.verify(name="forged", block_hash=block_hash, options=f"--attester {attested.witness}")
    assert row["verdict"] == "unknown"
    assert checks(row)["issuer"]["code"] == "ISSUER_UNPROVEN"
    # the true document, which the witness saw after this anchor, shows the forgery
    desk.ok(f"attest {WEB} --did did-issuer.json --home witness --out again.json")
    body = json.loads((desk.folder / "forged.bundle").read_text())
    again = json.loads((desk.folder / "again.json").read_text())
    body |= {"dids": [again["document"]], "snapshots": [again["snapshot"]]}
    row = attested.verify(body, f"--attester {attested.witness}", block_hash=block_hash)
    assert (row["verdict"], checks(row)["signature"]["verdict"]) == ("invalid", "invalid")


def test_no_field_of_snapshot_or_document_that_is_changed_stripped_or_emptied_leaves_it_valid(attested):
    whole = {"dids": attested.body["dids"], "snapshots": attested.body["snapshots"]}
    tried = 0
    for path in paths(whole):
        for change in CHANGES:
            made = changed(whole, path, change)
            if made.get("snapshots") == whole["snapshots"][:1]:
                continue  # the stranger's whole word is gone: whoever believes the witness loses nothing
            body = {name: value for name, value in attested.body.items() if name not in whole} | made
            row = attested.verify(body, f"--attester {attested.witness}")
            assert row["verdict"] in ("unknown", "unreadable"), path
            tried += 1
    assert tried > 80


def test_bundle_with_a_snapshot_that_its_attester_did_not_sign_says_nothing_at_all(attested):
    body = copy.deepcopy(attested.body)
    body["snapshots"][0]["signature"] = other(body["snapshots"][0]["signature"])
    for options in ("", f"--attester {attested.stranger}"):
        found = checks(attested.verify(body, options))
        assert (found["anchored"]["verdict"], found["anchored"]["code"]) == ("unknown", "BUNDLE_BROKEN")
        assert found["status"]["verdict"] == "unknown"


def test_word_of_one_attester_cannot_be_put_into_anothers_mouth(attested):
    body = copy.deepcopy(attested.body)
    body["snapshots"] = [body["snapshots"][1] | {"signer": attested.witness}]
    assert attested.verify(body, f"--attester {attested.witness}")["verdict"] == "unknown"
    body["snapshots"] = [attested.body["snapshots"][0] | {"chain": "eip155:1"}]
    assert attested.verify(body, f"--attester {attested.witness}")["verdict"] == "unknown"


def test_options_that_make_no_sense_are_refused(attested):
    desk = attested.desk
    assert "for attested documents" in desk.run(f"verify credentials/web.json --attester {attested.witness}").err
    assert "no attester" in desk.run("verify --bundle one.bundle --attester 7").err
    assert "no key's id on the web" in desk.run("issuer profile --name X --method did:web:a.example").err
    outcome = desk.run("attest did:web:elsewhere.example --did did-issuer.json --out x --home witness")
    assert (outcome.code, "no document of did:web:elsewhere" in outcome.err) == (1, True)
    (desk.folder / "none.json").write_text("{}")
    line = f"bundle credentials/web.json --rpc {desk.chain.url} --out x --attested none.json"
    assert "holds no attested DID document" in desk.run(line).err
