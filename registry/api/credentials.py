"""How a credential is asked for by its leaf hash."""

from registry.errors import MalformedError

ABSENT = "There is nothing under this identifier."


def leaf_of_text(text: str) -> bytes:
    """A leaf hash (32 bytes) from 64 hex digits, with or without 0x; MalformedError for anything else."""
    digits = text.removeprefix("0x")
    try:
        value = bytes.fromhex(digits)  # which passes over white space: 64 characters make 32 bytes only without
    except ValueError:
        value = b""
    if len(digits) != 64 or len(value) != 32:
        raise MalformedError("That is no leaf hash.", todo="write 64 hex digits")
    return value
