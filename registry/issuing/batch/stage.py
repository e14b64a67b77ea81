"""Stage a chunk of documents: places, pointers, signatures, salts, leaves. Pure work, in this process or another."""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from registry.credential import signature
from registry.credential.canonical import canonical_bytes, canonical_hash
from registry.credential.place import Place
from registry.credential.signer import DocumentSigner
from registry.credential.status.status_entry import is_open_badge, with_pointer
from registry.credential.values import as_list
from registry.errors import CannotTell, DataLossError, HallmarkError, SigningError, TransformationError
from registry.issuing.batch.badge_lines import BadgeLines, BrokenRules, unsigned
from registry.issuing.batch.jobs import Fault, Job, Made, Recipe
from registry.issuing.batch.ready import Draft, id_digest, ready_draft
from registry.issuing.batch.staged import Part, part_paths, private_file, with_proofs, write_index, write_pieces
from registry.issuing.home.workspace import IssuerIdentity
from registry.merkle import Tree

_AT_ONCE = 256  # documents whose texts stay in the processor's cache until they are written


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


def stage_and_write(job: Job) -> Made:
    """Stage a chunk and write its part: its lines while they are made, its index once all of them are good."""
    with private_file(part_paths(job.folder, job.number)[0]) as handle:
        end = 0

        def put(lines: list[bytes]) -> None:
            nonlocal end
            end = write_pieces(handle, [piece for line in lines for piece in (line, b"\n")], end)

        made = _staged(job, put)
        if made.part is None:
            return made
    write_index(job.folder, job.number, made.part)
    return replace(made, part=None)


def stage(job: Job) -> Made:
    """Stage a chunk: pointers and signatures (unless documents came signed), fresh salts, leaves."""
    texts: list[bytes] = []
    made = _staged(job, lambda lines: texts.append(b"\n".join([*lines, b""])))
    return replace(made, part=made.part and replace(made.part, text=b"".join(texts)))


def _staged(job: Job, put: Callable[[list[bytes]], None]) -> Made:
    """The result with a part that lacks its text, which `put` is told; no part where anything is wrong."""
    into, salts = _Lines([], [], [], [], []), secrets.token_bytes(32 * job.count)
    for at in range(0, job.count, _AT_ONCE):
        some = slice(at, at + _AT_ONCE)
        work = _stage_rows if job.rows else _stage_ready
        work(replace(job, first=job.first + at, rows=job.rows[some], ready=job.ready[some]), salts[32 * at :], into)
        put(into.lines)
        into.lines.clear()
    if into.problems:
        return Made(job.shard, job.number, job.count, b"", tuple(into.ids), tuple(into.problems))
    part = Part(b"", b"".join(into.records), into.names, len(into.names) - len(into.ids) if job.ready else 0)
    root = Tree(job.recipe.leaves.leaves(part, job.first)).root
    return Made(job.shard, job.number, job.count, root, tuple(into.ids), (), part)


class _Lines(NamedTuple):
    """A part in the making; `lines` are those that were not put away yet."""

    lines: list[bytes]
    records: list[bytes]
    names: list[str]
    ids: list[tuple[str, bytes]]
    problems: list[Fault]


def _stage_rows(job: Job, salts: bytes, into: _Lines) -> None:
    writer, signer = _writer(job.recipe), job.recipe.signer
    assert signer is not None
    numbers, rows = zip(*job.rows, strict=True)
    into.names.extend([row.id for row in rows])
    for number, made in zip(numbers, writer.lines(rows, job.first, salts, signer), strict=True):
        if isinstance(made, tuple):
            into.lines.append(made[0])
            into.records.append(made[1])
        elif isinstance(made, BrokenRules):
            into.problems.extend(Fault(number, problem.path, problem.message) for problem in made.found)
        else:
            into.problems.append(Fault(number, "", made.what, made.todo))


def _writer(recipe: Recipe) -> BadgeLines:
    """What writes the badges of a recipe, kept from chunk to chunk; the signer may be another object each time."""
    assert recipe.badges is not None
    assert recipe.signer is not None
    key = (recipe, recipe.signer.public_key)
    if key not in _writers:
        _writers.clear()
        _writers[key] = BadgeLines(recipe.badges, recipe.signer, recipe.leaves.created, recipe.suite)
    return _writers[key]


_writers: dict[tuple[Recipe, bytes], BadgeLines] = {}


def _stage_ready(job: Job, salts: bytes, into: _Lines) -> None:
    recipe = job.recipe
    for place, (name, data) in enumerate(job.ready):
        try:
            draft = ready_draft(name, data, recipe.did, foreign=recipe.foreign)
            document = _signed(draft, job.first + place, recipe)
            line, record = staged_line(document, salts[32 * place : 32 * place + 32])
        except SigningError:
            raise
        except HallmarkError as error:
            into.problems.append(Fault(name, error.path, error.what, error.todo))
            continue
        into.lines.append(line)
        into.records.append(record)
        into.names.append(name)
        if draft.ours:
            # What other issuers do with their ids is theirs to answer for.
            into.ids.append((name, id_digest(document, name)))


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
    return with_proofs(bare, len(earlier) - 1, proofs, salt, sha256(bare).digest())


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
                raise unsigned(name, error) from None
    return signature.sign(document, signer, created, signature.JCS)
