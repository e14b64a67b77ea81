"""What the mirror holds about one issuer now. `past.Past` answers the same questions as of a block."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, and_, select

from registry.ledger.entities import (
    Accreditation,
    Batch,
    Issuer,
    Key,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.store import tables as t
from registry.store.rows import COLUMNS


class Rows(Protocol):
    """Projected values of a chain at one moment; None where there is nothing."""

    def word(self, issuer_id: int) -> bytes:
        """The issuer's word, 32 bytes; zeros for an issuer that is not registered."""

    def batch(self, issuer_id: int, batch_id: bytes) -> Batch | None:
        """A record."""

    def key(self, issuer_id: int, account: bytes) -> Key | None:
        """A key slot."""

    def reaffirmation(self, issuer_id: int, batch_id: bytes) -> Reaffirmation | None:
        """The newest reaffirmation of a record."""

    def status_word(self, issuer_id: int, batch_id: bytes, epoch: int, word_index: int) -> StatusWord | None:
        """The bits of 256 credentials."""

    def status_changes(
        self, issuer_id: int, batch_id: bytes, epoch: int, word_index: int, most: int
    ) -> Sequence[StatusChange]:
        """The newest changes of these bits, newest first, at most so many."""

    def profiles(self, issuer_id: int) -> Sequence[ProfilePeriod]:
        """All profile slots."""


class ByKey(ABC):
    """The rows of `Rows` that one look by the whole key finds."""

    def word(self, issuer_id: int) -> bytes:
        """The issuer's word."""
        issuer: Issuer | None = self._one(Issuer, issuer_id)
        return issuer.word if issuer else bytes(32)

    def batch(self, issuer_id: int, batch_id: bytes) -> Batch | None:
        """A record."""
        found: Batch | None = self._one(Batch, issuer_id, batch_id)
        return found

    def key(self, issuer_id: int, account: bytes) -> Key | None:
        """A key slot."""
        found: Key | None = self._one(Key, issuer_id, account)
        return found

    def reaffirmation(self, issuer_id: int, batch_id: bytes) -> Reaffirmation | None:
        """The newest reaffirmation of a record."""
        found: Reaffirmation | None = self._one(Reaffirmation, issuer_id, batch_id)
        return found

    def status_word(self, issuer_id: int, batch_id: bytes, epoch: int, word_index: int) -> StatusWord | None:
        """The bits of 256 credentials."""
        found: StatusWord | None = self._one(StatusWord, issuer_id, batch_id, epoch, word_index)
        return found

    @abstractmethod
    def _one(self, kind: type[Any], *key: Any) -> Any:
        """The row of this kind with this key (without the chain), or None."""


class Present(ByKey):
    """The projected rows as they stand."""

    def __init__(self, connection: Connection, chain_id: int) -> None:
        self.connection = connection
        self.chain_id = chain_id

    def status_changes(
        self, issuer_id: int, batch_id: bytes, epoch: int, word_index: int, most: int
    ) -> list[StatusChange]:
        """The newest changes of these bits."""
        return status_changes(self.connection, self.chain_id, (issuer_id, batch_id, epoch, word_index), most)

    def profiles(self, issuer_id: int) -> list[ProfilePeriod]:
        """All profile slots."""
        table = t.ENTITY_TABLES[ProfilePeriod]
        where = and_(table.c.chain_id == self.chain_id, table.c.issuer_id == issuer_id)
        return [ProfilePeriod(*row) for row in self.connection.execute(_select(ProfilePeriod).where(where))]

    def accreditations_given(self, issuer_id: int, most: int | None = None) -> list[Accreditation]:
        """What an issuer said of others: what stands first, then what it withdrew, newest first, at most so many."""
        return self._accreditations("issuer_id", issuer_id, most)

    def accreditations_received(self, issuer_id: int, most: int | None = None) -> list[Accreditation]:
        """What others said of an issuer, in the same order; anybody who is registered can say something."""
        return self._accreditations("subject", issuer_id, most)

    def _accreditations(self, column: str, issuer_id: int, most: int | None) -> list[Accreditation]:
        c = t.ENTITY_TABLES[Accreditation].c
        newest = (c.withdrawn_at != 0, c.stated_at.desc(), c.issuer_id, c.subject, c.scope)
        query = _select(Accreditation).where(c.chain_id == self.chain_id, c[column] == issuer_id)
        ordered = query.order_by(*newest).limit(most)
        return [Accreditation(*row) for row in self.connection.execute(ordered)]

    def _one(self, kind: type[Any], *key: Any) -> Any:
        table = t.ENTITY_TABLES[kind]
        pairs = zip(("chain_id", *kind.KEY), (self.chain_id, *key), strict=True)
        row = self.connection.execute(_select(kind).where(*(table.c[name] == value for name, value in pairs))).first()
        return None if row is None else kind(*row)


def status_changes(
    connection: Connection, chain_id: int, slot: tuple[int, bytes, int, int], most: int | None, until: int | None = None
) -> list[StatusChange]:
    """Changes of a status word (issuer, batch, epoch, word index), newest first, at or below block `until`."""
    table = t.ENTITY_TABLES[StatusChange]
    names = ("chain_id", "issuer_id", "batch_id", "epoch", "word_index")
    where = [table.c[name] == value for name, value in zip(names, (chain_id, *slot), strict=True)]
    where += [] if until is None else [table.c.block_number <= until]
    newest = (table.c.block_number.desc(), table.c.log_index.desc(), table.c.position.desc())
    query = _select(StatusChange).where(*where).order_by(*newest).limit(most)
    return [StatusChange(*row) for row in connection.execute(query)]


def _select(kind: type[Any]) -> Any:
    table = t.ENTITY_TABLES[kind]
    return select(*(table.c[name] for name in COLUMNS[kind]))
