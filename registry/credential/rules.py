"""What VC Data Model 2.0 and Open Badges 3.0 demand of a document, as a list of problems with their paths."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from registry.credential.openbadges import open_badge_problems
from registry.credential.problem import Problem
from registry.credential.status_entry import is_open_badge
from registry.credential.times import parse_stamp
from registry.errors import MalformedError

VC2 = "https://www.w3.org/ns/credentials/v2"
VC1 = "https://www.w3.org/2018/credentials/v1"

__all__ = ["VC1", "VC2", "Problem", "Validity", "conformance_problems", "data_model", "issuer_of", "validity_of"]


@dataclass(frozen=True, slots=True)
class Validity:
    """validFrom and validUntil in seconds since 1970; None where the document says nothing."""

    since: float | None
    until: float | None


def data_model(document: Mapping[str, Any]) -> str:
    """`vc2`, `vc1` (recognised, not judged) or `other`, by the document's contexts."""
    contexts = document.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    if first == VC1:
        return "vc1"
    return "vc2" if first == VC2 else "other"


def conformance_problems(document: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Every rule of VC Data Model 2.0 (section 4), and of Open Badges 3.0 where the type says so, that is broken."""
    problems = [*_context(document), *_types(document), *_ids(document), *_issuer(document), *_subjects(document)]
    problems += [*_times(document), *_typed_members(document), *_proof(document)]
    if is_open_badge(document):
        problems += open_badge_problems(document)
    return tuple(problems)


def issuer_of(document: Mapping[str, Any]) -> str | None:
    """The issuer's id, whether it stands alone or in an object (section 4.7); None where there is none."""
    issuer = document.get("issuer")
    value = issuer.get("id") if isinstance(issuer, Mapping) else issuer
    return value if isinstance(value, str) else None


def validity_of(document: Mapping[str, Any]) -> Validity:
    """The validity period (section 4.9).

    Raises:
        MalformedError: A member that is no dateTimeStamp.
    """
    return Validity(_seconds(document, "validFrom"), _seconds(document, "validUntil"))


def _seconds(document: Mapping[str, Any], member: str) -> float | None:
    if member not in document:
        return None
    value = document[member]
    if not isinstance(value, str):
        raise MalformedError(f"{member} is not a text.")
    return parse_stamp(value).timestamp()


def _context(document: Mapping[str, Any]) -> Iterator[Problem]:
    contexts = document.get("@context")
    if not isinstance(contexts, list) or not contexts:
        yield Problem("$['@context']", f"must be an array that starts with {VC2}")
    elif contexts[0] != VC2:
        yield Problem("$['@context'][0]", f"must be {VC2}")
    elif not all(isinstance(item, str | dict) for item in contexts):
        yield Problem("$['@context']", "may hold URLs and objects only")


def _types(document: Mapping[str, Any]) -> Iterator[Problem]:
    types = document.get("type")
    types = types if isinstance(types, list) else [types]
    if "VerifiableCredential" not in types:
        yield Problem("$.type", "must contain 'VerifiableCredential'")
    if not all(isinstance(item, str) for item in types):
        yield Problem("$.type", "must be texts")


def _ids(document: Mapping[str, Any]) -> Iterator[Problem]:
    if "id" in document and not is_url(document["id"]):
        yield Problem("$.id", "must be a URL")


def _issuer(document: Mapping[str, Any]) -> Iterator[Problem]:
    if not is_url(issuer_of(document)):
        yield Problem("$.issuer", "must be a URL, or an object with an 'id' that is a URL")


def _subjects(document: Mapping[str, Any]) -> Iterator[Problem]:
    subjects = document.get("credentialSubject")
    subjects = subjects if isinstance(subjects, list) else [subjects]
    if not subjects or not all(isinstance(subject, Mapping) and subject for subject in subjects):
        yield Problem("$.credentialSubject", "must be an object with at least one member, or a list of such")
        return
    for number, subject in enumerate(subjects):
        if "id" in subject and not is_url(subject["id"]):
            yield Problem(f"$.credentialSubject[{number}].id", "must be a URL")


def _times(document: Mapping[str, Any]) -> Iterator[Problem]:
    moments = {}
    for member in ("validFrom", "validUntil"):
        try:
            moments[member] = _seconds(document, member)
        except MalformedError as error:
            yield Problem(f"$.{member}", error.what)
    since, until = moments.get("validFrom"), moments.get("validUntil")
    if since is not None and until is not None and until < since:
        yield Problem("$.validUntil", "must not be earlier than validFrom")


def _typed_members(document: Mapping[str, Any]) -> Iterator[Problem]:
    for member in ("credentialStatus", "credentialSchema", "termsOfUse", "evidence", "refreshService"):
        values = document.get(member, [])
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, Mapping) or not _has_type(value):
                yield Problem(f"$.{member}", "must be an object with a 'type', or a list of such")
            elif "id" in value and not is_url(value["id"]):
                yield Problem(f"$.{member}.id", "must be a URL")


def _proof(document: Mapping[str, Any]) -> Iterator[Problem]:
    proofs = document.get("proof", [])
    for proof in proofs if isinstance(proofs, list) else [proofs]:
        if not isinstance(proof, Mapping) or not isinstance(proof.get("type"), str):
            yield Problem("$.proof", "must be an object with a 'type', or a list of such")


def _has_type(value: Mapping[str, Any]) -> bool:
    kind = value.get("type")
    return isinstance(kind, str) or (isinstance(kind, list) and bool(kind) and all(isinstance(k, str) for k in kind))


def is_url(value: Any) -> bool:
    """Whether `value` is an absolute URL (a scheme and something behind it)."""
    if not isinstance(value, str) or any(character.isspace() for character in value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))
