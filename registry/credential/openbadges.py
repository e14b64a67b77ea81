"""Open Badges 3.0 as a table: which classes stand where, and what each of them requires (specification, appendix B)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.credential.problem import Problem


@dataclass(frozen=True, slots=True)
class Shape:
    """A class: the types of which one must be present, its required members, and the classes of its members."""

    types: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    members: Mapping[str, str] = field(default_factory=dict)
    text_allowed: bool = False


_PROFILE_MEMBERS = {
    "image": "Image",
    "address": "Address",
    "otherIdentifier": "IdentifierEntry",
    "parentOrg": "Profile",
    "endorsement": "EndorsementCredential",
}

SHAPES: Mapping[str, Shape] = {
    "AchievementCredential": Shape(
        ("AchievementCredential", "OpenBadgeCredential"),
        ("id", "credentialSubject", "issuer", "validFrom"),
        {
            "credentialSubject": "AchievementSubject",
            "issuer": "ProfileRef",
            "evidence": "Evidence",
            "image": "Image",
            "endorsement": "EndorsementCredential",
            "credentialStatus": "Reference",
        },
    ),
    "EndorsementCredential": Shape(
        ("EndorsementCredential",),
        ("id", "name", "credentialSubject", "issuer", "validFrom"),
        {"credentialSubject": "EndorsementSubject", "issuer": "ProfileRef"},
    ),
    "EndorsementSubject": Shape(("EndorsementSubject",), ("id",)),
    "AchievementSubject": Shape(
        ("AchievementSubject",),
        ("achievement",),
        {
            "achievement": "Achievement",
            "identifier": "IdentityObject",
            "image": "Image",
            "result": "Result",
            "source": "Profile",
        },
    ),
    "Achievement": Shape(
        ("Achievement",),
        ("id", "criteria", "description", "name"),
        {
            "alignment": "Alignment",
            "creator": "Profile",
            "criteria": "Criteria",
            "endorsement": "EndorsementCredential",
            "image": "Image",
            "otherIdentifier": "IdentifierEntry",
            "related": "Related",
            "resultDescription": "ResultDescription",
        },
    ),
    "Criteria": Shape(),
    "Profile": Shape(("Profile",), ("id",), _PROFILE_MEMBERS),
    "ProfileRef": Shape(("Profile",), ("id",), _PROFILE_MEMBERS, text_allowed=True),
    "Image": Shape(("Image",), ("id",)),
    "Address": Shape(("Address",), (), {"geo": "GeoCoordinates"}),
    "GeoCoordinates": Shape(("GeoCoordinates",), ("latitude", "longitude")),
    "IdentityObject": Shape(("IdentityObject",), ("hashed", "identityHash", "identityType")),
    "IdentifierEntry": Shape(("IdentifierEntry",), ("identifier", "identifierType")),
    "Evidence": Shape(("Evidence",)),
    "Result": Shape(("Result",), (), {"alignment": "Alignment"}),
    "ResultDescription": Shape(
        ("ResultDescription",),
        ("id", "name", "resultType"),
        {"alignment": "Alignment", "rubricCriterionLevel": "RubricCriterionLevel"},
    ),
    "RubricCriterionLevel": Shape(("RubricCriterionLevel",), ("id", "name"), {"alignment": "Alignment"}),
    "Alignment": Shape(("Alignment",), ("targetName", "targetUrl")),
    "Related": Shape(("Related",), ("id",)),
    "Reference": Shape((), ("id", "type")),
}


def open_badge_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Every class of a badge whose type or required members are missing, wherever it stands in the document."""
    return shape_problems("$", document, "AchievementCredential")


def shape_problems(path: str, root: Any, kind: str) -> Iterator[Problem]:
    """What the class `kind`, and the classes inside it, lack; `path` is where `root` stands."""
    stack: list[tuple[str, Any, str]] = [(path, root, kind)]
    while stack:
        path, value, name = stack.pop()
        shape = SHAPES[name]
        if isinstance(value, str) and shape.text_allowed:
            continue
        if not isinstance(value, Mapping):
            yield Problem(path, f"must be an object of the class {name}")
            continue
        yield from _own_problems(path, value, shape)
        stack += [child for member in shape.members for child in _children(path, value, member, shape)]


def _own_problems(path: str, value: Mapping[str, Any], shape: Shape) -> Iterator[Problem]:
    kinds = value.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if shape.types and not any(kind in kinds for kind in shape.types):
        yield Problem(f"{path}.type", "must contain " + " or ".join(repr(kind) for kind in shape.types))
    for member in shape.required:
        if value.get(member) in (None, "", [], {}):
            yield Problem(f"{path}.{member}", "is required")


def _children(path: str, value: Mapping[str, Any], member: str, shape: Shape) -> list[tuple[str, Any, str]]:
    child = value.get(member)
    if child is None:
        return []
    name = shape.members[member]
    if isinstance(child, list):
        return [(f"{path}.{member}[{number}]", item, name) for number, item in enumerate(child)]
    return [(f"{path}.{member}", child, name)]
