"""Keccak-256 as the EVM has it (not SHA3-256 of FIPS 202)."""

from sha3 import keccak_256


def keccak(data: bytes) -> bytes:
    """Keccak-256, 32 bytes."""
    return keccak_256(data).digest()  # type: ignore[no-any-return]
