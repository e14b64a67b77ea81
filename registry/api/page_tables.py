"""What the verification page needs of the registry's own tables, so that there is one table and not two."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from registry.credential.conformance.ob_classes import SHAPES, Shape
from registry.credential.conformance.ob_values import words_of_enumerations
from registry.credential.rdf.contexts import pinned_texts
from registry.verification.evidence import TrustedContract


@cache
def context_texts() -> dict[str, bytes]:
    """The pinned JSON-LD contexts by the SHA-256 (hex) of their text."""
    return {sha256(text).hexdigest(): text for text in pinned_texts().values()}


def page_tables(trusted: Sequence[TrustedContract]) -> dict[str, Any]:
    """Classes and enumerations of Open Badges, digests of contexts by URL, and the contracts that are trusted here."""
    return {
        "shapes": {name: _shape(shape) for name, shape in SHAPES.items()},
        "enumerations": words_of_enumerations(),
        "contexts": {url: sha256(text).hexdigest() for url, text in pinned_texts().items()},
        "trusted": [
            {
                "contract": str(entry.contract),
                "genesisHash": entry.genesis_hash.hex(),
                "codeHash": entry.code_hash.hex(),
                "accreditation": _beside(entry),
                "blockNumber": entry.block_number,
                "confirmations": entry.confirmations and dict(zip(("safe", "final"), entry.confirmations, strict=True)),
            }
            for entry in trusted
        ],
    }


def _beside(entry: TrustedContract) -> dict[str, str] | None:
    if entry.accreditation is None:
        return None
    address, code_hash = entry.accreditation
    return {"contract": f"0x{address.hex()}", "codeHash": code_hash.hex()}


def _shape(shape: Shape) -> dict[str, Any]:
    return {
        "types": shape.types,
        "members": {name: member._asdict() for name, member in shape.members.items()},
        "closed": shape.closed,
        "textAllowed": shape.text_allowed,
        "credential": shape.credential,
    }
