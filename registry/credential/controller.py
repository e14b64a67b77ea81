"""Which key a verification method names, and whether its controller lets it assert (Controlled Identifiers, 3.3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.credential.did_key import PREFIX, key_of
from registry.credential.identifiers import is_on_the_web
from registry.credential.keys import PublicKey, key_of_jwk, key_of_multikey
from registry.credential.times import seconds_of
from registry.errors import MalformedError, ProofError, UnknownKey

if TYPE_CHECKING:
    from registry.credential.rdf.contexts import ContextBook

RELATION = "assertionMethod"


class AtHand(NamedTuple):
    """What the verifier has besides the document.

    Attributes:
        contexts: JSON-LD contexts; None: the pinned ones.
        controllers: Controller documents by identifier (did:web:…, https://…); a text says why there is none.
        now: The moment the verdict is for, seconds since 1970; None: expiry of keys and proofs is not judged.
    """

    contexts: "ContextBook | None" = None
    controllers: Mapping[str, Mapping[str, Any] | str] = MappingProxyType({})
    now: float | None = None


NOTHING = AtHand()


class Signer(NamedTuple):
    """Who signed.

    Attributes:
        controller: The identifier (DID or URL) that the verification method belongs to.
        key: The key.
        bound: Whether the controller was seen to name this key for assertions. A key that only its own method's
            fragment names shows that the signature matches, not whose it is.
    """

    controller: str
    key: PublicKey
    bound: bool


def find_signer(method: str, documents: Mapping[str, Mapping[str, Any] | str], now: float | None) -> Signer:
    """The key of a verification method.

    Args:
        method: Its id: a DID URL or an https URL, with a fragment.
        documents: Controller documents by identifier; a text instead says why there is none.
        now: The moment the verdict is for, seconds since 1970; None: expiry is not judged.

    Raises:
        UnknownKey: The key cannot be had here (unknown DID method, document not at hand).
        MalformedError, ProofError: The document does not name such a key for assertions, or no longer.
    """
    controller, _, fragment = method.partition("#")
    if controller.startswith(PREFIX):
        return Signer(controller, key_of(method), True)
    if not is_on_the_web(controller):
        raise UnknownKey(f"Keys of {controller[:80]!r} cannot be had: this DID method is not known here.")
    if not fragment:
        raise MalformedError(f"{method[:120]!r} names no key: a verification method has a fragment.")
    document = documents.get(controller, "its document was not fetched")
    if not isinstance(document, str):
        return Signer(controller, key_in(document, controller, method, now), True)
    if not fragment.startswith("z"):
        raise UnknownKey(f"The key {method[:120]} cannot be had: {document}.")
    return Signer(controller, key_of_multikey(fragment), False)


def key_in(document: Mapping[str, Any], controller: str, method: str, now: float | None) -> PublicKey:
    """The key that a controller document names for assertions under this id (Controlled Identifiers 1.0, 3.3).

    Raises:
        MalformedError: The document is another one's, or has no such verification method.
        ProofError: The method may not assert, or has ended.
    """
    if document.get("id") != controller:
        raise MalformedError(
            f"The controller document says that it is {document.get('id')!s:.80}, not {controller:.80}."
        )
    listed = [entry for entry in _list(document, "verificationMethod") if isinstance(entry, Mapping)]
    listed += [entry for entry in _list(document, RELATION) if isinstance(entry, Mapping)]
    found = [entry for entry in listed if _absolute(entry.get("id"), controller) == method]
    if not found:
        raise MalformedError(f"{controller[:80]} has no verification method {method[:120]}.")
    if not lets_assert(document, controller, method):
        raise ProofError(f"{controller[:80]} does not let {method[:120]} make assertions.")
    if any(entry != found[0] for entry in found) or found[0].get("controller") != controller:
        raise MalformedError(f"{method[:120]} stands twice, or belongs to another controller.")
    _check_period(found[0], now)
    return _material(found[0])


def _check_period(method: Mapping[str, Any], now: float | None) -> None:
    for member in ("revoked", "expires"):
        if member in method and now is not None and seconds_of(str(method[member])) <= now:
            raise ProofError(f"The key {method.get('id')!s:.120} has ended ({member} {method[member]!s:.40}).")


def _material(method: Mapping[str, Any]) -> PublicKey:
    multikey, jwk = method.get("publicKeyMultibase"), method.get("publicKeyJwk")
    if isinstance(multikey, str) and jwk is None:
        return key_of_multikey(multikey)
    if isinstance(jwk, Mapping) and multikey is None:
        return key_of_jwk(jwk)
    raise MalformedError(f"{method.get('id')!s:.120} holds no single publicKeyMultibase or publicKeyJwk.")


def _list(document: Mapping[str, Any], member: str) -> list[Any]:
    value = document.get(member, [])
    return value if isinstance(value, list) else [value]


def _absolute(identifier: Any, controller: str) -> str:
    return controller + identifier if isinstance(identifier, str) and identifier.startswith("#") else str(identifier)


def lets_assert(document: Mapping[str, Any], controller: str, method: str) -> bool:
    """Whether a controller document names this verification method, its own or another's, for assertions."""
    allowed = _list(document, RELATION) if document.get("id") == controller else []
    names = {_absolute(entry.get("id") if isinstance(entry, Mapping) else entry, controller) for entry in allowed}
    return method in names
