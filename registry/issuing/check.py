"""Everything that is wrong with an input, before anything is signed: no chain, no key, nothing is written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from registry.credential.conformance.rules import conformance_problems
from registry.credential.place import BatchId, Place
from registry.credential.reader import read_document
from registry.credential.signer import SeedSigner
from registry.credential.status.status_entry import with_pointer
from registry.errors import HallmarkError
from registry.issuing.achievement import AchievementFile
from registry.issuing.batch.badges import BadgeMaker, issuer_of_profile
from registry.issuing.batch.ready import id_digest, is_ours, ready_faults
from registry.issuing.batch.source import open_source
from registry.issuing.batch.stage import sign_document
from registry.issuing.duplicates import Screen
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.rows import ResultRow

# What documents will name is known only when they are issued; these stand for it.
_URL = "https://registry.example"
_NOBODY = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
_TOLD_EVERY = 500


@dataclass(frozen=True)
class Check:
    """One look at an input.

    Attributes:
        source: A table, an .ndjson file, or a folder of .json files.
        achievement: What a table's rows are about, and how it is read.
        did: The issuer; None where the home folder names none: then nobody can tell whose documents are.
        profile: Its name, and URL if it has one.
        batch: A batch to write into pointers.
        created: dateTimeStamp of this run.
        suite: `rdf`, `jcs` or empty, as in a real run.
        foreign: Whether other issuers' documents are taken.
        screen_of: Makes what looks for earlier credentials; None: nobody looks.
        progress: Told how many documents were looked at.
    """

    source: Path
    achievement: AchievementFile | None
    did: str | None
    profile: dict[str, Any]
    batch: BatchId
    created: str
    suite: str
    foreign: bool
    screen_of: Callable[[Complaints], Screen] | None
    progress: Callable[[str, int, int], None]
    # A key that signs nothing that is kept: whether a document can be signed does not depend on whose key it is.
    signer: SeedSigner = field(default_factory=lambda: SeedSigner(bytes(32)))

    def run(self) -> tuple[int, Complaints]:
        """How many documents there are, and what is wrong with them.

        Raises:
            InputError: The input cannot be read at all.
        """
        complaints, count = Complaints(str(self.source)), 0
        screen = self.screen_of(complaints) if self.screen_of else None
        with open_source(self.source, self.achievement, self.did, self.created, complaints, screen) as source:
            look = self._rows if source.rows else self._documents
            for count, _ in enumerate(look(source.items, complaints), start=1):
                if count % _TOLD_EVERY == 0:
                    self.progress("checking", count, 0)
        if not count and not complaints.errors:
            complaints.error("there are no documents", "give at least one")
        return count, complaints

    def _rows(self, rows: Iterable[tuple[int, ResultRow]], complaints: Complaints) -> Iterator[int]:
        """The first badge of each form is made and signed for trial; the others differ in texts that were looked at."""
        maker, tried = self._maker(), set()
        for number, row in rows:
            form = tuple(map(bool, row))
            if form not in tried:
                tried.add(form)
                self._try(row.id, maker.document(row, 0), complaints, row=number)
            yield number

    def _maker(self) -> BadgeMaker:
        assert self.achievement is not None  # rows have one
        issuer = orjson.dumps(issuer_of_profile(self.did or _NOBODY, self.profile))
        achievement = orjson.dumps(self.achievement.achievement)
        return BadgeMaker(self.batch, bytes(32), issuer, achievement, self.created, _URL)

    def _try(
        self, name: str, document: dict[str, Any], complaints: Complaints, *, row: int | None = None, file: str = ""
    ) -> None:
        problems = conformance_problems(document)
        for problem in problems:
            complaints.error(problem.message, "", row, problem.path, file)
        if not problems:
            try:
                sign_document(name, document, self.signer, self.created, self.suite)
            except HallmarkError as error:
                complaints.error(error.what, error.todo, row, error.path, file)

    def _documents(self, ready: Iterable[tuple[str, bytes]], complaints: Complaints) -> Iterator[str]:
        seen: dict[bytes, str] = {}
        for name, data in ready:
            row, file = self._place(name)
            try:
                document = read_document(data)
            except HallmarkError as error:
                complaints.error(error.what, error.todo, row, error.path, file)
            else:
                self._look(name, document, seen, complaints)
            yield name

    def _look(self, name: str, document: dict[str, Any], seen: dict[bytes, str], complaints: Complaints) -> None:
        row, file = self._place(name)
        faults = list(ready_faults(document, self.did, foreign=self.foreign))
        for path, what, todo in faults:
            complaints.error(what, todo, row, path, file)
        if not is_ours(document, self.did):
            return
        before = seen.setdefault(id_digest(document, name), name)
        if before != name:
            complaints.error(f"its id is that of {before}", "give each document an id of its own", row, "$.id", file)
        if not faults:
            pointed = with_pointer(document, Place(self.batch, 0), _URL)
            self._try(name, pointed, complaints, row=row, file=file)

    def _place(self, name: str) -> tuple[int | None, str]:
        """Line of an NDJSON file, or file of a folder."""
        if self.source.is_dir():
            return None, str(self.source / f"{name}.json")
        return int(name.rpartition("-")[2]), ""
