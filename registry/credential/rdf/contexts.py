"""JSON-LD contexts: pinned by digest, never fetched, read from packages that ship them as data.

A context is as much part of a signature's meaning as the signer's key, so a file whose bytes are not those that were
pinned is not used. Reading package data is the one read of this room; it is as constant as the code itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from registry.errors import ConfigError

_BADGES = "openbadgeslib/ob3/contexts"
_PYLD = "pyld/documentloader/frozen"
_OB = "https://purl.imsglobal.org/spec/ob/v3p0"
OB_303 = f"{_OB}/context-3.0.3.json"

# URL → package folder, file, SHA-256 of it. Where an author publishes a digest (VC 2.0, B.1; Data Integrity 1.0,
# 2.4) it is this one; the others have the same JSON as the published files, in other white space.
_PINNED = {
    "https://www.w3.org/ns/credentials/v2": (
        _BADGES,
        "credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    "https://www.w3.org/2018/credentials/v1": (
        _PYLD,
        "bundled/credentials-v1.jsonld",
        "00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8",
    ),
    "https://w3id.org/security/data-integrity/v2": (
        _BADGES,
        "security-data-integrity-v2.json",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    "https://w3id.org/security/multikey/v1": (
        _BADGES,
        "security-multikey-v1.json",
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
    "https://w3id.org/security/suites/ed25519-2020/v1": (
        _PYLD,
        "bundled/security-ed25519-2020-v1.jsonld",
        "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
    "https://www.w3.org/ns/did/v1": (
        _PYLD,
        "bundled/did-v1.jsonld",
        "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
    f"{_OB}/context-3.0.1.json": (
        _BADGES,
        "ob-v3p0-context-3.0.1.json",
        "5f3d9dd6288ef437ff8286cf95ffbff609c748a66f24a1e9450c45ca64be1571",
    ),
    f"{_OB}/context-3.0.2.json": (
        _BADGES,
        "ob-v3p0-context-3.0.2.json",
        "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
    OB_303: (
        _BADGES,
        "ob-v3p0-context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    f"{_OB}/extensions.json": (
        _BADGES,
        "ob-v3p0-extensions.json",
        "87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93",
    ),
    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json": (
        _BADGES,
        "clr_context_2.0.1.json",
        "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
    ),
}


@dataclass(frozen=True, eq=False)
class ContextBook:
    """Contexts by URL. Two books are the same only if they are one object, so that results can be kept by book."""

    documents: Mapping[str, Mapping[str, Any]]

    def knows(self, url: str) -> bool:
        """Whether the context is at hand."""
        return url in self.documents

    def with_contexts(self, more: Mapping[str, Mapping[str, Any]]) -> "ContextBook":
        """A book with more contexts, or with others in their place."""
        return ContextBook({**self.documents, **more})


@cache
def pinned_contexts() -> ContextBook:
    """The pinned contexts.

    Raises:
        ConfigError: A package ships another file than the one that was pinned.
    """
    return ContextBook({url: _load(*where) for url, where in _PINNED.items()})


@cache
def older_badge_contexts() -> ContextBook:
    """The same with the older file that was published under the URL of context-3.0.3: it lacks two terms."""
    older = _load(*_PINNED[OB_303])
    for term in ("endorsementJwt", "jti"):
        del older["@context"][term]
    return pinned_contexts().with_contexts({OB_303: older})


def pinned_texts() -> Mapping[str, bytes]:
    """The pinned contexts by URL, as they were published: for a page that checks signatures elsewhere.

    Raises:
        ConfigError: A package ships another file than the one that was pinned.
    """
    return {url: _text(*where) for url, where in _PINNED.items()}


def _load(package: str, resource: str, digest: str) -> dict[str, Any]:
    from registry.credential.reader import read_document

    return read_document(_text(package, resource, digest))


def _text(package: str, resource: str, digest: str) -> bytes:
    top, _, folder = package.partition("/")
    # The package is found, not imported: its code is of no use here and takes longer than a verification.
    spec = find_spec(top)
    places = list(spec.submodule_search_locations or ()) if spec else []
    data = Path(places[0], folder, resource).read_bytes() if places else b""
    if sha256(data).hexdigest() != digest:
        todo = "install the versions of uv.lock; a changed context changes what signatures mean"
        raise ConfigError(f"The context {resource} of the package {package} is not the pinned one.", todo=todo)
    return data
