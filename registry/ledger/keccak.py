"""Keccak-256 as the EVM has it (not SHA3-256 of FIPS 202)."""

import sha3


def keccak(data: bytes) -> bytes:
    """Keccak-256, 32 bytes."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest
