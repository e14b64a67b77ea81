"""Public keys as one typed value, read from Multikey or JWK (Controlled Identifiers 1.0, section 2.2; RFC 7517, 8037).

Signatures are checked here, each kind of key by its own rule: what a table of suites builds on.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from registry.credential import base58btc
from registry.errors import MalformedError, ProofError, UnknownKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

_MAX_MULTIKEY = 128
_MIN_RSA_BITS, _MAX_RSA_BYTES = 2048, 1024


class KeyKind(StrEnum):
    """Kinds of keys that can be read; signatures of all but secp256k1 can be checked."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    SECP256K1 = "secp256k1"
    RSA = "RSA"


class PublicKey(NamedTuple):
    """A public key.

    Attributes:
        kind: What it is.
        raw: Ed25519: 32 bytes. Curves: the compressed point, 33 or 49 bytes. RSA: modulus, then a 0 byte-free 4-byte
            big-endian exponent.
    """

    kind: KeyKind
    raw: bytes


# Multicodec prefixes as varints: kinds that are read, with their length, and kinds that are refused by name.
_READ = {
    b"\xed\x01": (KeyKind.ED25519, 32),
    b"\x80\x24": (KeyKind.P256, 33),
    b"\x81\x24": (KeyKind.P384, 49),
    b"\xe7\x01": (KeyKind.SECP256K1, 33),
}
_REFUSED = {
    b"\xec\x01": "X25519",
    b"\x82\x24": "P-521",
    b"\x85\x24": "RSA",
    b"\xeb\x01": "BLS12-381 G2",
    b"\xea\x01": "BLS12-381 G1",
    b"\x83\x24": "Ed448",
    b"\x80\x26": "a private key (Ed25519)",
    b"\x86\x26": "a private key (P-256)",
    b"\x87\x26": "a private key (P-384)",
    b"\x81\x26": "a private key (secp256k1)",
}
_PREFIX_OF = {kind: prefix for prefix, (kind, _) in _READ.items()}


@lru_cache(maxsize=1024)
def key_of_multikey(text: str) -> PublicKey:
    """The key behind a Multikey (`z…`, base58-btc).

    Raises:
        UnknownKey: A key of a kind that is known by name but not used here.
        MalformedError: Not a Multikey.
    """
    raw = base58btc.decode(text[1:]) if text.startswith("z") and len(text) <= _MAX_MULTIKEY else None
    if raw is None:
        raise MalformedError(f"{text[:80]!r} is not a base58 Multikey ('z…').")
    if raw[:2] in _REFUSED:
        raise UnknownKey(f"{text[:80]!r} holds {_REFUSED[raw[:2]]}, which this program does not use.")
    kind, length = _READ.get(raw[:2], (None, 0))
    if kind is None or len(raw) != 2 + length or (kind is not KeyKind.ED25519 and raw[2] not in (2, 3)):
        raise MalformedError(f"{text[:80]!r} holds no public key that is known here.")
    return PublicKey(kind, raw[2:])


def multikey_of(key: PublicKey) -> str:
    """The Multikey spelling of a key that is no RSA key."""
    return "z" + base58btc.encode(_PREFIX_OF[key.kind] + key.raw)


def key_of_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """The key behind a JWK.

    Raises:
        UnknownKey: Another kind of key.
        MalformedError: Members are missing or wrong, or the JWK holds a private key.
    """
    if "d" in jwk or "k" in jwk:
        raise MalformedError("The JWK holds a private key.", todo="tell its owner: it is burnt")
    kind = {("OKP", "Ed25519"): KeyKind.ED25519}.get((str(jwk.get("kty")), str(jwk.get("crv"))))
    if kind:
        return PublicKey(kind, _member(jwk, "x", 32))
    sizes = {"P-256": (KeyKind.P256, 32), "P-384": (KeyKind.P384, 48), "secp256k1": (KeyKind.SECP256K1, 32)}
    if jwk.get("kty") == "EC" and jwk.get("crv") in sizes:
        curve, size = sizes[str(jwk["crv"])]
        x, y = _member(jwk, "x", size), _member(jwk, "y", size)
        return _checked_point(PublicKey(curve, bytes([2 + y[-1] % 2]) + x), y)
    if jwk.get("kty") == "RSA":
        return _rsa(jwk)
    raise UnknownKey(f"JWK of the kind {jwk.get('kty')!s:.20} {jwk.get('crv', '')!s:.20} is not used here.")


