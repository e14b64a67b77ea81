"""An encrypted copy of a credential, for a host that must not read it: AES-256-GCM, the key in the link's fragment.

`version u8 = 1 ‖ nonce(12) ‖ ciphertext ‖ tag(16)` over the zlib stream of the document; the version byte is
authenticated too. A browser never sends a fragment, so the host of the copy does not learn the key. A key seals one
copy only.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from registry.errors import ContainerError

VERSION = b"\x01"
KEY_BYTES = 32
MAX_TEXT = 1024 * 1024
_NONCE = 12
_TAG = 16


def seal(credential: bytes, key: bytes, nonce: bytes) -> bytes:
    """The encrypted copy.

    Args:
        credential: The document's bytes.
        key: 32 random bytes, used once.
        nonce: 12 random bytes.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return VERSION + nonce + AESGCM(key).encrypt(nonce, zlib.compress(credential, 9), VERSION)


def unseal(copy: bytes, key: bytes) -> bytes:
    """The credential's bytes.

    Raises:
        ContainerError: Another version or key, a changed copy, or more than 1 MiB.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if copy[:1] != VERSION or len(copy) < 1 + _NONCE + _TAG or len(key) != KEY_BYTES:
        raise ContainerError("The file is no encrypted copy, or the key is not 32 bytes long.")
    try:
        packed = AESGCM(key).decrypt(copy[1 : 1 + _NONCE], copy[1 + _NONCE :], VERSION)
        stream = zlib.decompressobj()
        data = stream.decompress(packed, MAX_TEXT + 1)
    except (InvalidTag, zlib.error):
        raise ContainerError("The encrypted copy was changed, or the key is another one.") from None
    if len(data) > MAX_TEXT or not stream.eof:
        raise ContainerError("The encrypted copy is cut off or too long.")
    return data


def file_name(copy: bytes) -> str:
    """The copy's name: the start of its SHA-256, which tells nothing about what is in it."""
    return sha256(copy).hexdigest()[:32] + ".hallmark"


def link(base: str, copy: bytes, key: bytes) -> str:
    """`<base>/<file name>#<key>`, the key in base64url."""
    return f"{base.rstrip('/')}/{file_name(copy)}#{urlsafe_b64encode(key).rstrip(b'=').decode()}"


def key_of(text: str) -> bytes:
    """The key in a link, or a key alone.

    Raises:
        ContainerError: Not 32 bytes of base64url.
    """
    encoded = text.rpartition("#")[2]
    try:
        key = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or urlsafe_b64encode(key).rstrip(b"=").decode() != encoded:
        raise ContainerError("The link holds no key of 32 bytes behind its '#'.")
    return key
