"""Anchor one batch exactly once: staged → sent → final → released, each state durable before the next act.

A crash leaves the last state in the journal; the same command goes on from there through the same code.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from registry.credential.place import BatchId
from registry.errors import AlreadyAnchored, InputError, Reverted
from registry.issuing.finish import write_batch
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
        with self.journal.lock():
            entry = self.journal.get(batch.batch_id) or self._stage(batch, created, stage)
            if entry.state == "released":
                raise AlreadyAnchored(
                    f"This input is already anchored (batch {batch.batch_id.hex()}, block {entry.block_number});"
                    " nothing was changed.",
                    todo=f"look into {out}, or change the input",
                )
            staged = self._assemble(batch, entry)
            entry = self._send(entry) if entry.state == "staged" else entry
            entry = self._await_depth(entry) if entry.state == "sent" else entry
            write_batch(out, staged, self.identity.profile, entry)
            entry = self._reached(replace(entry, state="released"))
            return _issued(batch, staged, out, entry)

    def _stage(self, batch: BatchId, created: str, stage: Callable[[], list[StagedDocument]]) -> JournalEntry:
        if self.anchorer.record_time(batch.issuer_id, batch.batch_id):
            raise AlreadyAnchored(
                f"The contract has this batch ({batch.batch_id.hex()}) already, but the journal in"
                f" {self.workspace.home} does not know it; nothing was changed.",
                todo="restore the journal and the staged documents from your backup: the salts are in them",
            )
        documents = stage()
        # The salts are on disk before any hash of them can reach the chain.
        save_staged(self.workspace.staged(batch.batch_id), documents)
        staged = assemble(batch, self.anchorer.account, created, documents)
        root, size = staged.tree.root, staged.tree.size
        return self._reached(JournalEntry(batch.batch_id, "staged", root, size, created, self.anchorer.account))

    def _assemble(self, batch: BatchId, entry: JournalEntry) -> StagedBatch:
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
        return staged

    def _send(self, entry: JournalEntry) -> JournalEntry:
        issuer_id, root, count = self.identity.issuer_id, entry.root, entry.leaf_count
        if entry.account != self.anchorer.account:
            raise InputError(f"The batch was staged for the account 0x{entry.account.hex()}.", todo="use that key")
        try:
            signed = self.anchorer.sign_anchor(issuer_id, entry.batch_id, root, count)
        except Reverted as error:
            if error.name != "AlreadyAnchored":
                raise
            return self._adopt(entry)
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
                block, gas, price = receipt.block.number, receipt.gas_used, receipt.gas_price
                return self._reached(replace(entry, state="final", block_number=block, gas_used=gas, gas_price=price))
            if receipt is None and time.monotonic() >= resend_at:
                self.anchorer.broadcast(entry.raw)
                resend_at = time.monotonic() + _RESEND_SECONDS
            time.sleep(_POLL_SECONDS)

    def _deep_enough(self, receipt: Receipt) -> bool:
        if not receipt.succeeded:
            raise Reverted("The anchoring transaction was mined and failed.", todo="look at the key's roles, run again")
        tiers = self.anchorer.tiers()
        if self.wait in ("final", "safe"):
            return receipt.block.number <= (tiers.final if self.wait == "final" else tiers.safe)
        if not self.wait.isdigit():
            raise InputError(f"--wait {self.wait!r} is neither final, safe nor a number.")
        return tiers.latest - receipt.block.number + 1 >= int(self.wait)

    def _reached(self, entry: JournalEntry) -> JournalEntry:
        self.journal.put(entry)
        self.say(entry.state)
        return entry


def _issued(batch: BatchId, staged: StagedBatch, out: Path, entry: JournalEntry) -> Issued:
    cost = (entry.gas_used, entry.gas_price)
    return Issued(batch, staged.tree.root, staged.tree.size, out, entry.block_number, entry.tx_hash, *cost)
