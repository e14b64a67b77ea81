"""Our rules of Open Badges 3.0 beside the published JSON Schema: every error of one must be explained by the other.

`explain` returns what neither has an explanation for; the two tables say why the rest differs, and on purpose.
"""

import copy
import json
import random
import re
from collections import Counter
from typing import Any

import public_vectors
from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError

from registry.credential.conformance.openbadges import narrower_notes
from registry.credential.conformance.rules import conformance_problems
from registry.credential.problem import Problem, member

# Where we refuse what the schema lets pass: class → what our problem says there.
WE_REFUSE_MORE = {
    "VC 2.0, 4.4: a URL, which is any text to the schema": r"URL",
    "VC 2.0, 4.9: a dateTimeStamp; `format` is an annotation in 2019-09": r"a dateTimeStamp|a date (with|like)",
    "VC 2.0, 4.9: validUntil is not before validFrom": r"must not be earlier than validFrom",
    "a required text that is empty says nothing": r"is required, and must not be empty",
    "Data Integrity 1.0, 2.1: proofPurpose, and cryptosuite": r"(proofPurpose|cryptosuite) is required",
    "VC 2.0, 4.3: the contexts are a set": r"must not repeat an earlier context",
    "specification, B.1: a subject has an id or an identifier": r"or at least one identifier is required",
    "specification, B.1: proofs are made as assertionMethod": r"must be 'assertionMethod'",
    "specification, B.6: a CountryCode has two capitals": r"country code",
    "VC 2.0, 4.5: a type is not an empty text": r"\.type must (be a text or an array of texts|contain)",
    "specification, B.7: an extension starts with 'ext:', not anywhere": r"or start with 'ext:'",
    "VC 2.0, 5.3, 5.6: unknown to the schema, or to that of endorsements": r"^\S*\.(relatedResource|evidence)",
}
# Where the schema refuses what we let pass, because VC 2.0 wins: class → what lint's note says there. Each such error
# has its note, so that an issuer learns of it.
SCHEMA_REFUSES_MORE = {
    "VC 2.0, 4.5: one type may stand alone, or in an array": r"\.type is (an array|a single text) in the schema",
    "VC 2.0, 4.8 to 4.12: one value or several": r"is (an array|a single value) in the schema",
    "VC 2.0, 4.6: name and description may be language value objects": r"is a plain text in the schema",
    "VC 2.0, 4.10 and 5.4: the id of a status or refresh service is optional": r"id is required in the schema",
}


def validator(name: str) -> Draft201909Validator:
    return Draft201909Validator(public_vectors.load(f"1edtech-ob3/schema/{name}.json"))


def place_of(error: ValidationError) -> str:
    """The JSONPath that an error of the schema is about; of a missing member, where it should be."""
    path = "$"
    for step in error.absolute_path:
        path = f"{path}[{step}]" if isinstance(step, int) else member(path, step)
    if error.validator == "required":
        path = member(path, re.match(r"'(.*)' is a required property", error.message)[1])
    return path


