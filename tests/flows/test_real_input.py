"""Documents of other issuers are anchored as they are and verified; the public vectors are read in place."""

import json
import os
from pathlib import Path

import pytest

VECTORS = Path(os.environ.get("HALLMARK_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors")
SAMPLES = VECTORS / "1edtech-ob3" / "validator-samples"
# By expected.json: well-formed, whatever their signatures are worth.
WELL_FORMED = ["simple.json", "simple-did-web-method.json", "complete.json", "endorsement-valid.json"]
# VC Data Model 1.1: recognised and named as such, and anchored all the same.
OLDER = ["simple_v1.json"]


@pytest.fixture
def samples(desk):
    if not SAMPLES.is_dir():
        pytest.skip(f"SKIPPED: the public vectors are not at {SAMPLES}; set HALLMARK_VECTORS to their folder")
    ready = desk.folder / "ready"
    ready.mkdir()
    for name in WELL_FORMED + OLDER:
        (ready / name).write_bytes((SAMPLES / name).read_bytes())
    return desk


def checks(outcome):
    return [{c["name"]: c for c in row["checks"]} for row in json.loads(outcome.out)]


def test_foreign_documents_are_refused_without_the_switch(samples):
    outcome = samples.run("anchor ready --out anchored --wait 1")
    assert outcome.code == 1
    assert "--allow-foreign-issuer" in outcome.err
    assert not (samples.folder / "anchored").exists()


def test_foreign_documents_are_anchored_as_they_are_and_judged_honestly(samples):
    samples.ok("anchor ready --out anchored --allow-foreign-issuer --wait 1")
    samples.mine()
    files = " ".join(f"anchored/{name}" for name in WELL_FORMED + OLDER)
    outcome = samples.run(f"verify {files} --json")
    assert outcome.code == 1
    for name, found in zip(WELL_FORMED + OLDER, checks(outcome), strict=True):
        assert found["included"]["verdict"] == "valid", name
        assert found["anchored"]["verdict"] == "valid", name
        assert (found["issuer"]["verdict"], found["issuer"]["code"]) == ("invalid", "ISSUER_MISMATCH"), name
        # Their signatures match; the controllers' documents, which would say whose the keys are, were not given.
        unbound = ("unknown", "CONTEXT_UNKNOWN" if name in OLDER else "SIGNER_UNBOUND")
        assert (found["signature"]["verdict"], found["signature"]["code"]) == unbound, name
        assert found["status"]["verdict"] == "valid", name
        expected = ("unknown", "UNSUPPORTED_DATA_MODEL") if name in OLDER else ("valid", "")
        assert (found["conforming"]["verdict"], found["conforming"]["code"]) == expected, name


def test_anchoring_leaves_the_document_and_its_own_proof_untouched(samples):
    samples.ok("anchor ready --out anchored --allow-foreign-issuer --wait 1")
    for name in WELL_FORMED + OLDER:
        before = json.loads((SAMPLES / name).read_text("utf-8"))
        after = json.loads((samples.folder / "anchored" / name).read_text("utf-8"))
        own = before.pop("proof")
        proofs = after.pop("proof")
        assert after == before
        assert proofs[:-1] == (own if isinstance(own, list) else [own])
    report = json.loads(next(samples.folder.glob("anchored/batch-*/report.json")).read_text())
    assert report["withoutPointer"] == len(WELL_FORMED + OLDER)


def test_ndjson_of_foreign_documents_is_anchored_too(samples):
    lines = [json.dumps(json.loads((SAMPLES / name).read_text("utf-8"))) for name in WELL_FORMED]
    (samples.folder / "all.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    samples.ok("anchor all.ndjson --out anchored --allow-foreign-issuer --wait 1")
    samples.mine()
    outcome = samples.run("verify anchored/all-000001.json anchored/all-000004.json --json")
    assert [found["included"]["verdict"] for found in checks(outcome)] == ["valid", "valid"]


def test_structurally_wrong_samples_are_refused_before_anything_is_anchored(samples):
    ready = samples.folder / "ready"
    for name in ("simple-err-type.json", "simple-err-issuer.json", "simple-err-evidence-type.json"):
        (ready / name).write_bytes((SAMPLES / name).read_bytes())
    before = samples.head()
    outcome = samples.run("anchor ready --out anchored --allow-foreign-issuer")
    assert outcome.code == 1
    for fault in ("simple-err-type: $.type", "simple-err-issuer: $.issuer", "simple-err-evidence-type: $.evidence"):
        assert fault in outcome.err
    assert samples.head() == before
