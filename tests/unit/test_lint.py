"""hallmark lint: every element of the European standard is found where it stands, and each gap says how to fill it."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import public_vectors
import pytest

from registry.cli import main
from registry.credential.micro.elements import ELEMENTS
from registry.credential.micro.report import LintReport, lint
from registry.credential.micro.skills import ELEMENT_TYPES

REPOSITORY = Path(__file__).resolve().parents[2]
ACHIEVEMENT: dict[str, Any] = json.loads((REPOSITORY / "scripts/complete_achievement.json").read_bytes())
CREDENTIAL: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:00000000-0000-4000-8000-000000000000",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {
        "id": "did:example:issuer",
        "type": ["Profile"],
        "name": "Northwind Institute",
        "address": {"type": ["Address"], "addressCountryCode": "AT"},
    },
    "validFrom": "2026-01-01T00:00:00Z",
    "awardedDate": "2026-01-01T00:00:00Z",
    "credentialSubject": {
        "id": "did:example:learner",
        "type": ["AchievementSubject"],
        "achievement": {**ACHIEVEMENT, "creator": {"id": "did:example:issuer", "type": ["Profile"]}},
        "result": [{"type": ["Result"], "value": "A"}],
    },
    "evidence": [{"type": ["Evidence"], "narrative": "A data story of 2,000 words"}],
    "credentialStatus": {"id": "https://example.org/s#1", "type": "BitstringStatusListEntry"},
}
KEYS = [element.key for element in ELEMENTS]


def statuses(report: LintReport) -> dict[str, str]:
    (achievement,) = report.achievements
    return {finding.element.key: finding.status for finding in achievement.elements}


def changed(*path: Any, to: Any = None) -> dict[str, Any]:
    """CREDENTIAL without the member at `path`, or with another value there."""
    document = copy.deepcopy(CREDENTIAL)
    *parents, last = path
    target: Any = document
    for step in parents:
        target = target[step]
    if to is None:
        del target[last]
    else:
        target[last] = to
    return document


def without_alignment(element: str) -> dict[str, Any]:
    kept = [a for a in ACHIEVEMENT["alignment"] if ELEMENT_TYPES.get(a["targetType"], "learningOutcomes") != element]
    return changed("credentialSubject", "achievement", "alignment", to=kept)


def test_complete_microcredential_lacks_nothing():
    report = lint(CREDENTIAL)
    assert report.complete
    assert statuses(report) == dict.fromkeys(KEYS, "present")
    assert (report.problems, report.narrower, report.achievements[0].advice) == ((), (), ())


def test_complete_achievement_lacks_what_comes_with_issuing_only():
    report = lint(ACHIEVEMENT)
    waiting = {key for key, status in statuses(report).items() if status == "at_issue"}
    assert waiting == {"learner", "date", "grade"}
    assert set(statuses(report).values()) == {"present", "at_issue"}
    assert report.complete
    assert lint({**ACHIEVEMENT, "name": ""}).complete is False


A, S = ("credentialSubject", "achievement"), ("credentialSubject",)
GAPS: dict[str, tuple[dict[str, Any], str]] = {
    "learner": (changed(*S, "id"), "missing"),
    "title": (changed(*A, "name"), "missing"),
    "country": (changed("issuer", "address"), "missing"),
    "awardingBody": (changed("issuer", "name"), "partly"),
    "date": ({name: v for name, v in CREDENTIAL.items() if name not in ("awardedDate", "validFrom")}, "missing"),
    "learningOutcomes": (without_alignment("learningOutcomes"), "partly"),
    "workload": (without_alignment("workload"), "partly"),
    "level": (without_alignment("level"), "missing"),
    "assessment": (without_alignment("assessment"), "missing"),
    "participation": (without_alignment("participation"), "missing"),
    "quality": (without_alignment("quality"), "missing"),
    "prerequisites": (without_alignment("prerequisites"), "missing"),
    "supervision": (without_alignment("supervision"), "missing"),
    "grade": (changed(*S, "result"), "missing"),
    "stackability": (changed(*A, "related"), "missing"),
    "further": (changed(*A, "criteria", "id"), "missing"),
}


def test_every_element_has_a_gap_to_try():
    assert list(GAPS) == KEYS
    assert [element.mandatory for element in ELEMENTS].count(True) == 11


@pytest.mark.parametrize("key", KEYS)
def test_gap_is_found_alone_and_says_how_to_fill_it(key):
    document, status = GAPS[key]
    report = lint(document)
    assert statuses(report) == {**dict.fromkeys(KEYS, "present"), key: status}
    finding = next(f for f in report.achievements[0].elements if f.element.key == key)
    assert finding.to_json()["fill"]
    assert report.complete is (not finding.element.mandatory)


@pytest.mark.parametrize("key", [key for key in KEYS if "achievement.alignment" in ELEMENTS[KEYS.index(key)].fill])
def test_filling_a_gap_as_told_closes_it(key):
    """The alignment in the text is JSON that can be pasted."""
    document, _ = copy.deepcopy(GAPS[key])
    told = json.loads(re.search(r"achievement\.alignment (\{.*\})", ELEMENTS[KEYS.index(key)].fill)[1])
    document["credentialSubject"]["achievement"]["alignment"].append(told)
    report = lint(document)
    assert statuses(report)[key] == "present"
    assert report.problems == ()


def test_workload_needs_both_the_number_and_its_unit():
    without = changed(*A, "creditsAvailable")
    assert statuses(lint(without))["workload"] == "partly"
    without["credentialSubject"]["creditsEarned"] = 2.5
    assert statuses(lint(without))["workload"] == "present"
    for nonsense in (0, -1, True, "2"):
        assert statuses(lint(changed(*A, "creditsAvailable", to=nonsense)))["workload"] == "partly"


def test_quality_assurance_is_also_an_endorsement():
    document = without_alignment("quality")
    document["issuer"]["endorsementJwt"] = ["a.b.c"]
    assert statuses(lint(document))["quality"] == "present"


SKILLS = {
    "ESCO": {"targetUrl": "http://data.europa.eu/esco/skill/1", "targetType": "ext:ESCOSkill"},
    "CASE": {"targetUrl": "https://case.example.org/ims/case/v1p0/CFItems/1", "targetType": "CFItem"},
    "CTDL": {"targetUrl": "https://credentialengineregistry.org/resources/ce-1", "targetType": "ceasn:Competency"},
    "Lightcast": {"targetUrl": "https://skills.example.org/1", "targetFramework": "Lightcast"},
}


@pytest.mark.parametrize("framework", SKILLS)
def test_skill_is_recognised_by_its_framework(framework):
    alignment = {"type": ["Alignment"], "targetName": "a skill", **SKILLS[framework]}
    (report,) = lint(changed(*A, "alignment", to=[alignment])).achievements
    assert [(skill.framework, skill.name) for skill in report.skills] == [(framework, "a skill")]
    assert [problem.code for problem in report.advice if problem.code.startswith("SKILL")] == []


def advice(document: dict[str, Any]) -> dict[str, str]:
    return {problem.code: problem.path for problem in lint(document).achievements[0].advice}


NO_TYPE = {"type": ["Alignment"], "targetName": "x", "targetUrl": "http://data.europa.eu/esco/skill/1"}
ALIGNMENT = "$.credentialSubject.achievement.alignment"
EMAIL = {"type": "IdentityObject", "hashed": False, "identityHash": "a@example.org", "identityType": "emailAddress"}
HASHED = {"type": "IdentityObject", "hashed": True, "identityHash": "sha256$" + "0" * 64, "identityType": "name"}
RESULT = {"type": ["Result"], "resultDescription": "urn:a:1", "value": "Z"}
DESCRIBED = {"id": "urn:a:1", "type": ["ResultDescription"], "name": "n", "resultType": "Result", "allowedValue": ["A"]}
WEAK: dict[str, tuple[dict[str, Any], str, str]] = {
    "no skill": (without_alignment("learningOutcomes"), "NO_SKILL", ALIGNMENT),
    "ESCO without its type": (changed(*A, "alignment", to=[NO_TYPE]), "SKILL_TYPE", f"{ALIGNMENT}[0].targetType"),
    "ESCO, but no skill": (
        changed(*A, "alignment", 0, "targetUrl", to="http://data.europa.eu/esco/occupation/1"),
        "SKILL_URL",
        f"{ALIGNMENT}[0].targetUrl",
    ),
    "no framework": (
        changed(*A, "alignment", to=[{"targetName": "x", "targetUrl": "https://example.org"}]),
        "SKILL_FRAMEWORK",
        f"{ALIGNMENT}[0]",
    ),
    "another type": (changed(*A, "achievementType", to="Course"), "TYPE", f"{ALIGNMENT[:-10]}.achievementType"),
    "no language": (changed(*A, "inLanguage"), "LANGUAGE", f"{ALIGNMENT[:-10]}.inLanguage"),
    "no evidence": (changed("evidence"), "EVIDENCE", "$.evidence"),
    "evidence that shows nothing": (changed("evidence", 0, "narrative"), "EVIDENCE", "$.evidence[0]"),
    "no status": (changed("credentialStatus"), "STATUS", "$.credentialStatus"),
    "open e-mail": (
        changed(*S, "identifier", to=[EMAIL]),
        "PRIVACY",
        "$.credentialSubject.identifier[0].identityHash",
    ),
    "hash without salt": (changed(*S, "identifier", to=[HASHED]), "PRIVACY", "$.credentialSubject.identifier[0].salt"),
    "hash that is none": (
        changed(*S, "identifier", to=[{**HASHED, "identityHash": "Zoe", "salt": "s"}]),
        "IDENTITY_HASH",
        "$.credentialSubject.identifier[0].identityHash",
    ),
    "result of nothing": (
        changed(*S, "result", to=[RESULT]),
        "RESULT",
        "$.credentialSubject.result[0].resultDescription",
    ),
}


@pytest.mark.parametrize(("document", "code", "path"), WEAK.values(), ids=WEAK.keys())
def test_weakness_is_named_with_its_path(document, code, path):
    assert advice(document).get(code) == path


def test_result_stays_within_what_its_description_allows():
    document = changed(*S, "result", to=[RESULT])
    document["credentialSubject"]["achievement"]["resultDescription"] = [DESCRIBED]
    assert advice(document)["RESULT"] == "$.credentialSubject.result[0].value"
    document["credentialSubject"]["result"][0]["value"] = "A"
    assert "RESULT" not in advice(document)


def test_what_the_schema_of_open_badges_refuses_is_said_and_is_no_broken_rule():
    document = changed("evidence", to={"type": "Evidence", "id": "https://example.org/e"})
    document |= {"proof": {"type": "X", "proofPurpose": "assertionMethod"}, "name": {"@value": "Wert"}}
    report = lint(document)
    assert report.problems == ()
    assert {note.path for note in report.narrower} == {"$.name", "$.proof", "$.evidence", "$.evidence.type"}


def test_several_subjects_are_linted_one_by_one():
    subjects = [CREDENTIAL["credentialSubject"], {**CREDENTIAL["credentialSubject"], "id": "did:example:two"}]
    report = lint({**CREDENTIAL, "credentialSubject": subjects})
    assert [a.path for a in report.achievements] == [f"$.credentialSubject[{n}].achievement" for n in (0, 1)]
    assert report.complete


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("whole.json").write_text(json.dumps(CREDENTIAL))
    Path("gap.json").write_text(json.dumps(GAPS["level"][0]))
    Path("bad.json").write_text('{"a": 1, "a": 2}')
    Path("old.json").write_text(json.dumps({"@context": "https://w3id.org/openbadges/v2", "type": "Assertion"}))
    return tmp_path


def test_command_prints_a_table_and_exits_by_it(folder, capsys):
    assert main(["lint", "whole.json"]) == 0
    assert "whole.json: complete: 11 of 11 mandatory elements, 5 of 5 optional elements" in capsys.readouterr().out
    assert main(["lint", "whole.json", "gap.json"]) == 1
    table = capsys.readouterr().out
    assert "gap.json: INCOMPLETE: 10 of 11 mandatory elements" in table
    assert re.search(r"✗ level of the learning experience.*missing\n +fill it: add to achievement\.alignment", table)


def test_command_answers_in_json(folder, capsys):
    assert main(["lint", "--json", "whole.json", "gap.json", "bad.json", "old.json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["file"], row["model"], row["complete"]) for row in rows] == [
        ("whole.json", "vc2", True),
        ("gap.json", "vc2", False),
        ("bad.json", "unreadable", False),
        ("old.json", "ob2", False),
    ]
    assert rows[2]["problems"][0]["code"] == "PARSING_ERROR"
    assert "Open Badges 2.0" in rows[3]["problems"][0]["detail"]
    level = next(e for e in rows[1]["achievements"][0]["elements"] if e["element"] == "level")
    assert (level["requirement"], level["status"], "EQF" in level["fill"]) == ("mandatory", "missing", True)


@public_vectors.needed
def test_published_samples_are_linted_and_a_baked_one_too(capsys):
    samples = public_vectors.path("1edtech-ob3/validator-samples")
    files = [
        str(samples / name) for name in ("complete.json", "baked/simple-json.png.bin", "baked/simple-json.svg.txt")
    ]
    assert main(["lint", "--json", *files]) == 1
    complete, *baked = json.loads(capsys.readouterr().out)
    assert complete["problems"] == []
    assert [row["achievements"][0]["path"] for row in baked] == ["$.credentialSubject.achievement"] * 2
    assert {skill["framework"] for skill in complete["achievements"][0]["skills"]} == {"CASE", "CTDL"}


def test_specification_maps_every_element():
    appendix = (REPOSITORY / "contracts/SPEC.md").read_text().partition("## Appendix A")[2]
    for element in ELEMENTS:
        assert f"| `{element.key}` |" in appendix
    for target_type in ELEMENT_TYPES:
        assert f"`{target_type}`" in appendix
