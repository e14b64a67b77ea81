"""What the chain said as of any block or time, as queries: no replay, no copy of every state.

Each answer is the newest row at or below the block, or what a handful of such rows lead to (ledger/history.py); status
bits come from `status_change`, words from the issuer's last event. A period begins with one row of `issuer_change` and
ends with the next of the same facet; `periods` reads it so with one query, which any SQL client can ask as well.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from registry.credential.place import ContractId
from registry.ledger import accreditation as acc
from registry.ledger import history as hi
from registry.ledger.decode import BlockRef
from registry.ledger.entities import (
    Accreditation,
    Batch,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusWord,
)
from registry.ledger.entities import StatusChange as Change
from registry.ledger.state import key_of
from registry.store import bulk
from registry.store import tables as t
from registry.store.raw_events import last_word
from registry.store.reading.present import status_changes
from registry.store.rows import COLUMNS


@dataclass(frozen=True, slots=True)
class Period:
    """A value of one facet of an issuer (recovery, profile, epoch, frozen) and the blocks and times of its reign.

    `actor` began it. `until_block` and `until_time` (of the change that ended it) are None while it lasts.
    """

    facet: hi.Facet
    value: bytes
    actor: bytes
    since_block: int
    since_time: int
    until_block: int | None
    until_time: int | None


class Past:
    """The answers of `present.Rows` as of the end of block `block`, within one snapshot."""

    def __init__(self, connection: Connection, contract: ContractId, block: int) -> None:
        self.connection = connection
        self.contract = contract
        self.chain_id = contract.chain_id
        self.block = block

    def word(self, issuer_id: int) -> bytes:
        """The issuer's word; epoch and frozen flag stand in it."""
        return last_word(self.connection, self.contract, issuer_id, self.block)

    def issuer(self, issuer_id: int) -> Issuer | None:
        """The issuer with its recovery account and profile."""
        changes = self._rows(hi.IssuerChange, issuer_id=issuer_id)
        return hi.issuer_of_changes(changes, self.word(issuer_id)) if changes else None

    def batch(self, issuer_id: int, batch_id: bytes) -> Batch | None:
        """A record, which is written once."""
        found = self._rows(Batch, issuer_id=issuer_id, batch_id=batch_id)
        return found[0] if found else None

    def key(self, issuer_id: int, account: bytes) -> Key | None:
        """A key slot."""
        return hi.key_of_changes(self._rows(hi.KeyChange, issuer_id=issuer_id, account=account))

    def keys(self, issuer_id: int) -> list[Key]:
        """All key slots, by account."""
        changes = self._rows(hi.KeyChange, issuer_id=issuer_id)
        accounts = sorted({change.account for change in changes})
        slots = (hi.key_of_changes(c for c in changes if c.account == account) for account in accounts)
        return [slot for slot in slots if slot is not None]

    def reaffirmation(self, issuer_id: int, batch_id: bytes) -> Reaffirmation | None:
        """The newest reaffirmation of a record."""
        found = self._rows(hi.RecordReaffirmed, issuer_id=issuer_id, batch_id=batch_id)
        return hi.reaffirmation_of_changes(found)

    def pending(self, issuer_id: int, requester: bytes, account: bytes) -> PendingChange | None:
        """A delayed change that waited."""
        found = self._rows(hi.RequestChange, issuer_id=issuer_id, requester=requester, account=account)
        return hi.pending_of_changes(found, self._rows(hi.IssuerChange, issuer_id=issuer_id))

    def status_word(self, issuer_id: int, batch_id: bytes, epoch: int, word_index: int) -> StatusWord | None:
        """The bits of 256 credentials."""
        slot = (issuer_id, batch_id, epoch, word_index)
        changes = status_changes(self.connection, self.chain_id, slot, None, self.block)
        return hi.word_of_changes(reversed(changes))

    def status_changes(self, issuer_id: int, batch_id: bytes, epoch: int, word_index: int, most: int) -> list[Change]:
        """The newest changes of these bits, newest first."""
        slot = (issuer_id, batch_id, epoch, word_index)
        return status_changes(self.connection, self.chain_id, slot, most, self.block)

    def profiles(self, issuer_id: int) -> list[ProfilePeriod]:
        """All profile slots; one that ended later is still in force."""
        return hi.profiles_of_changes(self._rows(hi.IssuerChange, issuer_id=issuer_id))

    def accreditations_given(self, issuer_id: int, most: int | None = None) -> list[Accreditation]:
        """What an issuer had said of others by then: what was withdrawn later still stands here."""
        return _newest_first(self._rows(acc.AccreditationChange, issuer_id=issuer_id))[:most]

    def accreditations_received(self, issuer_id: int, most: int | None = None) -> list[Accreditation]:
        """What others had said of an issuer; found by the statements there are now, of which none ever goes."""
        c = t.ENTITY_TABLES[Accreditation].c
        names = ("chain_id", *Accreditation.KEY)
        query = select(*(c[name] for name in names)).where(c.chain_id == self.chain_id, c.subject == issuer_id)
        keys = [tuple(row) for row in self.connection.execute(query)]
        table, columns = t.ENTITY_TABLES[acc.AccreditationChange], COLUMNS[acc.AccreditationChange]
        changes = (acc.AccreditationChange(*row) for row in bulk.fetch(self.connection, table, columns, names, keys))
        return _newest_first([change for change in changes if change.block_number <= self.block])[:most]

    def _rows(self, kind: type[Any], **key: Any) -> list[Any]:
        """Rows of a kind with this key at or below the block, oldest first."""
        c = t.ENTITY_TABLES[kind].c
        same = [c.chain_id == self.chain_id, *(c[name] == value for name, value in key.items())]
        query = select(*(c[name] for name in COLUMNS[kind])).where(*same, c.block_number <= self.block)
        found = [kind(*row) for row in self.connection.execute(query)]
        return found if kind is Batch else sorted(found, key=hi.place_of)


