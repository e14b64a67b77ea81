"""Attested DID documents: what an identifier on the web named, by the word of somebody whom a verifier may believe.

No chain can prove what a domain served. Whoever saw the document signs its hash with a final block of that time, and
the verifier says whose word counts; an issuer's own word about itself is worth nothing (SPEC.md, section 10).
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from registry.credential.canonical import canonical_hash
from registry.credential.did_key import did_of
from registry.credential.identifiers import is_on_the_web
from registry.credential.signer import DocumentSigner
from registry.errors import LedgerError, MalformedError
from registry.values import value
from registry.verification.hexes import of_hex, to_hex
from registry.verification.signed import check_signed, point_of, text_of
from registry.verification.verdict import BlockPoint

TAG = b"hallmark-did-snapshot-01"
TYPE, VERSION = "HallmarkDidSnapshot", 1
_MEMBERS = {"type", "version", "did", "digest", "chain", "block", "signer", "signature"}

Json = Mapping[str, Any]


@value
class Snapshot:
    """What is signed.

    Attributes:
        did: The identifier: did:web:… or https://….
        digest: SHA-256 of its document's RFC 8785 form, 32 bytes.
        chain_id: The chain of the block.
        block: A final block when the document was seen: it was not seen before.
    """

    did: str
    digest: bytes
    chain_id: int
    block: BlockPoint

    def statement(self) -> bytes:
        """The bytes that are signed: 144, fixed widths, big-endian."""
        return b"".join(
            (
                TAG,
                self.chain_id.to_bytes(8, "big"),
                self.block.number.to_bytes(8, "big"),
                bytes.fromhex(self.block.hash[2:]),
                self.block.time.to_bytes(8, "big"),
                sha256(self.did.encode()).digest(),
                self.digest,
            )
        )


@value
class SignedSnapshot:
    """A snapshot with its attester's did:key and Ed25519 signature (64 bytes)."""

    snapshot: Snapshot
    signer: str
    signature: bytes


def attest(did: str, document: Json, chain_id: int, block: BlockPoint, signer: DocumentSigner) -> SignedSnapshot:
    """Sign that this is the identifier's document.

    Raises:
        MalformedError: The identifier is not on the web, or the document is another one's.
        SigningError: The key's holder does not sign.
    """
    if not is_on_the_web(did) or document.get("id") != did:
        what = f"The document says that it is {document.get('id')!s:.80}, not {did[:80]}."
        raise MalformedError(what, todo="give the document of a did:web or https identifier")
    snapshot = Snapshot(did, canonical_hash(document), chain_id, block)
    return SignedSnapshot(snapshot, did_of(signer.public_key), signer.sign(snapshot.statement()))


def check_snapshots(documents: Iterable[Json], signed: Iterable[SignedSnapshot], chain_id: int, at: BlockPoint) -> None:
    """Raise unless each snapshot is signed, of this chain, and about one of the documents.

    Args:
        documents: DID documents.
        signed: Snapshots.
        chain_id: The chain that they must speak of.
        at: A block of it that is proven; no snapshot may contradict it.

    Raises:
        LedgerError, ProofError: One that is not, or documents of one identifier.
    """
    held = [(document.get("id"), canonical_hash(document)) for document in documents]
    if len({did for did, _ in held}) != len(held):
        raise LedgerError("It holds two documents of one identifier.")
    seen: set[tuple[str, str]] = set()
    for one in signed:
        snapshot = one.snapshot
        if (snapshot.did, snapshot.digest) not in held or (one.signer, snapshot.did) in seen:
            raise LedgerError("A DID snapshot in it is of another document, or stands twice.")
        if snapshot.chain_id != chain_id or _contradicts(snapshot.block, at):
            raise LedgerError("A DID snapshot in it names a block of another chain.")
        check_signature(one)
        seen.add((one.signer, snapshot.did))


def _contradicts(block: BlockPoint, proven: BlockPoint) -> bool:
    """Whether both cannot lie on one chain."""
    if block.number == proven.number:
        return block != proven
    later = (block.number > proven.number) - (block.number < proven.number)
    return block.hash == proven.hash or (block.time - proven.time) * later < 0


def check_signature(signed: SignedSnapshot) -> None:
    """Raise ProofError unless its attester signed it."""
    check_signed("DID snapshot", signed.signer, signed.snapshot.statement(), signed.signature)


def snapshot_to_json(signed: SignedSnapshot) -> dict[str, Any]:
    """JSON form; hashes and the signature as 0x hex."""
    snapshot = signed.snapshot
    return {
        "type": TYPE,
        "version": VERSION,
        "did": snapshot.did,
        "digest": to_hex(snapshot.digest),
        "chain": f"eip155:{snapshot.chain_id}",
        "block": snapshot.block.to_json(),
        "signer": signed.signer,
        "signature": to_hex(signed.signature),
    }


def snapshot_from_json(body: Any) -> SignedSnapshot:
    """Read it back, strictly; the signature is not checked.

    Raises:
        MalformedError: Anything is missing, too much, or of another kind.
    """
    try:
        _check_members(body)
        digest, point = of_hex(body["digest"], 32), point_of(body["block"])
        snapshot = Snapshot(text_of(body["did"]), digest, _chain_id(body["chain"]), point)
        return SignedSnapshot(snapshot, text_of(body["signer"]), of_hex(body["signature"], 64))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MalformedError("This is no DID snapshot.", todo="compare it with SPEC.md, section 10") from None


def _check_members(body: Any) -> None:
    if set(body) != _MEMBERS or set(body["block"]) != {"number", "hash", "time"}:
        raise ValueError
    if (body["type"], body["version"]) != (TYPE, VERSION) or body["version"] is True:
        raise ValueError


def _chain_id(text: str) -> int:
    number = int(text.removeprefix("eip155:"))
    if f"eip155:{number}" != text or not 0 < number < 2**64:
        raise ValueError
    return number
