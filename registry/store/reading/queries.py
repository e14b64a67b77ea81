"""Lookups by full identifier, for the API: batches, issuers, leaves, events. No ORM, no personal data."""

from typing import Any

from sqlalchemy import Connection, Engine, and_, select

from registry.credential.place import BatchId, ContractId
from registry.ledger.decode import TOPICS
from registry.ledger.entities import Batch, Issuer, Key, ProfilePeriod, StatusWord
from registry.ledger.events import ACCREDITATION_TYPES
from registry.ledger.status import bit_of
from registry.ledger.word import IssuerWord
from registry.store import tables as t
from registry.store.engine import reading, storable
from registry.store.reached import reached
from registry.store.reading.evidence import profile_document
from registry.store.reading.left_out import LeftOut
from registry.store.reading.position import has_reached, position_of
from registry.store.reading.present import Present
from registry.store.reading.standing import marked

_MOST_SHOWN = 200
_BESIDE = [TOPICS[kind] for kind in ACCREDITATION_TYPES]


class RegistryQueries:
    """Lookups by full identifier, as JSON-ready values; None where there is nothing.

    Rows that are not compared yet, and those of a halted mirror, come with a `warning` (standing.py).
    """

    def __init__(self, engine: Engine, contract: ContractId, left_out: LeftOut | None = None) -> None:
        self.engine = engine
        self.contract = contract
        self.left_out = left_out or LeftOut()
        self._chain = contract.chain_id

    def checkpoint(self) -> dict[str, Any] | None:
        """The mirror's newest block and tiers, how far it is proven complete, and why it is halted if it is."""
        with reading(self.engine) as connection:
            row = reached(connection, self._chain)
        if row is None:
            return None
        completeness = {"proven": row.proven, "evidence": row.evidence, "halted": row.halted}
        beside = "0x" + row.accreditation.hex() if row.accreditation else None
        contracts = {"contract": str(self.contract), "accreditation": beside}
        return contracts | {"block": _block_json(row), "safe": row.safe, "final": row.final} | completeness

    def position(self) -> str:
        """At least as late as every answer that was given before (store/reading/position.py)."""
        return position_of(self.engine)

    def reached(self, position: str | None, block: int | None) -> bool:
        """Whether the mirror is as late as this position and has read this block, as far as they are given."""
        if position is not None and not has_reached(self.engine, position):
            return False
        point = self.checkpoint() if block is not None else None
        return block is None or (point is not None and point["block"]["number"] >= block)

    def credential(self, leaf_hash: bytes) -> dict[str, Any] | None:
        """Place and status of a leaf hash (32 bytes), if its batch's manifest was deposited."""
        where = and_(t.leaf.c.leaf_hash == leaf_hash, t.leaf.c.chain_id == self._chain)
        with reading(self.engine) as connection:
            row, point = connection.execute(select(t.leaf).where(where)).first(), reached(connection, self._chain)
            now = Present(connection, self._chain)
            record = None if row is None else now.batch(row.issuer_id, row.batch_id)
            if row is None or point is None or record is None:  # no record: a reorganisation is being undone
                return None
            (word, mask), epoch = bit_of(row.leaf_index), IssuerWord.unpack(now.word(row.issuer_id)).epoch
            bits = now.status_word(row.issuer_id, row.batch_id, epoch, word)
        body = {
            "leaf": leaf_hash.hex(),
            "batch": batch_json(BatchId(self.contract, row.issuer_id, row.batch_id), record),
            "index": row.leaf_index,
            **_bits_json(bits, mask),
            "asOf": _block_json(point),
        }
        return marked(body, point)

    def batch(self, batch: BatchId) -> dict[str, Any] | None:
        """A record."""
        table = t.ENTITY_TABLES[Batch]
        where = (table.c.issuer_id == storable(batch.issuer_id), table.c.batch_id == batch.batch_id)
        with reading(self.engine) as connection:
            row = connection.execute(select(table).where(table.c.chain_id == self._chain, *where)).first()
            if row is None or batch.contract != self.contract:
                return None
            return marked(batch_json(batch, row), reached(connection, self._chain))

    def issuer(self, issuer_id: int) -> dict[str, Any] | None:
        """An issuer with its word, keys, profiles (with documents where deposited) and newest accreditations.

        All of one moment; at most 200 of each: IssuerLists has all of them.
        """
        table = t.ENTITY_TABLES[Issuer]
        with reading(self.engine) as connection:
            row = connection.execute(select(table).where(self._of(table, issuer_id))).first()
            if row is None:
                return None
            body = _issuer_json(self.contract, row) | self._lists_of(connection, issuer_id)
            return marked(body, reached(connection, self._chain))

    def _lists_of(self, connection: Connection, issuer_id: int) -> dict[str, Any]:
        keys, profiles = t.ENTITY_TABLES[Key], t.ENTITY_TABLES[ProfilePeriod]
        # the one in force comes first, then the newest
        newest = (profiles.c.until != 0, profiles.c.since.desc(), profiles.c.profile_hash)
        periods = select(profiles).where(self._of(profiles, issuer_id)).order_by(*newest).limit(_MOST_SHOWN)
        held = connection.execute(select(keys).where(self._of(keys, issuer_id)).limit(_MOST_SHOWN)).all()
        now = Present(connection, self._chain)
        given = now.accreditations_given(issuer_id, _MOST_SHOWN)
        received = now.accreditations_received(issuer_id, _MOST_SHOWN)
        return {
            "keys": [key_json(key) for key in held],
            "profiles": [
                _period_json(row, profile_document(connection, row.profile_hash, self.left_out))
                for row in connection.execute(periods).all()
            ],
            "accreditations": {
                "given": [accreditation_json(self.contract, said) for said in given],
                "received": [accreditation_json(self.contract, said) for said in received],
            },
        }

    def events(self, after: tuple[int, int], limit: int) -> dict[str, Any]:
        """Canonical raw events behind (block number, log index), in chain order, and the cursor of the next part."""
        joined = t.event.join(
            t.block, and_(*(t.block.c[name] == t.event.c[name] for name in ("chain_id", "block_number", "block_hash")))
        )
        number, index = after
        later = (t.event.c.block_number > number) | ((t.event.c.block_number == number) & (t.event.c.log_index > index))
        query = select(t.event).select_from(joined).where(t.event.c.chain_id == self._chain, t.block.c.canonical, later)
        with reading(self.engine) as connection:
            rows = connection.execute(query.order_by(t.event.c.block_number, t.event.c.log_index).limit(limit)).all()
            point = reached(connection, self._chain)
        beside = b"" if point is None else point.accreditation
        told = [_event_json(row, beside if row.topics[:32] in _BESIDE else self.contract.address) for row in rows]
        return marked({"events": told, "next": told[-1]["cursor"] if len(told) == limit else None}, point)

    def _of(self, table: Any, issuer_id: int) -> Any:
        return and_(table.c.chain_id == self._chain, table.c.issuer_id == issuer_id)


