"""Evidence as JSON: it comes back as it was, and weaker evidence never improves a verdict."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import world
from world import ANCHORED_AT, NOW, World, build

from registry.errors import MalformedError
from registry.ledger.record import KeySlot
from registry.verification.evidence import (
    Assurance,
    NoEvidence,
    ReaffirmationFact,
    StatusFact,
    Tier,
    WordChange,
)
from registry.verification.evidence_json import evidence_from_json, evidence_to_json
from registry.verification.verdict import Verdict

MINE = 1 << world.INDEX
GOOD = build()
DISTRUSTED = replace(GOOD.evidence.key, distrust_from=ANCHORED_AT, retired_at=NOW)
AGAIN = ReaffirmationFact(b"\2" * 20, NOW - 50, KeySlot(2, ANCHORED_AT - 500, 0, 0))
CHANGES = (WordChange(MINE, 1, 9, 77, NOW - 100), WordChange(MINE, 2, 6, 70, NOW - 200))

BASES: dict[str, World] = {
    "valid": GOOD,
    "reaffirmed": GOOD.with_evidence(key=DISTRUSTED, reaffirmation=AGAIN),
    "final, of a registry": GOOD.with_evidence(
        record=replace(GOOD.evidence.record, tier=Tier.FINAL), safe=None, assurance=Assurance.REGISTRY, compared="proof"
    ),
    "revoked": GOOD.with_evidence(status=StatusFact(0, 0, MINE, MINE, CHANGES)),
    "suspended": GOOD.with_evidence(status=StatusFact(3, 0, 0, MINE, CHANGES[1:])),
    "pending": GOOD.with_evidence(record=replace(GOOD.evidence.record, tier=Tier.PENDING)),
    "distrusted": GOOD.with_evidence(key=DISTRUSTED),
    "no record": GOOD.with_evidence(record=None),
    "no key": GOOD.with_evidence(key=None),
    "no profile": GOOD.with_evidence(profiles=()),
    "profile document unknown": GOOD.with_evidence(profiles=(replace(GOOD.evidence.profiles[0], document=None),)),
    "another code": GOOD.with_evidence(code_hash=bytes(32)),
}
VALID = {"valid", "reaffirmed", "final, of a registry"}

# Where a field IS the reason for the verdict, another value is another fact and not weaker evidence.
FACTS = {
    "revoked": {("status", "revoked"), ("status", "suspended")},
    "suspended": {("status", "suspended")},
    "distrusted": {("key", "distrust_from"), ("record", "time")},
}


def judged(base: World, body: Any) -> Verdict:
    """The verdict on evidence as it came in; what cannot be read is no evidence."""
    try:
        seen = evidence_from_json(body)
    except MalformedError:
        return base.judge(evidence=NoEvidence("malformed")).verdict
    return base.judge(evidence=seen).verdict


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member and element, at every depth; of a profile document only the outermost members."""
    if path:
        yield path
    if "document" in path[:-1]:
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in items:
        yield from paths(child, (*path, name))


