"""The page's verdicts are the command line's: for every sample, every check has the same verdict and code in both.

The samples are all that other files of tests (JUDGED) try, the published signatures, and documents that break the data
model.
"""

import json
import random
from pathlib import Path
from typing import Any

import public_vectors
import pytest
import world
from in_node import needed
from page_samples import Samples, compare, judged_by, loaded, spoilt, verdicts

from registry.credential import vc_jwt
from registry.errors import HallmarkError
from registry.verification.evidence import NoEvidence, Policy

HERE = Path(__file__).resolve()
# Other files of tests, and how many samples each has at least.
JUDGED = {
    "test_judge.py": 60,
    "test_accredited.py": 20,
    "test_past.py": 15,
    "test_issuer_identity.py": 10,
    "test_signed_samples.py": 20,
    "test_vc_jwt.py": 4,
    "test_status_list.py": 30,
    "test_status_delegates.py": 5,
}


@needed
@pytest.mark.parametrize(("name", "many"), JUDGED.items())
def test_page_and_command_line_agree_on_every_check_of_every_sample_of_the_judge(tmp_path, name, many):
    samples = judged_by(name)
    if len(samples.asked) < many and not public_vectors.PRESENT:
        pytest.skip(public_vectors.ABSENT)
    assert len(samples.asked) >= many
    assert len(verdicts(samples)) >= 2
    assert compare(samples, tmp_path) == []


def signed_samples() -> Samples:
    samples = Samples()
    folders = ("w3c-vc-di-eddsa", "w3c-vc-di-ecdsa", "1edtech-ob3")
    for file in sorted(path for name in folders for path in public_vectors.path(name).rglob("*.json")):
        try:
            document = json.loads(file.read_bytes())
        except ValueError:
            continue
        if isinstance(document, dict) and "@context" in document:
            samples.add(file.read_bytes(), NoEvidence("No chain was asked."))
            if "proof" in document and isinstance(document.get("credentialSubject"), dict):
                changed = {**document, "credentialSubject": {**document["credentialSubject"], "name": "Mallory"}}
                samples.add(changed, NoEvidence("No chain was asked."))
    return samples


@needed
@public_vectors.needed
def test_page_and_command_line_agree_on_published_signatures(tmp_path):
    samples = signed_samples()
    assert len(samples.asked) >= 20
    assert compare(samples, tmp_path) == []


BADGE = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": world.DID, "type": ["Profile"], "name": "Example University", "url": "https://example.edu"},
    "credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:learner"},
    "evidence": [{"id": "https://example.edu/e", "type": ["Evidence"], "name": "Essay"}],
    "termsOfUse": [{"type": "Policy"}],
    "relatedResource": [{"id": "https://example.edu/r", "digestSRI": "sha256-" + "A" * 43 + "="}],
}
MUTANTS = 400


def as_jwt(document: Any, made: world.World) -> Any:
    """The spoilt document under a JWS that matches, where one can be made."""
    try:
        return vc_jwt.sign({**document, "proof": None}, world.SEED, world.anchor_of(made.credential)).encode()
    except HallmarkError:
        return document


@needed
@pytest.mark.parametrize("seed", [1, 2])
def test_spoilt_documents_get_the_same_verdict_in_both(tmp_path, seed):
    rng, samples = random.Random(seed), Samples()
    achievement = json.loads((HERE.parents[2] / "scripts/complete_achievement.json").read_bytes())
    plain = world.build()
    badge = {**BADGE, "credentialSubject": {**BADGE["credentialSubject"], "achievement": achievement}}
    rich = world.build(changes=badge)
    for number in range(MUTANTS):
        made = rich if number % 3 else plain
        document = spoilt(made.credential, rng)
        samples.add(as_jwt(document, made) if number % 4 == 0 else document, made.evidence, made.policy)
    assert verdicts(samples) > {"invalid"}
    found = compare(samples, tmp_path, words=False)
    assert found == [], "\n".join(found[:20])


@needed
def test_spoilt_documents_of_identifiers_on_the_web_get_the_same_verdict_in_both(tmp_path):
    rng, samples, others = random.Random(3), Samples(), loaded("test_issuer_identity.py")
    made, _ = others.web_world()
    for _ in range(MUTANTS):
        document = spoilt(others.did_document(), rng)
        controllers = {others.WEB: document if isinstance(document, dict) else {}}
        samples.add(made.credential, made.evidence, made.policy, controllers=controllers)
    assert len(verdicts(samples)) == 2
    found = compare(samples, tmp_path, words=False)
    assert found == [], "\n".join(found[:20])


@needed
def test_spoilt_status_lists_and_entries_get_the_same_verdict_in_both(tmp_path):
    rng, samples, others = random.Random(4), Samples(), loaded("test_status_list.py")
    policy = Policy((), others.NOW)
    for number in range(MUTANTS):
        listed, named = others.list_document(number), others.entry(str(number))
        given = [named] if number % 2 else spoilt([named], rng)
        document = listed if number % 2 == 0 else spoilt(listed, rng)
        try:
            body, credential = others.signed(document), others.credential(*given)
        except (HallmarkError, TypeError):  # nobody can sign what has no canonical form
            continue
        samples.add(credential, NoEvidence("No chain."), policy, lists=others.answer(body))
    assert len(samples.asked) >= MUTANTS // 2
    assert len(verdicts(samples)) == 3
    found = compare(samples, tmp_path, words=False)
    assert found == [], "\n".join(found[:20])
