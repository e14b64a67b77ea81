"""Canonical bytes and their hash: RFC 8785 (JCS) and SHA-256."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import rfc8785

from registry.errors import MalformedError


def canonical_bytes(value: Any) -> bytes:
    """RFC 8785 form of a value that `read_document` returned or that this program built.

    Raises:
        MalformedError: A value that has no canonical form (integers beyond 2^53, NaN, lone surrogates).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise MalformedError(f"The value has no canonical form (RFC 8785): {error}.") from error


def canonical_hash(value: Any) -> bytes:
    """SHA-256 of the RFC 8785 form, 32 bytes."""
    return sha256(canonical_bytes(value)).digest()


def document_hash(document: Mapping[str, Any]) -> bytes:
    """`docHash`: SHA-256(JCS(document without "proof")), 32 bytes (SPEC.md, section 1)."""
    return canonical_hash({name: value for name, value in document.items() if name != "proof"})
