"""Numbers and hashes from a node's JSON: what is out of its range is no answer."""

_TOO_MUCH = 1 << 63  # what a database's integer holds, and far more than any height, time or place


def quantity(text: str) -> int:
    """A height, a place or a time from its 0x hex.

    Raises:
        ValueError, TypeError: It is no number, or none from 0 on below 2^63.
    """
    number = int(text, 16)
    if not 0 <= number < _TOO_MUCH:
        raise ValueError
    return number


def hash_of(text: str) -> bytes:
    """A hash, a root or a topic from its 0x hex: 32 bytes.

    Raises:
        ValueError, TypeError: It is none.
    """
    value = bytes.fromhex(text[2:])
    if len(value) != 32:
        raise ValueError
    return value


def address_of(text: str) -> bytes:
    """An address from its 0x hex: 20 bytes.

    Raises:
        ValueError, TypeError: It is none.
    """
    value = bytes.fromhex(text[2:])
    if len(value) != 20:
        raise ValueError
    return value
