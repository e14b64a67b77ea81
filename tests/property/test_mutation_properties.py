"""Valid is what was issued and nothing else: mutants of a valid anchored credential."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import world
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.credential import signature
from registry.credential.anchor_proof import SUITE
from registry.credential.canonical import canonical_bytes
from registry.credential.reader import read_document
from registry.verification.evidence import NoEvidence
from registry.verification.verdict import Verdict

BADGE = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": world.DID, "type": ["Profile"], "name": "Zoë"},
    "credentialSubject": {
        "id": "urn:uuid:1",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "urn:a",
            "type": ["Achievement"],
            "criteria": {"narrative": 'with "quotes" \\ and \t'},
            "description": "d",
            "name": "n",
        },
        "result": [{"type": ["Result"], "value": "97.5"}],
    },
}
WORLDS = {
    "VC 2.0": world.build(),
    "badge": world.build(changes=BADGE),
    "no pointer": world.build(pointer=False),
    "unsigned": world.build(seed=None),
}
kinds = st.sampled_from(sorted(WORLDS))


def proofs_of(document: dict[str, Any], suite: str) -> list[bytes]:
    found = document.get("proof", [])
    found = found if isinstance(found, list) else [found]
    return [canonical_bytes(p) for p in found if isinstance(p, dict) and p.get("cryptosuite") == suite]


def body_of(document: dict[str, Any]) -> bytes:
    return canonical_bytes({name: value for name, value in document.items() if name != "proof"})


def is_what_was_issued(document: dict[str, Any], issued: dict[str, Any]) -> bool:
    """Same content, same anchor proof, and no signature of a known suite that was not there.

    Proofs of unknown suites, and whether the signature is there at all, decide nothing beside an anchor (DESIGN).
    A document without a pointer that lost its anchor proof is what its issuer signed, and says of no anchor.
    """
    signatures = proofs_of(document, signature.SUITE)
    same_anchor = proofs_of(document, SUITE) == proofs_of(issued, SUITE)
    as_it_came = "credentialStatus" not in issued and bool(signatures)
    return (
        body_of(document) == body_of(issued)
        and (same_anchor or as_it_came)
        and set(signatures) <= set(proofs_of(issued, signature.SUITE))
    )


def never_valid_unless_issued(made: world.World, data: bytes) -> None:
    if made.judge(data).verdict is Verdict.VALID:
        assert is_what_was_issued(read_document(data), made.credential)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in items:
        yield from places(child, (*path, name))


replacements = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.text(max_size=5), st.just([]), st.just({}), st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.sampled_from(["id", "type", "cryptosuite", "proofValue"]), st.text(max_size=3), max_size=2),
)  # fmt: skip


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(kinds)
    document = copy.deepcopy(WORLDS[kind].credential)
    path = draw(st.sampled_from(list(places(document))))
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    mutation = draw(st.sampled_from(["replace", "remove", "rename", "add", "wrap", "respell"]))
    if mutation == "remove":
        del holder[last]
    elif mutation == "rename" and isinstance(last, str):
        holder[draw(st.sampled_from([last + "x", last.upper(), last[:-1], "proof", "issuer", "id"]))] = holder.pop(last)
    elif mutation == "add" and isinstance(holder, dict):
        holder[draw(st.text(min_size=1, max_size=5))] = draw(replacements)
    elif mutation == "wrap":
        holder[last] = [holder[last]]
    elif mutation == "respell" and isinstance(holder[last], str) and holder[last]:
        text, at = holder[last], draw(st.integers(0, len(holder[last]) - 1))
        holder[last] = text[:at] + draw(st.text(max_size=2)) + text[at + draw(st.integers(0, 1)) :]
    else:
        holder[last] = draw(replacements)
    return kind, document


@settings(max_examples=300)
@given(mutants())
def test_mutated_field_is_never_valid(mutant):
    kind, document = mutant
    never_valid_unless_issued(WORLDS[kind], json.dumps(document).encode())


@settings(max_examples=150)
@given(mutants())
def test_mutated_field_is_never_valid_without_a_chain(mutant):
    kind, document = mutant
    made = WORLDS[kind]
    verdict = made.judge(json.dumps(document).encode(), evidence=NoEvidence("down")).verdict
    assert verdict is not Verdict.VALID or not proofs_of(document, SUITE)


@settings(max_examples=250)
@given(kinds, st.data())
def test_mutated_byte_is_never_valid(kind, data):
    raw = json.dumps(WORLDS[kind].credential, ensure_ascii=False).encode()
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = bytes([data.draw(st.integers(0, 255))])
    cut = data.draw(st.integers(0, 1))
    never_valid_unless_issued(WORLDS[kind], raw[:at] + byte + raw[at + cut :])


@pytest.mark.parametrize("kind", ["VC 2.0", "no pointer"])
def test_every_single_byte_matters(kind):
    """Every byte once: its lowest bit flipped; what is still readable is another document and not valid."""
    made, raw = WORLDS[kind], json.dumps(WORLDS[kind].credential).encode()
    survivors = 0
    for at in range(len(raw)):
        data = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        report = made.judge(data)
        survivors += report.verdict is Verdict.VALID
        if report.verdict is Verdict.VALID:
            assert is_what_was_issued(read_document(data), made.credential), data[max(0, at - 20) : at + 20]
    # Survivors: the bytes of the members that make a proof one of a suite that is not judged.
    assert survivors < 80


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(list(WORLDS["VC 2.0"].credential)), replacements, min_size=1))
def test_no_document_crashes_the_verifier(changes):
    made = WORLDS["VC 2.0"]
    for evidence in (made.evidence, NoEvidence("down")):
        report = made.judge({**made.credential, **changes}, evidence=evidence)
        assert len(report.checks) == 9
        json.dumps(report.to_json())
