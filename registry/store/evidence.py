"""Evidence about one place from the mirror (the port EvidenceSource). No ORM, no personal data."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, and_, select

from registry.credential.place import Place
from registry.credential.reader import read_document
from registry.ledger.entities import Batch, Issuer, Key, ProfilePeriod, Reaffirmation, StatusChange, StatusWord
from registry.ledger.record import KeySlot, commitment
from registry.ledger.status import bit_of
from registry.ledger.word import IssuerWord
from registry.store import tables as t
from registry.store.engine import reading, storable
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

    def gather(self, place: Place, account: bytes | None) -> Evidence | NoEvidence:
        """Evidence at the mirror's checkpoint."""
        if place.batch.contract != self.deployment.contract:
            return NoEvidence(f"This registry mirrors {self.deployment.contract}, not {place.batch.contract}.")
        with reading(self.engine) as connection:
            point = connection.execute(select(t.checkpoint).where(t.checkpoint.c.chain_id == self._chain)).first()
            if point is None:
                return NoEvidence("This registry has not read the chain yet.", "REGISTRY_EMPTY")
            return self._gather(connection, point, place, account)

    def _gather(self, connection: Connection, point: Any, place: Place, account: bytes | None) -> Evidence:
        issuer_id, batch_id = storable(place.batch.issuer_id), place.batch.batch_id
        issuer = self._one(connection, Issuer, issuer_id)
        word = issuer.word if issuer else bytes(32)
        record = self._one(connection, Batch, issuer_id, batch_id)
        latest = BlockPoint(point.block_number, "0x" + point.block_hash.hex(), point.block_time)
        return Evidence(
            Assurance.REGISTRY,
            self.deployment.contract,
            self.deployment.genesis_hash,
            self.deployment.code_hash,
            latest,
            None,
            word,
            _record(record, point),
            self._key(connection, issuer_id, account or (record.account if record else _ZERO)),
            self._reaffirmation(connection, issuer_id, batch_id),
            self._status(connection, place, IssuerWord.unpack(word).epoch),
            self._profiles(connection, issuer_id),
        )

    def _one(self, connection: Connection, kind: type[Any], *key: Any) -> Any:
        table = t.ENTITY_TABLES[kind]
        pairs = zip(("chain_id", *kind.KEY), (self._chain, *key), strict=True)
        return connection.execute(select(table).where(and_(*(table.c[name] == value for name, value in pairs)))).first()

    def _key(self, connection: Connection, issuer_id: int, account: bytes) -> KeySlot | None:
        row = self._one(connection, Key, issuer_id, account)
        return None if row is None else KeySlot(row.roles, row.added_at, row.retired_at, row.distrust_from)

    def _reaffirmation(self, connection: Connection, issuer_id: int, batch_id: bytes) -> ReaffirmationFact | None:
        row = self._one(connection, Reaffirmation, issuer_id, batch_id)
        key = self._key(connection, issuer_id, row.account) if row else None
        return ReaffirmationFact(row.account, row.reaffirmed_at, key) if row and key else None

    def _status(self, connection: Connection, place: Place, epoch: int) -> StatusFact:
        word, _ = bit_of(place.index)
        row = self._one(connection, StatusWord, storable(place.batch.issuer_id), place.batch.batch_id, epoch, word)
        revoked, suspended = (
            (int.from_bytes(row.revoked, "big"), int.from_bytes(row.suspended, "big")) if row else (0, 0)
        )
        changes = self._changes(connection, place, epoch) if revoked | suspended else ()
        return StatusFact(epoch, word, revoked, suspended, changes)

    def _changes(self, connection: Connection, place: Place, epoch: int) -> tuple[WordChange, ...]:
        """The word's newest changes: enough for the reason of each of its 256 bits in all but hostile cases."""
        table, (word, _) = t.ENTITY_TABLES[StatusChange], bit_of(place.index)
        same = {
            "chain_id": self._chain,
            "issuer_id": storable(place.batch.issuer_id),
            "batch_id": place.batch.batch_id,
            "epoch": epoch,
            "word_index": word,
        }
        query = select(table).where(and_(*(table.c[name] == value for name, value in same.items())))
        newest = query.order_by(table.c.block_number.desc(), table.c.log_index.desc()).limit(_MOST_CHANGES)
        return tuple(
            WordChange(int.from_bytes(row.mask, "big"), row.action, row.reason, row.block_number, row.changed_at)
            for row in connection.execute(newest)
        )

    def _profiles(self, connection: Connection, issuer_id: int) -> tuple[ProfileFact, ...]:
        table = t.ENTITY_TABLES[ProfilePeriod]
        where = and_(table.c.chain_id == self._chain, table.c.issuer_id == issuer_id)
        facts = [
            ProfileFact(row.profile_hash, row.since, row.until, profile_document(connection, row.profile_hash))
            for row in connection.execute(select(table).where(where))
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
