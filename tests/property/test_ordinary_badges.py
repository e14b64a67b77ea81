"""The short way of step 2: what msgspec's types accept, the rules find nothing in; in every place, with every value."""

import copy
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import json_fuzz
import ob_schema
import pytest

from registry.credential.conformance.openbadges import badge_class, class_problems
from registry.credential.conformance.ordinary import is_ordinary
from registry.credential.conformance.rules import conformance_problems
from registry.credential.conformance.vc2 import vc2_problems
from registry.credential.fast_json import SLOW_CALLS

# Every member that the types know stands somewhere in here.
BADGE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        "https://example.org/context.json",
    ],
    "id": "urn:uuid:6ad35d6e-af86-452a-9ad8-eba47d6bea40",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Data literacy",
    "description": "A badge with everything",
    "image": {"id": "https://example.org/i.png", "type": "Image", "caption": "A badge"},
    "awardedDate": "2026-01-31T09:30:00Z",
    "validFrom": "2026-01-31T09:30:00Z",
    "validUntil": "2027-04-30T00:00:00Z",
    "issuer": {
        "id": "did:key:z6MkftNhigsMY8WWhhQsA8wakiUuN6EoJxaVmydpkqUrs7i8",
        "type": ["Profile"],
        "name": "Institute",
        "url": "https://example.org",
        "address": {
            "type": ["Address"],
            "addressLocality": "Wien",
            "geo": {"type": "GeoCoordinates", "latitude": 48.2, "longitude": 16},
        },
        "otherIdentifier": [{"type": "IdentifierEntry", "identifier": "AT-1", "identifierType": "sourcedId"}],
    },
    "credentialSubject": {
        "id": "did:example:holder",
        "type": ["AchievementSubject"],
        "creditsEarned": 2.5,
        "source": {"id": "https://example.org/source", "type": ["Profile"]},
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityHash": "Zoë", "identityType": "name"},
            {"type": "IdentityObject", "hashed": True, "identityHash": "sha256$0", "identityType": "emailAddress",
             "salt": "s"},
        ],
        "result": [{"type": ["Result"], "resultDescription": "https://example.org/r", "status": "Completed",
                    "value": "A"}],
        "achievement": {
            "id": "urn:uuid:1",
            "type": ["Achievement"],
            "achievementType": "MicroCredential",
            "name": "Data literacy",
            "description": "d",
            "tag": ["data"],
            "criteria": {"id": "https://example.org/c", "narrative": "All of it"},
            "creator": {"id": "https://example.org/creator", "type": ["Profile"]},
            "related": [{"id": "https://example.org/b", "type": ["Related"], "version": "2"}],
            "alignment": [{"type": ["Alignment"], "targetName": "interpret", "targetUrl": "http://example.org/1",
                           "targetType": "CTDL"}],
            "resultDescription": [
                {
                    "id": "https://example.org/r", "type": ["ResultDescription"], "name": "Grade",
                    "resultType": "LetterGrade", "allowedValue": ["A", "B"],
                    "rubricCriterionLevel": [
                        {"id": "https://example.org/l", "type": ["RubricCriterionLevel"], "name": "Good"}
                    ],
                }
            ],
        },
    },
    "evidence": [{"id": "https://example.org/e", "type": ["Evidence"], "narrative": "n"}],
    "credentialStatus": {"id": "urn:example:1#revocation", "type": "BitstringStatusListEntry",
                         "statusPurpose": "revocation"},
    "proof": [
        {"id": "urn:uuid:2", "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "challenge": "c",
         "proofPurpose": "assertionMethod", "created": "2026-01-01T00:00:00Z", "expires": "2036-12-31T23:59:59Z",
         "verificationMethod": "did:example:1#k", "proofValue": "z3", "nonce": "n"}
    ],
}  # fmt: skip

URL, STAMP = "https://example.org/1", "2026-01-31T09:30:00Z"
TEXTS = ["", " ", "x", "name ", "two words", "ext:own", "revocation\n", "\x1f", "é", "assertionMethod", "Completed"]
URLS = [URL, URL + "\n", "https://", "http://a b", "http:/x", "urn:", "did:é", "mailto:a@b.c", "https://a/ü", "/1"]
STAMPS = [
    "2026-02-28T00:00:00Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
    "2026-12-31T23:59:59Z",
    "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-00T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T23:59:60Z", "2026-01-01T00:00:00", "2026-01-01",
    "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00.5Z", "2026-01-01t00:00:00Z", STAMP + "\n", "٢٠٢٦-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z",
]  # fmt: skip
OTHERS = [None, True, False, 0, 1, -1.5, [], {}, [None], [""], ["x", "x"], [{}], {"id": URL}, {"@value": "x"}]
NESTED = [["Profile"], [" Profile"], ["Profile", "Extra"], ["Profile\n"], {"id": URL, "type": ["Profile"]}]
VALUES = [
    *BADGE["@context"],
    *TEXTS,
    *URLS,
    *STAMPS,
    *OTHERS,
    *NESTED,
    [URL],
    [URL, URL],
    BADGE["evidence"],
    BADGE["proof"],
]
ADDED = [
    "id", "type", "unknown", "digestSRI", "digestMultibase", "relatedResource", "credentialSchema", "termsOfUse",
    "refreshService", "endorsement", "endorsementJwt", "previousProof", "domain", "contexts", "parentOrg", "image",
    "name", "description", "validUntil", "dateOfBirth", "inLanguage", "activityStartDate", "jws",
]  # fmt: skip


