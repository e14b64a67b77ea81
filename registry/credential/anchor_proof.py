"""The suite `evm-merkle-jcs-2026`: proofValue, leaf entry and the proof around them (SPEC.md, sections 1.2, 2, 3)."""

import struct
from base64 import urlsafe_b64encode
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from registry.credential.canonical import canonical_hash
from registry.credential.place import MAX_LEAVES, BatchId, ContractId, Place
from registry.credential.times import calendar_seconds_of
from registry.errors import MalformedError

SUITE = "evm-merkle-jcs-2026"
TAG = b"hallmark-leaf-01"
VERSION = 1
MAX_PATH = 40
# Characters of plain base64 become foreign ones, so that only those of base64url pass.
_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/..")
_HEAD = struct.Struct(">BQ20sQ16s20sQQ32s")
_ENTRY = struct.Struct(">16sQ20sQ16sQ32s32s32s")
_MEMBERS = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}


class AnchorClaim(NamedTuple):
    """What a proofValue says: where the credential is anchored, by whom, with its salt and path.

    `account` 20 bytes, `salt` 32 bytes, `path` hashes of 32 bytes with the leaf end first, at most 40.
    """

    place: Place
    account: bytes
    leaf_count: int
    salt: bytes
    path: tuple[bytes, ...]


def encode_proof_value(claim: AnchorClaim) -> str:
    """Multibase base64url of the fixed layout (SPEC.md, section 3)."""
    batch = claim.place.batch
    head = _HEAD.pack(
        VERSION,
        batch.contract.chain_id,
        batch.contract.address,
        batch.issuer_id,
        batch.batch_id,
        claim.account,
        claim.leaf_count,
        claim.place.index,
        claim.salt,
    )
    return "u" + urlsafe_b64encode(head + b"".join(claim.path)).rstrip(b"=").decode()


def decode_proof_value(text: str) -> AnchorClaim:
    """Read a proofValue.

    Raises:
        MalformedError: Another version or alphabet, wrong length, index ≥ leafCount, leafCount 0 or above 2^40.
    """
    data = _base64url(text)
    path_bytes = len(data) - _HEAD.size
    if path_bytes < 0 or path_bytes % 32 or path_bytes > MAX_PATH * 32:
        raise MalformedError("proofValue has a length that no anchor proof has.")
    version, chain, contract, issuer, batch, account, count, index, salt = _HEAD.unpack_from(data)
    if version != VERSION:
        raise MalformedError(f"proofValue has version {version}; this program reads version {VERSION}.")
    if not 0 < count <= MAX_LEAVES or index >= count:
        raise MalformedError(f"proofValue names leaf {index} of a batch of {count}.")
    path = tuple([data[i : i + 32] for i in range(_HEAD.size, len(data), 32)])
    return AnchorClaim(Place(_batch(chain, contract, issuer, batch), index), account, count, salt, path)


@lru_cache(maxsize=256)
def _batch(chain: int, contract: bytes, issuer: int, batch: bytes) -> BatchId:
    """The batch that a whole batch of proofs names."""
    return BatchId(ContractId(chain, contract), issuer, batch)


def _base64url(text: str) -> bytes:
    if not text.startswith("u") or len(text) > 4096 or not text.isascii():
        raise MalformedError("proofValue is not multibase base64url ('u…').")
    standard = text[1:].encode().translate(_TO_STANDARD)
    try:
        data = a2b_base64(standard + b"=" * (-len(standard) % 4), strict_mode=True)
    except ValueError:
        raise MalformedError("proofValue is not base64url.") from None
    # Strict reading leaves two spellings: padding of its own, and spare bits at the end.
    if b2a_base64(data[len(data) // 3 * 3 :], newline=False).rstrip(b"=") != standard[len(data) // 3 * 4 :]:
        raise MalformedError("proofValue is not in its only base64url spelling.")
    return data


def proof_config(contract: ContractId, account: bytes, created: str) -> dict[str, Any]:
    """The anchor proof without its proofValue; the same for a whole batch."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": f"did:pkh:eip155:{contract.chain_id}:0x{account.hex()}#blockchainAccountId",
        "proofPurpose": "assertionMethod",
    }


def leaf_entry(place: Place, salt: bytes, config_hash: bytes, doc_hash: bytes) -> bytes:
    """The 172-byte entry that is hashed into the leaf (SPEC.md, section 2).

    Args:
        place: Chain, contract, issuer, batch, index.
        salt: 32 random bytes of this credential.
        config_hash: SHA-256(JCS(anchor proof without proofValue)), 32 bytes.
        doc_hash: SHA-256(JCS(document without proof)), 32 bytes.
    """
    batch = place.batch
    where = (batch.contract.chain_id, batch.contract.address, batch.issuer_id, batch.batch_id, place.index)
    return _ENTRY.pack(TAG, *where, salt, config_hash, doc_hash)


class AnchorProof(NamedTuple):
    """An anchor proof read from a document: its claim, its cfgHash (32 bytes) and when it was made."""

    claim: AnchorClaim
    config_hash: bytes
    created: str


def read_anchor_proof(proof: Mapping[str, Any]) -> AnchorProof:
    """Read one member of a document's `proof` whose cryptosuite is ours.

    Raises:
        MalformedError: Other members than SPEC.md section 1.2 lists, or values that contradict each other.
    """
    if proof.keys() != _MEMBERS or {*map(type, proof.values())} != {str}:
        raise MalformedError("An anchor proof has exactly these text members: " + ", ".join(sorted(_MEMBERS)) + ".")
    claim = decode_proof_value(proof["proofValue"])
    expected, config_hash = _expected(claim.place.batch.contract, claim.account, proof["created"])
    if proof != {**expected, "proofValue": proof["proofValue"]}:
        wrong = next(name for name in expected if proof[name] != expected[name])
        raise MalformedError(f"The anchor proof's {wrong} is not {expected[wrong]!r}, which its proofValue asks for.")
    return AnchorProof(claim, config_hash, proof["created"])


@lru_cache(maxsize=256)
def _expected(contract: ContractId, account: bytes, created: str) -> tuple[Mapping[str, str], bytes]:
    """The proof without its proofValue and its cfgHash (32 bytes): the same for a whole batch."""
    calendar_seconds_of(created)
    if not created.endswith("Z"):
        raise MalformedError("The anchor proof's created is not in UTC.", todo="write it with Z")
    config = proof_config(contract, account, created)
    return config, canonical_hash(config)
