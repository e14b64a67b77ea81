"""Keccak-256 as the EVM has it (not SHA3-256 of FIPS 202)."""

from collections.abc import Callable
from functools import cache


@cache
def keccak_function() -> Callable[[bytes], bytes]:
    """The function behind `keccak`, for whoever hashes hundreds of thousands of times."""
    from tiny_keccak import keccak256  # not for a check without a chain

    return keccak256


def keccak(data: bytes) -> bytes:
    """Keccak-256, 32 bytes."""
    return keccak_function()(data)
