"""Badges as nearly all of them are, judged by msgspec at once: what fits breaks no rule of `vc2` and `openbadges`.

The types are made from the table of `ob_classes` and are narrower than the rules: what they refuse may conform all the
same, what they accept has no problem. Tests hold both against each other over samples and thousands of mutations.
"""

import contextlib
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, NamedTuple

from registry.credential.conformance.ob_classes import SHAPES, Member, Shape
from registry.credential.conformance.ob_values import words_of_enumerations
from registry.credential.conformance.openbadges import OB_CONTEXT
from registry.credential.conformance.vc2 import VC2
from registry.credential.values import ORDINARY_URL, is_url

_URL = rf"(?a)\A(?:{ORDINARY_URL})\Z"
# Types as nearly all badges have them: comparing words takes less than matching a pattern.
_BADGE_TYPES = ("VerifiableCredential", "OpenBadgeCredential", "AchievementCredential")
_STATUS_TYPES = ("BitstringStatusListEntry", "1EdTechRevocationList")
_PROOF_TYPES = ("DataIntegrityProof", "Ed25519Signature2020")
# Whole seconds in UTC, of every day but 29 February: the order of such texts is that of time.
_STAMP = (
    r"\A[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z\Z"
)
_MOST_CONTEXTS = 8
# Types that are made of values, which no type checker follows.
_list: Any = list
_literal: Any = Literal
_annotated: Any = Annotated


def is_ordinary(document: Mapping[str, Any]) -> bool:
    """Whether a document is an achievement credential that has no problem for certain; False says nothing."""
    ways = _ways()
    try:
        badge = ways.convert(document, ways.badge)
    except ways.refusals:
        return False
    subject, until = badge.credentialSubject, badge.validUntil
    return (
        _are_contexts(*badge.contexts)
        and "VerifiableCredential" in badge.type
        and ("OpenBadgeCredential" in badge.type or "AchievementCredential" in badge.type)
        and (subject.id is not ways.absent or bool(subject.identifier))
        and (until is ways.absent or until >= badge.validFrom)
    )


@lru_cache(maxsize=256)
def _are_contexts(first: str, second: str, *more: str) -> bool:
    """The contexts of VC 2.0 and of Open Badges, and URLs behind them, each once."""
    known = first == VC2 and OB_CONTEXT.fullmatch(second) is not None
    return known and len({first, second, *more}) == 2 + len(more) and all(map(is_url, more))


class _Field(NamedTuple):
    """A member's type; None where whoever has such a member is judged by the rules."""

    kind: Any
    required: bool = False


class _Ways(NamedTuple):
    """What of msgspec is needed for a document, and the type of a whole badge."""

    convert: Callable[[Any, Any], Any]
    badge: Any
    refusals: tuple[type[Exception], ...]
    absent: Any


@cache
def _ways() -> _Ways:
    """The type is used once before anybody gets it.

    msgspec finishes a type at its first use, step by step: a second thread that used it meanwhile would crash.
    """
    import msgspec

    badge = _class("AchievementCredential", ())
    with contextlib.suppress(msgspec.ValidationError):
        msgspec.convert({}, badge)
    # half a surrogate pair is in no UTF-8: a ValueError
    return _Ways(msgspec.convert, badge, (msgspec.ValidationError, ValueError), msgspec.UNSET)


def _class(name: str, within: tuple[str, ...]) -> Any:
    """A class of the table as a type."""
    import msgspec

    shape = SHAPES[name]
    fields = {member: _field(one, (*within, name)) for member, one in shape.members.items()}
    fields |= {"type": _Field(_ordinary_type(shape), required=True)} if shape.types else {}
    fields |= _beyond_the_table().get(name, {})
    required = [(member, field.kind) for member, field in fields.items() if field.required]
    optional = [
        (member, msgspec.UnsetType if field.kind is None else field.kind | msgspec.UnsetType, msgspec.UNSET)
        for member, field in fields.items()
        if not field.required
    ]
    closed = shape.closed
    return msgspec.defstruct(name, [*required, *optional], rename=_RENAMED, forbid_unknown_fields=closed)


_RENAMED = {"contexts": "@context"}


def _field(member: Member, within: tuple[str, ...]) -> _Field:
    """Classes inside themselves, and data types that badges seldom have, are left to the rules."""
    if member.kind in SHAPES:
        inside = None if member.kind in within else _class(member.kind, within)
        kind = inside if inside is None or not SHAPES[member.kind].text_allowed else inside | _data_types()["Url"]
    else:
        kind = _data_types().get("Filled" if (member.kind, member.required) == ("Text", True) else member.kind)
    return _Field(kind if kind is None or not member.many else _list[kind], member.required)


def _ordinary_type(shape: Shape) -> Any:
    """The type's one spelling; a badge's several types are looked at when all else fits."""
    import msgspec

    if len(shape.types) > 1:
        word = _literal[_BADGE_TYPES]
        return _list[word]
    word = _literal[shape.types]
    return _annotated[_list[word], msgspec.Meta(min_length=1, max_length=1)] if shape.type_is_list else word


@cache
def _data_types() -> Mapping[str, Any]:
    from msgspec import Meta

    enumerations = {name: _literal[tuple(words)] for name, words in words_of_enumerations().items()}
    return {
        **enumerations,
        "Text": str,
        "Filled": Annotated[str, Meta(min_length=1)],
        "Url": Annotated[str, Meta(pattern=_URL)],
        "Stamp": Annotated[str, Meta(pattern=_STAMP)],
        "Number": int | float,
        "Boolean": bool,
    }


@cache
def _beyond_the_table() -> Mapping[str, Mapping[str, _Field]]:
    """What VC 2.0 asks of a class, and which members it has rules of its own for."""
    from msgspec import Meta

    types = _data_types()
    text, url, stamp = (_Field(types[name]) for name in ("Text", "Url", "Stamp"))
    contexts = Annotated[list[str], Meta(min_length=2, max_length=_MOST_CONTEXTS)]
    no_digests = dict.fromkeys(("digestSRI", "digestMultibase"), _Field(None))
    elsewhere = ("credentialSchema", "termsOfUse", "refreshService", "relatedResource")
    return {
        "AchievementCredential": {
            "contexts": _Field(contexts, required=True),
            **dict.fromkeys(elsewhere, _Field(None)),
        },
        "Evidence": no_digests,
        "Reference": {"type": _Field(_literal[_STATUS_TYPES], required=True), **no_digests},
        "Proof": {
            "type": _Field(_literal[_PROOF_TYPES], required=True),
            "cryptosuite": text._replace(required=True),
            "proofPurpose": _Field(Literal["assertionMethod"], required=True),
            "id": url,
            "created": stamp,
            "expires": stamp,
            "verificationMethod": url,
            **dict.fromkeys(("proofValue", "challenge", "nonce"), text),
            **dict.fromkeys(("domain", "previousProof"), _Field(None)),
        },
    }
