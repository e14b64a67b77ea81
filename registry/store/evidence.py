"""Evidence about one place from the mirror (the port EvidenceSource). No ORM, no personal data."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, and_, select

from registry.credential.place import Place
from registry.credential.reader import read_document
from registry.ledger.decode import BlockRef
from registry.ledger.entities import Key
from registry.ledger.record import KeySlot, commitment
from registry.ledger.status import bit_of
from registry.ledger.word import IssuerWord
from registry.store import tables as t
from registry.store.engine import reading, storable
from registry.store.past import Past, point_at, point_at_time
from registry.store.present import Present, Rows
from registry.verification.evidence import (
    Assurance,
    Evidence,
    NoEvidence,
    ProfileFact,
    ReaffirmationFact,
    RecordFact,
    StatusFact,
    Tier,
    TrustedContract,
    WordChange,
)
from registry.verification.verdict import BlockPoint

_ZERO = bytes(20)
_MOST_CHANGES = 512


class SqlEvidence:
    """Evidence from the mirror (the port EvidenceSource)."""

    def __init__(self, engine: Engine, deployment: TrustedContract) -> None:
        self.engine = engine
        self.deployment = deployment
        self._chain = deployment.contract.chain_id

    def gather(self, place: Place, account: bytes | None, as_of: int | None = None) -> Evidence | NoEvidence:
        """Evidence at the mirror's checkpoint, or what the chain said as of the end of block `as_of`.

        A past answer rests on the newest known block at or below `as_of`, between which nothing happened. Later
        revocations, distrusts and profiles are not in it; how deep the record lies is told as of now.
        """
        if place.batch.contract != self.deployment.contract:
            return NoEvidence(f"This registry mirrors {self.deployment.contract}, not {place.batch.contract}.")
        with reading(self.engine) as connection:
            point = connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == self._chain)).first()
            if point is None:
                return NoEvidence("This registry has not read the chain yet.", "REGISTRY_EMPTY")
            if as_of is None:
                block = BlockRef(point.block_number, point.block_hash, point.block_time)
                return self._gather(connection, Present(connection, self._chain), block, point, place, account)
            return self._gather_past(connection, as_of, point, place, account)

    def block_at(self, time: int) -> int | None:
        """The newest block at or before a time (seconds since 1970); None before the first and after the newest."""
        with reading(self.engine) as connection:
            newest = connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == self._chain)).first()
            found = point_at_time(connection, self._chain, time)
        return found.number if found and newest and time <= newest.block_time else None

    def _gather_past(
        self, connection: Connection, as_of: int, point: Any, place: Place, account: bytes | None
    ) -> Evidence | NoEvidence:
        if as_of > point.block_number:
            reached = f"This registry has read the chain up to block {point.block_number} only."
            return NoEvidence(f"{reached} Block {as_of} comes later.", "BLOCK_NOT_READ")
        block = point_at(connection, self._chain, as_of)
        if block is None:
            return NoEvidence(f"Block {as_of} is before the first one that this registry read.", "BLOCK_NOT_READ")
        past = Past(connection, self.deployment.contract, as_of)
        return self._gather(connection, past, block, point, place, account)

    def _gather(
        self, connection: Connection, rows: Rows, block: BlockRef, point: Any, place: Place, account: bytes | None
    ) -> Evidence:
        issuer_id, batch_id = storable(place.batch.issuer_id), place.batch.batch_id
        word = rows.word(issuer_id)
        record = rows.batch(issuer_id, batch_id)
        return Evidence(
            Assurance.REGISTRY,
            self.deployment.contract,
            self.deployment.genesis_hash,
            self.deployment.code_hash,
            BlockPoint(block.number, "0x" + block.hash.hex(), block.time),
            None,
            word,
            _record(record, point),
            _slot(rows.key(issuer_id, account or (record.account if record else _ZERO))),
            _reaffirmation(rows, issuer_id, batch_id),
            _status(rows, place, IssuerWord.unpack(word).epoch),
            _profiles(connection, rows, issuer_id),
            f"This registry's mirror is halted. {point.halted}" if point.halted else "",
        )


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


def _profiles(connection: Connection, rows: Rows, issuer_id: int) -> tuple[ProfileFact, ...]:
    facts = [
        ProfileFact(row.profile_hash, row.since, row.until, profile_document(connection, row.profile_hash))
        for row in rows.profiles(issuer_id)
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.until != 0, -fact.since)))


def profile_document(connection: Connection, profile_hash: bytes) -> Mapping[str, Any] | None:
    """The profile document that somebody deposited, or None."""
    where = and_(t.document.c.kind == "profile", t.document.c.id == profile_hash.hex())
    row = connection.execute(select(t.document.c.body).where(where)).first()
    return None if row is None else read_document(row.body)


def _record(row: Any, point: Any) -> RecordFact | None:
    if row is None:
        return None
    number = row.block_number
    tier = Tier.FINAL if number <= point.final else Tier.SAFE if number <= point.safe else Tier.PENDING
    return RecordFact(commitment(row.root, row.leaf_count, row.account), row.anchored_at, tier)
