"""Evidence about one place from the mirror (the port EvidenceSource). No ORM, no personal data."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, and_, select

from registry.credential.canonical import canonical_hash
from registry.credential.place import Place
from registry.credential.profile import KeptDocument
from registry.credential.reader import read_document
from registry.credential.times import stamp_of
from registry.errors import HallmarkError
from registry.ledger.decode import BlockRef
from registry.ledger.entities import Key
from registry.ledger.record import KeySlot, commitment
from registry.ledger.status import bit_of
from registry.ledger.word import IssuerWord
from registry.store import tables as t
from registry.store.engine import reading, storable
from registry.store.reached import block_of, reached
from registry.store.reading.left_out import LeftOut
from registry.store.reading.past import Past, point_at, point_at_time
from registry.store.reading.present import Present, Rows
from registry.store.reading.standing import catching_up, warning_of
from registry.verification.accreditation import walk
from registry.verification.evidence import (
    NOW,
    AccreditationFact,
    Ask,
    Assurance,
    Evidence,
    NoEvidence,
    ProfileFact,
    ReaffirmationFact,
    RecordFact,
    StatusFact,
    ThenFact,
    Tier,
    TrustedContract,
    WordChange,
)
from registry.verification.verdict import BlockPoint

_ZERO = bytes(20)
_MOST_CHANGES = 512
_NOT_READ = "BLOCK_NOT_READ"
EMPTY = NoEvidence("This registry has not read the chain yet.", "REGISTRY_EMPTY")


class SqlEvidence:
    """Evidence from the mirror (the port EvidenceSource).

    Args:
        engine: The mirror's database.
        deployment: The contract that it mirrors.
        left_out: Who is told of profile documents that cannot be read.
    """

    def __init__(self, engine: Engine, deployment: TrustedContract, left_out: LeftOut | None = None) -> None:
        self.engine = engine
        self.deployment = deployment
        self.left_out = left_out or LeftOut()
        self._chain = deployment.contract.chain_id

    def gather(self, place: Place, account: bytes | None, ask: Ask = NOW) -> Evidence | NoEvidence:
        """Evidence at the mirror's checkpoint, or what the chain said as of the end of a block.

        A past answer rests on the newest known block at or below the one that was asked for, between which nothing
        happened. Later revocations, distrusts and profiles are not in it; how deep the record lies is told as of now.
        A mirror in the middle of a catch-up gives none, about no moment (standing.py).
        """
        if place.batch.contract != self.deployment.contract:
            return NoEvidence(f"This registry mirrors {self.deployment.contract}, not {place.batch.contract}.")
        with reading(self.engine) as connection:
            point = reached(connection, self._chain)
            if point is None:
                return EMPTY
            if missing := catching_up(point):
                return missing
            if not ask.is_past:
                block = block_of(point)
                rows: Present | Past = Present(connection, self._chain)
            else:
                past = self._point_of(connection, ask, point)
                if isinstance(past, NoEvidence):
                    return past
                block, rows = past, Past(connection, self.deployment.contract, past.number)
            found = self._gather(connection, rows, block, point, place, account)
            then = None if ask.about is None else self._then(connection, block, ask.about, place)
            return replace(found, then=then, accreditation=_accreditation(rows, point, ask, place))

    def _point_of(self, connection: Connection, ask: Ask, point: Any) -> BlockRef | NoEvidence:
        """The newest known block at or below the one, or at or before the time, that is asked for.

        Another block may have the very time of the newest one (chains with several blocks in a second), so what was
        said then is known only once a block with a later time was read.
        """
        if ask.block is not None:
            late, asked = ask.block > point.block_number, f"to block {ask.block}"
            found = None if late else point_at(connection, self._chain, ask.block)
        else:
            assert ask.time is not None  # one of both is given: this is a question about the past
            late, asked = ask.time >= point.block_time, f"past {stamp_of(ask.time)}"
            found = None if late else point_at_time(connection, self._chain, ask.time)
        if late:
            reached = f"block {point.block_number} ({stamp_of(point.block_time)})"
            return NoEvidence(f"This registry has read the chain up to {reached} only, not {asked}.", _NOT_READ)
        return found or NoEvidence("What is asked for lies before all that this registry read.", _NOT_READ)

    def _then(self, connection: Connection, latest: BlockRef, moment: int, place: Place) -> ThenFact:
        """The status at another moment, by what was known at `latest`."""
        block = point_at_time(connection, self._chain, moment)
        if block is None:
            return ThenFact(moment, None, 0, 0, 0)
        rows = Past(connection, self.deployment.contract, min(block.number, latest.number))
        status = _status(rows, place, IssuerWord.unpack(rows.word(storable(place.batch.issuer_id))).epoch)
        return ThenFact(moment, BlockPoint.of(block), status.epoch, status.revoked, status.suspended)

    def _gather(
        self, connection: Connection, rows: Rows, block: BlockRef, point: Any, place: Place, account: bytes | None
    ) -> Evidence:
        def document(profile_hash: bytes) -> Mapping[str, Any] | None:
            return profile_document(connection, profile_hash, self.left_out)

        return evidence_of(self.deployment, rows, document, block, point, place, account)


def evidence_of(
    deployment: TrustedContract,
    rows: Rows,
    document: Callable[[bytes], Mapping[str, Any] | None],
    block: BlockRef,
    point: Any,
    place: Place,
    account: bytes | None,
) -> Evidence:
    """Evidence from rows of one moment.

    Args:
        deployment: The contract that the rows are about.
        rows: Them.
        document: Profile documents by hash (32 bytes).
        block: What is told as of the end of it.
        point: The checkpoint's row, for tiers and for what halts the mirror.
        place: About which place.
        account: Whose key slot; None: that of the account that anchored.
    """
    issuer_id, batch_id = storable(place.batch.issuer_id), place.batch.batch_id
    word = rows.word(issuer_id)
    record = rows.batch(issuer_id, batch_id)
    return Evidence(
        Assurance.REGISTRY,
        deployment.contract,
        deployment.genesis_hash,
        deployment.code_hash,
        BlockPoint.of(block),
        None,
        word,
        _record(record, point),
        _slot(rows.key(issuer_id, account or (record.account if record else _ZERO))),
        _reaffirmation(rows, issuer_id, batch_id),
        _status(rows, place, IssuerWord.unpack(word).epoch),
        _profiles(document, rows, issuer_id),
        warning_of(point),
        compared=point.evidence,
    )


def _accreditation(rows: Present | Past, point: Any, ask: Ask, place: Place) -> AccreditationFact | None:
    """The accreditations from the roots that are asked for."""
    if not ask.roots or not point.accreditation:
        return None
    return walk(ask.roots, place.batch.issuer_id, lambda one, most: rows.accreditations_given(storable(one), most))


def _slot(key: Key | None) -> KeySlot | None:
    return None if key is None else KeySlot(key.roles, key.added_at, key.retired_at, key.distrust_from)


def _reaffirmation(rows: Rows, issuer_id: int, batch_id: bytes) -> ReaffirmationFact | None:
    found = rows.reaffirmation(issuer_id, batch_id)
    key = _slot(rows.key(issuer_id, found.account)) if found else None
    return ReaffirmationFact(found.account, found.reaffirmed_at, key) if found and key else None


def _status(rows: Rows, place: Place, epoch: int) -> StatusFact:
    """The word's bits, and its newest changes: enough for the reason of each bit in all but hostile cases."""
    word, _ = bit_of(place.index)
    slot = (storable(place.batch.issuer_id), place.batch.batch_id, epoch, word)
    bits = rows.status_word(*slot)
    revoked, suspended = (
        (int.from_bytes(bits.revoked, "big"), int.from_bytes(bits.suspended, "big")) if bits else (0, 0)
    )
    changes = rows.status_changes(*slot, _MOST_CHANGES) if revoked | suspended else ()
    facts = (
        WordChange(int.from_bytes(row.mask, "big"), row.action, row.reason, row.block_number, row.changed_at)
        for row in changes
    )
    return StatusFact(epoch, word, revoked, suspended, tuple(facts))


