"""How far a database's contents are, as a position that every later state has passed: for read replicas.

On PostgreSQL it is the write-ahead log's location: flushed at the primary, replayed at a replica. A replica that has
replayed a location holds everything that was committed before it: rows, documents, rewinds. SQLite is one database; its
position never lags.
"""

import re

from sqlalchemy import Engine, text

from registry.errors import MalformedError
from registry.store.engine import asking

START = "0/0"
_POSITION = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
_HERE = "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END"


def check_position(position: str) -> str:
    """The position; MalformedError for anything else."""
    if not _POSITION.fullmatch(position):
        raise MalformedError(f"{position[:40]!r} is no position.", todo=f"send {START}, or what an answer said")
    return position


def position_of(engine: Engine) -> str:
    """At least as late as everything that was read from this database before."""
    if engine.dialect.name == "sqlite":
        return START
    with asking(engine) as connection:
        return str(connection.execute(text(f"SELECT ({_HERE})::text")).scalar_one())


def has_reached(engine: Engine, position: str) -> bool:
    """Whether everything up to a checked position can be read here."""
    if engine.dialect.name == "sqlite" or position == START:
        return True
    query = text(f"SELECT ({_HERE}) >= CAST(:position AS pg_lsn)")
    with asking(engine) as connection:
        return bool(connection.execute(query, {"position": position}).scalar_one())
