"""Staged lines of badges: documents from a template, proofs of which only the signature is new."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

from registry.credential import base58btc, signature
from registry.credential.canonical import canonical_bytes, canonical_hash
from registry.credential.conformance.rules import VC2, Problem, conformance_problems
from registry.credential.rdf.contexts import pinned_contexts
from registry.credential.rdf.template import AlikeDocuments, fast_quads
from registry.credential.signer import DocumentSigner, method_of_signer
from registry.errors import CannotTell, DataLossError, HallmarkError, InputError, TransformationError
from registry.issuing.batch.badges import (
    OB3,
    BadgeMaker,
    BadgeTemplate,
    BadgeValues,
    Form,
    json_texts,
    marked,
    template_of,
)
from registry.issuing.batch.staged import RECORD
from registry.issuing.table.rows import ResultRow

Which = tuple[bool, ...]
StagedLine = tuple[bytes, bytes]
_MOST_KINDS = 100_000


class BrokenRules(Exception):
    """A document that breaks rules."""

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__()
        self.found = found


def unsigned(name: str, error: CannotTell | DataLossError | TransformationError) -> InputError:
    """What to say about a document that cannot be signed as RDF."""
    todo = "define or correct it, or sign the document as it stands with --suite jcs"
    return InputError(f"{name} cannot be signed as RDF: {error.what}", todo=todo)


class _Kind(NamedTuple):
    """What badges share that differ only in ids, names, results and places: which texts they have, where, the end."""

    which: Which
    head: Form
    tail: bytes


class BadgeLines:
    """Writes staged lines of badges; the first badge of each form is held against every rule."""

    def __init__(self, maker: BadgeMaker, signer: DocumentSigner, created: str, suite: str) -> None:
        self._maker = maker
        self._templates: dict[Which, BadgeTemplate] = {}
        self._kinds: dict[tuple[Any, ...], _Kind] = {}
        self._statements: dict[Which, Statements] = {}
        self._conforming: set[tuple[Any, ...]] = set()
        self._over_rdf = suite != "jcs"
        self._proof = _rdf_proof(signer, created) if self._over_rdf else _jcs_proof(signer, created)

    def lines(
        self, rows: Sequence[ResultRow], first: int, salts: bytes, signer: DocumentSigner
    ) -> Iterator[StagedLine | BrokenRules | HallmarkError]:
        """The staged line of each row and its record, or what is wrong with the badge.

        Args:
            rows: Consecutive ones.
            first: Index of the first.
            salts: 32 bytes for each.
            signer: Has the key that this was made for; what it raises goes through.
        """
        made = self._maker.all_values(rows)
        texts, proof, over_rdf = json_texts(made), self._proof, self._over_rdf
        for place, values in enumerate(made):
            index = first + place
            own = [*islice(texts, len(values) - values.count("")), b"%d" % index]
            try:
                kind = self._kind(values, own, index)
                doc_hash = digest_of(head := kind.head.fill(own), kind.tail)
                hashed = self._statements_hash(rows[place].id, values, kind.which, index) if over_rdf else doc_hash
            except (BrokenRules, HallmarkError) as wrong:
                yield wrong
            else:
                salt = salts[32 * place : 32 * place + 32]
                yield proof.put(head, kind.tail, salt, doc_hash, signer.sign(proof.config_hash + hashed))

    def _kind(self, values: BadgeValues, texts: Sequence[bytes], index: int) -> _Kind:
        """A badge's kind, once it is held against the rules; those of single badges are not kept."""
        key = None
        if not (values.did or values.evidence or values.replaces):
            key = (not values.digest, not values.result, values.awarded, values.expires)
            if key in self._kinds:
                return self._kinds[key]
        which = tuple(map(bool, values))
        self._check(values, which, index)
        if which not in self._templates:
            self._templates[which] = template_of(self._maker, which)
        template = self._templates[which]
        kind = _Kind(which, template.head, template.tail.fill(texts))
        if key and len(self._kinds) < _MOST_KINDS:
            self._kinds[key] = kind
        return kind

    def _check(self, values: BadgeValues, which: Which, index: int) -> None:
        """Hold a badge against the rules, unless it differs from one that was in texts only that no rule reads.

        Rules read dates, a DID and an evidence URL; names and results may be any text, the rest is made here.
        """
        key = (which, values.awarded, values.expires, values.did, values.evidence)
        if key in self._conforming:
            return
        problems = conformance_problems(self._maker.document_of(values, index))
        if problems:
            raise BrokenRules(problems)
        if not values.did and not values.evidence and len(self._conforming) < _MOST_KINDS:
            self._conforming.add(key)

    def _statements_hash(self, name: str, values: BadgeValues, which: Which, index: int) -> bytes:
        """SHA-256 of a badge's canonical N-Quads, 32 bytes."""
        known = self._statements.get(which)
        if known is None:
            known = self._statements[which] = Statements(self._maker, which)
        try:
            return sha256(known.quads(values, index).encode()).digest()
        except (CannotTell, DataLossError, TransformationError) as error:
            raise unsigned(name, error) from None


