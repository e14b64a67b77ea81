"""The QR code of a certificate: the credential itself where it fits, else a link to an encrypted copy.

`HM1:` and the base45 form (RFC 9285) of the zlib stream (RFC 1950) of the document: all of it lies in the alphanumeric
alphabet of QR codes, of which version 35 holds 3,351 characters, that is about 2,230 compressed bytes.
"""

import zlib

from registry.errors import ContainerError

PREFIX = b"HM1:"
MAX_VERSION = 35
MAX_CHARACTERS = 3_351
MAX_TEXT = 1024 * 1024
_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


def payload(credential: bytes) -> bytes | None:
    """The text that carries the credential; None where it does not fit into version 35."""
    text = PREFIX + base45(zlib.compress(credential, 9))
    return text if len(text) <= MAX_CHARACTERS else None


def extract(text: bytes) -> bytes:
    """The credential's bytes in the text of a code.

    Raises:
        ContainerError: Another prefix or alphabet, a broken stream, or more than 1 MiB.
    """
    if not text.startswith(PREFIX):
        raise ContainerError("The code's text does not start with HM1:, so it carries no credential.")
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(unbase45(text[len(PREFIX) :]), MAX_TEXT + 1)
    except zlib.error:
        raise ContainerError("The code's text cannot be inflated.") from None
    if len(data) > MAX_TEXT or not stream.eof or stream.unused_data:
        raise ContainerError("The code's text is cut off, too long, or has something behind it.")
    return data


def modules(text: bytes) -> list[list[bool]]:
    """The code as rows of dark and light modules, without its quiet zone; error correction L."""
    import segno

    code = segno.make_qr(text.decode("ascii"), error="l", boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix]


def base45(data: bytes) -> bytes:
    """RFC 9285, section 4: two bytes are three characters, a last one is two; least significant first."""
    made = bytearray()
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, digit = divmod(value, 45)
            made.append(_ALPHABET[digit])
    return bytes(made)


def unbase45(text: bytes) -> bytes:
    """The reverse of `base45`.

    Raises:
        ContainerError: A foreign character, a length of 3n + 1, or a group beyond its bytes.
    """
    try:
        digits = [_VALUES[character] for character in text]
    except KeyError:
        raise ContainerError("The code's text holds a character that is not base45.") from None
    made = bytearray()
    for at in range(0, len(digits), 3):
        group = digits[at : at + 3]
        value = sum(digit * 45**place for place, digit in enumerate(group))
        if len(group) == 1 or value >= 256 ** (len(group) - 1):
            raise ContainerError("The code's text is not base45.")
        made += value.to_bytes(len(group) - 1, "big")
    return bytes(made)
