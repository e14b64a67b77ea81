"""From staged parts to leaves, tree and finished lines; parts are whole subtrees, so each is worked on alone."""

import struct
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from registry.credential.anchor_proof import TAG, VERSION, proof_config
from registry.credential.canonical import canonical_bytes, canonical_hash
from registry.credential.place import BatchId
from registry.errors import InputError
from registry.issuing.batch.staged import BARE, PART, RECORD, Part, StagedFiles
from registry.merkle import Tree

_PLACE = struct.Struct(">Q20sQ16s")
_URL = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class LeafMaker:
    """Leaf hashes of a batch (SPEC.md, section 2).

    Attributes:
        batch: Where they are.
        account: Who anchors, 20 bytes.
        created: dateTimeStamp of the anchor proofs.
    """

    batch: BatchId
    account: bytes
    created: str

    def leaves(self, part: Part, first: int) -> list[bytes]:
        """The 32-byte leaf hashes of a part whose first document has the index `first`."""
        # leaf_hash(leaf_entry(…)) written out: all but index, salt and docHash is the same for a whole batch.
        head = b"\x00" + TAG + place_bytes(self.batch)
        config = canonical_hash(proof_config(self.batch.contract, self.account, self.created))
        return [
            sha256(head + index.to_bytes(8, "big") + record[0] + config + record[1]).digest()
            for index, record in enumerate(RECORD.iter_unpack(part.records), first)
        ]


def place_bytes(batch: BatchId) -> bytes:
    """The fields chainId u64 ‖ contract(20) ‖ issuerId u64 ‖ batchId(16), as entry and proofValue hold them."""
    return _PLACE.pack(batch.contract.chain_id, batch.contract.address, batch.issuer_id, batch.batch_id)


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """Everything that the anchor proofs of a batch are made of; documents stay on disk.

    Attributes:
        maker: Makes its leaf hashes.
        files: The staged documents.
        top: The tree over the roots of the parts.
        fresh: Whether this process wrote the files; if not, they are held against their hashes when they are read.
    """

    maker: LeafMaker
    files: StagedFiles
    top: Tree
    fresh: bool

    @property
    def batch(self) -> BatchId:
        """Which batch it is."""
        return self.maker.batch

    @property
    def root(self) -> bytes:
        """The Merkle root, 32 bytes."""
        return self.top.root

    @property
    def size(self) -> int:
        """How many credentials."""
        return self.files.count

    def names(self) -> Iterator[str]:
        """The names of the credentials' files, in index order."""
        return self.files.names()

    def leaves(self, part: Part, number: int) -> list[bytes]:
        """The 32-byte leaf hashes of a part."""
        return self.maker.leaves(part, number * PART)

    def part(self, number: int) -> Part:
        """A part with its lines; InputError where its file was changed or is gone."""
        try:
            return self.files.part(number, check=not self.fresh)
        except (OSError, ValueError) as error:
            raise damaged(self.files, str(error)) from None

    def finished(self) -> Iterator[bytes]:
        """The finished line of each credential, in index order."""
        for number in range(self.files.parts):
            part = self.part(number)
            yield from finished_lines(part, anchor_proofs(self, part, number, self.leaves(part, number)))


def assemble(maker: LeafMaker, files: StagedFiles, roots: Sequence[bytes] | None = None) -> StagedBatch:
    """The batch's tree over its staged parts.

    Args:
        maker: Makes the leaf hashes.
        files: The parts.
        roots: Their roots, where this process staged them itself.

    Raises:
        InputError: A part is missing or damaged.
    """
    if roots is not None:
        return StagedBatch(maker, files, Tree(roots), fresh=True)
    try:
        roots = [Tree(maker.leaves(files.records(n), n * PART)).root for n in range(files.parts)]
    except (OSError, ValueError) as error:
        raise damaged(files, str(error)) from None
    return StagedBatch(maker, files, Tree(roots), fresh=False)


def damaged(files: StagedFiles, why: str) -> InputError:
    """What to say about files that are not as they were written."""
    what = f"The staged documents in {files.folder} are missing or damaged ({why})."
    return InputError(what, todo=f"restore {files.folder} from your backup")


def anchor_proofs(staged: StagedBatch, part: Part, number: int, leaves: list[bytes]) -> Iterator[bytes]:
    """What is put into each line of a part at its record's `insert`: a comma where it takes one, and the anchor proof.

    Args:
        staged: The batch.
        part: With its text.
        number: Which part of the batch.
        leaves: Its 32-byte leaf hashes.
    """
    before, behind = _around_value(staged)
    begun = b"," + before
    tail = b"".join(staged.top.path(number))
    proven = zip(RECORD.iter_unpack(part.records), Tree(leaves).paths(tail), strict=True)
    for index, (record, path) in enumerate(proven, number * PART):
        value = b2a_base64(b"".join((index.to_bytes(8, "big"), record[0], path)), newline=False)
        value = value.replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=")
        yield b"".join((before if record[4] - record[3] <= BARE else begun, value, behind))


def finished_lines(part: Part, proofs: Iterable[bytes]) -> Iterator[bytes]:
    """A part's lines with their anchor proofs, in RFC 8785 form without line breaks."""
    for line, record, proof in zip(part.lines, part.record_values(), proofs, strict=True):
        yield b"".join((line[: record.insert], proof, line[record.insert :]))


def finished_pieces(part: Part, proofs: Iterable[bytes]) -> Iterator[bytes | memoryview]:
    """A part's text with the anchor proofs, in pieces of which every other one is a proof: no line is copied."""
    text, done = memoryview(part.text), 0
    inserts = [record[4] for record in RECORD.iter_unpack(part.records)]
    for begin, insert, proof in zip(part.places(), inserts, proofs, strict=True):
        yield text[done : begin + insert]
        yield proof
        done = begin + insert
    yield text[done:]


def finished_extent(staged: StagedBatch, number: int) -> int:
    """Bytes of the finished lines of a part, with line breaks; not of the last one, whose paths differ in length."""
    size, bare = staged.files.extent(number)
    before, behind = _around_value(staged)
    path = (PART - 1).bit_length() + len(staged.top.path(number))
    value = -(-(8 + 32 + 32 * path) * 4 // 3)
    return size + PART * (len(before) + value + len(behind) + 1) - bare


def _around_value(staged: StagedBatch) -> tuple[bytes, bytes]:
    """The anchor proof's RFC 8785 form before the index in its proofValue, and behind the value."""
    maker = staged.maker
    config = proof_config(maker.batch.contract, maker.account, maker.created)
    before, behind = canonical_bytes({**config, "proofValue": "u"}).split(b'"proofValue":"u"')
    # 81 bytes, a multiple of three: the base64 of what follows can be put behind that of these.
    head = bytes([VERSION]) + place_bytes(maker.batch) + maker.account + staged.size.to_bytes(8, "big")
    return before + b'"proofValue":"u' + b2a_base64(head, newline=False).translate(_URL), b'"' + behind
