"""Samples that the page's verifier and Python judge, from other tests or spoilt by chance, and where both differ."""

import copy
import importlib.util
import inspect
import json
import random
from pathlib import Path
from typing import Any

import pytest
import world
from in_node import run

from registry.api.page_tables import context_texts, page_tables
from registry.verification import verify
from registry.verification.evidence import Evidence, NoEvidence, Policy
from registry.verification.evidence_json import evidence_to_json
from registry.verification.verify import judge, present

TESTS = Path(__file__).resolve().parents[1]
RUNNER = TESTS / "js/verify_outcomes.mjs"
UNIT = TESTS / "unit"
# Where a library or a reader of its own refuses, the page says so in its own words.
OWN_WORDS = {
    "STATUS_VERIFICATION_ERROR",
    "PARSING_ERROR",
    "MALFORMED_VALUE_ERROR",
    "INCLUSION_PROOF_ERROR",
    "ANCHOR_PROOF_UNREADABLE",
}
# Which rules are broken, and where, both say alike.
SAME_WORDS = {"conforming"}


class Samples:
    """What was judged: document, evidence, policy, and what else was handed to `judge`."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, Evidence | NoEvidence, Policy, dict[str, Any]]] = []

    def add(self, data: Any, evidence: Any = None, policy: Any = None, **options: Any) -> None:
        made = world.build()
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        # As the command does: where a document names no place, nobody is asked.
        nobody = NoEvidence("The document names no place on a chain.", "NOT_ANCHORED")
        asked = evidence or made.evidence if present(raw).place else nobody
        self.asked.append((raw, asked, policy or made.policy, options))

    def lines(self) -> str:
        return "\n".join(json.dumps(_line(*one)) for one in self.asked) + "\n"


def _line(data: bytes, evidence: Evidence | NoEvidence, policy: Policy, options: dict[str, Any]) -> dict[str, Any]:
    known = isinstance(evidence, Evidence)
    return {
        "document": data.hex(),
        "evidence": json.dumps(evidence_to_json(evidence)) if known else None,
        "code": None if known else evidence.code,
        "reason": None if known else evidence.reason,
        "trusted": page_tables(policy.trusted)["trusted"],
        "now": policy.now,
        "asOf": None if policy.as_of is None else {"block": policy.as_of.block, "time": policy.as_of.time},
        "about": policy.about,
        "maxAge": policy.max_age,
        "roots": [{"contract": str(root.contract), "issuerId": str(root.issuer_id)} for root in policy.roots],
        "scopes": sorted(scope.hex() for scope in policy.scopes),
        "controllers": options.get("controllers") or {},
        "lists": {
            url: {"data": answer.data and answer.data.hex(), "readAt": answer.read_at, "problem": answer.problem}
            for url, answer in (options.get("lists") or {}).items()
        },
    }


def in_javascript(samples: Samples, folder: Path) -> list[dict[str, Any]]:
    files = {
        "samples": samples.lines(),
        "tables": json.dumps(page_tables(())),
        "contexts": json.dumps({digest: text.decode() for digest, text in context_texts().items()}),
    }
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return run(RUNNER, *(folder / name for name in files))


def compare(samples: Samples, folder: Path, *, words: bool = True) -> list[str]:
    """Every difference, by sample and check; of the sentences too where `words` is set."""
    found = []
    for number, (one, said) in enumerate(zip(samples.asked, in_javascript(samples, folder), strict=True)):
        report = judge(present(one[0]), *one[1:3], **one[3])
        for check, other in zip(report.checks, said["checks"], strict=True):
            mine = (check.name, check.verdict.value, check.code)
            if mine != (other["name"], other["verdict"], other["code"]):
                found.append(f"{number}: {mine} {check.detail!r} but {other} in {one[0][:300]!r}")
            same = check.code not in OWN_WORDS or check.name in SAME_WORDS
            if words and same and check.detail != other["detail"]:
                found.append(f"{number}: {check.name} says {check.detail!r} but {other['detail']!r}")
        if report.verdict.value != said["verdict"]:
            found.append(f"{number}: {report.verdict} but {said['verdict']}")
    return found


def loaded(name: str) -> Any:
    """Another file of tests."""
    spec = importlib.util.spec_from_file_location("judged", UNIT / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judged_by(name: str) -> Samples:
    """All samples of another test file, taken where it hands them to Python."""
    samples, given = Samples(), {}

    def keep(data: bytes) -> Any:
        presented = present(data)
        given[id(presented)] = (presented, data)
        return presented

    def record(presented: Any, evidence: Any, policy: Policy, *rest: Any, **options: Any) -> Any:
        options |= dict(zip(("lists", "controllers", "holder"), rest, strict=False))
        if not options.get("holder"):
            samples.add(given[id(presented)][1], evidence, policy, **options)
        return judge(presented, evidence, policy, **options)

    with pytest.MonkeyPatch.context() as patch:
        for holder in (world, verify):
            patch.setattr(holder, "judge", record)
            patch.setattr(holder, "present", keep)
        module = loaded(name)
        for function in [value for name, value in vars(module).items() if name.startswith("test_")]:
            for arguments in _calls(function, vars(module)):
                function(**arguments)
    return samples


def _calls(function: Any, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Its arguments, once for each set of parameters; none where it wants fixtures of others."""
    calls: list[dict[str, Any]] = [{}]
    for mark in getattr(function, "pytestmark", []):
        if mark.name == "skipif" and mark.args[0]:
            return []
        if mark.name == "parametrize":
            calls = [{**call, **values} for call in calls for values in _parameters(*mark.args)]
    wanted = set(inspect.signature(function).parameters)
    makers = {name: inspect.unwrap(names[name]) for name in wanted & set(names) if hasattr(names[name], "__wrapped__")}
    made = {name: make() for name, make in makers.items() if not inspect.signature(make).parameters}
    return [{**made, **call} for call in calls if {*made, *call} == wanted]


