"""The template and the library say the same of every document: the same statements, or the same refusal."""

import copy
import json
import os
from typing import Any

import public_vectors
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.credential.rdf import template as rdf_template
from registry.credential.rdf.contexts import OB_303, pinned_contexts
from registry.credential.rdf.jsonld import canonical_quads
from registry.credential.rdf.template import fast_quads
from registry.errors import HallmarkError

VC2 = "https://www.w3.org/ns/credentials/v2"
BOOK = pinned_contexts()


def alignment(number: int) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetName": f"skill {number}",
        "targetUrl": f"http://data.europa.eu/esco/skill/{number}",
        "targetCode": f"C{number}",
        "targetType": "ext:ESCOSkill" if number % 2 else "CFItem",
    }


# Every kind of member that `hallmark issue` writes, and what an achievement file may bring along.
BADGE: dict[str, Any] = {
    "@context": [VC2, OB_303],
    "id": "urn:uuid:6fa2f0f5-3c0b-4f0c-9d5e-2b8f4f0f6a11",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Data Literacy",
    "issuer": {"id": "did:key:z6Mk", "type": ["Profile"], "name": "Northwind", "url": "https://northwind.example"},
    "validFrom": "2026-03-01T09:30:00Z",
    "validUntil": "2028-03-01T09:30:00Z",
    "awardedDate": "2026-03-01T09:30:00Z",
    "evidence": [{"id": "https://e.example/1", "type": ["Evidence"], "name": "Essay", "narrative": "…"}],
    "credentialSubject": {
        "id": "did:example:learner",
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityHash": "Zoë", "identityType": "name"},
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": "sha256$00",
                "identityType": "emailAddress",
                "salt": "ab",
            },
        ],
        "result": [
            {"type": ["Result"], "value": "A", "resultDescription": "urn:uuid:0a"},
            {"type": ["Result"], "value": "85", "status": "Completed", "alignment": [alignment(3)]},
        ],
        "achievement": {
            "id": "https://northwind.example/achievements/1",
            "type": ["Achievement"],
            "achievementType": "Certificate",
            "name": "Data Literacy",
            "description": "Reads data.",
            "criteria": {"id": "https://northwind.example/criteria", "narrative": "All assignments."},
            "creditsAvailable": 2.5,
            "inLanguage": "en",
            "tag": ["data", "literacy"],
            "alignment": [alignment(1), alignment(2)],
            "creator": {"id": "did:key:z6Mk", "type": ["Profile"], "name": "Northwind"},
            "image": {"id": "https://northwind.example/badge.png", "type": "Image", "caption": "a badge"},
            "resultDescription": [
                {
                    "id": "urn:uuid:0a",
                    "type": ["ResultDescription"],
                    "name": "Grade",
                    "resultType": "LetterGrade",
                    "allowedValue": ["A", "B", "C"],
                }
            ],
        },
    },
    "credentialStatus": {
        "id": "urn:hallmark:eip155:1:0x00:1:00:5#revocation",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "5",
        "statusListCredential": "https://r.example/v1/status-lists/1",
    },
}
PROOF = {
    "@context": [VC2, OB_303],
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-rdfc-2022",
    "created": "2026-03-01T09:30:00Z",
    "verificationMethod": "did:key:z6Mk#z6Mk",
    "proofPurpose": "assertionMethod",
}


def outcome(make: Any, document: Any, digest: str) -> Any:
    try:
        return make(document, BOOK, digest)
    except HallmarkError as error:
        return type(error), str(error)


def agree(document: Any, digest: str = "sha256") -> bool:
    """Three times: straight, compiling, from the template. Whether the template was used at last."""
    expected = outcome(canonical_quads, document, digest)
    for _ in range(3):
        assert outcome(fast_quads, document, digest) == expected
    shape, texts = [], []
    if not rdf_template._flatten(document, shape, texts):
        return False
    family = rdf_template._families(BOOK, digest)[tuple(shape)]
    return rdf_template._from_template(family, document, texts, BOOK, digest) == expected


def text_places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, str):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, child in items for found in text_places(child, (*path, name))]


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return changed


