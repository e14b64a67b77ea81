"""Tables beside the projected ones, filled by a rebuild and swapped in with one transaction.

Their keys, indexes and rights are the live tables' own, read from the database: what an operator added is kept.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import fields

from registry.ledger.entities import ENTITY_TYPES
from registry.ledger.history import HISTORY_TYPES
from registry.store.plain import Session

Kinds = Sequence[type[Any]]
KINDS: Kinds = (*ENTITY_TYPES, *HISTORY_TYPES)
"""Everything that can be rebuilt from raw events."""
_SUFFIX = "_rebuilt"
_SAMPLE = 10  # a tenth of the work of a whole ANALYZE; with columns named, autovacuum still has to look more closely


def shadow_of(kind: type[Any]) -> str:
    """Name of the table beside the live one."""
    return f"{kind.TABLE}{_SUFFIX}"


def columns_of(kind: type[Any]) -> tuple[str, ...]:
    """Names of a table's columns, the chain's id first."""
    return ("chain_id", *kind.__struct_fields__)


def types_of(kind: type[Any]) -> tuple[type, ...]:
    """The same columns' types, int or bytes."""
    return (int, *(field.type for field in fields(kind)))


def create(session: Session, kinds: Kinds) -> None:
    """Make them, empty and on PostgreSQL without keys: one sort after the rows is cheaper than many insertions."""
    with session.transaction():
        for kind in kinds if session.sqlite else ():
            live = session.rows("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", kind.TABLE)[0][0]
            session.run(f'CREATE TABLE "{shadow_of(kind)}" {live[live.index("(") :]}')
        if not session.sqlite:
            session.run(*(f'CREATE TABLE "{shadow_of(kind)}" (LIKE "{kind.TABLE}")' for kind in kinds))


def finish(session: Session, kinds: Kinds) -> None:
    """Keys, indexes, rights and statistics, so that the tables serve well from the first question on."""
    if session.sqlite:
        return
    names = {kind.TABLE: kind for kind in kinds}
    statements = [
        f"SET LOCAL default_statistics_target = {_SAMPLE}",
        "SET LOCAL maintenance_work_mem = '256MB'",
        "SET LOCAL min_parallel_table_scan_size = '64MB'",  # helpers who start for less cost more than they bring
    ]
    for kind in kinds:
        table, columns = shadow_of(kind), ", ".join(f'"{name}"' for name in ("chain_id", *kind.KEY))
        # the index by itself lets others read meanwhile
        statements.append(f'CREATE UNIQUE INDEX "{table}_pkey" ON "{table}" ({columns})')
        statements.append(f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_pkey" PRIMARY KEY USING INDEX "{table}_pkey"')
    for table, index, definition in _indexes(session):
        if table in names:
            unique = "UNIQUE " if definition.startswith("CREATE UNIQUE") else ""
            columns = definition.partition(" USING ")[2]
            statements.append(f'CREATE {unique}INDEX "{index}{_SUFFIX}" ON "{shadow_of(names[table])}" USING {columns}')
    statements += [
        f'GRANT {privilege} ON "{shadow_of(names[table])}" TO {grantee}'
        for table, privilege, grantee in session.rows(_RIGHTS)
        if table in names
    ]
    statements += [f'ANALYZE "{shadow_of(kind)}" ({", ".join(columns_of(kind))})' for kind in kinds]
    with session.transaction():
        session.run(*statements)


# Of live tables only: to spell an index's definition takes a lock on its table, and the tables beside may be another
# session's at this moment.
_LIVE = ", ".join(f"'{kind.TABLE}'" for kind in KINDS)
_INDEXES = (
    "SELECT t.relname, i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid "  # noqa: S608
    "JOIN pg_class i ON i.oid = x.indexrelid "
    f"WHERE NOT x.indisprimary AND t.relnamespace = current_schema()::regnamespace AND t.relname IN ({_LIVE})"
)
_RIGHTS = (
    "SELECT c.relname, a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END "
    "FROM pg_class c, aclexplode(c.relacl) a "
    "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.grantee <> c.relowner"
)


def _indexes(session: Session) -> Iterable[tuple[str, str, str]]:
    """Table, name and definition of every index of the live tables besides the primary keys'."""
    if session.sqlite:
        made = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        return session.rows(f"{made} AND tbl_name IN ({_LIVE})")
    return session.rows(_INDEXES)


def swap(session: Session) -> None:
    """Put them in the place of the live ones, in the caller's transaction."""
    indexes = list(_indexes(session))
    statements = []
    for kind in KINDS:
        live, shadow = kind.TABLE, shadow_of(kind)
        statements += [f'DROP TABLE "{live}"', f'ALTER TABLE "{shadow}" RENAME TO "{live}"']
        if not session.sqlite:
            statements.append(f'ALTER TABLE "{live}" RENAME CONSTRAINT "{shadow}_pkey" TO "{live}_pkey"')
    if session.sqlite:
        statements += [definition for _, _, definition in indexes]
    else:
        statements += [f'ALTER INDEX "{index}{_SUFFIX}" RENAME TO "{index}"' for _, index, _ in indexes]
    session.run(*statements)


def look(session: Session) -> None:
    """Statistics of the swapped tables, where they go by a table's name (SQLite)."""
    if session.sqlite:
        with session.transaction():
            session.run("PRAGMA analysis_limit = 1000", *(f'ANALYZE "{kind.TABLE}"' for kind in KINDS))


def drop(session: Session, kinds: Kinds = KINDS) -> None:
    """Remove them."""
    session.run(*(f'DROP TABLE IF EXISTS "{shadow_of(kind)}"' for kind in kinds))
