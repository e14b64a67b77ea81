"""Signed checkpoints: what a registry says all issuers' words are at a final block (SPEC.md, section 9).

A registry that hides an event from somebody shows them another word. It signs one checkpoint for all of its answers, so
whoever compares two of them, got from different places, sees whether it told two stories; and anybody can compute the
same root from the contract's storage.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any

from registry.credential.did_key import did_of
from registry.credential.place import ContractId
from registry.credential.signer import DocumentSigner
from registry.errors import HallmarkError, MalformedError
from registry.merkle import Tree, leaf_hash
from registry.values import value
from registry.verification.hexes import of_hex, to_hex
from registry.verification.signed import check_signed, number_of, point_of
from registry.verification.verdict import BlockPoint

TAG = b"hallmark-checkpoint-01"
TYPE, VERSION = "HallmarkCheckpoint", 1
_EMPTY_ROOT = sha256(b"").digest()
_MEMBERS = {"type", "version", "contract", "block", "through", "issuers", "accreditation", "signer", "signature"}


@value
class Words:
    """How many words there are in a contract, and the root over them (32 bytes)."""

    count: int
    root: bytes


@value
class Checkpoint:
    """What is signed.

    Attributes:
        contract: The registry contract.
        block: A final block; in the state after it, the words are these.
        through: Up to this block number, final too, no word changed.
        issuers: The words of all issuers.
        accreditation: Address of the accreditation contract, 20 bytes; zeros: none.
        accreditors: The words there.
    """

    contract: ContractId
    block: BlockPoint
    through: int
    issuers: Words
    accreditation: bytes
    accreditors: Words

    def statement(self) -> bytes:
        """The bytes that are signed: 206, fixed widths, big-endian."""
        numbers = (self.block.number, self.block.time, self.through)
        return b"".join(
            (
                TAG,
                self.contract.chain_id.to_bytes(8, "big"),
                self.contract.address,
                numbers[0].to_bytes(8, "big"),
                bytes.fromhex(self.block.hash[2:]),
                numbers[1].to_bytes(8, "big"),
                numbers[2].to_bytes(8, "big"),
                _words_bytes(self.issuers),
                self.accreditation,
                _words_bytes(self.accreditors),
            )
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 of the statement, by which answers refer to it."""
        return sha256(self.statement()).digest()


@value
class SignedCheckpoint:
    """A checkpoint with its registry's did:key and Ed25519 signature (64 bytes)."""

    checkpoint: Checkpoint
    signer: str
    signature: bytes


def words_of(words: Iterable[tuple[int, bytes]]) -> Words:
    """The RFC 9162 root over (issuer id u64 ‖ word), by ascending id; an empty tree's is SHA-256 of nothing."""
    leaves = [leaf_hash(issuer_id.to_bytes(8, "big") + word) for issuer_id, word in sorted(words)]
    return Words(len(leaves), Tree(leaves).root if leaves else _EMPTY_ROOT)


def sign_checkpoint(checkpoint: Checkpoint, signer: DocumentSigner) -> SignedCheckpoint:
    """Sign it with the registry's key."""
    return SignedCheckpoint(checkpoint, did_of(signer.public_key), signer.sign(checkpoint.statement()))


def check_signature(signed: SignedCheckpoint) -> None:
    """Raise ProofError unless its signer signed it."""
    check_signed("checkpoint", signed.signer, signed.checkpoint.statement(), signed.signature)


def checkpoint_to_json(signed: SignedCheckpoint) -> dict[str, Any]:
    """JSON form; hashes, roots and the signature as 0x hex."""
    point = signed.checkpoint
    beside = {"contract": to_hex(point.accreditation), **_words_json(point.accreditors)}
    return {
        "type": TYPE,
        "version": VERSION,
        "contract": str(point.contract),
        "block": point.block.to_json(),
        "through": point.through,
        "issuers": _words_json(point.issuers),
        "accreditation": beside if any(point.accreditation) else None,
        "signer": signed.signer,
        "signature": to_hex(signed.signature),
    }


def checkpoint_from_json(body: Any) -> SignedCheckpoint:
    """Read it back, strictly; the signature is not checked.

    Raises:
        MalformedError: Anything is missing, too much, or of another kind.
    """
    try:
        _check_members(body)
        beside, point = body["accreditation"], point_of(body["block"])
        address = bytes(20) if beside is None else of_hex(beside["contract"], 20)
        accreditors = Words(0, _EMPTY_ROOT) if beside is None else _words(beside)
        contract, issuers = ContractId.parse(body["contract"]), _words(body["issuers"])
        checkpoint = Checkpoint(contract, point, number_of(body["through"]), issuers, address, accreditors)
        return SignedCheckpoint(checkpoint, str(body["signer"]), of_hex(body["signature"], 64))
    except (KeyError, TypeError, ValueError, AttributeError, HallmarkError):
        raise MalformedError("This is no signed checkpoint.", todo="compare it with SPEC.md, section 9") from None


class Comparison(StrEnum):
    """What two checkpoints say about their registry."""

    AGREE = "agree"
    TWO_STORIES = "two stories"
    CANNOT_TELL = "cannot tell"


def compare(one: Checkpoint, other: Checkpoint) -> tuple[Comparison, str]:
    """Whether both can be true of one chain, and why not.

    They are comparable where they name the same block, or where one says that no word changed up to the other's block.
    """
    if one.contract != other.contract:
        return Comparison.CANNOT_TELL, f"One is about {one.contract}, the other about {other.contract}."
    first, second = sorted((one, other), key=lambda point: point.block.number)
    number = second.block.number
    if first.block.number == number and first.block.hash != second.block.hash:
        what = f"Final block {number} is {first.block.hash} in one and {second.block.hash} in the other."
        return Comparison.TWO_STORIES, what
    if first.through < number:
        what = f"One reaches to block {first.through}, the other begins at {number}: ask both for the same block."
        return Comparison.CANNOT_TELL, what
    if (first.issuers, first.accreditation, first.accreditors) != (
        second.issuers,
        second.accreditation,
        second.accreditors,
    ):
        return Comparison.TWO_STORIES, f"They say different words for block {number}."
    return Comparison.AGREE, f"Both say the same words for block {number}."


def _check_members(body: Any) -> None:
    if not isinstance(body, Mapping) or set(body) != _MEMBERS or set(body["block"]) != {"number", "hash", "time"}:
        raise ValueError
    if (body["type"], number_of(body["version"])) != (TYPE, VERSION):
        raise ValueError


def _words_bytes(words: Words) -> bytes:
    return words.count.to_bytes(8, "big") + words.root


def _words_json(words: Words) -> dict[str, Any]:
    return {"count": words.count, "root": to_hex(words.root)}


def _words(body: Any) -> Words:
    return Words(number_of(body["count"]), of_hex(body["root"], 32))
