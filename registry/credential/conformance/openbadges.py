"""Open Badges 3.0 by rules of our own: the table of ob_classes is walked over a document, member by member."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from registry.credential.conformance.ob_classes import SHAPES, Member, Shape
from registry.credential.conformance.ob_values import DATA_TYPES
from registry.credential.conformance.vc2 import has_types, vc2_problems
from registry.credential.problem import Problem, each, member
from registry.credential.status.status_entry import is_open_badge
from registry.credential.strict_reader import Json
from registry.credential.values import is_url
from registry.patterns import Pattern

# Not a rule broken: VC 2.0 allows it, the published JSON Schema of Open Badges does not.
NARROWER = "OPEN_BADGES_SCHEMA_IS_NARROWER"
OB_CONTEXT = Pattern(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.\d\.\d)*\.json", re.ASCII)
_OB_PREFIX = "https://purl.imsglobal.org/spec/ob/v3p0/context"


def badge_class(document: Mapping[str, Any]) -> str | None:
    """Which class of Open Badges the document says it is: AchievementCredential, EndorsementCredential or none."""
    if is_open_badge(document):
        return "AchievementCredential"
    types, contexts = document.get("type"), document.get("@context")
    types = types if isinstance(types, list) else [types]
    contexts = contexts if isinstance(contexts, list) else [contexts]
    of_badges = any(isinstance(item, str) and item.startswith(_OB_PREFIX) for item in contexts)
    return "EndorsementCredential" if of_badges and "EndorsementCredential" in types else None


def class_problems(path: str, root: Any, kind: str) -> list[Problem]:
    """Every rule that the class `kind`, and the classes inside it, break; `path` is where `root` stands."""
    return [problem for problem in _walk(path, root, kind) if problem.code != NARROWER]


def narrower_notes(document: Mapping[str, Any]) -> list[Problem]:
    """Where a badge keeps to VC 2.0 but not to the narrower JSON Schema of Open Badges: others may refuse it."""
    kind = badge_class(document)
    found = _walk("$", document, kind) if kind else []
    return [problem for problem in found if problem.code == NARROWER]


# (where, value, class) of what is still to be looked at.
_Task = tuple[str, Any, str]


def _walk(path: str, root: Any, kind: str) -> list[Problem]:
    """Problems and notes, object by object; paths are only spelled out where something stands below them."""
    found: list[Problem] = []
    stack: list[_Task] = [(path, root, kind)]
    while stack:
        path, value, name = stack.pop()
        if isinstance(value, dict):
            stack += reversed(_object(path, value, name, found))
        elif not (SHAPES[name].text_allowed and isinstance(value, str)):
            found.append(Problem(path, f"must be an object of the class {name}"))
        elif not is_url(value):
            found.append(Problem(path, f"must be a URL, or an object of the class {name}"))
    return found


def _object(path: str, value: Json, name: str, found: list[Problem]) -> list[_Task]:
    """Judge one object of a class, and return what stands inside it."""
    shape = SHAPES[name]
    if value.get("type") != _ORDINARY_TYPE.get(name):
        found += _types(path, value, shape)
    if shape.credential:
        found += _credential(path, value)
    found += [Problem(f"{path}.{one}", "is required") for one in _REQUIRED[name] if one not in value]
    inside: list[_Task] = []
    for member_name, child in value.items():
        expected = shape.members.get(member_name)
        if expected is not None:
            is_one = _IS_ONE.get(expected.kind)
            if is_one is not None and not expected.many and child != "" and is_one(child):
                continue
            _member(f"{path}.{member_name}", child, expected, found, inside)
        elif shape.closed and member_name != "type":
            text = f"is not a member of the class {name}, which cannot be extended"
            found.append(Problem(member(path, member_name), text))
    if name in _JOINED:
        found += _JOINED[name](path, value)
    return inside


def _types(path: str, value: Json, shape: Shape) -> Iterator[Problem]:
    kinds = value.get("type")
    if shape.types and not (has_types(kinds) and any(kind in _listed(kinds) for kind in shape.types)):
        yield Problem(f"{path}.type", "must contain " + " or ".join(repr(kind) for kind in shape.types))
    elif None not in (kinds, shape.type_is_list) and isinstance(kinds, list) != shape.type_is_list:
        wanted = "an array" if shape.type_is_list else "a single text"
        yield Problem(f"{path}.type", f"is {wanted} in the schema of Open Badges", NARROWER)


def _credential(path: str, value: Json) -> Iterator[Problem]:
    """What makes a class a credential: the contexts, and in nested ones the whole of VC 2.0."""
    if path != "$":
        yield from vc2_problems(value, path)
    contexts = value.get("@context")
    second = contexts[1] if isinstance(contexts, list) and len(contexts) > 1 else None
    if not isinstance(second, str) or not OB_CONTEXT.fullmatch(second):
        yield Problem(f"{member(path, '@context')}[1]", "must be the context of Open Badges 3.0")


def _member(path: str, child: Any, expected: Member, found: list[Problem], inside: list[_Task]) -> None:
    """One member: in its multiplicity and of its kind; objects go to `inside` for later."""
    if isinstance(child, list) != expected.many:
        wanted = "an array" if expected.many else "a single value"
        if not expected.wider:
            found.append(Problem(path, f"must be {wanted}"))
            return
        found.append(Problem(path, f"is {wanted} in the schema of Open Badges", NARROWER))
    for place, item in each(path, child):
        if expected.kind in SHAPES:
            inside.append((place, item, expected.kind))
        else:
            _leaf(place, item, expected, found)


def _leaf(path: str, value: Any, expected: Member, found: list[Problem]) -> None:
    is_one, described = DATA_TYPES[expected.kind]
    if expected.required and value == "":
        found.append(Problem(path, "is required, and must not be empty"))
    elif expected.wider and expected.kind == "Text" and isinstance(value, dict):
        found.append(Problem(path, "is a plain text in the schema of Open Badges", NARROWER))
    elif not is_one(value):
        found.append(Problem(path, f"must be {described}"))


def _reference(path: str, value: Json) -> Iterator[Problem]:
    if "id" not in value:
        yield Problem(f"{path}.id", "is required in the schema of Open Badges", NARROWER)


def _achievement_subject(path: str, value: Json) -> Iterator[Problem]:
    if "id" not in value and not value.get("identifier"):
        yield Problem(f"{path}.id", "or at least one identifier is required: whose achievement it is")


def _proof(path: str, value: Json) -> Iterator[Problem]:
    if isinstance(value.get("proofPurpose"), str) and value["proofPurpose"] != "assertionMethod":
        yield Problem(f"{path}.proofPurpose", "must be 'assertionMethod' in Open Badges")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# Rules of the specification's prose that join members, or that its tables cannot say.
_JOINED: dict[str, Callable[[str, Json], Iterator[Problem]]] = {
    "Reference": _reference,
    "AchievementSubject": _achievement_subject,
    "Proof": _proof,
}
# What stands in nearly every object of the class; whatever else stands there is looked at more closely.
_ORDINARY_TYPE: dict[str, Any] = {
    name: [*s.types] if s.type_is_list else s.types[0] for name, s in SHAPES.items() if len(s.types) == 1
}
_IS_ONE = {name: is_one for name, (is_one, _) in DATA_TYPES.items()}
_REQUIRED = {name: tuple(one for one, expected in s.members.items() if expected.required) for name, s in SHAPES.items()}
