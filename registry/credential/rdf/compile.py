"""From statements with markers in the place of texts to a template."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from registry.credential.rdf.jsonld import Dataset
from registry.credential.rdf.render import Line, Statements, statements_of

MARKER = "urn:hallmark-marker:"
_MARKED = re.compile(MARKER + r"(\d{6})")
_XSD_STRING, _LANG = "http://www.w3.org/2001/XMLSchema#string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_PARTS = ("subject", "predicate", "object")

Term = Mapping[str, str]


def marker(number: int) -> str:
    """What stands for text `number`: an absolute IRI, so that it may stand where an IRI must."""
    return f"{MARKER}{number:06}"


@dataclass(frozen=True, slots=True)
class Template:
    """Statements, and the IRIs in them that no text of a document may equal."""

    statements: Statements
    iris: frozenset[str]


def template_of(dataset: Dataset, first_label: int) -> Template:
    """The template of a dataset whose texts are markers; labels of blank nodes are values from `first_label` on."""
    labels: dict[str, int] = {}
    lines: dict[Line, list[Line]] = {}
    for graph, triples in dataset.items():
        for triple in triples:
            subject, predicate, target = (_pieces(triple[part], labels, first_label) for part in _PARTS)
            name = () if graph == "@default" else (" ", *_pieces(_named(graph), labels, first_label))
            lines.setdefault((*subject, " "), []).append((*predicate, " ", *target, *name, " .\n"))
    iris = frozenset(term["value"] for term in terms_of(dataset) if term["type"] == "IRI")
    return Template(statements_of(lines, range(first_label, first_label + len(labels))), iris)


def _named(graph: str) -> Term:
    return {"type": "blank node" if graph.startswith("_:") else "IRI", "value": graph}


def _pieces(term: Term, labels: dict[str, int], first_label: int) -> Line:
    """A term as it is written, with the numbers of values in the place of markers and blank nodes."""
    value = term["value"]
    if term["type"] == "blank node":
        return (labels.setdefault(value, first_label + len(labels)),)
    marked = _MARKED.fullmatch(value)
    if term["type"] == "IRI":
        return ("<", int(marked[1]) if marked else value, ">")
    datatype = term["datatype"]
    behind = f"@{term['language']}" if datatype == _LANG else "" if datatype == _XSD_STRING else f"^^<{datatype}>"
    return ('"', int(marked[1]) if marked else escaped(value), f'"{behind}')


def terms_of(dataset: Dataset) -> Iterator[Term]:
    """Every subject, predicate, object and graph name."""
    for graph, triples in dataset.items():
        for triple in triples:
            yield from (triple[part] for part in _PARTS)
        if graph != "@default":
            yield _named(graph)


def escaped(text: str) -> str:
    """A literal's text as N-Quads write it (RDF Canonicalization 1.0, section 5)."""
    for plain, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ('"', '\\"')):
        text = text.replace(plain, escape)
    return text
