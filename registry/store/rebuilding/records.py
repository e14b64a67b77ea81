"""SQL over raw events, the same text for both databases but for how bytes are spelled and numbers read.

A record is one row for one `Anchored` event, in any order, so the database makes them by itself: nearly all events of
a registry are such. Where its fields stand in the bytes, `ledger.fields` says, from the declarations that `decode` is
made from. Both saw the event before it was stored: `decode` its paddings, `projection` its word.
"""

from itertools import accumulate

from registry.ledger.decode import TOPICS
from registry.ledger.entities import Batch
from registry.ledger.events import ACCREDITATION_TYPES, Anchored, AnyEvent
from registry.ledger.fields import FieldPlace, places_of
from registry.store.plain import Session
from registry.store.rebuilding.shadow import columns_of, shadow_of

# What a record has besides its event's own fields: of its block and its transaction.
_BESIDE = {"anchored_at": "b.block_time", "block_number": "e.block_number", "tx_hash": "e.tx_hash"}
_CHUNK = 50_000
_BIGINT = 8
# Each part costs a look at all blocks: the first ones are large, the last ones small, so that two who take them in turn
# end together.
_SHARES = (4, 2, 2, 2, 2, 1, 1, 1, 1)
_PG_READS_NUMBERS = 180_000  # the first version of PostgreSQL that casts bytea to bigint


def canonical(session: Session, chain_id: int, *where: str) -> str:
    """FROM and WHERE of canonical events `e` with their blocks `b`; CROSS JOIN keeps SQLite at this order."""
    joined = "CROSS JOIN" if session.sqlite else "JOIN"
    conditions = " AND ".join((f"e.chain_id = {int(chain_id)}", "b.canonical", *where))
    return (
        f"FROM event e {joined} block b ON b.chain_id = e.chain_id AND b.block_number = e.block_number "
        f"AND b.block_hash = e.block_hash WHERE {conditions}"
    )


def is_kind(session: Session, *kinds: type[AnyEvent]) -> str:
    """Condition: the event is of one of these kinds."""
    topics = ", ".join(_literal(session, TOPICS[kind]) for kind in kinds)
    return f"substr(e.topics, 1, 32) IN ({topics})"


def build_records(session: Session, chain_id: int, until: int, part: str) -> None:
    """The records of the canonical anchors up to a block in a part of the events, into the table beside."""
    columns = ", ".join(f'"{name}"' for name in columns_of(Batch))
    values = ", ".join(f'{_value(session, name)} AS "{name}"' for name in columns_of(Batch))
    where = (is_kind(session, Anchored), f"e.block_number <= {int(until)}", part)
    query = f"SELECT {values} {canonical(session, chain_id, *where)}"
    # where the key is there already: in its order, so that it grows at its end
    query += " ORDER BY 2, 3" if session.sqlite else ""
    session.run(f'INSERT INTO "{shadow_of(Batch)}" ({columns}) {query}')


def glance(session: Session) -> None:
    """Let PostgreSQL see how large tables are that nobody has analyzed, in the caller's transaction.

    Newly filled ones count as empty: it would look up each block and its events by key, at twice the price of reading
    all. A few hundred rows are looked at; by naming columns the work of autovacuum is left to do.
    """
    if session.rows("SELECT 1 FROM pg_class WHERE oid IN ('event'::regclass, 'block'::regclass) AND reltuples < 0"):
        looked = "ANALYZE event (chain_id, block_number), block (chain_id, canonical)"
        session.run("SET LOCAL default_statistics_target = 1", looked)


def parts(session: Session, chain_id: int) -> list[str]:
    """Conditions that divide all events: by block, some ten thousands each, or by where PostgreSQL keeps them."""
    if session.sqlite:
        return _parts_by_block(session, chain_id)
    pages = int(session.rows("SELECT pg_relation_size('event') / current_setting('block_size')::int")[0][0])
    ends = [f"'({pages * upto // sum(_SHARES)},0)'" for upto in list(accumulate(_SHARES))[:-1]]
    # the first and the last have no end: rows that others moved meanwhile are in one of them all the same
    return [
        " AND ".join([f"e.ctid >= {start}"] * bool(start) + [f"e.ctid < {end}"] * bool(end))
        for start, end in zip(["", *ends], [*ends, ""], strict=True)
    ]


def _parts_by_block(session: Session, chain_id: int) -> list[str]:
    query = "SELECT block_number FROM event WHERE chain_id = ? AND block_number >= ? ORDER BY 1 LIMIT 1 OFFSET ?"
    found, first = [], 0
    while row := session.rows(query, chain_id, first, _CHUNK):
        found.append(f"e.block_number BETWEEN {first} AND {row[0][0]}")
        first = row[0][0] + 1
    return [*found, f"e.block_number >= {first}"]


def records_by_issuer(session: Session, chain_id: int) -> dict[int, int]:
    """Issuer → how many records were built."""
    table = shadow_of(Batch)
    return dict(session.rows(f'SELECT issuer_id, count(*) FROM "{table}" WHERE chain_id = ? GROUP BY 1', chain_id))  # noqa: S608


def last_words(session: Session, chain_id: int, until: int, issuer_ids: list[int]) -> dict[int, bytes]:
    """Issuer → word (32 bytes) after its last canonical event in the registry up to a block."""
    registry = f"NOT {is_kind(session, *ACCREDITATION_TYPES)}"
    last = (
        "SELECT e.topics, e.data "
        + canonical(session, chain_id, registry, f"e.block_number <= {int(until)}", "e.issuer_id = {issuer}")
        + " ORDER BY e.block_number DESC, e.log_index DESC LIMIT 1"
    )
    if session.sqlite:
        found = [(i, *row) for i in issuer_ids for row in session.rows(last.format(issuer=int(i)))]
    else:
        # backwards from an issuer's newest event to the first that is canonical: joins of other kinds read them all
        session.run("SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off")
        query = f"SELECT i.id, l.* FROM unnest(?::int8[]) i(id) CROSS JOIN LATERAL ({last.format(issuer='i.id')}) l"  # noqa: S608
        found = session.rows(query, issuer_ids)
        session.run("SET LOCAL enable_hashjoin = on", "SET LOCAL enable_mergejoin = on")
    places = {topic: places_of(kind)["word"] for kind, topic in TOPICS.items()}
    return {issuer: places[bytes(topics[:32])].cut(topics, data) for issuer, topics, data in found}


def _value(session: Session, column: str) -> str:
    places = places_of(Anchored)
    if column in places and column != "issuer_id":
        return _cut(session, places[column])
    return _BESIDE.get(column, f"e.{column}")


def _cut(session: Session, place: FieldPlace) -> str:
    source = "e.topics" if place.indexed else "e.data"
    part = f"substr({source}, {place.start + 1}, {place.size})"
    if not place.number:
        return part
    if session.sqlite:
        return f"u64({part})"
    if session.server >= _PG_READS_NUMBERS and place.size == _BIGINT:
        return f"{part}::bigint"  # a tenth of the whole query's time less
    return f"('x' || encode({part}, 'hex'))::bit({place.size * 8})::bigint"


def _literal(session: Session, value: bytes) -> str:
    return f"X'{value.hex()}'" if session.sqlite else f"'\\x{value.hex()}'::bytea"
