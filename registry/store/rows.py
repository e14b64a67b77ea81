"""Values to table rows and back: tuples in the tables' column order, the chain id first."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from registry.credential.place import ContractId
from registry.ledger.decode import LedgerEvent, RawLog
from registry.ledger.entities import ENTITY_TYPES
from registry.ledger.header import Header
from registry.ledger.history import HISTORY_TYPES
from registry.ledger.state import State
from registry.store.bulk import Row

COLUMNS: dict[type[Any], tuple[str, ...]] = {kind: kind.__struct_fields__ for kind in (*ENTITY_TYPES, *HISTORY_TYPES)}
"""All fields of each projected kind, in order."""
_GETTERS = {kind: attrgetter(*columns) for kind, columns in COLUMNS.items()}


def entity_rows(chain_id: int, kind: type[Any], entities: Iterable[Any]) -> list[Row]:
    """Projected values of one kind."""
    get, head = _GETTERS[kind], (chain_id,)
    return [head + get(entity) for entity in entities]


def event_rows(chain_id: int, events: Sequence[tuple[RawLog, LedgerEvent]]) -> list[Row]:
    """Raw events."""
    return [
        (
            chain_id,
            log.block_number,
            log.log_index,
            log.block_hash,
            item.event.issuer_id,
            log.tx_hash,
            b"".join(log.topics),
            log.data,
        )
        for log, item in events
    ]


def block_rows(chain_id: int, headers: Iterable[Header]) -> list[Row]:
    """Blocks, canonical ones."""
    return [
        (chain_id, header.block.number, header.block.hash, header.parent_hash, header.block.time, True)
        for header in headers
    ]


def raw_log(contract: ContractId, row: Sequence[Any]) -> RawLog:
    """The log of an event row (number, log index, block hash, tx hash, topics, data)."""
    number, index, block_hash, tx_hash, topics, data = row
    parts: tuple[bytes, ...]
    if len(topics) == 96:  # most events, without the price of a generator
        parts = (topics[:32], topics[32:64], topics[64:])
    else:
        parts = tuple(topics[i : i + 32] for i in range(0, len(topics), 32))
    return RawLog(contract.address, parts, data, number, block_hash, tx_hash, index)


def by_kind(state: State) -> tuple[dict[type[Any], list[Any]], dict[type[Any], list[Row]]]:
    """What changed in a state: entities to be written, and keys to be removed, kind by kind."""
    puts: dict[type[Any], list[Any]] = {}
    drops: dict[type[Any], list[Row]] = {}
    for kind, rows in state.changes():
        if put := [entity for entity in rows.values() if entity is not None]:
            puts[kind] = put
        if len(put) < len(rows):
            drops[kind] = [key for key, entity in rows.items() if entity is None]
    return puts, drops
