"""Canonical N-Quads at speed: a template compiled once with the library for documents of one shape.

The shape of a document is everything but the texts in it. For a shape that was seen before, the library is asked once
with a marker in the place of every text. Where a marker comes out as a whole literal or a whole IRI, any text may
stand; everything else (types, enumerations, numbers, texts that the library rewrites) is part of the template's key.
What is left to do for a document is to put its texts in, to order nodes with ids by their ids, and to label nodes
without by the hashes of their statements. Where two hashes are equal, or a text needs care, the library does the work.
Each template is compared with the library on the document that it was made for.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from registry.credential.rdf.compile import MARKER, Template, escaped, marker, template_of, terms_of
from registry.credential.rdf.contexts import ContextBook
from registry.credential.rdf.jsonld import canonical_quads, dataset_of
from registry.credential.rdf.render import NeedsLibrary, picker
from registry.errors import HallmarkError

_REWRITTEN = ("http://www.w3.org/2001/XMLSchema#double", "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON")
# Absolute in every context whose terms leave these schemes alone, and written as they are.
_SCHEMES = ("http", "https", "urn", "did", "mailto")
_IRIS = re.compile(r'(?:(?:https?://|urn:|did:|mailto:)[^\s<>"{}|^`\\\x00-\x20\x7f]*\n)*')
_CARE = re.compile(r'[\x00-\x1f\x7f"\\]')
_TEXT = {str}
_MAX_SHAPES, _MAX_TEMPLATES = 64, 64

Shape = tuple[Any, ...]
Document = Callable[[], Mapping[str, Any]]
Pick = Callable[[Sequence[str]], tuple[str, ...]]
_NOTHING: Pick = picker(())


@dataclass(slots=True)
class _Family:
    """What is known of a shape.

    Attributes:
        seen: How often it came.
        iris, literals, fixed: Which of its texts may be any IRI, may be any text, or belong to the key.
        templates: By fixed texts and by which IRIs are equal. None: the shape has no template.
    """

    seen: int = 0
    iris: tuple[int, ...] = ()
    literals: tuple[int, ...] = ()
    fixed: tuple[int, ...] = ()
    pick_iris: Pick = _NOTHING
    pick_literals: Pick = _NOTHING
    pick_fixed: Pick = _NOTHING
    templates: dict[Any, Template | None] | None = field(default_factory=dict)


def fast_quads(document: Mapping[str, Any], book: ContextBook, digest: str = "sha256") -> str:
    """The same as `jsonld.canonical_quads`, result and errors, from a template where there is one."""
    shape: list[Any] = []
    texts: list[str] = []
    if not _flatten(document, shape, texts):
        return canonical_quads(document, book, digest)
    return _quads_of(tuple(shape), texts, lambda: document, book, digest)


def _quads_of(key: Shape, texts: list[str], document: Document, book: ContextBook, digest: str) -> str:
    families = _families(book, digest)
    family = families.get(key)
    if family is None:
        if len(families) >= _MAX_SHAPES:
            families.clear()
        family = families[key] = _Family()
    family.seen += 1
    filled = None if family.seen == 1 else _from_template(family, document, texts, book, digest)
    return canonical_quads(document(), book, digest) if filled is None else filled


class AlikeDocuments:
    """Documents that differ in a few texts only: their N-Quads without building and walking each.

    Args:
        document: One of them, with markers in the place of these texts, or within them.
        markers: Texts that stand nowhere else in it.
        book: The contexts.
        digest: As for `fast_quads`.
    """

    def __init__(
        self, document: Mapping[str, Any], markers: Sequence[str], book: ContextBook, digest: str = "sha256"
    ) -> None:
        shape: list[Any] = []
        self._texts: list[str] = []
        self._known = _flatten(document, shape, self._texts)
        self._key, self._book, self._digest = tuple(shape), book, digest
        self._holes: list[tuple[int, int, str, str]] = []
        for place, text in enumerate(self._texts):
            for number, mark in enumerate(markers):
                before, found, behind = text.partition(mark)
                if found:
                    self._holes.append((place, number, before, behind))

    def quads(self, values: Sequence[str], document: Document) -> str:
        """The same as `fast_quads` of the document, result and errors.

        Args:
            values: What stands for each marker.
            document: Makes the document, which is seldom asked for.
        """
        if not self._known:
            return canonical_quads(document(), self._book, self._digest)
        texts = self._texts.copy()
        for place, number, before, behind in self._holes:
            texts[place] = f"{before}{values[number]}{behind}"
        return _quads_of(self._key, texts, document, self._book, self._digest)


@lru_cache(maxsize=8)
def _families(book: ContextBook, digest: str) -> dict[Shape, _Family]:
    """A cache and nothing else: losing it, or a race about it, costs a compilation."""
    return {}


def _flatten(value: Any, shape: list[Any], texts: list[str]) -> bool:
    """Append the shape of an object or array, and its texts in order; False: it has none that can be kept.

    An object is its names, then each child: 0 for a text, or what the child appends. Types, contexts and keywords are
    part of the shape as they are.
    """
    if value.__class__ is dict:
        names: Any = value
        shape.append(tuple(value))
    else:
        names = [""] * len(value)
        shape.append(("[", len(value)))
    for name, child in zip(names, value.values() if names is value else value, strict=True):
        kind = child.__class__
        if name == "type" or name[:1] == "@":
            kept = (child,) if kind is str else tuple(child) if kind is list else (None,)
            if {*map(type, kept)} - _TEXT:
                return False
            shape.append((kind is str, *kept))
        elif kind is str:
            shape.append(0)
            texts.append(child)
        elif kind is dict or kind is list:
            if not _flatten(child, shape, texts):
                return False
        else:
            shape.append((kind, child))
    return True


def _from_template(family: _Family, document: Document, texts: list[str], book: ContextBook, digest: str) -> str | None:
    """The canonical N-Quads, or None where the library has to make them."""
    if family.seen == 2:
        _classify(family, document(), texts, book)
    if family.templates is None:
        return None
    iris = family.pick_iris(texts)
    if not _IRIS.fullmatch("\n".join([*iris, ""])):
        return None
    equal = () if len(set(iris)) == len(iris) else tuple(map(iris.index, iris))
    key = (family.pick_fixed(texts), equal)
    template = family.templates.get(key)
    if template is None:
        if key in family.templates:
            return None
        template = _compile(family, key, document(), texts, book, digest)
    return None if template is None else _fill(template, family, texts, iris, digest)


def _fill(template: Template, family: _Family, texts: list[str], iris: Sequence[str], digest: str) -> str | None:
    if not template.iris.isdisjoint(iris):
        return None
    literals = family.pick_literals(texts)
    if _CARE.search("".join(literals)):
        if any(_unwritable(text) for text in literals):
            return None
        texts = list(texts)
        for number in family.literals:
            texts[number] = escaped(texts[number])
    try:
        return template.statements.fill(texts, digest)
    except NeedsLibrary:
        return None


def _unwritable(text: str) -> bool:
    return any(character < " " and character not in "\t\n\r" for character in text) or "\x7f" in text


def _classify(family: _Family, document: Mapping[str, Any], texts: Sequence[str], book: ContextBook) -> None:
    """Ask the library with a marker for every text, and see what becomes of each."""
    family.templates = None
    markers = list(map(marker, range(len(texts))))
    if not _schemes_are_free(book) or any(MARKER in text for text in texts):
        return
    try:
        terms = list(terms_of(dataset_of(_with_texts(document, iter(markers)), book)))
    except HallmarkError:
        return
    iris = {term["value"] for term in terms if term["type"] == "IRI"}
    kept = [term for term in terms if term["type"] == "literal" and term["datatype"] not in _REWRITTEN]
    literals = {term["value"] for term in kept}
    # A word without a colon in the place of an IRI is a term of the contexts, such as a proof purpose.
    free = {mark for mark, text in zip(markers, texts, strict=True) if mark in iris and ":" in text}
    family.iris = tuple(number for number, mark in enumerate(markers) if mark in free - literals)
    family.literals = tuple(number for number, mark in enumerate(markers) if mark in literals - iris)
    family.fixed = tuple(sorted({*range(len(texts))} - {*family.iris} - {*family.literals}))
    family.pick_iris, family.pick_literals = picker(family.iris), picker(family.literals)
    family.pick_fixed = picker(family.fixed)
    family.templates = {}


def _compile(
    family: _Family, key: Any, document: Mapping[str, Any], texts: list[str], book: ContextBook, digest: str
) -> Template | None:
    """A template for this key; None, for good, where it does not say what the library says."""
    assert family.templates is not None  # the caller has a key into it
    if len(family.templates) >= _MAX_TEMPLATES:
        family.templates.clear()
    family.templates[key] = None
    if any(MARKER in text for text in texts):
        return None
    marked = list(texts)
    for number in family.literals:
        marked[number] = marker(number)
    iris = family.pick_iris(texts)
    for number, text in zip(family.iris, iris, strict=True):
        marked[number] = marker(family.iris[iris.index(text)])
    try:
        dataset = dataset_of(_with_texts(document, iter(marked)), book)
        expected = canonical_quads(document, book, digest)
    except HallmarkError:
        return None
    template = template_of(dataset, len(texts))
    if _fill(template, family, texts, iris, digest) not in (None, expected):
        return None
    family.templates[key] = template
    return template


def _with_texts(value: Any, texts: Any) -> Any:
    """A copy of a JSON value with other texts, in the order in which `_flatten` finds them."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, Mapping):
        return {
            name: child if name == "type" or name[:1] == "@" else _with_texts(child, texts)
            for name, child in value.items()
        }
    if isinstance(value, list):
        return [_with_texts(child, texts) for child in value]
    return value


@lru_cache(maxsize=8)
def _schemes_are_free(book: ContextBook) -> bool:
    """Whether no context gives a meaning to the schemes that texts may start with."""
    stack: list[Any] = list(book.documents.values())
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            if any(name.partition(":")[0] in _SCHEMES for name in value):
                return False
            stack += value.values()
        elif isinstance(value, list):
            stack += value
    return True
