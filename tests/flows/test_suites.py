"""Which suite signs what, and what a verifier may bring: DID documents, other signatures, tokens."""

import json
from base64 import urlsafe_b64encode

import base58
import pytest
from nacl.signing import SigningKey

from registry.credential import signature
from registry.credential.did_key import did_of
from registry.credential.rdf.contexts import pinned_contexts

VC2 = "https://www.w3.org/ns/credentials/v2"
CREATED = "2026-01-31T09:30:00Z"


def document(issuer, number, **more):
    made = {
        "@context": [VC2],
        "id": f"urn:uuid:0000000{number}-0000-4000-8000-000000000000",
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:learner"},
    }
    return made | more


def issuer_of(desk):
    return json.loads((desk.folder / "issuer/issuer.json").read_text())["profile"]["dids"][0]


def anchored(desk, documents, options=""):
    lines = [json.dumps(one) for one in documents]
    (desk.folder / "ready.ndjson").write_text("\n".join(lines) + "\n")
    desk.ok(f"anchor ready.ndjson --out anchored --wait 1 {options}")
    desk.mine()
    return [json.loads(path.read_text()) for path in sorted((desk.folder / "anchored").glob("ready-*.json"))]


def suites(credential):
    return [proof["cryptosuite"] for proof in credential["proof"]]


def verified(desk, path, options=""):
    outcome = desk.run(f"verify {path} --json {options}")
    row = json.loads(outcome.out)[0]
    return row["verdict"], {check["name"]: check for check in row["checks"]}


def test_documents_are_signed_over_statements_unless_a_term_or_a_context_is_unknown(desk):
    issuer = issuer_of(desk)
    unknown_context = document(issuer, 2, **{"@context": [VC2, "https://example.org/terms"]})
    unknown_term = document(issuer, 3, hobby="chess")
    made = anchored(desk, [document(issuer, 1), unknown_context, unknown_term])
    anchor = "evm-merkle-jcs-2026"
    assert list(map(suites, made)) == [
        ["eddsa-rdfc-2022", anchor],
        ["eddsa-jcs-2022", anchor],
        ["eddsa-jcs-2022", anchor],
    ]
    for number in (1, 2, 3):
        verdict, checks = verified(desk, f"anchored/ready-00000{number}.json")
        assert verdict == "valid", checks


def test_suite_can_be_chosen_and_makes_another_batch(desk):
    desk.write_csv(2)
    desk.ok("issue results.csv --achievement achievement.json --out jcs --wait 1 --suite jcs")
    desk.ok("issue results.csv --achievement achievement.json --out rdf --wait 1 --suite rdf --duplicates allow")
    assert suites(json.loads((desk.folder / "jcs/001.json").read_text()))[0] == "eddsa-jcs-2022"
    assert suites(json.loads((desk.folder / "rdf/001.json").read_text()))[0] == "eddsa-rdfc-2022"
    refused = desk.run("anchor ready.ndjson --out other --suite bbs")
    assert refused.code == 2


def test_badge_with_a_member_that_means_nothing_is_refused_before_anything_is_staged(desk):
    desk.write_csv(2)
    achievement = json.loads((desk.folder / "achievement.json").read_text())
    (desk.folder / "achievement.json").write_text(json.dumps({**achievement, "hobby": "chess"}))
    before = desk.head()
    outcome = desk.run("issue results.csv --achievement achievement.json --out credentials --wait 1")
    assert outcome.code == 1
    assert "$.credentialSubject.achievement.hobby" in outcome.err
    assert "--suite jcs" in outcome.err
    assert desk.head() == before
    assert not (desk.folder / "credentials").exists()
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")


@pytest.fixture
def web_issued(desk):
    """A badge-less credential of a did:web issuer, anchored as it came, with its DID document."""
    key = SigningKey(bytes(range(32)))
    multikey = did_of(bytes(key.verify_key))[8:]
    issuer = "did:web:issuer.example"
    made = document(issuer, 1)
    proof = signature.sign(made, bytes(key), CREATED, signature.RDFC)
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    config["verificationMethod"] = f"{issuer}#key-1"
    texts = signature.SUITES[signature.RDFC].texts(made, config, pinned_contexts(), "sha256")
    message = b"".join(signature.sha256(text).digest() for text in texts)
    value = "z" + base58.b58encode(key.sign(message).signature).decode()
    signed = {**made, "proof": {**config, "proofValue": value}}
    method = {"id": f"{issuer}#key-1", "type": "Multikey", "controller": issuer, "publicKeyMultibase": multikey}
    did = {"id": issuer, "verificationMethod": [method], "assertionMethod": [f"{issuer}#key-1"]}
    (desk.folder / "did.json").write_text(json.dumps(did))
    (desk.folder / "other.json").write_text(json.dumps({**did, "assertionMethod": []}))
    (desk.folder / "signed.json").write_text(json.dumps(signed))
    return desk


def test_did_web_is_unknown_without_its_document_and_valid_with_it(web_issued):
    verdict, checks = verified(web_issued, "signed.json")
    assert (verdict, checks["signature"]["code"]) == ("unknown", "KEY_UNKNOWN")
    assert "--allow-host" in checks["signature"]["detail"]
    verdict, checks = verified(web_issued, "signed.json", "--did did.json")
    assert verdict == "valid", checks
    verdict, checks = verified(web_issued, "signed.json", "--did other.json")
    assert (verdict, checks["signature"]["verdict"]) == ("invalid", "invalid")


def test_second_signature_beside_ours_must_verify_too(desk):
    desk.issue(1)
    path = desk.folder / "credentials/001.json"
    desk.mine()
    credential = json.loads(path.read_text())
    bare = {name: value for name, value in credential.items() if name != "proof"}
    cosigned = signature.sign(bare, bytes(range(1, 33)), CREATED, signature.JCS)
    for proofs in ([cosigned, *credential["proof"]], [*credential["proof"][::-1], cosigned]):
        path.write_text(json.dumps({**credential, "proof": proofs}))
        verdict, checks = verified(desk, "credentials/001.json")
        assert verdict == "valid", checks
    wrong = {**cosigned, "created": "2026-01-31T09:30:01Z"}
    path.write_text(json.dumps({**credential, "proof": [*credential["proof"], wrong]}))
    assert verified(desk, "credentials/001.json")[0] == "invalid"
    unheard = {**cosigned, "cryptosuite": "bbs-2023"}
    path.write_text(json.dumps({**credential, "proof": [*credential["proof"], unheard]}))
    verdict, checks = verified(desk, "credentials/001.json")
    assert verdict == "valid", checks
    assert "bbs-2023" in checks["signature"]["detail"]


def test_token_file_is_verified_and_a_changed_one_is_not(desk):
    key = SigningKey(bytes(range(32)))
    issuer = did_of(bytes(key.verify_key))
    from registry.credential import vc_jwt

    token = vc_jwt.sign(document(issuer, 1), bytes(key))
    (desk.folder / "badge.jwt.txt").write_text(token + "\n")
    assert verified(desk, "badge.jwt.txt")[0] == "valid"
    head, body, tail = token.split(".")
    claims = vc_jwt._without_proof(document(issuer, 2)) | {"iss": issuer}
    forged = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    (desk.folder / "badge.jwt.txt").write_text(f"{head}.{forged}.{tail}")
    assert verified(desk, "badge.jwt.txt")[0] == "invalid"
    assert body != forged