def _bits_json(bits: StatusWord | None, mask: int) -> dict[str, bool]:
    revoked, suspended = (bits.revoked, bits.suspended) if bits else (b"", b"")
    return {
        "revoked": bool(int.from_bytes(revoked, "big") & mask),
        "suspended": bool(int.from_bytes(suspended, "big") & mask),
    }


def _block_json(row: Any) -> dict[str, Any]:
    """The block that a checkpoint's row names."""
    return {"number": row.block_number, "hash": "0x" + row.block_hash.hex(), "time": row.block_time}


def _issuer_json(contract: ContractId, row: Any) -> dict[str, Any]:
    word = IssuerWord.unpack(row.word)
    return {
        "id": f"{contract}:{row.issuer_id}",
        "word": "0x" + row.word.hex(),
        "sequence": word.sequence,
        "epoch": word.epoch,
        "frozen": word.frozen,
        "frozenByRecovery": bool(row.frozen_by_recovery),
        "recovery": "0x" + row.recovery.hex(),
        "registeredAt": row.registered_at,
    }


def _period_json(row: Any, document: Any) -> dict[str, Any]:
    profile = "0x" + row.profile_hash.hex()
    return {"hash": profile, "since": row.since, "until": row.until or None, "document": document}


def accreditation_json(contract: ContractId, said: Any) -> dict[str, Any]:
    """A statement as it is told."""
    return {
        "issuer": f"{contract}:{said.issuer_id}",
        "subject": f"{contract}:{said.subject}",
        "scope": "0x" + said.scope.hex(),
        "since": said.since,
        "until": said.until or None,
        "statedAt": said.stated_at,
        "withdrawnAt": said.withdrawn_at or None,
    }


def batch_json(batch: BatchId, row: Any) -> dict[str, Any]:
    """A record's row as it is told."""
    return {
        "id": str(batch),
        "issuerId": str(row.issuer_id),
        "root": "0x" + row.root.hex(),
        "leafCount": row.leaf_count,
        "account": "0x" + row.account.hex(),
        "anchoredAt": row.anchored_at,
        "block": row.block_number,
        "transaction": "0x" + row.tx_hash.hex(),
    }


def key_json(row: Any) -> dict[str, Any]:
    """A key slot's row as it is told."""
    return {
        "account": "0x" + row.account.hex(),
        "roles": row.roles,
        "addedAt": row.added_at,
        "retiredAt": row.retired_at or None,
        "distrustFrom": row.distrust_from or None,
    }


def _event_json(row: Any, address: bytes) -> dict[str, Any]:
    return {
        "cursor": f"{row.block_number}-{row.log_index}",
        "block": row.block_number,
        "blockHash": "0x" + row.block_hash.hex(),
        "logIndex": row.log_index,
        "transaction": "0x" + row.tx_hash.hex(),
        "address": "0x" + address.hex(),
        "issuerId": str(row.issuer_id),
        "topics": ["0x" + row.topics[i : i + 32].hex() for i in range(0, len(row.topics), 32)],
        "data": "0x" + row.data.hex(),
    }
