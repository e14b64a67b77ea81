"""Signed checkpoints: the words at a final block out of the mirror, and what was signed, which is never taken back."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, select

from registry.credential.place import ContractId
from registry.errors import HallmarkError
from registry.ledger.accreditation import AccreditationChange
from registry.ledger.entities import Accreditor, Issuer
from registry.store import bulk
from registry.store import tables as t
from registry.store.engine import reading, transaction
from registry.store.raw_events import last_word
from registry.store.reached import reached
from registry.store.reading.left_out import LeftOut
from registry.store.reading.past import point_at
from registry.verification.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    check_signature,
    checkpoint_from_json,
    checkpoint_to_json,
    words_of,
)
from registry.verification.verdict import BlockPoint

# One that cannot be read is an accident; more in a row than these are as good as none.
_MOST_TRIED = 20


class CheckpointStore:
    """Checkpoints of one contract's mirror; `left_out` is told of stored ones that cannot be read."""

    def __init__(self, engine: Engine, contract: ContractId, left_out: LeftOut | None = None) -> None:
        self.engine = engine
        self.contract = contract
        self.left_out = left_out or LeftOut()
        self._chain = contract.chain_id

    def span(self) -> tuple[int, int] | None:
        """Number of the newest known final block, and up to where nothing followed it; None before there is any.

        Only what is proven complete counts.
        """
        with reading(self.engine) as connection:
            found = self._span(connection)
        return None if found is None else (found[0].number, found[1])

    def current(self) -> Checkpoint | None:
        """What there is to sign now; None before there is a final block that is proven complete."""
        with reading(self.engine) as connection:
            found = self._span(connection)
            if found is None:
                return None
            block, through, beside = found
            issuers = words_of(self._issuer_words(connection, block.number))
            accreditors = words_of(self._accreditor_words(connection, block.number))
        point = BlockPoint.of(block)
        return Checkpoint(self.contract, point, through, issuers, beside or bytes(20), accreditors)

    def _span(self, connection: Connection) -> tuple[Any, int, bytes] | None:
        row = reached(connection, self._chain)
        through = 0 if row is None else min(row.final, row.proven, row.block_number)
        block = point_at(connection, self._chain, through) if through else None
        return None if block is None or row is None else (block, through, row.accreditation)

    def keep(self, signed: SignedCheckpoint) -> SignedCheckpoint:
        """Store it durably; what was signed before for the same blocks stays, and is what comes back.

        Unless nobody can read it any more: a row that was garbled gives way.
        """
        point, c = signed.checkpoint, t.signed_checkpoint.c
        place = (self._chain, point.block.number, point.through)
        row = (*place, json.dumps(checkpoint_to_json(signed)).encode())
        where = [column == value for column, value in zip((c.chain_id, c.block_number, c.through), place, strict=True)]
        with transaction(self.engine) as connection:
            bulk.upsert(connection, t.signed_checkpoint, [row], keep=True)
            kept = connection.execute(select(c.body).where(*where)).scalar()
            if self._read(*place[1:], kept) is None:
                bulk.upsert(connection, t.signed_checkpoint, [row])
        return self.newest(point.through) or signed

    def newest(self, at_or_below: int | None = None) -> SignedCheckpoint | None:
        """The newest that was signed; or the newest whose block is at or below a number."""
        c = t.signed_checkpoint.c
        where = [c.chain_id == self._chain]
        where += [] if at_or_below is None else [c.block_number <= at_or_below]
        query = select(c.block_number, c.through, c.body).where(*where)
        with reading(self.engine) as connection:
            rows = connection.execute(query.order_by(c.block_number.desc(), c.through.desc()).limit(_MOST_TRIED))
            return next((signed for row in rows if (signed := self._read(*row))), None)

    def _read(self, number: int, through: int, body: Any) -> SignedCheckpoint | None:
        """A stored one; None, and noted, where the row was changed so that it is none any more."""
        try:
            signed = checkpoint_from_json(json.loads(body))
            check_signature(signed)
            if (signed.checkpoint.block.number, signed.checkpoint.through) == (number, through):
                return signed
            why = "it is of another block"
        except (HallmarkError, TypeError, ValueError, RecursionError) as error:
            why = str(error)
        self.left_out.note(f"signed_checkpoint {number}/{through}", why)
        return None

    def _issuer_words(self, connection: Connection, number: int) -> Iterator[tuple[int, bytes]]:
        """Words after a block: those of now, but for issuers with later events."""
        issuer, event = t.ENTITY_TABLES[Issuer].c, t.event.c
        later = select(event.issuer_id).where(event.chain_id == self._chain, event.block_number > number)
        changed = set(connection.execute(later.distinct()).scalars())
        rows = select(issuer.issuer_id, issuer.word).where(issuer.chain_id == self._chain)
        for issuer_id, word in connection.execute(rows).all():
            then = last_word(connection, self.contract, issuer_id, number) if issuer_id in changed else word
            if any(then):
                yield issuer_id, then

    def _accreditor_words(self, connection: Connection, number: int) -> Iterator[tuple[int, bytes]]:
        change, now = t.ENTITY_TABLES[AccreditationChange].c, t.ENTITY_TABLES[Accreditor].c
        later = select(change.issuer_id).where(change.chain_id == self._chain, change.block_number > number)
        changed = set(connection.execute(later.distinct()).scalars())
        rows = select(now.issuer_id, now.word).where(now.chain_id == self._chain)
        for issuer_id, word in connection.execute(rows).all():
            then = self._accreditor_word(connection, issuer_id, number) if issuer_id in changed else word
            if then is not None:
                yield issuer_id, then

    def _accreditor_word(self, connection: Connection, issuer_id: int, number: int) -> bytes | None:
        c = t.ENTITY_TABLES[AccreditationChange].c
        same = (c.chain_id == self._chain, c.issuer_id == issuer_id, c.block_number <= number)
        query = select(c.word).where(*same).order_by(c.block_number.desc(), c.log_index.desc()).limit(1)
        word: bytes | None = connection.execute(query).scalar()
        return word
