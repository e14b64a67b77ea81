"""The verifier beside a checker that shares no code with it: on our vectors, on mutants, and on planted bugs."""

import json
import sys
from pathlib import Path

import independent
import own_vectors
import pytest
from world import build

from registry.ledger.keccak import keccak

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

import deep_verify

from scripts import plant_bugs

VALID, INVALID = (own_vectors.load(f"anchor/{name}.json") for name in ("valid", "invalid"))
DOCUMENTS = own_vectors.load("anchor/documents.json")


def test_its_keccak_is_keccak():
    assert independent.keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    for size in (1, 55, 135, 136, 137, 500):
        assert independent.keccak(bytes(range(256)) * 2 + bytes(size)) == keccak(bytes(range(256)) * 2 + bytes(size))


@pytest.mark.parametrize("vector", VALID["vectors"], ids=lambda vector: vector["name"])
def test_valid_vectors_are_anchored_for_both(vector):
    data = json.dumps(vector["credential"]).encode()
    assert independent.is_anchored(data, bytes.fromhex(vector["commitment"]))
    assert not independent.is_anchored(data.replace(b"2026", b"2027", 1), bytes.fromhex(vector["commitment"]))


@pytest.mark.parametrize("case", INVALID["cases"], ids=lambda case: case["name"])
def test_invalid_vectors_are_refused(case):
    document = INVALID["document"]
    credential = case.get("credential") or {**document, "proof": [case["proof"]]}
    assert not independent.is_anchored(json.dumps(credential).encode(), bytes.fromhex(INVALID["commitment"]))


@pytest.mark.parametrize("case", DOCUMENTS["unreadable"], ids=lambda case: case["name"])
def test_unreadable_documents_are_refused(case):
    made = build()
    data = bytes.fromhex(case["bytes"]) if "bytes" in case else case["text"].encode("utf-8", "surrogatepass")
    assert not independent.is_anchored(data, made.evidence.record.commitment)
    assert made.judge(data).verdict.value == "invalid"


def test_no_mutant_is_accepted_and_both_agree_on_each():
    seen = deep_verify.campaign(seed=7, count=1_500)
    assert sum(seen.values()) == 1_500
    assert seen["invalid"] > 600


def test_a_mutant_that_is_accepted_would_be_noticed(monkeypatch):
    """The campaign itself can fail: with a verifier that takes everything, it does."""
    monkeypatch.setattr("registry.verification.place_steps.commitment", lambda *_: build().evidence.record.commitment)
    with pytest.raises(AssertionError):
        deep_verify.campaign(seed=7, count=200)


def test_planted_bugs_still_fit_the_sources():
    assert len(plant_bugs.BUGS) >= 40
    assert plant_bugs.fits() == []
    tests = {name for bug in plant_bugs.BUGS for name in bug.tests.split()}
    assert all((plant_bugs.ROOT / "tests" / name).is_file() for name in tests)


def test_a_planted_bug_is_noticed_and_a_harmless_change_is_not():
    harmful = next(bug for bug in plant_bugs.BUGS if bug.file.endswith("then.py") and "about >" in bug.before)
    assert plant_bugs.noticed(harmful)
    assert not plant_bugs.noticed(harmful._replace(after=harmful.before + "  # as before"))