def problems(document: dict[str, Any]) -> list[Any]:
    """By the rules alone."""
    badge = badge_class(document)
    return [*vc2_problems(document), *(class_problems("$", document, badge) if badge else [])]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands, and where something could be added."""
    if isinstance(value, dict):
        for name in dict.fromkeys([*value, *ADDED]):
            yield (*path, name)
            yield from places(value[name], (*path, name)) if name in value else ()
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield (*path, number)
            yield from places(item, (*path, number))


def is_there(path: tuple[Any, ...]) -> bool:
    holder: Any = BADGE
    for step in path[:-1]:
        holder = holder[step]
    return isinstance(holder, list) or path[-1] in holder


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The badge with another value in one place; `...`: with nothing there."""
    document = copy.deepcopy(BADGE)
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return document


@pytest.fixture(autouse=True, scope="module")
def awake() -> None:
    """The short way is not there for the first few."""
    for _ in range(SLOW_CALLS + 1):
        conformance_problems({})


def test_badge_with_all_that_is_ordinary_goes_the_short_way():
    assert is_ordinary(BADGE)
    assert problems(BADGE) == []


def test_rules_are_not_walked_for_what_is_ordinary(monkeypatch):
    def walked(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("registry.credential.conformance.rules.vc2_problems", walked)
    assert conformance_problems(BADGE) == ()
    with pytest.raises(AssertionError):
        conformance_problems({**BADGE, "id": 1})


def test_no_value_in_any_place_is_taken_for_ordinary_that_the_rules_refuse():
    told = {True: 0, False: 0}
    for path in places(BADGE):
        for value in [*VALUES, *([...] if is_there(path) else [])]:
            document = changed(path, value)
            ordinary = is_ordinary(document)
            told[ordinary] += 1
            if ordinary:
                assert problems(document) == [], f"{path} = {value!r}"
    # both ways are taken often enough to mean something
    assert told[True] > 1_000
    assert told[False] > 5_000


@pytest.mark.parametrize("seed", range(4))
def test_what_mutants_are_taken_for_ordinary_has_no_problem(seed):
    fuzz, rng, ordinary = json_fuzz.JsonFuzz(seed), random.Random(seed), 0
    for _ in range(1_500):
        document = ob_schema.mutate(BADGE, rng)
        if rng.random() < 0.2:
            document[rng.choice([*BADGE])] = fuzz.value(3, plain=True)
        if is_ordinary(document):
            ordinary += 1
            assert problems(document) == []
        assert list(conformance_problems(document)) == list(dict.fromkeys(problems(document)))
    assert ordinary > 50


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


@pytest.mark.parametrize(
    "document",
    [
        {**BADGE, "credentialSubject": without(BADGE["credentialSubject"], "id", "identifier")},
        {**BADGE, "credentialSubject": {**without(BADGE["credentialSubject"], "id"), "identifier": []}},
        {**BADGE, "@context": [*BADGE["@context"], BADGE["@context"][1]]},
        {**BADGE, "type": ["VerifiableCredential"]},
        {**BADGE, "id": "urn:\ud800"},
    ],
    ids=["nobody's", "nobody's by an empty list", "context twice", "no badge by its type", "half a pair"],
)
def test_what_only_several_members_show_is_left_to_the_rules(document):
    assert not is_ordinary(document)


FIRST_USE = """
import json, sys, threading
from registry.credential.conformance import ordinary

sys.setswitchinterval(1e-6)
badge, found = json.load(sys.stdin), []

def judge():
    together.wait()
    found.append(ordinary.is_ordinary(badge))

for _ in range(12):
    ordinary._ways.cache_clear()
    together = threading.Barrier(6)
    threads = [threading.Thread(target=judge) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
assert found == [True] * 72, found
"""


def test_threads_that_come_while_the_types_are_made_wait_for_them():
    """In a process of its own: msgspec dies of a type that another thread has not finished."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USE],
        input=json.dumps(BADGE),
        text=True,
        capture_output=True,
        cwd=root,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
