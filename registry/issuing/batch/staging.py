"""An input becomes staged batches: cut into shards and parts, worked on by a runner, complete on disk or not at all."""

import hmac
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate, count, islice
from pathlib import Path
from typing import Any

import orjson

from registry.credential.place import BatchId
from registry.errors import InputError
from registry.issuing.achievement import AchievementFile
from registry.issuing.batch import SHARD
from registry.issuing.batch.assemble import LeafMaker, StagedBatch, assemble
from registry.issuing.batch.badges import BadgeMaker, issuer_of_profile
from registry.issuing.batch.files import Syncer
from registry.issuing.batch.jobs import Job, Made, Progress, Recipe
from registry.issuing.batch.runner import Runner
from registry.issuing.batch.source import Source, open_source
from registry.issuing.batch.stage import stage, stage_and_write
from registry.issuing.batch.staged import PART, begin, complete, open_staged, part_paths, write_part
from registry.issuing.duplicates import Screen
from registry.issuing.home.workspace import IssuerIdentity
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.tables import is_table


def shard_batch_id(secret: bytes, batch_id: bytes, shard: int) -> bytes:
    """The batch id of a shard (SPEC.md, section 2): the input's own for the first, 16 bytes derived from it for others.

    Args:
        secret: The issuer's batch secret, 32 bytes.
        batch_id: The input's, 16 bytes.
        shard: From 0.
    """
    if shard == 0:
        return batch_id
    return hmac.digest(secret, b"shard" + batch_id + shard.to_bytes(8, "big"), "sha256")[:16]


