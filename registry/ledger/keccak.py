"""Keccak-256 as the EVM has it (not SHA3-256 of FIPS 202)."""

from functools import cache
from typing import Any


@cache
def _new() -> Any:
    from sha3 import keccak_256  # not for a check without a chain

    return keccak_256


def keccak(data: bytes) -> bytes:
    """Keccak-256, 32 bytes."""
    return _new()(data).digest()  # type: ignore[no-any-return]