def _near(one: str, other: str) -> bool:
    """Whether one place is the other, or lies in it."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (len(long) == len(short) or long[len(short)] in ".[")


def explain(schema: Draft201909Validator, document: dict[str, Any], classes: Counter[str]) -> list[str]:
    """What cannot be explained about one document; counts the classes of differences."""
    errors = [(place_of(error), error.message[:100]) for error in schema.iter_errors(document)]
    problems, notes = conformance_problems(document), narrower_notes(document)
    unexplained = [f"schema: {place} {text}" for place, text in errors if not _ours(place, problems, notes, classes)]
    for problem in problems:
        if not any(_near(problem.path, place) for place, _ in errors) and not _counted(
            WE_REFUSE_MORE, problem, classes
        ):
            unexplained.append(f"ours: {problem}")
    return unexplained


def _ours(place: str, problems: tuple[Problem, ...], notes: list[Problem], classes: Counter[str]) -> bool:
    if any(_near(place, problem.path) for problem in problems):
        classes["both refuse"] += 1
        return True
    return any(_near(place, note.path) and _counted(SCHEMA_REFUSES_MORE, note, classes) for note in notes)


def _counted(table: dict[str, str], problem: Problem, classes: Counter[str]) -> bool:
    for name, pattern in table.items():
        if re.search(pattern, str(problem)):
            classes[name] += 1
            return True
    return False


VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, "", "x", "a b", "https://example.org/x", "ext:Own", "my ext:Own", "2026-01-31",
    "2026-01-31T09:30:00Z", "2026-01-31T09:30:00", "2020-01-01T24:00:00Z", "en", "EN_us", "DE", "MicroCredential",
    "sha256$" + "0" * 64, "a.b.c", [], {}, [None], ["x"], [["x"]], [{}], {"@value": "Wert", "@language": "de"},
    {"@value": "x", "@language": "?"}, {"type": "x"}, {"id": "https://example.org/x", "type": ["x"]},
    ["VerifiableCredential"], ["Profile"], "Profile", "Image", "IdentityObject", "Evidence", ["IdentityObject"],
]  # fmt: skip
NAMES = ["id", "type", "name", "description", "image", "extra", "evidence", "proof", "validUntil", "credentialStatus",
         "refreshService", "termsOfUse", "credentialSchema", "awardedDate", "endorsementJwt", "relatedResource",
         "creditsEarned", "tag", "hashed", "salt", "caption"]  # fmt: skip


# What chance would hardly hit: one change for each class of difference that hangs on a single member.
PLANTED: list[tuple[tuple[Any, ...], Any]] = [
    (("validUntil",), "2020-01-01T24:00:00Z"),
    (("issuer", "address", "addressCountryCode"), "Austria"),
    (("credentialSubject", "identifier", 1, "identityHash"), "zoe@example.org"),
    (("credentialSubject", "identifier", 0, "hashed"), True),
    (("credentialSubject", "achievement", "achievementType"), "my ext:Own"),
    (("name",), {"@value": "Wert", "@language": "de", "@direction": "ltr"}),
    (("name",), [{"@value": "Wert", "@language": "de"}, {"@value": "worth", "@language": "en"}]),
    (("description",), {"@value": "x", "@language": "no such tag"}),
    (("issuer", "name"), {"@value": "x", "@direction": "up"}),
    (("relatedResource",), [{"id": "https://example.org/r"}]),
    (("relatedResource",), {"id": "r", "digestSRI": "sha256-x"}),
    (("@context", 2), "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"),
    (("proof", 0, "proofPurpose"), 1),
    (("proof", 0, "proofPurpose"), "authentication"),
    (("credentialSubject",), {"type": ["AchievementSubject"], "identifier": []}),
    (("credentialStatus",), [{"type": "BitstringStatusListEntry"}]),
    (("evidence",), {"type": "Evidence"}),
]


def mutate(document: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A copy with one to three changes: a value replaced, removed, added, doubled, put into a list or taken out."""
    changed = json.loads(json.dumps(document))
    if rng.random() < 0.1:
        _plant(changed, *rng.choice(PLANTED))
        return changed
    for _ in range(rng.choice((1, 1, 2, 3))):
        target = changed
        while True:
            steps = list(target) if isinstance(target, dict) else list(range(len(target)))
            inner = [step for step in steps if isinstance(target[step], dict | list) and target[step]]
            if not inner or rng.random() < 0.25:
                break
            target = target[rng.choice(inner)]
        _change(target, steps, rng)
    return changed


def _plant(document: Any, path: tuple[Any, ...], value: Any) -> None:
    *parents, last = path
    for step in parents:
        if isinstance(document, dict) and step not in document:
            return
        document = document[step]
    if isinstance(document, list) and last >= len(document):
        document.append(value)
    else:
        document[last] = copy.deepcopy(value)


def _change(target: Any, steps: list[Any], rng: random.Random) -> None:
    kind = rng.random()
    step = rng.choice(steps) if steps else None
    if step is None or kind < 0.15:
        value = copy.deepcopy(rng.choice(VALUES))
        if isinstance(target, dict):
            target[rng.choice(NAMES)] = value
        else:
            target.append(value)
    elif kind < 0.4:
        del target[step]
    elif kind < 0.55:
        target[step] = [target[step]] if not isinstance(target[step], list) else (target[step] or [None])[0]
    elif kind < 0.62 and isinstance(target[step], list):
        target[step] = target[step] * 2
    elif kind < 0.7 and isinstance(target[step], dict | list):
        target[step] = type(target[step])()
    else:
        target[step] = copy.deepcopy(rng.choice(VALUES))