class Statements:
    """The canonical N-Quads of badges that have the same members."""

    def __init__(self, maker: BadgeMaker, which: Which) -> None:
        self._maker = maker
        document, markers = marked(maker, which)
        self._alike = AlikeDocuments(document, markers, pinned_contexts())

    def quads(self, values: BadgeValues, index: int) -> str:
        """Those of one badge; raises what `signature.sign` raises."""
        return self._alike.quads((*values, str(index)), lambda: self._maker.document_of(values, index))


@dataclass(frozen=True, slots=True)
class BatchProof:
    """Proofs of badges: all but the signature is the same for a whole batch.

    Attributes:
        config_hash: SHA-256 of the proof's configuration as the suite writes it, 32 bytes.
        before, behind: The member `proof` in RFC 8785 form, its comma first, before the base58 of its only proof's
            proofValue, and behind it.
        begun: CRC-32 of `before`.
    """

    config_hash: bytes
    before: bytes
    behind: bytes
    begun: int

    @classmethod
    def of(cls, config: Mapping[str, Any], config_hash: bytes) -> "BatchProof":
        """From the proof without its proofValue."""
        before, behind = canonical_bytes({"proof": [{**config, "proofValue": "z"}]}).split(b'"z"')
        before = b"," + before[1:] + b'"z'
        return cls(config_hash, before, b'"' + behind[:-1], crc32(before))

    def put(self, head: bytes, tail: bytes, salt: bytes, doc_hash: bytes, signature: bytes) -> StagedLine:
        """A badge's staged line, and its record (see staged.py).

        Args:
            head: Its RFC 8785 form before the comma of the member `proof`.
            tail: And behind that member, from its comma on.
            salt: 32 bytes.
            doc_hash: SHA-256 of head and tail, 32 bytes.
            signature: 64 bytes.
        """
        rest = base58btc.encode_ascii(signature) + self.behind
        line = b"".join((head, self.before, rest, tail))
        start, end = len(head), len(line) - len(tail)
        return line, RECORD.pack(salt, doc_hash, len(line), start, end - 1, end, crc32(rest, self.begun))


def digest_of(head: bytes, tail: bytes) -> bytes:
    """SHA-256 of both, 32 bytes."""
    digest = sha256(head)
    digest.update(tail)
    return digest.digest()


def _config(signer: DocumentSigner, created: str, suite: str) -> dict[str, Any]:
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": created,
        "verificationMethod": method_of_signer(signer),
        "proofPurpose": "assertionMethod",
    }


def _jcs_proof(signer: DocumentSigner, created: str) -> BatchProof:
    config = {**_config(signer, created, signature.JCS), "@context": [VC2, OB3]}
    return BatchProof.of(config, canonical_hash(config))


def _rdf_proof(signer: DocumentSigner, created: str) -> BatchProof:
    config = _config(signer, created, signature.RDFC)
    statements = fast_quads({**config, "@context": [VC2, OB3]}, pinned_contexts())
    return BatchProof.of(config, sha256(statements.encode()).digest())
