"""Stage a chunk of documents: places, pointers, signatures, salts, leaves. Pure work, in this process or another."""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from registry.credential import base58btc, signature
from registry.credential.canonical import canonical_bytes, canonical_hash
from registry.credential.place import Place
from registry.credential.rules import VC2, Problem, conformance_problems
from registry.credential.signer import DocumentSigner, method_of_signer
from registry.credential.status_entry import is_open_badge, with_pointer
from registry.credential.values import as_list
from registry.errors import CannotTell, DataLossError, HallmarkError, InputError, TransformationError
from registry.issuing.assemble import LeafMaker
from registry.issuing.badges import OB3, BadgeMaker, BadgeTemplate, BadgeValues, holes_of, template_of
from registry.issuing.ready import Draft, ready_draft
from registry.issuing.rows import ResultRow
from registry.issuing.staged import Part, record_of, write_part
from registry.issuing.workspace import IssuerIdentity
from registry.merkle import Tree

Progress = Callable[[str, int, int], None]


def batch_id_of(
    identity: IssuerIdentity, source_digest: bytes, achievement_digest: bytes, options: Sequence[str]
) -> bytes:
    """16 bytes that the same input always has and nobody can guess (SPEC.md, section 2).

    Args:
        identity: Issuer with its 32-byte batch secret.
        source_digest: SHA-256 of the input.
        achievement_digest: SHA-256 of the achievement file; empty where there is none.
        options: Switches that change documents.
    """
    digest = canonical_hash(
        {
            "achievement": achievement_digest.hex(),
            "contract": str(identity.contract),
            "input": source_digest.hex(),
            "issuerId": str(identity.issuer_id),
            "options": sorted(options),
        }
    )
    return hmac.digest(identity.batch_secret, digest, "sha256")[:16]


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

    @property
    def count(self) -> int:
        """How many documents."""
        return len(self.rows) + len(self.ready)


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


def stage_and_write(job: Job) -> Made:
    """Stage a chunk and write its part, durably."""
    made = stage(job)
    if made.part is None:
        return made
    write_part(job.folder, job.number, made.part)
    return replace(made, part=None)


def stage(job: Job) -> Made:
    """Stage a chunk: pointers and signatures (unless documents came signed), fresh salts, leaves."""
    salts = secrets.token_bytes(32 * job.count)
    lines = _Lines([], [], [], [], [])
    if job.rows:
        _stage_rows(job, salts, lines)
    else:
        _stage_ready(job, salts, lines)
    if lines.problems:
        return Made(job.shard, job.number, job.count, b"", tuple(lines.ids), tuple(lines.problems))
    part = Part(
        lines.lines, b"".join(lines.records), lines.names, len(lines.names) - len(lines.ids) if job.ready else 0
    )
    root = Tree(job.recipe.leaves.leaves(part, job.first)).root
    return Made(job.shard, job.number, job.count, root, tuple(lines.ids), (), part)


class _Lines(NamedTuple):
    """A part in the making."""

    lines: list[bytes]
    records: list[bytes]
    names: list[str]
    ids: list[tuple[str, bytes]]
    problems: list[Fault]


def _stage_rows(job: Job, salts: bytes, into: _Lines) -> None:
    writer = _writer(job.recipe)
    for place, (number, row) in enumerate(job.rows):
        try:
            line, record = writer.line(row, job.first + place, salts[32 * place : 32 * place + 32])
        except _Wrong as wrong:
            into.problems.extend(Fault(number, problem.path, problem.message) for problem in wrong.found)
        except HallmarkError as error:
            into.problems.append(Fault(number, "", error.what, error.todo))
        else:
            into.lines.append(line)
            into.records.append(record)
            into.names.append(row.id)


class _Wrong(Exception):
    """A document that breaks rules."""

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__()
        self.found = found


@lru_cache(maxsize=4)
def _writer(recipe: Recipe) -> "BadgeLines":
    return BadgeLines(recipe)


class BadgeLines:
    """Writes staged lines of badges; the first badge of each form is held against every rule."""

    def __init__(self, recipe: Recipe) -> None:
        assert recipe.badges is not None
        assert recipe.signer is not None
        self._recipe, self._maker, self._signer = recipe, recipe.badges, recipe.signer
        self._templates: dict[tuple[bool, ...], BadgeTemplate] = {}
        self._conforming: set[tuple[Any, ...]] = set()
        self._jcs = _JcsProof(recipe.signer, recipe.leaves.created) if recipe.suite == "jcs" else None

    def line(self, row: ResultRow, index: int, salt: bytes) -> tuple[bytes, bytes]:
        """The staged line of a row and its record.

        Raises:
            InputError: The badge cannot be signed as RDF.
        """
        values = self._maker.values(row)
        which = tuple(map(bool, values))
        template = self._templates.get(which)
        if template is None:
            template = self._templates[which] = template_of(self._maker, which)
        self._check(values, which, index)
        holes = holes_of(values, index)
        bare, tail = template.bare.fill(holes), template.tail.fill(holes)
        doc_hash = sha256(bare).digest()
        proof = self._jcs.over(doc_hash) if self._jcs else self._rdf(row.id, values, index)
        return _with_proofs(bare, len(bare) - len(tail), proof, salt, doc_hash)

    def _check(self, values: BadgeValues, which: tuple[bool, ...], index: int) -> None:
        """Hold a badge against the rules, unless it differs from one that was in texts only that no rule reads.

        Rules read dates, a DID and an evidence URL; names and results may be any text, the rest is made here.
        """
        key = (which, values.awarded, values.expires, values.did, values.evidence)
        if key in self._conforming:
            return
        problems = conformance_problems(self._maker.document_of(values, index))
        if problems:
            raise _Wrong(problems)
        if not values.did and not values.evidence and len(self._conforming) < 100_000:
            self._conforming.add(key)

    def _rdf(self, name: str, values: BadgeValues, index: int) -> bytes:
        document = self._maker.document_of(values, index)
        return canonical_bytes(sign_document(name, document, self._signer, self._recipe.leaves.created, "rdf"))