PLACES = [path for path in text_places(BADGE) if path[0] != "@context"]
HARD_TEXTS = [
    "",
    "A",
    "\\",
    '"',
    'a"b\\c',
    "\n\r\t",
    "\0",
    "\x1f",
    "\x7f",
    "\u2028",
    "\ufeff",
    "\U0001f600",
    "%s %",
    "{0}",
]
HARD_TEXTS += [
    "1",
    "1.0",
    "1E1",
    "NaN",
    "true",
    "null",
    "@id",
    "@value",
    "_:b0",
    "_:c14n0",
    "urn:x",
    "urn:x:y",
    "URN:X:Y",
]
HARD_TEXTS += [
    "http:x",
    "http://x y",
    "http://x>y",
    "http://x\u2003",
    "https://",
    "did:key:z6Mk",
    "mailto:a@b",
    "ext:x",
    "data:,x",
]
HARD_TEXTS += [
    "ob:name",
    "rdf:type",
    "cred:x",
    "relative/x",
    "#x",
    "//x/y",
    "a b",
    "<a>",
    "urn:hallmark-marker:000001",
    "z" * 2000,
]
HARD_TEXTS += [BADGE["id"], "https://www.w3.org/2018/credentials#VerifiableCredential", "urn:uuid:0a", "Data Literacy"]
texts = st.one_of(
    st.sampled_from(HARD_TEXTS), st.text(max_size=20), st.from_regex(r"(urn|did|https?|ext):[a-z/:#%]{0,12}")
)


def test_badge_and_proof_come_from_templates():
    assert agree(BADGE)
    assert agree(BADGE, "sha384")
    assert agree(PROOF)


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_hard_text_in_every_place(text):
    """Every text in every place when HALLMARK_DEEP is set; else each text in some places, and each place some texts."""
    first, step = (0, 1) if os.environ.get("HALLMARK_DEEP") else (HARD_TEXTS.index(text) % 12, 12)
    for path in PLACES[first::step]:
        agree(put(BADGE, path, text))


@given(st.data())
@settings(max_examples=40)
def test_any_texts_in_any_places(data):
    document = BADGE
    for path in data.draw(st.lists(st.sampled_from(PLACES), max_size=12, unique=True)):
        document = put(document, path, data.draw(texts))
    agree(document)


@given(st.lists(st.sampled_from(HARD_TEXTS + [f"urn:x:{n}" for n in range(4)]), min_size=4, max_size=4))
@settings(max_examples=25)
@example(["urn:x:1"] * 4)
def test_equal_ids_make_one_node(ids):
    document = put(BADGE, ("id",), ids[0])
    document = put(document, ("credentialSubject", "achievement", "id"), ids[1])
    document = put(document, ("issuer", "id"), ids[2])
    agree(put(document, ("evidence", 0, "id"), ids[3]))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab"), st.booleans()), max_size=5))
@settings(max_examples=25)
def test_nodes_without_ids_that_are_alike_or_differ_somewhere(shapes):
    """Ties of first-degree hashes: equal alignments, and equal ones below results that differ."""
    made = [{**alignment(1), "targetName": name, "targetCode": code} for name, code, _ in shapes]
    results = [
        {"type": ["Result"], "value": name, **({"alignment": [one]} if nested else {})}
        for one, (name, _, nested) in zip(made, shapes, strict=True)
    ]
    document = put(BADGE, ("credentialSubject", "achievement", "alignment"), made)
    agree(put(document, ("credentialSubject", "result"), results))


def members(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for name, child in items for found in members(child, (*path, name))]


@given(st.data())
@settings(max_examples=30)
def test_other_shapes(data):
    """Members dropped, doubled, or of another kind."""
    document = BADGE
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([path for path in members(document) if path[0] != "@context"]))
        value = data.draw(st.sampled_from([None, True, 0, -1, 1.5, 1e30, "x", [], {}, ["x", "x"], {"id": "urn:x:y"}]))
        document = put(document, path, value)
    agree(document)


@public_vectors.needed
def test_published_badges_agree():
    used = 0
    for path in [
        *public_vectors.path("1edtech-ob3").rglob("simple*.json"),
        public_vectors.path("1edtech-ob3") / "validator-samples/complete.json",
    ]:
        document = json.loads(path.read_bytes())
        document.pop("proof", None)
        used += agree(document)
    assert used >= 6


def test_no_context_gives_meaning_to_the_schemes_that_templates_rely_on():
    assert rdf_template._schemes_are_free(BOOK)
    assert not rdf_template._schemes_are_free(BOOK.with_contexts({"urn:x": {"@context": {"did": "urn:y"}}}))
    assert not rdf_template._schemes_are_free(BOOK.with_contexts({"urn:x": {"@context": [{"a": {"http://x": "b"}}]}}))
