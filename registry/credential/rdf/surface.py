"""What is refused before RDF is made of an untrusted document: unknown contexts, ambiguous spelling, too much work.

A signature over RDF covers statements, not spelling. Whoever renames members through a context, writes `@id` for `id`,
or moves the status into a second object with the same id leaves the statements as they were, while a reader of the
JSON sees another document. Such documents are not judged.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from registry.credential.rdf.contexts import ContextBook
from registry.errors import CannotTell, DataLossError, UnknownContext, WorkLimit

MAX_ARRAY = 250
LIMITS = {"values": 6_000, "types": 1_000, "contexts": 64}
_MAX_TYPES_EACH = 8
_VALUE_MEMBERS = {"@value", "@type", "@language"}
_TWIN_MEMBERS = {"id", "type", "endorsementComment"}


def check_surface(document: Mapping[str, Any], book: ContextBook) -> None:
    """Raise what `jsonld.canonical_quads` says about contexts, spelling and size."""
    counts: Counter[str] = Counter()
    for value in _walk(document):
        counts["values"] += 1
        if isinstance(value, Mapping):
            _check_members(value, document)
            _check_contexts(value, book, counts)
            _check_types(value, counts)
        elif isinstance(value, list) and len(value) > MAX_ARRAY:
            raise WorkLimit(f"An array holds {len(value):,} values; RDF is made of up to {MAX_ARRAY}.")
    for name, limit in LIMITS.items():
        if counts[name] > limit:
            raise WorkLimit(f"The document holds {counts[name]:,} {name}; RDF is made of up to {limit:,}.")


def _walk(document: Mapping[str, Any]) -> Iterator[Any]:
    """Every object, array and value, but what contexts hold."""
    stack: list[Any] = [document]
    while stack:
        value = stack.pop()
        yield value
        if isinstance(value, Mapping):
            stack += [child for name, child in value.items() if name != "@context"]
        elif isinstance(value, list):
            stack += value


def _check_members(value: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    if "@value" in value:
        if "@direction" in value:
            raise DataLossError("A text direction (@direction) would be lost: the suites sign statements without it.")
        if not set(value) <= _VALUE_MEMBERS:
            raise CannotTell("A language value has members that it cannot have.")
        return
    for name in value:
        if name != "@context" and (name.startswith("@") or ":" in name):
            raise CannotTell(f"The member {name[:60]!r} is a keyword or an IRI where a term is expected.")
    twin = value is not document and "id" in document and value.get("id") == document["id"]
    if twin and not set(value) <= _TWIN_MEMBERS:
        raise CannotTell("A second object has the credential's id, and members that may be the credential's.")


def _check_contexts(value: Mapping[str, Any], book: ContextBook, counts: Counter[str]) -> None:
    if "@context" not in value:
        return
    contexts = value["@context"] if isinstance(value["@context"], list) else [value["@context"]]
    counts["contexts"] += len(contexts)
    for context in contexts:
        if not isinstance(context, str):
            raise UnknownContext(
                "The document defines terms of its own (an inline @context); only known ones are used."
            )
        if not book.knows(context):
            raise UnknownContext(f"The context {context[:200]} is not known here; contexts are never fetched.")


def _check_types(value: Mapping[str, Any], counts: Counter[str]) -> None:
    kinds = value.get("type", ())
    number = len(kinds) if isinstance(kinds, list) else 1
    counts["types"] += number
    if number > _MAX_TYPES_EACH:
        raise WorkLimit(f"An object has {number} types; RDF is made of up to {_MAX_TYPES_EACH}.")