@dataclass(frozen=True)
class Staging:
    """One input on its way to staged batches.

    Attributes:
        source: A table, an .ndjson file, or a folder of .json files.
        achievement: What a table's rows are about; not used for ready documents.
        identity: Who issues.
        batch: The input's batch: that of its first shard.
        account: Who will anchor, 20 bytes.
        created: dateTimeStamp of this run.
        base_url: What status entries name.
        suite: `rdf`, `jcs`, or empty: RDF where a document can be signed so.
        foreign: Whether documents of other issuers may be anchored.
        folder_of: Where a batch is staged.
        runner: Who does the work.
        progress: Told how far it is.
        shard_size: Most documents of one record.
        layout: How the credentials will be delivered, for whoever takes the batch up without its input.
        screen_of: Makes what looks for earlier credentials; None: nobody looks.
        heard: Told what should be known of the input besides its errors.
    """

    source: Path
    achievement: AchievementFile | None
    identity: IssuerIdentity
    batch: BatchId
    account: bytes
    created: str
    base_url: str
    suite: str
    foreign: bool
    folder_of: Callable[[bytes], Path]
    runner: Runner
    progress: Progress = field(default=lambda _what, _done, _total: None)
    shard_size: int = SHARD
    layout: str = "files"
    screen_of: Callable[[Complaints], Screen] | None = None
    heard: Callable[[Complaints], None] = field(default=lambda _complaints: None)

    def run(self) -> list[StagedBatch]:
        """Stage everything; the batches of the input, one for each shard, in order.

        What was staged completely before and reached no journal is taken up as it is: its salts may be on their way.

        Raises:
            InputError: Every problem, each with file and row; nothing is left of what was staged.
        """
        known = self._known()
        if known is not None:
            return known
        roots: dict[int, list[bytes]] = {}
        sizes: dict[int, int] = {}
        complaints = Complaints(str(self.source))
        screen = self.screen_of(complaints) if self.screen_of else None
        ids: dict[bytes, str] = {}
        about = _expected(self.source)
        with (
            open_source(self.source, self.achievement, self.identity.did, self.created, complaints, screen) as source,
            Syncer() as disk,
        ):
            jobs, work = self._cut(source), stage_and_write if self.runner.shares_disk else stage
            for made in self.runner.map(work, jobs):
                if made.part is not None:
                    write_part(self._folder(made.shard), made.number, made.part)
                if not made.problems:
                    disk.add(*part_paths(self._folder(made.shard), made.number))
                roots.setdefault(made.shard, []).append(made.root)
                sizes[made.shard] = sizes.get(made.shard, 0) + made.count
                self._note(made, ids, complaints)
                self.progress("signing", sum(sizes.values()), about)
        self.heard(complaints)
        if complaints.errors or not sizes:
            for shard in sizes:
                shutil.rmtree(self._folder(shard))
            complaints.refuse()
            raise InputError(f"{self.source}: there are no documents.", todo="give at least one")
        if screen is not None:
            # Before staged.json: a run that finds that file does not look at its input again.
            screen.record(self._extents(sizes))
        # The first shard's file is the last to be written: where it is, the others are.
        for shard in reversed(range(len(sizes))):
            complete(self._folder(shard), sizes[shard], self._about(shard, len(sizes)))
        return [self._assemble(shard, roots[shard]) for shard in range(len(sizes))]

    def _extents(self, sizes: Mapping[int, int]) -> list[tuple[bytes, int, int]]:
        """Batch id, first place in the input, and end, of each shard."""
        ends = list(accumulate(sizes[shard] for shard in range(len(sizes))))
        return [(self._shard(n).batch_id, end - sizes[n], end) for n, end in enumerate(ends)]

    def _known(self) -> list[StagedBatch] | None:
        if not (self._folder(0) / "staged.json").exists():
            return None
        shards = open_staged(self._folder(0)).about.get("shards", 0)
        about = [dict(open_staged(self._folder(shard)).about) for shard in range(shards)]
        if not shards or any(not self._is_same(one, n, shards) for n, one in enumerate(about)):
            return None
        before = replace(self, created=about[0]["created"])
        return [before._assemble(shard, None) for shard in range(shards)]

    def _is_same(self, about: Mapping[str, Any], shard: int, shards: int) -> bool:
        return about == {**self._about(shard, shards), "created": about["created"], "layout": about["layout"]}

    def _about(self, shard: int, shards: int) -> Mapping[str, Any]:
        return {
            "batch": str(self._shard(shard)),
            "shard": shard,
            "shards": shards,
            "account": self.account.hex(),
            "created": self.created,
            "baseUrl": self.base_url,
            "layout": self.layout,
        }

    def _assemble(self, shard: int, roots: list[bytes] | None) -> StagedBatch:
        return assemble(self._leaves(shard), open_staged(self._folder(shard)), roots)

    def _shard(self, shard: int) -> BatchId:
        secret = self.identity.batch_secret
        return self.batch._replace(batch_id=shard_batch_id(secret, self.batch.batch_id, shard))

    def _folder(self, shard: int) -> Path:
        return self.folder_of(self._shard(shard).batch_id)

    def _leaves(self, shard: int) -> LeafMaker:
        return LeafMaker(self._shard(shard), self.account, self.created)

    def _cut(self, source: Source) -> Iterator[Job]:
        for shard in count():
            recipe = None
            for number, first in enumerate(range(0, self.shard_size, PART)):
                chunk = list(islice(source.items, min(PART, self.shard_size - first)))
                if not chunk:
                    return
                if recipe is None:
                    recipe = self._recipe(shard, rows=source.rows)
                    begin(self._folder(shard))
                kind = {"rows": chunk} if source.rows else {"ready": chunk}
                yield Job(recipe, self._folder(shard), shard, number, first, **kind)

    def _recipe(self, shard: int, *, rows: bool) -> Recipe:
        badges = None
        if rows and self.achievement is not None:
            issuer = orjson.dumps(issuer_of_profile(self.identity.did, self.identity.profile))
            achievement = orjson.dumps(self.achievement.achievement)
            badges = BadgeMaker(
                self._shard(shard), self.identity.batch_secret, issuer, achievement, self.created, self.base_url
            )
        leaves, signer = self._leaves(shard), None if self.foreign else self.identity.signer
        return Recipe(leaves, self.identity.did, self.base_url, self.suite, self.foreign, badges, signer)

    def _note(self, made: Made, ids: dict[bytes, str], complaints: Complaints) -> None:
        for fault in made.problems:
            row = fault.where if isinstance(fault.where, int) else None
            file = "" if row is not None else f"{fault.where}"
            complaints.error(fault.what, fault.todo, row, fault.path, file)
        for name, digest in made.ids:
            before = ids.setdefault(digest, name)
            if before != name:
                complaints.error(f"its id is that of {before}", "give each document an id of its own", file=name)


def _expected(source: Path) -> int:
    """About how many documents there are, for the progress bar; 0 where only reading tells."""
    if source.is_dir():
        return sum(1 for _ in source.glob("*.json"))
    if source.suffix.lower() not in (".csv", ".tsv", ".txt", ".ndjson"):
        return 0
    with source.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return max(lines - is_table(source), 0)