def holder_of(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        body = body[step]
    return body


def without(body: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(body)
    del holder_of(changed, path)[path[-1]]
    return changed


def altered(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    holder_of(changed, path)[path[-1]] = value
    return changed


@pytest.mark.parametrize("base", BASES.values(), ids=BASES.keys())
def test_evidence_comes_back_as_it_was(base):
    body = json.loads(json.dumps(evidence_to_json(base.evidence)))
    assert evidence_from_json(body) == base.evidence


@pytest.mark.parametrize(("name", "base"), BASES.items(), ids=BASES.keys())
def test_bases_are_what_their_names_say(name, base):
    assert (base.judge().verdict is Verdict.VALID) is (name in VALID)


@pytest.mark.parametrize(("name", "base"), BASES.items(), ids=BASES.keys())
def test_removing_any_field_never_improves_the_verdict(name, base):
    body = evidence_to_json(base.evidence)
    for path in paths(body):
        verdict = judged(base, without(body, path))
        if name not in VALID:
            assert verdict is not Verdict.VALID, path


@pytest.mark.parametrize("base", [BASES[name] for name in sorted(VALID)], ids=sorted(VALID))
def test_evidence_that_lacks_any_field_is_no_evidence(base):
    """Elements of lists are facts of their own; of everything else no part may be missing."""
    body = evidence_to_json(base.evidence)
    for path in paths(body):
        if isinstance(path[-1], int):
            continue
        if "document" in path[:-1]:
            assert judged(base, without(body, path)) is Verdict.UNKNOWN, path
            continue
        with pytest.raises(MalformedError):
            evidence_from_json(without(body, path))


JUNK: tuple[Any, ...] = (
    None, "", "0x", "x", "0x00", "0x" + "00" * 31, "0x" + "00" * 32, "0x" + "zz" * 32, 0, -1, 1, 1.5, True, False,
    [], {}, [{}], [None], {"a": 1}, 10**30, 2**64,
)  # fmt: skip


def neighbours(value: Any) -> tuple[Any, ...]:
    """Values that look right."""
    if isinstance(value, bool) or value is None:
        return ()
    if isinstance(value, int):
        return (value + 1, value - 1, value * 2)
    if isinstance(value, str) and value.startswith("0x"):
        return (value[:-1] + f"{int(value[-1], 16) ^ 1:x}", value + "00", value[:-2], value[2:], value.upper())
    return (value + "x", value.upper()) if isinstance(value, str) else ()


@pytest.mark.parametrize("name", sorted(BASES.keys() - VALID | {"valid"}))
def test_altering_any_field_never_makes_a_valid_verdict_of_another_and_never_crashes(name):
    base = BASES[name]
    body = evidence_to_json(base.evidence)

    for path in paths(body):
        if path in FACTS.get(name, ()):
            continue
        for value in (*JUNK, *neighbours(holder_of(body, path)[path[-1]])):
            verdict = judged(base, altered(body, path, value))
            if name not in VALID:
                assert verdict is not Verdict.VALID, (path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("record", "commitment"), "0x" + "00" * 27), (("genesisHash",), "0x" + "00" * 32),
        (("codeHash",), "0x" + "00" * 32), (("contract",), "eip155:31337:0x" + "00" * 20),
        (("record", "tier"), "pending"), (("record",), None), (("key",), None), (("key", "added_at"), 0),
        (("key", "distrust_from"), 1), (("profiles",), []), (("profiles", 0, "hash"), "0x" + "00" * 32),
        (("profiles", 0, "document"), None), (("profiles", 0, "document", "name"), "Another University"),
        (("profiles", 0, "until"), ANCHORED_AT), (("status", "wordIndex"), 1),
        (("status", "revoked"), f"0x{MINE:064x}"), (("status", "suspended"), f"0x{MINE:064x}"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_each_deciding_fact_decides(path, value):
    body = evidence_to_json(GOOD.evidence)
    assert judged(GOOD, body) is Verdict.VALID
    assert judged(GOOD, altered(body, path, value)) is not Verdict.VALID


@pytest.mark.parametrize("body", [None, [], "x", 1, {}, {"assurance": "endpoint"}, {"assurance": []}])
def test_anything_else_than_evidence_is_malformed(body):
    with pytest.raises(MalformedError):
        evidence_from_json(body)


def _hexes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in items:
        if isinstance(child, str) and child.startswith("0x"):
            yield (*path, name)
        elif name != "document":
            yield from _hexes(child, (*path, name))


@pytest.mark.parametrize("name", ["reaffirmed", "revoked"])
def test_bytes_of_another_length_or_in_another_spelling_are_refused(name):
    body = json.loads(json.dumps(evidence_to_json(BASES[name].evidence)))
    paths = list(_hexes(body))
    assert len(paths) >= 8
    for path in paths:
        for change in (
            lambda text: text[:-2],
            lambda text: text + "00",
            lambda text: "0x",
            lambda text: text[2:],
            lambda text: text.replace("0x", "0X"),
            lambda text: f"{text[:4]} {text[4:]}",
            lambda text: "0x" + text,
        ):
            changed = copy.deepcopy(body)
            holder = changed
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = change(holder[path[-1]])
            with pytest.raises(MalformedError):
                evidence_from_json(changed)


@pytest.mark.parametrize("wrong", [-1, True, 1.0, "1", None])
def test_numbers_that_are_none_are_refused(wrong):
    body = json.loads(json.dumps(evidence_to_json(BASES["reaffirmed"].evidence)))
    for path in (
        ("latest", "number"),
        ("latest", "time"),
        ("record", "time"),
        ("key", "distrust_from"),
        ("status", "epoch"),
    ):
        changed = copy.deepcopy(body)
        changed[path[0]][path[1]] = wrong
        with pytest.raises(MalformedError):
            evidence_from_json(changed)


@pytest.mark.parametrize("said", ["", "trust us", "PROOF", None, 1, True, ["proof"]])
def test_registry_that_does_not_say_how_it_compared_is_no_evidence(said):
    of_a_registry = evidence_to_json(replace(GOOD.evidence, assurance=Assurance.REGISTRY, compared="proof"))
    for known in ("proof", "views"):
        assert evidence_from_json({**of_a_registry, "compared": known}).compared == known
    with pytest.raises(MalformedError):
        evidence_from_json({**of_a_registry, "compared": said})


def test_endpoint_cannot_say_that_it_compared_anything():
    body = evidence_to_json(GOOD.evidence)
    assert evidence_from_json(body).compared == ""
    with pytest.raises(MalformedError):
        evidence_from_json({**body, "compared": "proof"})