class _JcsProof:
    """`eddsa-jcs-2022` proofs of badges: all but the signature is the same for a whole batch."""

    def __init__(self, signer: DocumentSigner, created: str) -> None:
        config = {
            "type": "DataIntegrityProof",
            "cryptosuite": signature.JCS,
            "created": created,
            "verificationMethod": method_of_signer(signer),
            "proofPurpose": "assertionMethod",
            "@context": [VC2, OB3],
        }
        self._signer, self._hash = signer, canonical_hash(config)
        self._before, self._behind = canonical_bytes({**config, "proofValue": "z"}).split(b'"z"')

    def over(self, doc_hash: bytes) -> bytes:
        """The proof of a document, in RFC 8785 form."""
        value = base58btc.encode(self._signer.sign(self._hash + doc_hash))
        return b'%b"z%b"%b' % (self._before, value.encode(), self._behind)


def _with_proofs(bare: bytes, at: int, proofs: bytes, salt: bytes, doc_hash: bytes) -> tuple[bytes, bytes]:
    """A line and its record: the member `proof` put into a document's RFC 8785 form at its place.

    Args:
        bare: The document without proofs.
        at: Where the names behind "proof" begin (at their comma, or at the closing bracket).
        proofs: Its proofs, parted by commas; may be empty.
        salt: 32 bytes.
        doc_hash: SHA-256 of `bare`.
    """
    before, behind = (b",", b"") if at > 1 else (b"", b"," if bare[1:2] != b"}" else b"")
    member = b'%b"proof":[%b]%b' % (before, proofs, behind)
    line = bare[:at] + member + bare[at:]
    insert = at + len(before) + len(b'"proof":[') + len(proofs)
    return line, record_of(line, salt, doc_hash, at, insert, at + len(member))


def _stage_ready(job: Job, salts: bytes, into: _Lines) -> None:
    recipe = job.recipe
    for place, (name, data) in enumerate(job.ready):
        try:
            draft = ready_draft(name, data, recipe.did, foreign=recipe.foreign)
            document = _signed(draft, job.first + place, recipe)
            line, record = staged_line(document, salts[32 * place : 32 * place + 32])
        except HallmarkError as error:
            into.problems.append(Fault(name, error.path, error.what, error.todo))
            continue
        into.lines.append(line)
        into.records.append(record)
        into.names.append(name)
        if draft.ours:
            # What other issuers do with their ids is theirs to answer for.
            into.ids.append((name, sha256(str(document.get("id", f"no id, {name}")).encode()).digest()[:12]))


def _signed(draft: Draft, index: int, recipe: Recipe) -> dict[str, Any]:
    if not draft.ours:
        return draft.document
    assert recipe.signer is not None
    document = with_pointer(draft.document, Place(recipe.leaves.batch, index), recipe.base_url)
    return {
        **document,
        "proof": [sign_document(draft.name, document, recipe.signer, recipe.leaves.created, recipe.suite)],
    }


def staged_line(document: dict[str, Any], salt: bytes) -> tuple[bytes, bytes]:
    """The staged line of any document, and its record: RFC 8785 form, its proofs as an array."""
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    bare = canonical_bytes(unsecured)
    earlier = canonical_bytes({name: value for name, value in unsecured.items() if name < "proof"})
    proofs = b",".join(canonical_bytes(proof) for proof in as_list(document.get("proof", [])))
    return _with_proofs(bare, len(earlier) - 1, proofs, salt, sha256(bare).digest())


def sign_document(
    name: str, document: dict[str, Any], signer: DocumentSigner, created: str, suite: str
) -> dict[str, Any]:
    """A signature proof.

    Badges are signed over their statements, which is what Open Badges verifiers accept.
    Other documents may have terms or contexts that nobody here knows: JCS covers them as they stand.

    Raises:
        InputError: A badge that cannot be signed as RDF, with the member that is the reason.
    """
    if suite != "jcs":
        try:
            return signature.sign(document, signer, created, signature.RDFC)
        except (CannotTell, DataLossError, TransformationError) as error:
            if suite == "rdf" or is_open_badge(document):
                todo = "define or correct it, or sign the document as it stands with --suite jcs"
                raise InputError(f"{name} cannot be signed as RDF: {error.what}", todo=todo) from None
    return signature.sign(document, signer, created, signature.JCS)
