"""Anchor one batch exactly once: staged → sent → included → final → released, each state durable before the next act.

A crash leaves the last state in the journal; the same command, or `--resume`, goes on from there through the same code.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from registry.credential.place import BatchId
from registry.errors import AlreadyAnchored, InputError
from registry.issuing.confirm import Confirmation
from registry.issuing.finish import check_folder, write_batch
from registry.issuing.stage import StagedBatch, StagedDocument, assemble, load_staged, save_staged
from registry.issuing.workspace import IssuerIdentity, Workspace
from registry.ports import JournalEntry

UNFINISHED = ("staged", "sent", "included", "final")


@dataclass(frozen=True, slots=True)
class Issued:
    """A finished batch: where its credentials lie and what it cost (gas, wei per gas; None where it is not known)."""

    batch: BatchId
    root: bytes
    count: int
    out: Path
    block_number: int | None
    tx_hash: bytes | None
    gas_used: int | None
    gas_price: int | None


@dataclass(frozen=True)
class IssuingRun:
    """One run over one batch, with everything it needs from the outside.

    Attributes:
        chain: Brings the batch from "staged" to "final", with the journal.
    """

    chain: Confirmation
    workspace: Workspace
    identity: IssuerIdentity

    def issue(self, batch: BatchId, out: Path, created: str, stage: Callable[[], list[StagedDocument]]) -> Issued:
        """Take the batch from where it stands to finished credentials in `out`.

        Raises:
            AlreadyAnchored: It was issued before, here or elsewhere; nothing was changed.
            HandedOver: Its request was written for a relayer.
        """
        out = out.absolute()
        with self.chain.journal.lock():
            entry = self.chain.journal.get(batch.batch_id) or self._stage(batch, created, out, stage)
            if entry.state in ("released", "purged"):
                self._refuse_released(entry, out)
            return self._carry(batch, entry, out)

    def resume(self, entry: JournalEntry) -> Issued:
        """Take up a batch that the journal knows, without its input.

        Raises:
            HandedOver: A relayer has not carried out its request yet.
        """
        batch = BatchId(self.identity.contract, self.identity.issuer_id, entry.batch_id)
        with self.chain.journal.lock():
            # Another run may have gone on in the meantime.
            return self._carry(batch, self.chain.journal.get(entry.batch_id) or entry, Path(entry.out))

    def _carry(self, batch: BatchId, entry: JournalEntry, out: Path) -> Issued:
        entry, staged = self._assemble(batch, entry)
        if entry.state == "staged":
            names = [document.name for document in staged.documents]
            # A batch that was signed before may have written its first credentials.
            entry = self.chain.sign(entry, lambda: None if entry.offers else check_folder(out, names))
        if entry.state in ("sent", "included"):
            entry = self.chain.follow(entry)
        write_batch(out, staged, self.identity.profile, entry)
        if entry.state != "released":
            entry = self.chain.reached(replace(entry, state="released", out=str(out)))
        cost = (entry.gas_used, entry.gas_price)
        return Issued(batch, staged.tree.root, staged.tree.size, out, entry.block_number, entry.tx_hash, *cost)

    def _refuse_released(self, entry: JournalEntry, out: Path) -> None:
        """Nothing to do, unless the folder of the credentials lost some of them: those are written again."""
        what = f"This input is already anchored (batch {entry.batch_id.hex()}, block {entry.block_number})"
        if entry.state == "purged":
            raise AlreadyAnchored(
                f"{what}, and its staged documents were purged; nothing was changed.",
                todo=f"the credentials are where they were delivered; {entry.out} was their folder",
            )
        names = [document.name for document in load_staged(self.workspace.staged(entry.batch_id))]
        if str(out) == entry.out and not all((out / f"{name}.json").is_file() for name in names):
            self.chain.say("anchored before; the credentials that are missing are written again")
            return
        raise AlreadyAnchored(
            f"{what}; nothing was changed.",
            todo=f"look into {entry.out} (with --out {entry.out} files that are gone are written again)",
        )

    def _stage(
        self, batch: BatchId, created: str, out: Path, stage: Callable[[], list[StagedDocument]]
    ) -> JournalEntry:
        path = self.workspace.staged(batch.batch_id)
        if self.chain.anchorer.record_time(batch.issuer_id, batch.batch_id):
            raise AlreadyAnchored(
                f"The contract has this batch ({batch.batch_id.hex()}) already, but the journal in"
                f" {self.workspace.home} does not know it; nothing was changed.",
                todo="restore the journal and the staged documents from your backup: the salts are in them",
            )
        documents = stage()
        check_folder(out, [document.name for document in documents])
        # The salts are on disk before any hash of them can reach the chain.
        save_staged(path, documents)
        staged = assemble(batch, self.chain.anchorer.account, created, documents)
        root, size = staged.tree.root, staged.tree.size
        return self.chain.reached(
            JournalEntry(batch.batch_id, "staged", root, size, created, self.chain.anchorer.account, str(out))
        )

    def _assemble(self, batch: BatchId, entry: JournalEntry) -> tuple[JournalEntry, StagedBatch]:
        """The batch as it was staged; nothing was sent yet, so another account may take it over."""
        try:
            documents = load_staged(self.workspace.staged(batch.batch_id))
        except (OSError, ValueError, KeyError):
            raise InputError(
                f"The staged documents of batch {batch.batch_id.hex()} are missing or damaged.",
                todo=f"restore {self.workspace.staged(batch.batch_id)} from your backup",
            ) from None
        staged = assemble(batch, entry.account, entry.created, documents)
        if staged.tree.root != entry.root:
            raise InputError("The staged documents are not those of the journal.", todo="restore both from one backup")
        if entry.state != "staged" or entry.account == self.chain.anchorer.account:
            return entry, staged
        staged = assemble(batch, self.chain.anchorer.account, entry.created, documents)
        return self.chain.reached(replace(entry, account=self.chain.anchorer.account, root=staged.tree.root)), staged
