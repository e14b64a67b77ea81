"""What is sent to whoever stages a chunk of documents, and what comes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from registry.credential.signer import DocumentSigner
from registry.issuing.batch.assemble import LeafMaker
from registry.issuing.batch.badges import BadgeMaker
from registry.issuing.batch.staged import Part
from registry.issuing.table.rows import ResultRow, tuple_of

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Recipe:
    """What a worker needs to stage documents of one batch.

    Attributes:
        leaves: Batch, account and date of the anchor proofs.
        did: The issuer's.
        base_url: What status entries name.
        suite: `rdf`, `jcs`, or empty: RDF where the document can be signed so.
        foreign: Whether documents of other issuers are taken.
        badges: How rows become badges; None where the input has no rows.
        signer: Who signs; None where nothing has to be signed.
    """

    leaves: LeafMaker
    did: str
    base_url: str
    suite: str
    foreign: bool
    badges: BadgeMaker | None = None
    signer: DocumentSigner | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Job:
    """Consecutive documents of a batch.

    Attributes:
        recipe: How they are made.
        folder: Where the part is written.
        shard: Which batch of the input it belongs to.
        number, first: Which part of its batch it is, and the index of its first document.
        rows: Results with their rows' numbers, or
        ready: documents' bytes, with the names of their files and what to call them in complaints.
    """

    recipe: Recipe
    folder: Path
    shard: int
    number: int
    first: int
    rows: Sequence[tuple[int, ResultRow]] = ()
    ready: Sequence[tuple[str, bytes]] = ()

    def __reduce__(self) -> tuple[Callable[..., "Job"], tuple[Any, ...]]:
        """Rows travel to another process as JSON, which takes half the time that their pickle takes."""
        packed = orjson.dumps([(number, tuple(row)) for number, row in self.rows])
        return _unpacked, (self.recipe, self.folder, self.shard, self.number, self.first, packed, self.ready)

    @property
    def count(self) -> int:
        """How many documents."""
        return len(self.rows) + len(self.ready)


def _unpacked(
    recipe: Recipe,
    folder: Path,
    shard: int,
    number: int,
    first: int,
    packed: bytes,
    ready: Sequence[tuple[str, bytes]],
) -> Job:
    rows = [(number, tuple_of(ResultRow, row)) for number, row in orjson.loads(packed)]
    return Job(recipe, folder, shard, number, first, rows, ready)


class Fault(NamedTuple):
    """What is wrong with one document: the row or the name that it has in the input, the JSONPath, and the reason."""

    where: int | str
    path: str
    what: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A job's result.

    Attributes:
        shard, number: Which batch of the input, and which part of it.
        count: How many documents the part holds.
        root: Root of its leaves, 32 bytes.
        ids: Names of ready documents of ours, each with 12 bytes of the SHA-256 of its id.
        problems: Why the input cannot be issued; the part is not written then.
        part: The part itself, where it was not written by the worker.
    """

    shard: int
    number: int
    count: int
    root: bytes
    ids: tuple[tuple[str, bytes], ...]
    problems: tuple[Fault, ...]
    part: Part | None = None
