"""Open Badges 3.0 by rules of our own: the table of ob_classes is walked over a document, member by member."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from registry.credential.ob_classes import SHAPES, Member, Shape
from registry.credential.ob_values import DATA_TYPES, is_identity_hash
from registry.credential.problem import Problem, each, member
from registry.credential.status_entry import is_open_badge
from registry.credential.vc2 import has_types, vc2_problems

# Not a rule broken: VC 2.0 allows it, the published JSON Schema of Open Badges does not.
NARROWER = "OPEN_BADGES_SCHEMA_IS_NARROWER"
OB_CONTEXT = re.compile(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.\d\.\d)*\.json", re.ASCII)
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
    found = _walk("$", document, kind) if kind else iter(())
    return [problem for problem in found if problem.code == NARROWER]


def _walk(path: str, root: Any, kind: str) -> Iterator[Problem]:
    stack: list[tuple[str, Any, str]] = [(path, root, kind)]
    while stack:
        path, value, name = stack.pop()
        shape = SHAPES[name]
        if not isinstance(value, Mapping):
            if not (shape.text_allowed and isinstance(value, str)):
                yield Problem(path, f"must be an object of the class {name}")
            elif not DATA_TYPES["Url"][0](value):
                yield Problem(path, f"must be a URL, or an object of the class {name}")
            continue
        yield from _types(path, value, shape)
        if shape.credential:
            yield from _credential(path, value)
        inside: list[tuple[str, Any, str]] = []
        for member_name, expected in shape.members.items():
            yield from _member(path, value, member_name, expected, inside)
        yield from _extras(path, value, name)
        stack += reversed(inside)


def _types(path: str, value: Mapping[str, Any], shape: Shape) -> Iterator[Problem]:
    kinds = value.get("type")
    if shape.types and not (has_types(kinds) and any(kind in _listed(kinds) for kind in shape.types)):
        yield Problem(f"{path}.type", "must contain " + " or ".join(repr(kind) for kind in shape.types))
    elif None not in (kinds, shape.type_is_list) and isinstance(kinds, list) != shape.type_is_list:
        wanted = "an array" if shape.type_is_list else "a single text"
        yield Problem(f"{path}.type", f"is {wanted} in the schema of Open Badges", NARROWER)


def _credential(path: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    """What makes a class a credential: the contexts, and in nested ones the whole of VC 2.0."""
    if path != "$":
        yield from vc2_problems(value, path)
    contexts = value.get("@context")
    second = contexts[1] if isinstance(contexts, list) and len(contexts) > 1 else None
    if not isinstance(second, str) or not OB_CONTEXT.fullmatch(second):
        yield Problem(f"{member(path, '@context')}[1]", "must be the context of Open Badges 3.0")


def _member(
    path: str, value: Mapping[str, Any], name: str, expected: Member, inside: list[tuple[str, Any, str]]
) -> Iterator[Problem]:
    """One member: present, in its multiplicity, of its kind; objects go to `inside` for later."""
    place = member(path, name)
    if name not in value:
        if expected.required:
            yield Problem(place, "is required")
        elif expected.wider and expected.kind == "Url":
            yield Problem(place, "is required in the schema of Open Badges", NARROWER)
        return
    child = value[name]
    if isinstance(child, list) != expected.many:
        wanted = "an array" if expected.many else "a single value"
        if not expected.wider:
            yield Problem(place, f"must be {wanted}")
            return
        yield Problem(place, f"is {wanted} in the schema of Open Badges", NARROWER)
    for where, item in each(place, child):
        if expected.kind in SHAPES:
            inside.append((where, item, expected.kind))
        else:
            yield from _leaf(where, item, expected)


def _leaf(path: str, value: Any, expected: Member) -> Iterator[Problem]:
    is_one, described = DATA_TYPES[expected.kind]
    if expected.required and value == "":
        yield Problem(path, "is required, and must not be empty")
    elif expected.wider and expected.kind == "Text" and isinstance(value, Mapping):
        yield Problem(path, "is a plain text in the schema of Open Badges", NARROWER)
    elif not is_one(value):
        yield Problem(path, f"must be {described}")


def _extras(path: str, value: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """Closed classes, and the one rule that joins two members."""
    shape = SHAPES[name]
    if shape.closed:
        for extra in value.keys() - shape.members.keys() - {"type"}:
            yield Problem(member(path, extra), f"is not a member of the class {name}, which cannot be extended")
    if name == "IdentityObject" and value.get("hashed") is True and not is_identity_hash(value.get("identityHash")):
        yield Problem(f"{path}.identityHash", "must be 'sha256$' or 'md5$' and the hash in hex, because it is hashed")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
