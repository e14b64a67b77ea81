"""A document as RDF dataset and canonical N-Quads (JSON-LD 1.1 API, RDF Canonicalization 1.0), by PyLD.

PyLD drops unknown properties, relative ids and unmapped types silently: here they are errors. Its work is bounded,
because graphs of interchangeable blank nodes take factorial time.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from math import factorial
from threading import Lock
from typing import TYPE_CHECKING, Any

from registry.credential.rdf.contexts import ContextBook
from registry.credential.rdf.surface import check_surface
from registry.errors import CannotTell, DataLossError, TransformationError, WorkLimit

if TYPE_CHECKING:
    from pyld.canon import URDNA2015

Json = dict[str, Any]
Dataset = dict[str, list[Json]]

WORK = 20_000

# Relative references are resolved against this, so that they can be told from absolute ones afterwards.
_BASE = "relative://reference/"
_BAD_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*", re.ASCII)
# Canonical N-Quads escape these (RDF Canonicalization 1.0, section 5); PyLD, like others, writes them as they are.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# PyLD's caches of processed contexts are not made for threads.
_ONE_AT_A_TIME = Lock()


def canonical_quads(document: Mapping[str, Any], book: ContextBook, digest: str = "sha256") -> str:
    """The canonical N-Quads of a document.

    Args:
        document: A strictly read JSON object.
        book: The contexts that may be used.
        digest: The hash function inside: sha256, or sha384 with keys on P-384.

    Raises:
        UnknownContext: It names a context that is not in the book; the message has its URL.
        DataLossError: Something in it has no meaning in its contexts and would be dropped.
        WorkLimit: It would take more work than an untrusted document is given.
        CannotTell: It is spelled so that readers of JSON and of RDF could see two documents.
        TransformationError: It is no JSON-LD.
    """
    check_surface(document, book)
    return canonize(dataset_of(document, book), digest)


def dataset_of(document: Mapping[str, Any], book: ContextBook) -> Dataset:
    """The document's statements; raises as `canonical_quads` does."""
    from pyld.jsonld import JsonLdError, JsonLdProcessor

    options = _options(book)
    dropped: list[str] = []
    processor = JsonLdProcessor(on_property_dropped=lambda name: dropped.append(str(name)))
    with _ONE_AT_A_TIME:
        try:
            expanded = processor.expand(dict(document), dict(options))
            if dropped:
                raise DataLossError(f"{_path_of(document, dropped[0])} has no meaning in the document's contexts.")
            for problem in _losses(expanded):
                raise problem
            dataset: Dataset = processor.to_rdf(expanded, dict(options))
        except JsonLdError as error:
            cause = error.__cause__ if isinstance(error.__cause__, JsonLdError) else error
            raise TransformationError(f"The document is no JSON-LD: {cause.args[0]!s:.200}") from None
        except RecursionError:
            raise WorkLimit("The document's statements nest too deeply.") from None
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            # What the library did not expect says nothing about the document, and must not end the program.
            raise CannotTell(f"The JSON-LD library failed on it ({type(error).__name__}).") from error
    return dataset


def canonize(dataset: Dataset, digest: str = "sha256") -> str:
    """Canonical N-Quads of a dataset, which is used up; WorkLimit when its blank nodes are too much alike."""
    try:
        return str(_bounded()(digest).main(dataset, {"format": "application/n-quads"}))
    except RecursionError:
        raise WorkLimit("The document's blank nodes form too long a chain.") from None


@cache
def _bounded() -> "Callable[[str], URDNA2015]":
    from pyld.canon import URDNA2015

    class Bounded(URDNA2015):  # type: ignore[misc]
        """Counts what Hash N-Degree Quads is about to try, and gives up in time."""

        def __init__(self, digest: str) -> None:
            super().__init__()
            self._digest, self._work = digest, 0

        def create_hash(self) -> Any:
            return hashlib.new(self._digest)

        def create_hash_to_related(self, id_: str, issuer: Any) -> Any:
            related = super().create_hash_to_related(id_, issuer)
            tries = sum(factorial(len(group)) for group in related.values())
            self._work += tries * (1 + len(issuer.order) // 8)
            if self._work > WORK:
                raise WorkLimit("The document's blank nodes are too much alike to be put in order.")
            return related

    return Bounded


@lru_cache(maxsize=8)
def _options(book: ContextBook) -> Json:
    from copy import deepcopy

    from pyld.context_resolver import ContextResolver
    from pyld.jsonld import JsonLdError

    def load(url: str, _: Any) -> Json:
        if not book.knows(url):
            raise JsonLdError(f"The context {url} is not known here.", "hallmark.UnknownContext")
        found = deepcopy(dict(book.documents[url]))
        return {"contextUrl": None, "documentUrl": url, "document": found, "tag": "static"}

    return {"documentLoader": load, "contextResolver": ContextResolver({}, load), "base": _BASE}


def _losses(expanded: Any) -> Iterator[Exception]:
    """What the step from expanded JSON-LD to RDF would drop, or could not write unambiguously."""
    stack: list[Any] = [expanded]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            yield from _node_losses(value)
            if "@value" not in value:
                stack += [child for name, child in value.items() if name not in ("@id", "@type", "@index")]


def _node_losses(node: Json) -> Iterator[Exception]:
    kinds = node.get("@type", [])  # of a value object: one text, a datatype or @json
    for iri in (node.get("@id", "@json"), *(kinds if isinstance(kinds, list) else [kinds])):
        if iri != "@json" and (not isinstance(iri, str) or iri.startswith(_BASE) or ":" not in iri):
            yield DataLossError(f"{str(iri).removeprefix(_BASE)[:120]!r} is a relative reference or an unmapped type.")
        elif _BAD_IRI.search(iri):
            yield DataLossError(f"{iri[:120]!r} is no IRI.")
    for name in node:
        if not name.startswith("@") and (name.startswith(("_:", _BASE)) or _BAD_IRI.search(name)):
            yield DataLossError(f"{name[:120]!r} is no property.")
    text = node.get("@value")
    if isinstance(text, str) and _CONTROLS.search(text):
        yield CannotTell("A text holds control characters, which programs write differently in N-Quads.")
    if not _LANGUAGE.fullmatch(str(node.get("@language", "en"))):
        yield DataLossError(f"{node['@language']!s:.40} is no language tag.")


def _path_of(document: Mapping[str, Any], name: str) -> str:
    """JSONPath of the first member of this name."""
    stack: list[tuple[str, Any]] = [("$", document)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping):
            if name in value:
                return f"{path}.{name[:80]}"
            stack += [(f"{path}.{key}", child) for key, child in value.items()]
        elif isinstance(value, list):
            stack += [(f"{path}[{index}]", child) for index, child in enumerate(value)]
    return name[:80]