def _profiles(
    document: Callable[[bytes], Mapping[str, Any] | None], rows: Rows, issuer_id: int
) -> tuple[ProfileFact, ...]:
    facts = [
        ProfileFact(row.profile_hash, row.since, row.until, document(row.profile_hash))
        for row in rows.profiles(issuer_id)
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.until != 0, -fact.since, fact.hash)))


def profile_document(connection: Connection, profile_hash: bytes, left_out: LeftOut) -> Mapping[str, Any] | None:
    """The profile document that somebody deposited; None where nobody did, or where the row cannot be read."""
    where = and_(t.document.c.kind == "profile", t.document.c.id == profile_hash.hex())
    row = connection.execute(select(t.document.c.body).where(where)).first()
    return None if row is None else read_kept(profile_hash, row.body, left_out)


def read_kept(profile_hash: bytes, body: bytes, left_out: LeftOut) -> Mapping[str, Any] | None:
    """A stored profile document; None, and noted, where its bytes are no document or one of another hash.

    Only what is read strictly and has this hash was ever stored, so such a row was changed since.
    """
    try:
        document = kept_document(body)
        if _hash_of(body) == profile_hash:
            return document
        why = "its hash is another one"
    except (HallmarkError, TypeError, ValueError, AttributeError) as error:  # SQLite's columns hold any kind of value
        why = str(error)
    left_out.note(f"document profile/{profile_hash.hex()}", why)
    return None


@lru_cache(maxsize=64)
def kept_document(body: bytes) -> KeptDocument:
    """The profile document of these bytes, shared by all who read it: what it proves is found once."""
    return KeptDocument(read_document(body))


@lru_cache(maxsize=64)
def _hash_of(body: bytes) -> bytes:
    return canonical_hash(kept_document(body))


def _record(row: Any, point: Any) -> RecordFact | None:
    if row is None:
        return None
    number = row.block_number
    tier = Tier.FINAL if number <= point.final else Tier.SAFE if number <= point.safe else Tier.PENDING
    return RecordFact(commitment(row.root, row.leaf_count, row.account), row.anchored_at, tier)
