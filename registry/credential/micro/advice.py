"""What makes a microcredential weaker than it need be, beyond the elements of the European standard."""

from collections.abc import Iterator, Mapping

from registry.credential.conformance.ob_values import is_identity_hash
from registry.credential.micro.subject import Subject, text_of
from registry.credential.problem import Problem, each


def advice(subject: Subject) -> Iterator[Problem]:
    """What makes a microcredential weaker than it need be, beyond the elements of Annex I."""
    path, achievement = subject.achievement_path, subject.achievement
    if achievement.get("achievementType") != "MicroCredential":
        yield Problem(f"{path}.achievementType", "should be 'MicroCredential'", "TYPE")
    if "inLanguage" not in achievement:
        yield Problem(f"{path}.inLanguage", "should name the language, like 'en'", "LANGUAGE")
    if subject.issued:
        yield from _evidence(subject)
        yield from _identities(subject)
        if "credentialStatus" not in subject.document:
            yield Problem("$.credentialStatus", "is missing: nobody can revoke or suspend this credential", "STATUS")
    yield from _result_references(subject)


def _evidence(subject: Subject) -> Iterator[Problem]:
    entries = list(each("$.evidence", subject.document.get("evidence", [])))
    if not entries:
        yield Problem("$.evidence", "is missing: link the work, or tell what was assessed", "EVIDENCE")
    for place, entry in entries:
        if isinstance(entry, Mapping) and not any(
            text_of(entry.get(name)) for name in ("id", "narrative", "description")
        ):
            yield Problem(place, "shows nothing: give it an id (URL) or a narrative", "EVIDENCE")


def _identities(subject: Subject) -> Iterator[Problem]:
    for path, identity in each(f"{subject.subject_path}.identifier", subject.subject.get("identifier", [])):
        if not isinstance(identity, Mapping):
            continue
        if identity.get("identityType") == "emailAddress" and identity.get("hashed") is not True:
            yield Problem(f"{path}.identityHash", "shows an e-mail address to everybody: hash it", "PRIVACY")
        if identity.get("hashed") is True and not is_identity_hash(identity.get("identityHash")):
            text = "is no hash that anybody can compare: write 'sha256$' and 64 hex digits"
            yield Problem(f"{path}.identityHash", text, "IDENTITY_HASH")
        if identity.get("hashed") is True and not text_of(identity.get("salt")):
            yield Problem(f"{path}.salt", "is missing: without it the hash can be guessed", "PRIVACY")


def _result_references(subject: Subject) -> Iterator[Problem]:
    """Results point at descriptions of the achievement, and stay within what those allow."""
    described = {
        str(description.get("id")): description
        for _, description in each("", subject.achievement.get("resultDescription", []))
        if isinstance(description, Mapping)
    }
    for path, result in each(f"{subject.subject_path}.result", subject.subject.get("result", [])):
        reference = result.get("resultDescription") if isinstance(result, Mapping) else None
        if not isinstance(reference, str):
            continue
        description = described.get(reference)
        if description is None:
            yield Problem(f"{path}.resultDescription", "names no resultDescription of the achievement", "RESULT")
            continue
        allowed = description.get("allowedValue")
        if isinstance(allowed, list) and "value" in result and result["value"] not in allowed:
            yield Problem(f"{path}.value", "is not among the allowedValue of its resultDescription", "RESULT")
