"""What belongs to one issuer, in parts: each part starts behind a cursor, so that no list is too long to be read."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Engine, select, tuple_

from registry.credential.place import BatchId, ContractId
from registry.errors import MalformedError
from registry.ledger.entities import Accreditation, Batch, Key, ProfilePeriod
from registry.store import tables as t
from registry.store.engine import reading, storable
from registry.store.reached import reached
from registry.store.reading.queries import accreditation_json, batch_json, key_json
from registry.store.reading.standing import marked

_TODO = "send the cursor that the last answer gave as `next`"


class _List(NamedTuple):
    """One kind of list: its table, whose rows, in which order, and how a row is told."""

    table: Any
    owner: str
    order: tuple[str, ...]
    told: Callable[[ContractId, Any], dict[str, Any]]


def _profile_json(_contract: ContractId, row: Any) -> dict[str, Any]:
    return {"hash": "0x" + row.profile_hash.hex(), "since": row.since, "until": row.until or None}


LISTS: dict[str, _List] = {
    "keys": _List(t.ENTITY_TABLES[Key], "issuer_id", ("account",), lambda _, row: key_json(row)),
    "profiles": _List(t.ENTITY_TABLES[ProfilePeriod], "issuer_id", ("profile_hash",), _profile_json),
    "batches": _List(
        t.ENTITY_TABLES[Batch],
        "issuer_id",
        ("batch_id",),
        lambda contract, row: batch_json(BatchId(contract, row.issuer_id, row.batch_id), row),
    ),
    "accredited": _List(t.ENTITY_TABLES[Accreditation], "issuer_id", ("subject", "scope"), accreditation_json),
    "accreditors": _List(t.ENTITY_TABLES[Accreditation], "subject", ("issuer_id", "scope"), accreditation_json),
}


class IssuerLists:
    """The lists of one contract's issuers."""

    def __init__(self, engine: Engine, contract: ContractId) -> None:
        self.engine = engine
        self.contract = contract

    def part(self, name: str, issuer_id: int, after: str, limit: int) -> dict[str, Any]:
        """At most `limit` `entries` behind a cursor ("" is the start), and `next`, the cursor of the next part.

        With a `warning` where the mirror's rows need one (standing.py).

        Raises:
            MalformedError: The cursor is none of ours.
        """
        kind = LISTS[name]
        columns = [kind.table.c[column] for column in kind.order]
        where = [kind.table.c.chain_id == self.contract.chain_id, kind.table.c[kind.owner] == storable(issuer_id)]
        where += [tuple_(*columns) > tuple_(*_values(kind, after))] if after else []
        query = select(kind.table).where(*where).order_by(*columns).limit(limit + 1)
        with reading(self.engine) as connection:
            rows, point = connection.execute(query).all(), reached(connection, self.contract.chain_id)
        entries = [kind.told(self.contract, row) for row in rows[:limit]]
        next_ = _cursor(kind, rows[limit - 1]) if len(rows) > limit else None
        return marked({"entries": entries, "next": next_}, point)


def _cursor(kind: _List, row: Any) -> str:
    values = [getattr(row, column) for column in kind.order]
    return "-".join(value.hex() if isinstance(value, bytes) else str(value) for value in values)


def _values(kind: _List, cursor: str) -> list[bytes | int]:
    parts = cursor.split("-")
    found: list[bytes | int] = []
    for column, part in zip(kind.order, parts, strict=False):
        number = kind.table.c[column].type.python_type is int
        try:
            found.append(_number(part) if number else bytes.fromhex(part))
        except ValueError:
            break
    if len(found) != len(kind.order) or len(parts) != len(kind.order):
        raise MalformedError(f"{cursor[:80]!r} is no cursor of this list.", todo=_TODO)
    return found


def _number(part: str) -> int:
    if not (part.isascii() and part.isdigit() and len(part) <= 18):
        raise ValueError(part)
    return int(part)
