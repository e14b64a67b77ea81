"""Who signs documents with Ed25519: a key in memory, or anything else that answers a message with a signature.

Keys are held by objects that never show them: no representation, message or record of ours contains one.
"""

from functools import lru_cache
from typing import Protocol

from nacl.bindings import crypto_sign

from registry.credential.did_key import did_of, method_of


class DocumentSigner(Protocol):
    """An Ed25519 key that somebody holds."""

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """The signature (64 bytes, RFC 8032) over a message; raises SigningError."""


class SeedSigner:
    """A key in memory, from its 32-byte seed. It may be sent to worker processes, through their pipe only."""

    __slots__ = ("_key", "_pair")

    def __init__(self, seed: bytes) -> None:
        from nacl.signing import SigningKey  # whoever only verifies need not pay for it

        self._key = SigningKey(seed)
        # Libsodium's own form of the key: seed and public key. Its call, without the library's wrapping of each result.
        self._pair = bytes(self._key) + bytes(self._key.verify_key)

    def __repr__(self) -> str:
        return f"SeedSigner({did_of(self.public_key)})"

    def __reduce__(self) -> "tuple[type[SeedSigner], tuple[bytes]]":
        return SeedSigner, (self.reveal(),)

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        return bytes(self._key.verify_key)

    def reveal(self) -> bytes:
        """The seed, 32 bytes: for whoever stores it."""
        return bytes(self._key)

    def sign(self, message: bytes) -> bytes:
        """The signature over a message, 64 bytes."""
        return crypto_sign(message, self._pair)[:64]


def signer_of(key: bytes | DocumentSigner) -> DocumentSigner:
    """A signer as it is, or one for a 32-byte seed; deriving its key costs more than a signature, so it is kept."""
    return _signer_of_seed(key) if isinstance(key, bytes) else key


@lru_cache(maxsize=2)
def _signer_of_seed(seed: bytes) -> SeedSigner:
    return SeedSigner(seed)


def method_of_signer(signer: DocumentSigner) -> str:
    """The did:key verification method of a signer."""
    return _method(signer.public_key)


@lru_cache(maxsize=8)
def _method(public_key: bytes) -> str:
    return method_of(did_of(public_key))
