"""Anchor one batch exactly once: staged → sent → final → released, each state durable before the next act.

A crash leaves the last state in the journal; the same command goes on from there through the same code.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from registry.credential.place import BatchId
from registry.errors import AlreadyAnchored, InputError, Reverted
from registry.issuing.finish import check_folder, write_batch
from registry.issuing.stage import StagedBatch, StagedDocument, assemble, load_staged, save_staged
from registry.issuing.workspace import IssuerIdentity, Workspace
from registry.ports import Anchorer, Journal, JournalEntry, Receipt

_POLL_SECONDS = 0.2
_RESEND_SECONDS = 15.0


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
        wait: `final`, `safe`, or a number of confirmations.
        say: Told each state as it is reached, for a person.
    """

    anchorer: Anchorer
    journal: Journal
    workspace: Workspace
    identity: IssuerIdentity
    wait: str
    say: Callable[[str], None]

    def issue(self, batch: BatchId, out: Path, created: str, stage: Callable[[], list[StagedDocument]]) -> Issued:
        """Take the batch from where it stands to finished credentials in `out`.

        Raises:
            AlreadyAnchored: It was issued before, here or elsewhere; nothing was changed.
        """
        out = out.absolute()
        with self.journal.lock():
            entry = self.journal.get(batch.batch_id) or self._stage(batch, created, out, stage)
            if entry.state == "released":
                self._refuse_released(entry, out)
            entry, staged = self._assemble(batch, entry)
            if entry.state == "staged":
                entry = self._send(entry, staged, out)
            entry = self._await_depth(entry) if entry.state == "sent" else entry
            write_batch(out, staged, self.identity.profile, entry)
            entry = self._reached(replace(entry, state="released", out=str(out)))
            return _issued(batch, staged, out, entry)

    def _refuse_released(self, entry: JournalEntry, out: Path) -> None:
        """Nothing to do, unless the folder of the credentials lost some of them: those are written again."""
        names = [document.name for document in load_staged(self.workspace.staged(entry.batch_id))]
        if str(out) == entry.out and not all((out / f"{name}.json").is_file() for name in names):
            self.say("anchored before; the credentials that are missing are written again")
            return
        raise AlreadyAnchored(
            f"This input is already anchored (batch {entry.batch_id.hex()}, block {entry.block_number});"
            " nothing was changed.",
            todo=f"look into {entry.out} (with --out {entry.out} files that are gone are written again)",
        )

    def _stage(
        self, batch: BatchId, created: str, out: Path, stage: Callable[[], list[StagedDocument]]
    ) -> JournalEntry:
        if self.anchorer.record_time(batch.issuer_id, batch.batch_id):
            raise AlreadyAnchored(
                f"The contract has this batch ({batch.batch_id.hex()}) already, but the journal in"
                f" {self.workspace.home} does not know it; nothing was changed.",
                todo="restore the journal and the staged documents from your backup: the salts are in them",
            )
        documents = stage()
        check_folder(out, [document.name for document in documents])
        # The salts are on disk before any hash of them can reach the chain.
        save_staged(self.workspace.staged(batch.batch_id), documents)
        staged = assemble(batch, self.anchorer.account, created, documents)
        root, size = staged.tree.root, staged.tree.size
        return self._reached(
            JournalEntry(batch.batch_id, "staged", root, size, created, self.anchorer.account, str(out))
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
        if entry.state != "staged" or entry.account == self.anchorer.account:
            return entry, staged
        staged = assemble(batch, self.anchorer.account, entry.created, documents)
        return self._reached(replace(entry, account=self.anchorer.account, root=staged.tree.root)), staged

    def _send(self, entry: JournalEntry, staged: StagedBatch, out: Path) -> JournalEntry:
        issuer_id, root, count = self.identity.issuer_id, entry.root, entry.leaf_count
        try:
            signed = self.anchorer.sign_anchor(issuer_id, entry.batch_id, root, count)
        except Reverted as error:
            if error.name != "AlreadyAnchored":
                raise
            return self._adopt(entry)
        check_folder(out, [document.name for document in staged.documents])
        # From here on these very bytes are sent, however often, so there can be only one transaction.
        entry = replace(entry, state="sent", nonce=signed.nonce, raw=signed.raw, tx_hash=signed.hash)
        return self._reached(entry)

    def _adopt(self, entry: JournalEntry) -> JournalEntry:
        """The record is there though the journal never sent it: ours if it commits to our root (an old backup)."""
        if not self.anchorer.anchored_root(self.identity.issuer_id, entry.batch_id, entry.root, entry.leaf_count):
            raise AlreadyAnchored(
                f"Batch {entry.batch_id.hex()} is anchored with other content; nothing was changed.",
                todo="the journal is older than the chain: restore the newest backup of it",
            )
        return self._reached(replace(entry, state="final"))

    def _await_depth(self, entry: JournalEntry) -> JournalEntry:
        assert entry.raw is not None  # state "sent" is written together with the bytes
        assert entry.tx_hash is not None
        resend_at = 0.0
        while True:
            receipt = self.anchorer.receipt(entry.tx_hash)
            if receipt is not None and self._deep_enough(receipt):
                if not receipt.succeeded:
                    self._start_again(entry)
                block, gas, price = receipt.block.number, receipt.gas_used, receipt.gas_price
                return self._reached(replace(entry, state="final", block_number=block, gas_used=gas, gas_price=price))
            if receipt is None and time.monotonic() >= resend_at:
                self.anchorer.broadcast(entry.raw)
                resend_at = time.monotonic() + _RESEND_SECONDS
            time.sleep(_POLL_SECONDS)

    def _deep_enough(self, receipt: Receipt) -> bool:
        tiers = self.anchorer.tiers()
        if self.wait in ("final", "safe"):
            return receipt.block.number <= (tiers.final if self.wait == "final" else tiers.safe)
        return tiers.latest - receipt.block.number + 1 >= int(self.wait)

    def _start_again(self, entry: JournalEntry) -> NoReturn:
        """A transaction that failed for good anchored nothing: the batch goes back to where another one can be sent."""
        self._reached(replace(entry, state="staged", nonce=None, raw=None, tx_hash=None))
        raise Reverted(
            "The anchoring transaction was mined and failed; nothing is anchored.",
            todo="see that the issuer is not frozen and the key has the anchor role, then run the command again",
        )

    def _reached(self, entry: JournalEntry) -> JournalEntry:
        self.journal.put(entry)
        self.say(entry.state)
        return entry


def _issued(batch: BatchId, staged: StagedBatch, out: Path, entry: JournalEntry) -> Issued:
    cost = (entry.gas_used, entry.gas_price)
    return Issued(batch, staged.tree.root, staged.tree.size, out, entry.block_number, entry.tx_hash, *cost)