def _checked_point(key: PublicKey, y: bytes) -> PublicKey:
    """A compressed point forgets y: a JWK whose y is another one is no key."""
    numbers = elliptic_key(key).public_numbers()
    if numbers.y != int.from_bytes(y, "big"):
        raise MalformedError("The JWK's x and y are no point of its curve.")
    return key


def _rsa(jwk: Mapping[str, Any]) -> PublicKey:
    modulus, exponent = _member(jwk, "n"), _member(jwk, "e")
    if (
        len(modulus) > _MAX_RSA_BYTES
        or len(exponent) > 4
        or int.from_bytes(modulus, "big").bit_length() < _MIN_RSA_BITS
    ):
        raise UnknownKey(f"RSA keys have {_MIN_RSA_BITS} to {8 * _MAX_RSA_BYTES} bits here.")
    return PublicKey(KeyKind.RSA, modulus + exponent.rjust(4, b"\0"))


def _member(jwk: Mapping[str, Any], name: str, size: int | None = None) -> bytes:
    value = jwk.get(name)
    data = base64url(value) if isinstance(value, str) else None
    if not data or (size is not None and len(data) != size):
        raise MalformedError(f"The JWK's {name!r} is missing or of another length.")
    return data


def base64url(text: str) -> bytes | None:
    """Bytes behind base64url without padding in its only spelling (RFC 7515, section 2); None for anything else."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if urlsafe_b64encode(data).rstrip(b"=").decode() == text else None


def elliptic_key(key: PublicKey) -> "ec.EllipticCurvePublicKey":
    """The point as the library's key; MalformedError when it is not on its curve."""
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[KeyKind, ec.EllipticCurve] = {
        KeyKind.P256: ec.SECP256R1(),
        KeyKind.P384: ec.SECP384R1(),
        KeyKind.SECP256K1: ec.SECP256K1(),
    }
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curves[key.kind], key.raw)
    except ValueError:
        raise MalformedError(f"The {key.kind} key is no point of its curve.") from None


def check_signature(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Check `signature` over `message`.

    Ed25519: RFC 8032, 64 bytes. P-256 with SHA-256, P-384 with SHA-384: r and s, each as long as the field. RSA:
    PKCS #1 v1.5 with SHA-256.

    Raises:
        ProofError: It does not match.
        UnknownKey: A kind of key whose signatures are not checked here.
    """
    check = _CHECKS.get(key.kind)
    if check is None:
        raise UnknownKey(f"Signatures by {key.kind} keys are not checked here.")
    if not check(key, signature, message):
        raise ProofError("The signature does not match: the document or the proof was changed after signing.")


def _ed25519(key: PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        return len(signature) == 64 and crypto_sign_open(signature + message, key.raw) == message
    except BadSignatureError:
        return False


def _ecdsa(key: PublicKey, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    size = len(key.raw) - 1
    if len(signature) != 2 * size:
        return False
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    digest = hashes.SHA256() if key.kind is KeyKind.P256 else hashes.SHA384()
    try:
        elliptic_key(key).verify(encode_dss_signature(r, s), message, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True


def _rsa_pkcs1(key: PublicKey, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    modulus, exponent = int.from_bytes(key.raw[:-4], "big"), int.from_bytes(key.raw[-4:], "big")
    try:
        public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    except ValueError:
        raise MalformedError("The RSA key is no key.") from None
    return True


_CHECKS: Mapping[KeyKind, Callable[[PublicKey, bytes, bytes], bool]] = {
    KeyKind.ED25519: _ed25519,
    KeyKind.P256: _ecdsa,
    KeyKind.P384: _ecdsa,
    KeyKind.RSA: _rsa_pkcs1,
}
