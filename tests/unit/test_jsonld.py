"""Statements from untrusted documents: nothing is lost, nothing is hidden, nothing takes for ever."""

import copy
from typing import Any

import public_vectors
import pytest

from registry.credential.rdf import contexts
from registry.credential.rdf import surface as rdf_surface
from registry.credential.rdf.contexts import OB_303, older_badge_contexts, pinned_contexts
from registry.credential.rdf.jsonld import canonical_quads, canonize
from registry.errors import CannotTell, ConfigError, DataLossError, TransformationError, UnknownContext, WorkLimit

BOOK = pinned_contexts()
VC2 = "https://www.w3.org/ns/credentials/v2"
CREDENTIAL = "https://www.w3.org/2018/credentials#"
DOCUMENT: dict[str, Any] = {
    "@context": [VC2, OB_303],
    "id": "urn:uuid:1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:key:z6Mk", "type": ["Profile"], "name": "Northwind"},
    "validFrom": "2026-03-01T09:30:00Z",
    "credentialSubject": {"type": ["AchievementSubject"], "achievement": "urn:x:achievement"},
    "credentialStatus": {"id": "urn:hallmark:1#revocation", "type": "BitstringStatusListEntry"},
}


def changed(*path: Any, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return document


LOST = {
    "unknown property": (changed("hobby", value="chess"), "$.hobby"),
    "unknown property inside": (changed("issuer", "hobby", value="chess"), "$.issuer.hobby"),
    "property of another class": (changed("credentialSubject", "criteria", value="x"), "criteria"),
    "relative id": (changed("id", value="credentials/1"), "credentials/1"),
    "relative reference": (changed("credentialStatus", "statusListCredential", value="one"), "'one'"),
    "id that is a fragment": (changed("issuer", "id", value="#me"), "#me"),
    "unmapped type": (changed("type", value=["VerifiableCredential", "OpenBadgeCredential", "Unheard"]), "Unheard"),
    "id with a space": (changed("id", value="urn:x y"), "urn:x y"),
    "id that would end its own brackets": (changed("id", value="urn:x>"), "urn:x>"),
    "text direction": (
        changed("name", value={"@value": "x", "@language": "ar", "@direction": "rtl"}),
        "direction",
    ),
    "no language": (changed("name", value={"@value": "x", "@language": "not a language"}), "language"),
}


@pytest.mark.parametrize(("document", "named"), LOST.values(), ids=LOST.keys())
def test_what_would_be_dropped_is_an_error_that_names_it(document, named):
    with pytest.raises(DataLossError) as caught:
        canonical_quads(document, BOOK)
    assert named in str(caught.value)


HIDDEN = {
    "keyword for id": changed("issuer", value={"@id": "did:key:z6Mk", "type": ["Profile"]}),
    "keyword for type": changed("issuer", value={"id": "did:key:z6Mk", "@type": ["Profile"]}),
    "graph": changed("@graph", value=[{"id": "urn:x:y"}]),
    "included": changed("@included", value=[{"id": "urn:uuid:1", "type": "VerifiableCredential"}]),
    "reverse": changed("@reverse", value={"evidence": {"id": "urn:x:y"}}),
    "status under its full name": changed(f"{CREDENTIAL}credentialStatus", value={"id": "urn:x:y"}),
    "compact name": changed("cred:credentialStatus", value={"id": "urn:x:y"}),
    "status in a second object with the credential's id": changed(
        "evidence", value=[{"id": "urn:uuid:1", "type": ["Evidence"], "narrative": "x"}]
    ),
    "nested value object": changed("name", value={"@value": "x", "name": "y"}),
}


@pytest.mark.parametrize("document", HIDDEN.values(), ids=HIDDEN.keys())
def test_spelling_that_hides_statements_from_readers_of_the_json_is_not_judged(document):
    with pytest.raises(CannotTell):
        canonical_quads(document, BOOK)


@pytest.mark.parametrize(
    "context",
    ["https://example.org/mine", VC2 + "/", VC2.replace("https", "http"), {"name": "urn:x:degree"}, None, 7],
)
@pytest.mark.parametrize("place", [("@context",), ("issuer", "@context")])
def test_context_that_is_not_pinned_is_unknown_and_named(context, place):
    value = [VC2, OB_303, context] if place == ("@context",) else context
    with pytest.raises(UnknownContext) as caught:
        canonical_quads(changed(*place, value=value), BOOK)
    assert not isinstance(context, str) or context in str(caught.value)


def test_control_characters_that_programs_write_differently_are_not_judged():
    for character in ("\0", "\x0b", "\x1f", "\x7f"):
        with pytest.raises(CannotTell):
            canonical_quads(changed("issuer", "name", value=f"a{character}b"), BOOK)
    assert '"a\\tb\\n\\"\\\\"' in canonical_quads(changed("issuer", "name", value='a\tb\n"\\'), BOOK)


def test_redefinition_of_protected_terms_is_no_json_ld():
    book = BOOK.with_contexts({"urn:x:swap": {"@context": {"name": f"{CREDENTIAL}other", "issuer": "urn:x:i"}}})
    with pytest.raises(TransformationError):
        canonical_quads({**DOCUMENT, "@context": [VC2, OB_303, "urn:x:swap"]}, book)


@public_vectors.needed
def test_pinned_contexts_are_the_published_ones():
    """The package's files may differ in white space: the JSON is the same, and both are pinned by digest."""
    published = {
        VC2: "w3c/credentials-v2.json",
        "https://www.w3.org/2018/credentials/v1": "w3c/credentials-v1.json",
        "https://w3id.org/security/data-integrity/v2": "w3c/data-integrity-v2.json",
        "https://w3id.org/security/multikey/v1": "w3c/multikey-v1.json",
        "https://w3id.org/security/suites/ed25519-2020/v1": "1edtech/ed25519-2020-v1.json",
        "https://www.w3.org/ns/did/v1": "1edtech/did-v1.json",
        OB_303.replace("3.0.3", "3.0.1"): "1edtech/ob-3.0.1.json",
        OB_303.replace("3.0.3", "3.0.2"): "1edtech/ob-3.0.2.json",
        OB_303: "1edtech/ob-3.0.3.validator-2026.json",
        OB_303.replace("context-3.0.3", "extensions"): "1edtech/ob-extensions.json",
        "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json": "1edtech/clr-2.0.1.json",
    }
    assert set(published) == set(BOOK.documents)
    for url, name in published.items():
        assert BOOK.documents[url] == public_vectors.load(f"contexts/{name}"), url
    older = public_vectors.load("contexts/1edtech/ob-3.0.3.specrepo-2025.json")
    assert older_badge_contexts().documents[OB_303] == older


def test_context_file_that_changed_is_not_used(monkeypatch):
    package, resource, digest = contexts._PINNED[VC2]
    with pytest.raises(ConfigError, match="pinned"):
        contexts._load(package, resource, digest[:-1] + "0")


def test_document_with_a_term_of_one_context_file_only_is_signed_and_judged_with_that_one():
    with_jti = changed("jti", value="urn:x:jti")
    assert "assignments/jwt#jti" in canonical_quads(with_jti, BOOK)
    with pytest.raises(DataLossError):
        canonical_quads(with_jti, older_badge_contexts())


def clique(size: int) -> list[dict[str, Any]]:
    nodes = [{"type": "blank node", "value": f"_:n{number}"} for number in range(size)]
    link = {"type": "IRI", "value": "urn:x:knows"}
    return [
        {"subject": dict(one), "predicate": dict(link), "object": dict(other)}
        for one in nodes
        for other in nodes
        if one is not other
    ]


def chain(size: int) -> list[dict[str, Any]]:
    """A ring: every node looks like every other."""
    nodes = [{"type": "blank node", "value": f"_:n{number}"} for number in range(size)]
    link = {"type": "IRI", "value": "urn:x:next"}
    return [
        {"subject": dict(one), "predicate": dict(link), "object": dict(nodes[(number + 1) % size])}
        for number, one in enumerate(nodes)
    ]


def test_small_ties_are_put_in_order():
    assert canonize({"@default": clique(3)}).count("\n") == 6
    assert canonize({"@default": chain(6)}).count("\n") == 6


@pytest.mark.parametrize(
    "quads", [clique(8), clique(12), clique(40), chain(400), chain(3000)], ids=["8", "12", "40", "400", "3000"]
)
def test_poison_graph_is_refused_after_little_work(quads):
    with pytest.raises(WorkLimit):
        canonize({"@default": quads})


def test_poison_document_is_refused():
    """A clique of blank nodes, written as a document whose objects name each other."""
    people = [
        {"id": f"_:n{one}", "type": ["Profile"], "parentOrg": {"id": f"_:n{other}", "type": ["Profile"]}}
        for one in range(10)
        for other in range(10)
        if one != other
    ]
    with pytest.raises(WorkLimit):
        canonical_quads(changed("issuer", "endorsement", value=None) | {"evidence": people}, BOOK)


LARGE = {
    "a long array": changed("issuer", "name", value=["x"] * (rdf_surface.MAX_ARRAY + 1)),
    "many values": changed("evidence", value=[{"id": "urn:x:y", "name": [["x"] * 90] * 90}] * 2),
    "many types": changed("evidence", value=[{"type": ["Evidence"] * 6}] * 200),
    "many types of one": changed("type", value=["VerifiableCredential"] * 9),
    "many contexts": changed("evidence", value=[{"@context": [VC2]}] * 70),
}


@pytest.mark.parametrize("document", LARGE.values(), ids=LARGE.keys())
def test_document_that_asks_for_much_work_is_refused_before_any(document):
    with pytest.raises(WorkLimit):
        rdf_surface.check_surface(document, BOOK)
