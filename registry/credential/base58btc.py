"""Base58 (Bitcoin alphabet) as Multibase `z` uses it: decoding in its one spelling, and fast.

The package `base58` drops white space and takes 15 µs for a signature, a third of what the signature itself takes.
"""

from base58 import b58encode

__all__ = ["decode", "encode"]

_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_FOREIGN = 255
_DIGITS = bytes(_ALPHABET.find(character) % 256 for character in range(256))
_STEP = 10
_POWERS = [58**exponent for exponent in range(_STEP + 1)]


def decode(text: str) -> bytes | None:
    """The bytes behind `text`, or None when it holds anything but the alphabet: no two texts give the same bytes."""
    if not text.isascii():
        return None
    digits = text.encode().translate(_DIGITS)
    if _FOREIGN in digits:
        return None
    number = 0
    for start in range(0, len(digits), _STEP):
        # Ten digits fit into a small integer; the long one is multiplied once for all of them.
        chunk = 0
        part = digits[start : start + _STEP]
        for digit in part:
            chunk = chunk * 58 + digit
        number = number * _POWERS[len(part)] + chunk
    zeros = len(digits) - len(digits.lstrip(b"\0"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode(data: bytes) -> str:
    """The text of `data`."""
    return b58encode(data).decode()