def _newest_first(changes: list[acc.AccreditationChange]) -> list[Accreditation]:
    statements = acc.accreditations_of_changes(changes)
    return sorted(statements, key=lambda said: (said.withdrawn_at != 0, -said.stated_at, *key_of(said)))


def periods(connection: Connection, chain_id: int, issuer_id: int) -> list[Period]:
    """All periods of an issuer's recovery account, profile, status epoch and frozen flag, oldest first."""
    c = t.ENTITY_TABLES[hi.IssuerChange].c
    window: dict[str, Any] = {"partition_by": c.facet, "order_by": (c.block_number, c.log_index)}
    query = (
        select(
            c.facet,
            c.value,
            c.actor,
            c.block_number,
            c.changed_at,
            func.lead(c.block_number).over(**window),
            func.lead(c.changed_at).over(**window),
        )
        .where(c.chain_id == chain_id, c.issuer_id == issuer_id)
        .order_by(c.block_number, c.log_index)
    )
    return [Period(hi.Facet(row[0]), *row[1:]) for row in connection.execute(query)]


def point_at(connection: Connection, chain_id: int, block: int) -> BlockRef | None:
    """The newest known canonical block at or below `block`: nothing happened between the two."""
    b = t.block.c
    query = _blocks(chain_id).where(b.block_number <= block).order_by(b.block_number.desc())
    row = connection.execute(query.limit(1)).first()
    return None if row is None else BlockRef(*row)


def point_at_time(connection: Connection, chain_id: int, time: int) -> BlockRef | None:
    """The newest known canonical block at or before a time (seconds since 1970)."""
    b = t.block.c
    query = _blocks(chain_id).where(b.block_time <= time).order_by(b.block_time.desc(), b.block_number.desc())
    row = connection.execute(query.limit(1)).first()
    return None if row is None else BlockRef(*row)


def _blocks(chain_id: int) -> Any:
    b = t.block.c
    return select(b.block_number, b.block_hash, b.block_time).where(b.chain_id == chain_id, b.canonical)
