"""Our side of bench-issue: table to staged parts to finished NDJSON, as `hallmark issue` does it without the chain."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import issue_input

from registry.credential.did_key import did_of
from registry.credential.place import BatchId, ContractId
from registry.credential.signer import SeedSigner
from registry.issuing.achievement import read_achievement
from registry.issuing.batch.finish import Delivery, write_batch
from registry.issuing.batch.runner import Processes
from registry.issuing.batch.staging import Staging
from registry.issuing.home.workspace import IssuerIdentity
from registry.ports.store import JournalEntry

SEED, ACCOUNT, CREATED = bytes(range(32)), bytes(range(20)), "2026-03-08T00:00:00Z"
BATCH = BatchId(ContractId(31337, bytes(range(20))), 1, bytes(range(16)))
PROFILE = {"name": "Northwind Institute", "url": "https://northwind.example"}


class KeyAtHand:
    """A signing key that is open already."""

    def signer(self, did: str | None = None) -> SeedSigner:
        return SeedSigner(SEED)


def identity() -> IssuerIdentity:
    signing: Any = KeyAtHand()
    return IssuerIdentity(BATCH.contract, 1, did_of(SeedSigner(SEED).public_key), bytes(32), PROFILE, signing)


@dataclass
class Ours:
    """Issues a table in a scratch folder, with processes that stay."""

    folder: Path
    count: int
    suite: str
    runner: Processes = field(default_factory=Processes)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.table = issue_input.write_table(self.folder / "results.csv", self.count)
        self.achievement = read_achievement(issue_input.write_achievement(self.folder / "achievement.json"))

    def issue(self) -> Path:
        """Everything between reading the table and the finished file; the file."""
        for made in ("batches", "out"):
            shutil.rmtree(self.folder / made, ignore_errors=True)
        staging = Staging(
            source=self.table,
            achievement=self.achievement,
            identity=identity(),
            batch=BATCH,
            account=ACCOUNT,
            created=CREATED,
            base_url="https://registry.northwind.example",
            suite=self.suite,
            foreign=False,
            folder_of=lambda batch_id: self.folder / "batches" / batch_id.hex(),
            runner=self.runner,
            layout="ndjson",
        )
        (staged,) = staging.run()
        out = self.folder / "out"
        entry = JournalEntry(BATCH.batch_id, "final", staged.root, staged.size, CREATED, ACCOUNT, str(out))
        write_batch(Delivery(out, "ndjson", self.runner), staged, PROFILE, entry)
        return out / f"batch-{BATCH.batch_id.hex()}" / "credentials.ndjson"

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
