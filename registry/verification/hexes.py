"""Bytes as 0x hex in our JSON forms."""


def to_hex(value: bytes) -> str:
    """0x and lower-case digits."""
    return "0x" + value.hex()


def of_hex(text: str, size: int | None = None) -> bytes:
    """Read it back in its one spelling; ValueError for another one, or for another number of bytes than `size`."""
    value = bytes.fromhex(text.removeprefix("0x"))
    if to_hex(value) != text or (size is not None and len(value) != size):
        raise ValueError
    return value
