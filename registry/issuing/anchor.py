"""Anchor one batch exactly once: staged → sent → included → final → released, each state durable before the next act.

A crash leaves the last state in the journal; the same command, or `--resume`, goes on from there through the same code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from registry.credential.place import BatchId
from registry.errors import AlreadyAnchored, HandedOver, InputError
from registry.issuing.batch.assemble import LeafMaker, StagedBatch, assemble
from registry.issuing.batch.finish import Delivery, check_folder, is_delivered, write_batch
from registry.issuing.batch.staged import open_staged
from registry.issuing.batch.staging import shard_batch_id
from registry.issuing.confirm import Confirmation
from registry.issuing.home.workspace import IssuerIdentity, Workspace
from registry.ports.store import JournalEntry

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

    def issue(self, batch: BatchId, delivery: Delivery, stage: Callable[[], list[StagedBatch]]) -> list[Issued]:
        """Take an input's batches from where they stand to finished credentials.

        Args:
            batch: The input's batch, which is its first shard.
            delivery: Where the credentials go, and how.
            stage: Stages the input: its batches, one a shard.

        Raises:
            AlreadyAnchored: It was issued before, here or elsewhere; nothing was changed.
            HandedOver: Its request was written for a relayer.
        """
        with self.chain.journal.lock():
            known = self.chain.journal.get(batch.batch_id)
            fresh = {} if known else {one.batch.batch_id: one for one in self._stage(batch, delivery, stage)}
            entries = self._entries(batch)
            if all(entry.state in ("released", "purged") for entry in entries):
                self._refuse_released(entries, delivery)
            return self._carry_all(entries, delivery, fresh)

    def _carry_all(
        self, entries: Sequence[JournalEntry], delivery: Delivery, fresh: Mapping[bytes, StagedBatch]
    ) -> list[Issued]:
        """Every shard; where a relayer has to send, the requests of all of them are written before that is said."""
        issued, waiting = [], None
        for entry in entries:
            try:
                issued.append(self._carry(entry, delivery, fresh.get(entry.batch_id)))
            except HandedOver as handed:
                waiting = handed
        if waiting is not None:
            raise waiting
        return issued

    def resume(self, entry: JournalEntry) -> Issued:
        """Take up a batch that the journal knows, without its input.

        Raises:
            HandedOver: A relayer has not carried out its request yet.
        """
        with self.chain.journal.lock():
            # Another run may have gone on in the meantime.
            entry = self.chain.journal.get(entry.batch_id) or entry
            about = open_staged(self.workspace.batch_folder(entry.batch_id)).about
            return self._carry(entry, Delivery(Path(entry.out), str(about.get("layout", "files"))), None)

    def _entries(self, batch: BatchId) -> list[JournalEntry]:
        """The entries of all shards; the first one's is journaled last, so the others are there."""
        first = self.chain.journal.get(batch.batch_id)
        assert first is not None  # staged just now, or known
        if first.state == "purged":
            return [first]
        shards = int(open_staged(self.workspace.batch_folder(batch.batch_id)).about.get("shards", 1))
        ids = [shard_batch_id(self.identity.batch_secret, batch.batch_id, shard) for shard in range(1, shards)]
        return [first, *[entry for entry in map(self.chain.journal.get, ids) if entry is not None]]

    def _carry(self, entry: JournalEntry, delivery: Delivery, fresh: StagedBatch | None) -> Issued:
        entry, staged = self._assemble(entry, fresh)
        if entry.state == "staged":
            looked_at = fresh is not None or entry.offers
            entry = self.chain.sign(entry, (lambda: None) if looked_at else lambda: check_folder(delivery, staged))
        if entry.state in ("sent", "included"):
            entry = self.chain.follow(entry)
        write_batch(delivery, staged, self.identity.profile, entry)
        if entry.state != "released":
            entry = self.chain.reached(replace(entry, state="released", out=str(delivery.out)))
        cost = (entry.gas_used, entry.gas_price)
        return Issued(staged.batch, staged.root, staged.size, delivery.out, entry.block_number, entry.tx_hash, *cost)

    def _refuse_released(self, entries: Sequence[JournalEntry], delivery: Delivery) -> None:
        """Nothing to do, unless the folder of the credentials lost some of them: those are written again."""
        entry = entries[0]
        what = f"This input is already anchored (batch {entry.batch_id.hex()}, block {entry.block_number})"
        if any(entry.state == "purged" for entry in entries):
            raise AlreadyAnchored(
                f"{what}, and its staged documents were purged; nothing was changed.",
                todo=f"the credentials are where they were delivered; {entry.out} was their folder",
            )
        if str(delivery.out) == entry.out and not all(
            is_delivered(delivery, self._assemble(one, None)[1]) for one in entries
        ):
            self.chain.say("anchored before; the credentials that are missing are written again")
            return
        raise AlreadyAnchored(
            f"{what}; nothing was changed.",
            todo=f"look into {entry.out} (with --out {entry.out} files that are gone are written again)",
        )

    def _stage(self, batch: BatchId, delivery: Delivery, stage: Callable[[], list[StagedBatch]]) -> list[StagedBatch]:
        self._refuse_record(batch)
        staged = stage()
        for one in staged:
            if one.batch != batch:
                self._refuse_record(one.batch)
            check_folder(delivery, one)
        # Salts and documents are on disk before any hash of them can reach the chain. The first shard comes last: where
        # it is in the journal, the others are.
        for one in reversed(staged):
            maker = one.maker
            entry = JournalEntry(
                one.batch.batch_id, "staged", one.root, one.size, maker.created, maker.account, str(delivery.out)
            )
            self.chain.reached(entry)
        return staged

    def _refuse_record(self, batch: BatchId) -> None:
        """A record without staged documents here is none of ours; with them it may be, and is adopted."""
        if (self.workspace.batch_folder(batch.batch_id) / "staged.json").exists():
            return
        if self.chain.anchorer.record_time(batch.issuer_id, batch.batch_id):
            raise AlreadyAnchored(
                f"The contract has this batch ({batch.batch_id.hex()}) already, but the journal in"
                f" {self.workspace.home} does not know it; nothing was changed.",
                todo="restore the journal and the staged documents from your backup: the salts are in them",
            )

    def _assemble(self, entry: JournalEntry, fresh: StagedBatch | None) -> tuple[JournalEntry, StagedBatch]:
        """The batch as it was staged; nothing was sent yet, so another account may take it over."""
        batch = BatchId(self.identity.contract, self.identity.issuer_id, entry.batch_id)
        files = open_staged(self.workspace.batch_folder(entry.batch_id))
        staged = fresh or assemble(LeafMaker(batch, entry.account, entry.created), files)
        if staged.root != entry.root:
            raise InputError("The staged documents are not those of the journal.", todo="restore both from one backup")
        account = self.chain.anchorer.account
        if entry.state != "staged" or entry.account == account:
            return entry, staged
        staged = assemble(LeafMaker(batch, account, entry.created), files)
        return self.chain.reached(replace(entry, account=account, root=staged.root)), staged
