"""What a document says that it is, and what VC Data Model 2.0 and Open Badges 3.0 demand of it."""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from registry.credential.conformance.openbadges import badge_class, class_problems
from registry.credential.conformance.vc2 import VC2, stamp_member, vc2_problems
from registry.credential.fast_json import SLOW_CALLS
from registry.credential.problem import Problem
from registry.credential.values import is_url

VC1 = "https://www.w3.org/2018/credentials/v1"

__all__ = [
    "MODEL_NAMES", "VC1", "VC2", "Problem", "Validity", "conformance_problems", "data_model", "is_url", "issuer_of",
    "validity_of",
]  # fmt: skip

# Recognised and named, not judged.
MODEL_NAMES = {
    "vc1": "a VC Data Model 1.1 credential",
    "ob2": "an Open Badges 2.0 badge",
    "ob1": "an Open Badges 1.1 badge",
    "blockcerts": "a Blockcerts certificate before version 3",
}
_CONTEXTS = {
    VC2: "vc2",
    VC1: "vc1",
    "https://w3id.org/openbadges/v2": "ob2",
    "https://openbadgespec.org/v2/context.json": "ob2",
    "https://w3id.org/openbadges/v1": "ob1",
    "https://openbadgespec.org/v1/context.json": "ob1",
    "https://w3id.org/blockcerts/v1": "blockcerts",
    "https://w3id.org/blockcerts/v2": "blockcerts",
}
_calls = count()


class Validity(NamedTuple):
    """validFrom and validUntil in seconds since 1970; None where the document says nothing."""

    since: float | None
    until: float | None


def data_model(document: Mapping[str, Any]) -> str:
    """`vc2`; or recognised and not judged (MODEL_NAMES); or `other`: by the document's contexts."""
    contexts = document.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    if isinstance(first, str) and first in (VC2, VC1):
        return _CONTEXTS[first]
    texts = [item for item in (contexts if isinstance(contexts, list) else [contexts]) if isinstance(item, str)]
    known = {_CONTEXTS.get(text) for text in texts} if VC2 not in texts else set()
    return next((model for model in ("blockcerts", "ob2", "ob1") if model in known), "other")


def conformance_problems(document: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Every rule of VC Data Model 2.0, and of Open Badges 3.0 where the type says so, that is broken."""
    if next(_calls) >= SLOW_CALLS and _ordinary()(document):
        return ()
    problems = list(vc2_problems(document))
    badge = badge_class(document)
    if badge is not None:
        problems += class_problems("$", document, badge)
    return tuple(dict.fromkeys(problems))


@cache
def _ordinary() -> Callable[[Mapping[str, Any]], bool]:
    """The short way, not there for the first few: loading msgspec takes as long as judging 500 by the rules."""
    from registry.credential.conformance.ordinary import is_ordinary

    return is_ordinary


def issuer_of(document: Mapping[str, Any]) -> str | None:
    """The issuer's id, whether it stands alone or in an object (section 4.7); None where there is none."""
    issuer = document.get("issuer")
    value = issuer.get("id") if isinstance(issuer, dict) else issuer
    return value if isinstance(value, str) else None


def validity_of(document: Mapping[str, Any]) -> Validity:
    """The validity period (section 4.9).

    Raises:
        MalformedError: A member that is no dateTimeStamp.
    """
    since = stamp_member(document, "validFrom") if "validFrom" in document else None
    until = stamp_member(document, "validUntil") if "validUntil" in document else None
    return Validity(since, until)
