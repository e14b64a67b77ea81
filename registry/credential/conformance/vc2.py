"""VC Data Model 2.0, section 4 and 5.3: every rule about structure, as problems with their paths."""

from collections.abc import Iterator, Mapping
from typing import Any

from registry.credential.problem import RANGE, Problem, each, member
from registry.credential.times import seconds_of
from registry.credential.values import is_language_tag, is_multibase_digest, is_sri_digest, is_url, sha256_digests
from registry.errors import MalformedError

VC2 = "https://www.w3.org/ns/credentials/v2"

# Member: whether an id is required (4.11); everywhere else an id is optional and a URL.
_TYPED = {
    "credentialStatus": False,
    "credentialSchema": True,
    "termsOfUse": False,
    "evidence": False,
    "refreshService": False,
}
_SECURITY = "https://w3id.org/security"
_DIGESTS = ("digestSRI", "digestMultibase")
# Resources that never change, and whose SHA-256 their authors print (VC 2.0, B.1; Data Integrity 1.0, 2.4).
_KNOWN_RESOURCES = {
    url: bytes.fromhex(digest)
    for url, digest in {
        VC2: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
        f"{_SECURITY}/data-integrity/v2": "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
        f"{_SECURITY}/multikey/v1": "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
        f"{_SECURITY}/jwk/v1": "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
    }.items()
}
_LANGUAGE_MEMBERS = {"@value", "@language", "@direction"}


def vc2_problems(document: Mapping[str, Any], path: str = "$") -> Iterator[Problem]:
    """Every rule of the data model that the credential at `path` breaks."""
    yield from _context(document, path)
    yield from _types(document, path)
    yield from _optional_id(document, path)
    yield from _texts(document, path)
    yield from _issuer(document, path)
    yield from _subjects(document, path)
    yield from _period(document, path)
    for name, id_required in _TYPED.items():
        yield from _typed(document, path, name, id_required=id_required)
    yield from _related(document, path)
    yield from _proofs(document, path)