def _parameters(names: Any, values: Any) -> list[dict[str, Any]]:
    listed = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    marked = type(pytest.param())
    sets = [one.values if isinstance(one, marked) else one if len(listed) > 1 else (one,) for one in values]
    return [dict(zip(listed, one, strict=True)) for one in sets]


def verdicts(samples: Samples) -> set[str]:
    """What Python says of them all."""
    return {judge(present(one[0]), *one[1:3], **one[3]).verdict.value for one in samples.asked}


STRANGE = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        1.5,
        2**53 - 1,
        "",
        " ",
        "x",
        "ext:a",
        "https://a.example",
        "https://[::1]:99999/",
        "http:",
    ),
    *(
        "did:key:z6Mk",
        "urn:hallmark:x#revocation",
        "2026-02-30T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31",
        "en",
        "xx-",
    ),
    *(
        "2026-W05-1",
        "sha256-AA",
        "uEiA",
        "eyJ.a.b",
        "DE",
        "http://a b",
        "https://a.example:8x",
        "\u202e",
        [],
        {},
        [[]],
        [None],
    ),
    *([{}], [1], {"id": 1}, {"@value": "x"}, {"@value": "x", "@language": "?"}, ["VerifiableCredential"], {"type": []}),
]


def spoilt(document: Any, rng: random.Random) -> Any:
    """The document with one to three places removed, doubled, or replaced by something strange."""
    made = json.loads(json.dumps(document))
    for _ in range(rng.randint(1, 3)):
        spots = [
            (holder, key)
            for holder in _holders(made)
            for key in (holder if isinstance(holder, dict) else range(len(holder)))
        ]
        if not spots:
            return made
        holder, key = rng.choice(spots)
        kind = rng.randrange(5)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[rng.choice(["id", "type", "name", "image", "@value", "extra", "@context", "proof", "expires"])] = (
                copy.deepcopy(rng.choice(STRANGE))
            )
        elif kind == 2:
            holder[key] = [holder[key], holder[key]] if rng.random() < 0.5 else [holder[key]]
        else:
            holder[key] = copy.deepcopy(rng.choice(STRANGE))
    return made


def _holders(value: Any) -> list[Any]:
    """Every object and array in it, itself included."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict | list) else []
    return [*own, *(found for child in inside for found in _holders(child))]
