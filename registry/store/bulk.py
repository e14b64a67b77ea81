"""Many rows at once, without an ORM and inside the caller's transaction: append, upsert, fetch by key, delete by key.

SQLite takes tuples with `executemany`; PostgreSQL takes binary COPY, into the table itself where no row can be there
yet, else into a temporary table that is merged with one statement. Rows are tuples in the table's column order.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Connection, LargeBinary, String, Table

Row = tuple[Any, ...]
_FEW = 64  # up to here single statements are cheaper than COPY and its temporary table
_MOST_PARAMETERS = 32_000  # SQLite's own limit is 32,766


def append(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that are not there yet: the caller knows, and the key would refuse them."""
    if not rows:
        return
    if connection.dialect.name == "sqlite" or len(rows) <= _FEW:
        connection.exec_driver_sql(_insert(table, connection.dialect.name), list(rows))
    else:
        _copy(connection, f"{_name(table)} ({_columns(table)})", table, rows)


def upsert(connection: Connection, table: Table, rows: Sequence[Row], *, keep: bool = False) -> None:
    """Insert rows; one whose key exists is replaced, or left as it is (`keep`). Writing twice changes nothing."""
    if not rows:
        return
    conflict = _conflict(table, keep=keep)
    if connection.dialect.name == "sqlite" or len(rows) <= _FEW:
        connection.exec_driver_sql(f"{_insert(table, connection.dialect.name)} {conflict}", list(rows))
        return
    staged = f"staged_{table.name}"
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS AS SELECT {_columns(table)} "  # noqa: S608
        f"FROM {_name(table)} WITH NO DATA"
    )
    _copy(connection, staged, table, rows)
    connection.exec_driver_sql(
        f"INSERT INTO {_name(table)} ({_columns(table)}) SELECT {_columns(table)} FROM {staged} {conflict}"  # noqa: S608
    )
    connection.exec_driver_sql(f"TRUNCATE {staged}")


def put_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Upsert of rows that are new in all likelihood: tried as an append, which costs PostgreSQL half as much."""
    if connection.dialect.name == "sqlite" or len(rows) <= _FEW:
        upsert(connection, table, rows)
        return
    driver: Any = connection.dialect.loaded_dbapi
    savepoint = connection.begin_nested()
    try:
        append(connection, table, rows)
        savepoint.commit()
    except driver.IntegrityError:
        savepoint.rollback()
        upsert(connection, table, rows)


def fetch(
    connection: Connection, table: Table, columns: Sequence[str], key: Sequence[str], keys: Sequence[Row]
) -> Iterator[Row]:
    """The rows with these keys, each once, as tuples of `columns`; keys that no row has are passed over.

    Args:
        connection: In which transaction.
        table: Where.
        columns: Which columns, in which order.
        key: Names of the columns that a key gives.
        keys: The keys, all different.
    """
    wanted = ", ".join(f"t.{_quoted(name)}" for name in columns)
    matching = " AND ".join(f"t.{_quoted(name)} = k.{_quoted(name)}" for name in key)
    if connection.dialect.name != "sqlite":
        if keys:
            source = ", ".join(f"%s::{_type(table, name)}[]" for name in key)
            names = ", ".join(map(_quoted, key))
            query = f"SELECT {wanted} FROM unnest({source}) AS k({names}) JOIN {_name(table)} t ON {matching}"  # noqa: S608
            yield from _rows(connection, query, tuple(map(list, zip(*keys, strict=True))))
        return
    size = _MOST_PARAMETERS // len(key)
    for start in range(0, len(keys), size):
        part = keys[start : start + size]
        values = ", ".join(["(" + ", ".join("?" * len(key)) + ")"] * len(part))
        names = ", ".join(map(_quoted, key))
        # CROSS JOIN: SQLite keeps this order, so that every key is one look into the index
        query = (
            f"WITH k({names}) AS (VALUES {values}) "  # noqa: S608
            f"SELECT {wanted} FROM k CROSS JOIN {_name(table)} t ON {matching}"
        )
        yield from _rows(connection, query, tuple(value for row in part for value in row))


def remove(connection: Connection, table: Table, key: Sequence[str], keys: Sequence[Row]) -> None:
    """Delete the rows with these keys."""
    if not keys:
        return
    if connection.dialect.name == "sqlite":
        matching = " AND ".join(f"{_quoted(name)} = ?" for name in key)
        connection.exec_driver_sql(f"DELETE FROM {_name(table)} WHERE {matching}", list(keys))  # noqa: S608
        return
    source = ", ".join(f"%s::{_type(table, name)}[]" for name in key)
    matching = " AND ".join(f"t.{_quoted(name)} = k.{_quoted(name)}" for name in key)
    names = ", ".join(map(_quoted, key))
    query = f"DELETE FROM {_name(table)} t USING unnest({source}) AS k({names}) WHERE {matching}"  # noqa: S608
    connection.exec_driver_sql(query, tuple(map(list, zip(*keys, strict=True))))


def _rows(connection: Connection, query: str, parameters: Row) -> Iterator[Row]:
    cursor: Any = connection.exec_driver_sql(query, parameters).cursor
    yield from cursor.fetchall()


def _copy(connection: Connection, target: str, table: Table, rows: Sequence[Row]) -> None:
    from psycopg.types.string import BytesBinaryDumper

    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        # For an oid the newest dumper counts: psycopg's own for DBAPI's Binary, which calls Python for every value.
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
        _write(cursor, target, table, rows)


def _write(cursor: Any, target: str, table: Table, rows: Sequence[Row]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(_types(table))
        write = copy.write_row
        for row in rows:
            write(row)


@cache
def _types(table: Table) -> tuple[str, ...]:
    return tuple(_type(table, column.name) for column in table.columns)


@cache
def _type(table: Table, name: str) -> str:
    kind = table.c[name].type
    if isinstance(kind, LargeBinary):
        return "bytea"
    if isinstance(kind, String):
        return "varchar"
    return "bool" if isinstance(kind, Boolean) else "int8"


@cache
def _insert(table: Table, dialect: str) -> str:
    mark = "?" if dialect == "sqlite" else "%s"
    marks = ", ".join([mark] * len(table.columns))
    return f"INSERT INTO {_name(table)} ({_columns(table)}) VALUES ({marks})"  # noqa: S608


@cache
def _conflict(table: Table, *, keep: bool) -> str:
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]
    target = ", ".join(map(_quoted, keys))
    if keep or not rest:
        return f"ON CONFLICT ({target}) DO NOTHING"
    values = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in rest)
    return f"ON CONFLICT ({target}) DO UPDATE SET {values}"


def _columns(table: Table) -> str:
    return ", ".join(_quoted(column.name) for column in table.columns)


def _name(table: Table) -> str:
    return _quoted(table.name)


def _quoted(name: str) -> str:
    return f'"{name}"'
