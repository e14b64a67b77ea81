"""Stage a batch: fix batch id, order, places, pointers, signatures, salts and tree before anything leaves the house."""

import hmac
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.credential import signature
from registry.credential.anchor_proof import AnchorClaim, encode_proof_value, leaf_entry, proof_config
from registry.credential.canonical import canonical_hash, document_hash
from registry.credential.place import BatchId, Place
from registry.credential.status_entry import is_open_badge, with_pointer
from registry.credential.values import as_list
from registry.errors import CannotTell, DataLossError, InputError, TransformationError
from registry.issuing.documents import Draft
from registry.issuing.workspace import IssuerIdentity, write_private
from registry.merkle import Tree, leaf_hash

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


@dataclass(frozen=True, slots=True)
class StagedDocument:
    """A document that is complete but for its anchor proof, with its 32-byte salt."""

    name: str
    document: dict[str, Any]
    salt: bytes


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """Everything that the anchor proofs of a batch are made of."""

    batch: BatchId
    account: bytes
    created: str
    documents: Sequence[StagedDocument]
    tree: Tree

    def finished(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name and credential with its anchor proof, in index order."""
        config = proof_config(self.batch.contract, self.account, self.created)
        for index, staged in enumerate(self.documents):
            place = Place(self.batch, index)
            claim = AnchorClaim(place, self.account, self.tree.size, staged.salt, self.tree.path(index))
            proofs = as_list(staged.document.get("proof"))
            yield (
                staged.name,
                {**staged.document, "proof": [*proofs, {**config, "proofValue": encode_proof_value(claim)}]},
            )


def stage(
    drafts: Sequence[Draft],
    batch: BatchId,
    identity: IssuerIdentity,
    base_url: str,
    created: str,
    progress: Progress,
    suite: str = "",
) -> list[StagedDocument]:
    """Give every document its pointer and signature (unless it came signed) and a fresh salt.

    Args:
        drafts: The documents in index order.
        batch: Where they will be anchored.
        identity: Who signs.
        base_url: What status entries name.
        created: dateTimeStamp of the signatures.
        progress: Told how far it is.
        suite: `rdf`, `jcs`, or empty: RDF where the document can be signed so.

    Raises:
        InputError: A badge that cannot be signed as RDF, with the member that is the reason.
    """
    staged = []
    for index, draft in enumerate(drafts):
        document = draft.document
        if draft.ours:
            document = with_pointer(document, Place(batch, index), base_url)
            document = {**document, "proof": [_sign(draft.name, document, identity, created, suite)]}
        staged.append(StagedDocument(draft.name, document, secrets.token_bytes(32)))
        progress("signing", index + 1, len(drafts))
    return staged


def _sign(name: str, document: dict[str, Any], identity: IssuerIdentity, created: str, suite: str) -> dict[str, Any]:
    """Badges are signed over their statements, which is what Open Badges verifiers accept.

    Other documents may have terms or contexts that nobody here knows: JCS covers them as they stand.
    """
    if suite != "jcs":
        try:
            return signature.sign(document, identity.signer, created, signature.RDFC)
        except (CannotTell, DataLossError, TransformationError) as error:
            if suite == "rdf" or is_open_badge(document):
                todo = "define or correct it, or sign the document as it stands with --suite jcs"
                raise InputError(f"{name} cannot be signed as RDF: {error.what}", todo=todo) from None
    return signature.sign(document, identity.signer, created, signature.JCS)


def assemble(batch: BatchId, account: bytes, created: str, documents: Sequence[StagedDocument]) -> StagedBatch:
    """Hash the leaves and build the tree."""
    config_hash = canonical_hash(proof_config(batch.contract, account, created))
    leaves = [
        leaf_hash(leaf_entry(Place(batch, index), staged.salt, config_hash, document_hash(staged.document)))
        for index, staged in enumerate(documents)
    ]
    return StagedBatch(batch, account, created, documents, Tree(leaves))


def save_staged(path: Path, documents: Sequence[StagedDocument]) -> None:
    """Write the staged documents durably; the journal may name them only after this returns."""
    lines = [
        json.dumps({"name": d.name, "salt": d.salt.hex(), "document": d.document}, ensure_ascii=False)
        for d in documents
    ]
    write_private(path, ("\n".join(lines) + "\n").encode())


def load_staged(path: Path) -> list[StagedDocument]:
    """Read staged documents back."""
    documents = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            body = json.loads(line)
            documents.append(StagedDocument(body["name"], body["document"], bytes.fromhex(body["salt"])))
    return documents
