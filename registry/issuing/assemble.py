"""From staged parts to leaves, tree and finished lines; parts are whole subtrees, so each is worked on alone."""

import struct
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from registry.credential.anchor_proof import TAG, VERSION, proof_config
from registry.credential.canonical import canonical_bytes, canonical_hash
from registry.credential.place import BatchId
from registry.errors import InputError
from registry.issuing.staged import PART, Part, StagedFiles, lines_of
from registry.merkle import Tree

_PLACE = struct.Struct(">Q20sQ16s")
_VALUE_HEAD = 121
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
            sha256(head + index.to_bytes(8, "big") + record.salt + config + record.doc_hash).digest()
            for index, record in enumerate(part.record_values(), first)
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

    def finished_part(self, number: int) -> "FinishedPart":
        """A part's credentials; InputError where its file was changed or is gone."""
        try:
            part = self.files.part(number, check=not self.fresh)
        except (OSError, ValueError) as error:
            raise damaged(self.files, str(error)) from None
        return finish_part(self.maker, part, number, b"".join(self.top.path(number)), self.size)

    def finished(self) -> Iterator[tuple[str, bytes]]:
        """Name and finished line of each credential, in index order."""
        for number in range(self.files.parts):
            part = self.finished_part(number)
            yield from zip(part.names, part.lines, strict=True)


@dataclass(frozen=True, slots=True)
class FinishedPart:
    """Names, finished lines (RFC 8785 form, no line break) and 32-byte leaf hashes of a part."""

    names: list[str]
    lines: list[bytes]
    leaves: list[bytes]


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


def finish_part(maker: LeafMaker, part: Part, number: int, tail: bytes, size: int) -> FinishedPart:
    """A part's lines with their anchor proofs.

    Args:
        maker: Of the batch.
        part: With its lines.
        number: Which part of the batch.
        tail: The path from the part's root to the batch's, joined.
        size: Credentials in the batch.
    """
    before, behind = _around_value(maker)
    head = bytes([VERSION]) + place_bytes(maker.batch) + maker.account + size.to_bytes(8, "big")
    leaves = maker.leaves(part, number * PART)
    lines = []
    proven = zip(lines_of(part), Tree(leaves).paths(), strict=True)
    for index, ((line, record), path) in enumerate(proven, number * PART):
        value = b2a_base64(head + index.to_bytes(8, "big") + record.salt + path + tail, newline=False)
        at = record.insert
        comma = b"" if line[at - 1] == 0x5B else b","  # an empty array
        lines.append(b"".join((line[:at], comma, before, value.translate(_URL).rstrip(b"="), behind, line[at:])))
    return FinishedPart(list(part.names), lines, leaves)


def finished_extent(staged: StagedBatch, number: int) -> int:
    """Bytes of the finished lines of a part, with line breaks; not of the last one, whose paths differ in length."""
    size, bare = staged.files.extent(number)
    before, behind = _around_value(staged.maker)
    path = (PART - 1).bit_length() + len(staged.top.path(number))
    value = -(-(_VALUE_HEAD + 32 * path) * 4 // 3)
    return size + PART * (len(before) + value + len(behind) + 1) - bare


def _around_value(maker: LeafMaker) -> tuple[bytes, bytes]:
    """The anchor proof's RFC 8785 form before and behind the base64url of its proofValue."""
    config = proof_config(maker.batch.contract, maker.account, maker.created)
    before, behind = canonical_bytes({**config, "proofValue": "u"}).split(b'"proofValue":"u"')
    return before + b'"proofValue":"u', b'"' + behind
