"""Staged lines of badges: documents from a template, proofs of which only the signature is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from registry.credential import base58btc, signature
from registry.credential.canonical import canonical_bytes, canonical_hash
from registry.credential.conformance.rules import VC2, Problem, conformance_problems
from registry.credential.rdf.contexts import pinned_contexts
from registry.credential.rdf.template import AlikeDocuments, fast_quads
from registry.credential.signer import DocumentSigner, method_of_signer
from registry.errors import CannotTell, DataLossError, InputError, TransformationError
from registry.issuing.batch.badges import OB3, BadgeMaker, BadgeTemplate, BadgeValues, holes_of, marked, template_of
from registry.issuing.batch.staged import with_proofs
from registry.issuing.table.rows import ResultRow

Which = tuple[bool, ...]


class BrokenRules(Exception):
    """A document that breaks rules."""

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__()
        self.found = found


def unsigned(name: str, error: CannotTell | DataLossError | TransformationError) -> InputError:
    """What to say about a document that cannot be signed as RDF."""
    todo = "define or correct it, or sign the document as it stands with --suite jcs"
    return InputError(f"{name} cannot be signed as RDF: {error.what}", todo=todo)


class BadgeLines:
    """Writes staged lines of badges; the first badge of each form is held against every rule."""

    def __init__(self, maker: BadgeMaker, signer: DocumentSigner, created: str, suite: str) -> None:
        self._maker = maker
        self._templates: dict[Which, BadgeTemplate] = {}
        self._statements: dict[Which, Statements] = {}
        self._conforming: set[tuple[Any, ...]] = set()
        self._over_rdf = suite != "jcs"
        self._proof = _rdf_proof(signer, created) if self._over_rdf else _jcs_proof(signer, created)

    def line(self, row: ResultRow, index: int, salt: bytes, signer: DocumentSigner) -> tuple[bytes, bytes]:
        """The staged line of a row and its record; `signer` has the key that this was made for.

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
        hashed = self._statements_hash(row.id, values, which, index) if self._over_rdf else doc_hash
        proof = self._proof.over(hashed, signer)
        return with_proofs(bare, len(bare) - len(tail), proof, salt, doc_hash)

    def _check(self, values: BadgeValues, which: tuple[bool, ...], index: int) -> None:
        """Hold a badge against the rules, unless it differs from one that was in texts only that no rule reads.

        Rules read dates, a DID and an evidence URL; names and results may be any text, the rest is made here.
        """
        key = (which, values.awarded, values.expires, values.did, values.evidence)
        if key in self._conforming:
            return
        problems = conformance_problems(self._maker.document_of(values, index))
        if problems:
            raise BrokenRules(problems)
        if not values.did and not values.evidence and len(self._conforming) < 100_000:
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
        before, behind: The proof's RFC 8785 form before the base58 of its proofValue, and behind it.
    """

    config_hash: bytes
    before: bytes
    behind: bytes

    @classmethod
    def of(cls, config: Mapping[str, Any], config_hash: bytes) -> "BatchProof":
        """From the proof without its proofValue."""
        before, behind = canonical_bytes({**config, "proofValue": "z"}).split(b'"z"')
        return cls(config_hash, before + b'"z', b'"' + behind)

    def over(self, doc_hash: bytes, signer: DocumentSigner) -> bytes:
        """The proof of a document with this hash (32 bytes), in RFC 8785 form."""
        value = base58btc.encode(signer.sign(self.config_hash + doc_hash))
        return self.before + value.encode() + self.behind


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
