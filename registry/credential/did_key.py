"""Keys as did:key (did:key v0.9, section 3; Multikey, Controlled Identifiers 1.0, section 2.2.2)."""

from functools import lru_cache

from registry.credential.keys import KeyKind, PublicKey, key_of_multikey, multikey_of
from registry.errors import HallmarkError, MalformedError

PREFIX = "did:key:"
_SHORT = 256


def did_of(public_key: bytes) -> str:
    """The did:key of a 32-byte Ed25519 public key."""
    return PREFIX + multikey_of(PublicKey(KeyKind.ED25519, public_key))


def method_of(did: str) -> str:
    """The verification method of a did:key: the DID, '#', and its own last part."""
    return f"{did}#{did.removeprefix(PREFIX)}"


def key_of(method: str) -> PublicKey:
    """The key behind a did:key or one of its verification methods.

    Raises:
        UnknownKey: A kind of key that is not used here.
        MalformedError: Not a did:key in its only spelling, or a fragment of another key.
    """
    return _short_key_of(method) if len(method) <= _SHORT else _read_key(method)


@lru_cache(maxsize=1024)
def _short_key_of(method: str) -> PublicKey:
    """An issuer's key is read once for all its documents."""
    return _read_key(method)


def _read_key(method: str) -> PublicKey:
    did, _, fragment = method.partition("#")
    encoded = did.removeprefix(PREFIX)
    if not did.startswith(PREFIX) or (fragment and fragment != encoded) or method.endswith("#"):
        raise MalformedError(f"{method[:80]!r} is no did:key, or names a key that it does not hold.")
    return key_of_multikey(encoded)


def public_key_of(method: str) -> bytes:
    """The 32-byte Ed25519 public key behind a did:key or one of its verification methods.

    Raises:
        MalformedError: Not a did:key in its only spelling, another key type, or a fragment of another key.
    """
    try:
        key = key_of(method)
    except HallmarkError as error:
        raise MalformedError(error.what) from None
    if key.kind is not KeyKind.ED25519:
        raise MalformedError(f"{method[:80]!r} holds a key that is not Ed25519.")
    return key.raw
