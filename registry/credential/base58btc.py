"""Base58 (Bitcoin alphabet) as Multibase `z` uses it: decoding in its one spelling, and fast.

The package `base58` drops white space when it decodes, and takes as long for a signature as making the signature does.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import count

__all__ = ["decode", "encode", "encode_ascii"]

_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_FOREIGN = 255
_DIGITS = bytes(_ALPHABET.find(character) % 256 for character in range(256))
MAX_DIGITS = 256


def _steps(bits: int) -> tuple[tuple[int, int, int], ...]:
    """(mask of every other lane, its width, 58 to the digits in it), for lanes of 8, 16, … bits of a long integer."""
    steps, width = [], 8
    while width < bits:
        lanes = sum(((1 << width) - 1) << place for place in range(0, bits, 2 * width))
        steps.append((lanes, width, 58 ** (width // 8)))
        width *= 2
    return tuple(steps)


_SHORT, _LONG = _steps(8 * MAX_DIGITS // 2), _steps(8 * MAX_DIGITS)


def decode(text: str) -> bytes | None:
    """The bytes behind at most 256 digits; None for more, or for anything that the alphabet lacks.

    No two texts give the same bytes.
    """
    if not text.isascii() or len(text) > MAX_DIGITS:
        return None
    digits = text.encode().translate(_DIGITS)
    if _FOREIGN in digits:
        return None
    number = int.from_bytes(digits, "big")
    for lanes, width, power in _SHORT if 2 * len(digits) <= MAX_DIGITS else _LONG:
        # All neighbours at once: each pair of lanes becomes one, the right one plus the left one times 58^n.
        number = (number & lanes) + ((number >> width) & lanes) * power
    zeros = len(digits) - len(digits.lstrip(b"\0"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


_SLOW_CALLS = 64
_GMP_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
_TO_OURS = bytes.maketrans(_GMP_ALPHABET, _ALPHABET)
_calls = count()


def encode(data: bytes) -> str:
    """The text of `data`."""
    return encode_ascii(data).decode()


def encode_ascii(data: bytes) -> bytes:
    """The text of `data` in ASCII; many by GMP, whose loading takes as long as the first 500 take without it."""
    if next(_calls) < _SLOW_CALLS:
        from base58 import b58encode

        return b58encode(data)
    if data[:1] > b"\0":
        return _digits()(data)
    # Each byte 0 in front is a digit 1.
    rest = data.lstrip(b"\0")
    return b"1" * (len(data) - len(rest)) + (_digits()(rest) if rest else b"")


@lru_cache(maxsize=1)
def _digits() -> Callable[[bytes], bytes]:
    from gmpy2 import mpz

    from_bytes = mpz.from_bytes
    return lambda data: from_bytes(data, "big").digits(58).encode().translate(_TO_OURS)