def _context(document: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.3: an ordered set that starts with the base context; the rest are URLs and objects."""
    contexts, path = document.get("@context"), member(path, "@context")
    if not isinstance(contexts, list) or not contexts:
        yield Problem(path, f"must be an array that starts with {VC2}")
        return
    if contexts[0] != VC2:
        yield Problem(f"{path}[0]", f"must be {VC2}")
    for number, item in enumerate(contexts[1:], start=1):
        if not isinstance(item, dict) and not is_url(item):
            yield Problem(f"{path}[{number}]", "must be a URL or a context object")
        elif item in contexts[:number]:
            yield Problem(f"{path}[{number}]", "must not repeat an earlier context: the contexts are a set")


def _types(document: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.5: terms and absolute URLs, one of them VerifiableCredential."""
    types = document.get("type")
    if not has_types(types):
        yield Problem(f"{path}.type", "must be a text or an array of texts with 'VerifiableCredential' among them")
    elif "VerifiableCredential" not in (types if isinstance(types, list) else [types]):
        yield Problem(f"{path}.type", f"must contain 'VerifiableCredential'{_hint(types)}")


def _hint(types: Any) -> str:
    if "VerifiablePresentation" in types:
        return "; this is a presentation: give the credentials inside it"
    return "; this envelope holds a credential in its id" if "EnvelopedVerifiableCredential" in types else ""


def has_types(value: Any) -> bool:
    """Whether `value` is a type: a text or a non-empty array of texts, none of them empty."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str) or item.strip() != item or not item:
            return False
    return bool(value != [])


def _optional_id(value: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.4: a single URL."""
    if "id" in value and not is_url(value["id"]):
        yield Problem(f"{path}.id", "must be a single URL")


def _texts(value: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.6 and 11.1: name and description are texts or language value objects."""
    for name in ("name", "description"):
        if name in value:
            for place, item in each(f"{path}.{name}", value[name]):
                yield from _text(item, place)


def _text(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, str):
        return
    if not isinstance(value, dict) or not isinstance(value.get("@value"), str):
        yield Problem(path, "must be a text, or an object whose '@value' is a text")
        return
    for name in sorted(value.keys() - _LANGUAGE_MEMBERS):
        yield Problem(member(path, name), "must not stand in a language value object")
    if "@language" in value and not is_language_tag(value["@language"]):
        yield Problem(member(path, "@language"), "must be a language tag like 'en' or 'pt-BR' (BCP 47)")
    if "@direction" in value and value["@direction"] not in ("ltr", "rtl"):
        yield Problem(member(path, "@direction"), "must be 'ltr' or 'rtl'")


def _issuer(document: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.7: a URL, or an object with an id that is one."""
    issuer, path = document.get("issuer"), f"{path}.issuer"
    if isinstance(issuer, dict) and "id" in issuer:
        yield from _optional_id(issuer, path)
    elif not is_url(issuer):
        yield Problem(path, "must be a URL, or an object with an 'id' that is a URL")
    if isinstance(issuer, dict):
        yield from _texts(issuer, path)


def _subjects(document: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.8: one or more objects, each with at least one member."""
    subjects, path = document.get("credentialSubject"), f"{path}.credentialSubject"
    if subjects == []:
        yield Problem(path, "must be an object with at least one member, or a list of such")
    for place, subject in each(path, subjects):
        if not isinstance(subject, dict) or not subject:
            yield Problem(place, "must be an object with at least one member, or a list of such")
        else:
            yield from _optional_id(subject, place)


def _period(document: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.9: dateTimeStamps, and validUntil not before validFrom."""
    moments: dict[str, float] = {}
    for name in ("validFrom", "validUntil"):
        try:
            moments |= {name: stamp_member(document, name)} if name in document else {}
        except MalformedError as error:
            yield _no_stamp(f"{path}.{name}", error)
    if moments.get("validUntil", 0.0) < moments.get("validFrom", float("-inf")) and len(moments) == 2:
        yield Problem(f"{path}.validUntil", "must not be earlier than validFrom", RANGE)


def _no_stamp(path: str, error: MalformedError) -> Problem:
    """A problem is half a sentence: whoever lists several ends it."""
    return Problem(path, f"must be a dateTimeStamp: {error.what.removesuffix('.')}")


def stamp_member(value: Mapping[str, Any], name: str) -> float:
    """A dateTimeStamp member in seconds since 1970; MalformedError where it is none."""
    if not isinstance(value[name], str):
        raise MalformedError(f"{name} is not a text.", todo="write it like 2026-01-31T09:30:00Z")
    return seconds_of(value[name])


def _typed(document: Mapping[str, Any], path: str, name: str, *, id_required: bool) -> Iterator[Problem]:
    """4.10, 4.11, 5.4 to 5.6: objects with a type. An empty list says as much as no member (JSON-LD)."""
    if name not in document:
        return
    for place, value in each(f"{path}.{name}", document[name]):
        if not isinstance(value, dict):
            yield Problem(place, "must be an object with a 'type'")
            continue
        if not has_types(value.get("type")):
            yield Problem(f"{place}.type", "must be a text or an array of texts")
        if id_required and "id" not in value:
            yield Problem(f"{place}.id", "is required, and a URL")
        yield from _optional_id(value, place)
        yield from _digests(value, place)


def _related(document: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """5.3: each resource with an id of its own and at least one digest."""
    seen: set[str] = set()
    for place, value in each(f"{path}.relatedResource", document.get("relatedResource", [])):
        if not isinstance(value, dict) or not is_url(value.get("id")):
            yield Problem(f"{place}.id" if isinstance(value, dict) else place, "is required, and a URL")
            continue
        if value["id"] in seen:
            yield Problem(f"{place}.id", "must not name a resource that the list names already")
        seen.add(value["id"])
        if "digestSRI" not in value and "digestMultibase" not in value:
            yield Problem(place, "must hold a digestSRI or a digestMultibase")
        if "mediaType" in value and not isinstance(value["mediaType"], str):
            yield Problem(f"{place}.mediaType", "must be a text")
        yield from _digests(value, place)
        if value["id"] in _KNOWN_RESOURCES:
            told = sha256_digests(*(digest for name in _DIGESTS for _, digest in each("", value.get(name, []))))
            if told and _KNOWN_RESOURCES[value["id"]] not in told:
                yield Problem(place, "must hold the digest of the resource, which is another one")


def _digests(value: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for name, is_digest, kind in (
        ("digestSRI", is_sri_digest, "Subresource Integrity digests like 'sha256-…'"),
        ("digestMultibase", is_multibase_digest, "a multihash in multibase, 'u…' or 'z…'"),
    ):
        if name in value:
            for place, digest in each(f"{path}.{name}", value[name]):
                if not is_digest(digest):
                    yield Problem(place, f"must be {kind}")


def _proofs(document: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """4.12, and Data Integrity 1.0, section 2.1: what every proof has, whatever its suite."""
    for place, proof in each(f"{path}.proof", document.get("proof", [])):
        if not isinstance(proof, dict):
            yield Problem(place, "must be an object with a 'type'")
            continue
        if not isinstance(proof.get("type"), str) or not proof["type"]:
            yield Problem(f"{place}.type", "must be a text")
        if proof.get("type") == "DataIntegrityProof" and not isinstance(proof.get("cryptosuite"), str):
            yield Problem(f"{place}.cryptosuite", "is required of a DataIntegrityProof, and a text")
        if not isinstance(proof.get("proofPurpose"), str):
            yield Problem(f"{place}.proofPurpose", "is required, and a text")
        yield from _optional_id(proof, place)
        yield from _proof_members(proof, place)


def _proof_members(proof: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for name in ("created", "expires"):
        if name in proof:
            try:
                stamp_member(proof, name)
            except MalformedError as error:
                yield _no_stamp(f"{path}.{name}", error)
    if "verificationMethod" in proof and not is_url(proof["verificationMethod"]):
        yield Problem(f"{path}.verificationMethod", "must be a URL")
    for name in ("proofValue", "challenge", "nonce", "cryptosuite"):
        if name in proof and not isinstance(proof[name], str):
            yield Problem(f"{path}.{name}", "must be a text")
    for name in ("domain", "previousProof"):
        for place, item in each(f"{path}.{name}", proof.get(name, [])):
            if not isinstance(item, str):
                yield Problem(place, "must be a text, or a list of texts")
