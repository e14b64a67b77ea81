"""Ed25519 keys as did:key (did:key v0.9, section 3; Multikey, Controlled Identifiers 1.0, section 2.2.2)."""

import base58

from registry.errors import MalformedError

_ED25519_PUB = b"\xed\x01"
PREFIX = "did:key:"


def did_of(public_key: bytes) -> str:
    """The did:key of a 32-byte Ed25519 public key."""
    return PREFIX + "z" + base58.b58encode(_ED25519_PUB + public_key).decode()


def method_of(did: str) -> str:
    """The verification method of a did:key: the DID, '#', and its own last part."""
    return f"{did}#{did.removeprefix(PREFIX)}"


def public_key_of(method: str) -> bytes:
    """The 32-byte Ed25519 public key behind a did:key or one of its verification methods.

    Raises:
        MalformedError: Not a did:key in its only spelling, another key type, or a fragment of another key.
    """
    did, _, fragment = method.partition("#")
    encoded = did.removeprefix(PREFIX)
    if not did.startswith(PREFIX + "z") or (fragment and fragment != encoded) or len(encoded) > 64:
        raise MalformedError(f"{method[:80]!r} is not an Ed25519 did:key.")
    try:
        raw = base58.b58decode(encoded[1:])
    except ValueError:
        raise MalformedError(f"{method[:80]!r} is not base58.") from None
    # b58decode drops white space behind the text: only the one true spelling passes.
    if raw[:2] != _ED25519_PUB or len(raw) != 34 or did_of(raw[2:]) != did:
        raise MalformedError(f"{method[:80]!r} holds a key that is not Ed25519.")
    return raw[2:]
