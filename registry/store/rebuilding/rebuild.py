"""Build all projections again from the raw events, beside the live tables, and swap them in without downtime.

Readers see the old tables or the new ones, whole, at every moment; the follower may go on meanwhile: what it commits is
folded on top before the swap. A crash leaves the live tables as they were, and tables beside them that the next
rebuild removes.

**What is checked.** The records are made by the database itself and everything else is folded here. Each event was
hashed into its issuer's word before it was stored; a rebuild does not hash it again where it follows a record. It
counts: every issuer's events are as many as its last word says, and the words that result are the live ones, or the
contract's. So a raw event that is missing, doubled or out of order is noticed; one whose bytes were edited in the
database only by a rebuild that hashes everything again (`rehash`), or by an audit.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from registry.credential.place import ContractId
from registry.errors import StoreError
from registry.ledger.entities import Accreditor, Issuer
from registry.ledger.word import WordDomain
from registry.store.plain import Session, connect, newest_schema
from registry.store.rebuilding import shadow
from registry.store.rebuilding.fill import Filling, Moved, Reached, checkpoint
from registry.store.rebuilding.refold import catch_up
from registry.store.rebuilding.shadow import KINDS, columns_of, shadow_of

Speaker = type[Issuer] | type[Accreditor]
Witness = Callable[[Speaker, Sequence[int], int, bytes], Mapping[int, bytes]]
REBUILDING = -1
"""In the place of a chain id: one rebuild at a time."""
_TRIES = 3
_LOCK_SECONDS = 2.0
_LOCK_TRIES = 30


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: events folded, and for how many seconds the tables were locked."""

    events: int
    locked_seconds: float


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The contracts whose events are in the database: the registry's, and the accreditation contract's address."""

    contract: ContractId
    accreditation: bytes | None = None


def rebuild(
    url: str,
    mirrored: Mirrored,
    *,
    witness: Witness | None = None,
    rehash: bool = False,
    workers: int = 0,
    prepare: Callable[[], object] | None = None,
) -> Rebuilt:
    """Rebuild the projections of one contract; those of other chains in the same database are copied.

    Args:
        url: SQLAlchemy URL of the mirror's database, whose tables exist.
        mirrored: Whose events are folded.
        witness: The contracts' own words for ids of issuers or accreditors at a block (number, hash): decides where the
            rebuilt words are not the live ones. Without it such a rebuild is refused, because either may be wrong.
        rehash: Hash every event into its issuer's word again: many times the work.
        workers: Processes that do so; 0: as many as there are processors, one for a short chain.
        prepare: Called where the database is not as this program makes it: makes it so, or says what is wrong.

    Raises:
        StoreError: Nothing to rebuild, another rebuild is at work, or words that differ; the live tables stay.
        LedgerError: Raw events are missing or were changed; the live tables stay.
    """
    with connect(url) as session, _only_one(session):
        if prepare is not None and not _is_current(session, mirrored):
            prepare()
        try:
            for _ in range(_TRIES):
                shadow.drop(session)  # what a crash or the try before left
                try:
                    return _Rebuild(url, session, mirrored, witness).run(workers if rehash else None)
                except Moved:
                    continue
            raise StoreError("The chain was reorganised during each of three rebuilds.", todo="try again later")
        finally:
            shadow.drop(session)


def _is_current(session: Session, mirrored: Mirrored) -> bool:
    """Whether the tables are this version's, and the rows these contracts'."""
    chain, address = mirrored.contract.chain_id, mirrored.contract.address
    try:
        version = session.rows("SELECT version_num FROM alembic_version")
        mirrors = session.rows("SELECT contract, accreditation FROM checkpoint WHERE chain_id = ?", chain)
    except StoreError:
        return False
    return version == [(newest_schema(),)] and mirrors == [(address, mirrored.accreditation or b"")]


@contextmanager
def _only_one(session: Session) -> Iterator[None]:
    with session.alone(REBUILDING) as alone:
        if not alone:
            from registry.store.writing.lease import LeaseHeld

            raise LeaseHeld("Another rebuild is at work in this database.", todo="wait for it, or stop it")
        yield


class _Rebuild:
    def __init__(self, url: str, session: Session, mirrored: Mirrored, witness: Witness | None) -> None:
        self.url = url
        self.session = session
        self.witness = witness
        self.chain = mirrored.contract.chain_id
        self.domain = WordDomain(self.chain, mirrored.contract.address, mirrored.accreditation)
        self.reached: Reached = (0, b"")  # newest block that is folded into the tables beside
        self.others: list[Any] = []  # checkpoints of other chains when their rows were copied
        self.confirmed: dict[tuple[Speaker, int], bytes] = {}  # words that the contract itself gave

    def run(self, workers: int | None) -> Rebuilt:
        """With `workers` every event is hashed again."""
        folded = self._fill(workers)
        with self.session.transaction():
            self._copy_other_chains()
        # checkpoint, events and words of one moment, while the follower commits; SQLite's one writer sees no other
        with self.session.transaction(snapshot=not self.session.sqlite):
            folded += self._catch_up()
            self._ask_witness()
        late, seconds = self._swap()
        shadow.look(self.session)
        return Rebuilt(folded + late, seconds)

    def _fill(self, workers: int | None) -> int:
        filling = Filling(self.url, self.session, self.domain)
        folded = filling.by_counting() if workers is None else filling.by_hashing(workers)
        self.reached = filling.reached
        return folded

    def _copy_other_chains(self) -> None:
        """Their rows as they are now; again within the swap, if they moved since."""
        self.others = self._other_checkpoints()
        # the chain's id is the key's first column: two ranges of it are found without reading ours
        others, statements = f"chain_id < {self.chain} OR chain_id > {self.chain}", []
        for kind in KINDS:
            names = ", ".join(f'"{name}"' for name in columns_of(kind))
            statements.append(f'DELETE FROM "{shadow_of(kind)}" WHERE {others}')  # noqa: S608
            statements.append(
                f'INSERT INTO "{shadow_of(kind)}" ({names}) SELECT {names} FROM "{kind.TABLE}" WHERE {others}'  # noqa: S608
            )
        if not self.session.sqlite:
            # tables that nobody has analyzed yet count as too small to look into their indexes
            statements = ["SET LOCAL enable_seqscan = off", *statements, "SET LOCAL enable_seqscan = on"]
        self.session.run(*statements)

    def _other_checkpoints(self) -> list[Any]:
        return self.session.rows("SELECT * FROM checkpoint WHERE chain_id <> ? ORDER BY chain_id", self.chain)

    def _still_canonical(self) -> None:
        """Moved unless the block up to which was folded still has its place."""
        query = "SELECT 1 FROM block WHERE chain_id = ? AND block_number = ? AND block_hash = ? AND canonical"
        if not self.session.rows(query, self.chain, *self.reached):
            raise Moved

    def _catch_up(self) -> int:
        """Fold what the follower committed since; how many events."""
        self._still_canonical()
        number, _ = self.reached
        self.reached = checkpoint(self.session, self.chain)
        return catch_up(self.session, self.domain, number) if self.reached[0] != number else 0

    def _swap(self) -> tuple[int, float]:
        """The last events and the swap, in one transaction that waits its turn without holding others up for long."""
        for attempt in range(_LOCK_TRIES):
            reached = self.reached
            try:
                with self.session.transaction():
                    self._exclude_everybody()
                    started = time.monotonic()
                    late = self._catch_up()
                    if self._other_checkpoints() != self.others:
                        self._copy_other_chains()
                    for speaker in (Issuer, Accreditor):
                        self._compare_words(speaker)
                    shadow.swap(self.session)
                return late, time.monotonic() - started
            except StoreError as error:
                if "lock timeout" not in str(error) or attempt == _LOCK_TRIES - 1:
                    raise
                self.reached = reached
                time.sleep(_LOCK_SECONDS)
        raise AssertionError

    def _exclude_everybody(self) -> None:
        """Wait until nobody reads or writes, and let nobody begin; StoreError after two seconds."""
        if not self.session.sqlite:
            timeout = f"SET LOCAL lock_timeout = {int(_LOCK_SECONDS * 1000)}"
            self.session.run(timeout, "LOCK TABLE checkpoint IN ACCESS EXCLUSIVE MODE")

    def _ask_witness(self) -> None:
        """Before anything is locked: where rebuilt words are not the live ones, which does the contract give?"""
        for speaker in (Issuer, Accreditor):
            differing = self._differing(speaker)
            told = self.witness(speaker, sorted(differing), *self.reached) if differing and self.witness else {}
            self.confirmed |= {(speaker, i): word for i, word in differing.items() if told.get(i) == word}

    def _compare_words(self, speaker: Speaker) -> None:
        """Refuse rebuilt words that are neither the live ones nor confirmed."""
        differing = self._differing(speaker)
        wrong = [i for i, word in sorted(differing.items()) if self.confirmed.get((speaker, i)) != word]
        if any((speaker, i) in self.confirmed for i in wrong):
            raise Moved  # it has spoken again since it was asked about
        if wrong:
            raise StoreError(
                f"The raw events lead {speaker.TABLE} {wrong[0]} to another word than the mirror holds "
                f"({len(wrong)} such); nothing was changed.",
                todo="run `hallmark audit`, which asks the contract; if events are missing, index into a new database",
            )

    def _differing(self, speaker: Speaker) -> dict[int, bytes]:
        """Id → rebuilt word (zeros: none) where the live one is another."""
        ours, theirs = (
            f'SELECT issuer_id, word FROM "{table}" WHERE chain_id = {self.chain}'  # noqa: S608
            for table in (shadow_of(speaker), speaker.TABLE)
        )
        rebuilt: dict[int, bytes] = dict(self.session.rows(f"{ours} EXCEPT {theirs}"))
        gone: dict[int, bytes] = dict(self.session.rows(f"{theirs} EXCEPT {ours}"))
        return dict.fromkeys(gone, bytes(32)) | rebuilt
