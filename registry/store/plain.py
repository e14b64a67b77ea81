"""A database through its driver alone, with one spelling of SQL for both: for work that is a few large statements.

SQLAlchemy costs a command more to import than a rebuild of 200,000 rows takes. Statements are written with `?`, as
SQLite spells parameters; on PostgreSQL they become `%s`.
"""

import contextlib
import fcntl
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from registry.errors import StoreError
from registry.store.refusals import refused

Row = tuple[Any, ...]
_POSTGRES = ("postgresql+psycopg://", "postgresql://", "postgres://")
_BUSY_SECONDS = 5
_AT_ONCE = 2_000
_SIGN = 0x6C656173  # the key of `store.writing.lease` for a session's sign of life ("leas")


def connect(url: str) -> "Session":
    """A session for an SQLAlchemy URL; StoreError where the database cannot be reached."""
    for prefix in _POSTGRES:
        if url.startswith(prefix):
            return PostgresSession("postgresql://" + url.removeprefix(prefix))
    name = url.removeprefix("sqlite:///")
    if name != url and "?" not in name and name not in ("", ":memory:"):
        return SqliteSession(name)
    raise StoreError(
        "This needs a database file or a PostgreSQL server.", todo="write sqlite:///FILE or postgresql://…"
    )


def has_tables(url: str) -> bool:
    """Whether a mirror is there; nothing is made. StoreError where the server or database cannot be reached."""
    if url.startswith("sqlite:///"):
        name, _, options = url.removeprefix("sqlite:///").partition("?")
        if options or not Path(name).is_file():
            return bool(options)  # a name of another form: whoever opens it will say
    with connect(url) as session:
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'checkpoint'"
        return bool(session.rows(query if session.sqlite else "SELECT to_regclass('checkpoint') IS NOT NULL")[0][0])


def newest_block(url: str, chain_id: int) -> int | None:
    """Number of the newest indexed block; None where there is no mirror, or none of this chain. Nothing is made."""
    if not has_tables(url):
        return None
    with connect(url) as session:
        rows = session.rows("SELECT block_number FROM checkpoint WHERE chain_id = ?", chain_id)
    return rows[0][0] if rows else None


def newest_schema() -> str:
    """The version to which `store.engine.migrate` brings a database: the number in the newest migration's name.

    Asking Alembic would cost every command's start its import.
    """
    versions = Path(__file__).with_name("migrations") / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))


class Session(ABC):
    """One connection. Every failure of the database comes out as StoreError."""

    sqlite: bool
    server = 0  # version of the PostgreSQL server, as it counts them itself: 180006

    def __init__(self, connection: Any, errors: type[Exception]) -> None:
        self.connection = connection
        self._errors = errors
        self._within = False

    def rows(self, query: str, *parameters: Any) -> list[Row]:
        """All rows of a query."""
        with self.translated():
            cursor = self.connection.execute(self._spelled(query, parameters), *([parameters] if parameters else []))
            return list(cursor.fetchall())

    def change(self, statement: str, *parameters: Any) -> None:
        """A statement without rows."""
        with self.translated():
            self.connection.execute(self._spelled(statement, parameters), parameters)

    def run(self, *statements: str) -> None:
        """Statements without rows and parameters, in one round trip where the driver can."""
        with self.translated():
            self._script([statement for statement in statements if statement])

    @contextlib.contextmanager
    def transaction(self, *, snapshot: bool = False) -> Iterator[None]:
        """A writing transaction, or one consistent look at everything (`snapshot`); within another one, a part of it.

        A crash or an error within leaves nothing of it.
        """
        if self._within:
            yield
            return
        self.run(self._begin(snapshot=snapshot))
        self._within = True
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # the connection may be gone, and the transaction with it
            with contextlib.suppress(StoreError):
                self.run("ROLLBACK")
            raise
        finally:
            self._within = False

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """The driver's errors become StoreError."""
        try:
            yield
        except self._errors as error:
            raise refused(error) from None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @abstractmethod
    def stream(self, query: str) -> Generator[Row, None, None]:
        """Rows of a query as they come, within a transaction."""

    @abstractmethod
    def append(self, table: str, columns: Sequence[str], types: Sequence[type], rows: Sequence[Row]) -> None:
        """Insert rows whose keys are not there yet; `types` are int or bytes."""

    @abstractmethod
    def alone(self, chain_id: int) -> contextlib.AbstractContextManager[bool]:
        """Whether nobody else shows the sign of life of `store.writing.lease` for this id; it is shown meanwhile."""

    @abstractmethod
    def _begin(self, *, snapshot: bool) -> str: ...

    @abstractmethod
    def _script(self, statements: Sequence[str]) -> None: ...

    @abstractmethod
    def _spelled(self, query: str, parameters: Iterable[Any]) -> str: ...


class PostgresSession(Session):
    """PostgreSQL through psycopg, autocommit outside `transaction`."""

    sqlite = False

    def __init__(self, address: str) -> None:
        import psycopg

        self._address = address
        self._errors = psycopg.Error
        with self.translated():
            super().__init__(psycopg.connect(address, autocommit=True), psycopg.Error)
            self.server = self.connection.info.server_version

    def beside(self) -> "PostgresSession":
        """Another connection to the same database."""
        return PostgresSession(self._address)

    def stream(self, query: str) -> Generator[Row, None, None]:
        """Rows through a cursor of the server, binary."""
        self.run("SET LOCAL cursor_tuple_fraction = 1")  # planned for all rows: by an index the first ones come sooner
        with self.translated(), self.connection.cursor("streamed", binary=True) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows

    def append(self, table: str, columns: Sequence[str], types: Sequence[type], rows: Sequence[Row]) -> None:
        """Rows by binary COPY."""
        names = ", ".join(f'"{name}"' for name in columns)
        command = f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)'
        with self.translated(), self.connection.cursor() as cursor, cursor.copy(command) as copy:
            copy.set_types(["bytea" if kind is bytes else "int8" for kind in types])
            for row in rows:
                copy.write_row(row)

    @contextlib.contextmanager
    def alone(self, chain_id: int) -> Iterator[bool]:
        """An advisory lock of this session, which the server frees when the connection ends."""
        keys = (_SIGN, chain_id % 2**31)
        free = bool(self.rows("SELECT pg_try_advisory_lock(?, ?)", *keys)[0][0])
        try:
            yield free
        finally:
            # a connection that is gone has freed it
            with contextlib.suppress(StoreError):
                if free:
                    self.rows("SELECT pg_advisory_unlock(?, ?)", *keys)

    def _begin(self, *, snapshot: bool) -> str:
        return "BEGIN ISOLATION LEVEL REPEATABLE READ" if snapshot else "BEGIN"

    def _script(self, statements: Sequence[str]) -> None:
        self.connection.execute("; ".join(statements))

    def _spelled(self, query: str, parameters: Iterable[Any]) -> str:
        return query.replace("?", "%s") if parameters else query


class SqliteSession(Session):
    """SQLite through the standard library; `u64(bytes)` reads a big-endian number, which SQL there cannot."""

    sqlite = True

    def __init__(self, path: str) -> None:
        import sqlite3

        self._path = path
        self._errors = sqlite3.Error
        with self.translated():
            connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            super().__init__(connection, sqlite3.Error)
            connection.create_function("u64", 1, lambda field: int.from_bytes(field, "big"), deterministic=True)
            self.run("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-65536")

    def stream(self, query: str) -> Generator[Row, None, None]:
        """Rows through a cursor."""
        with self.translated(), contextlib.closing(self.connection.cursor()) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows

    def append(self, table: str, columns: Sequence[str], types: Sequence[type], rows: Sequence[Row]) -> None:
        """Rows one by one, prepared once."""
        names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        with self.translated():
            self.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608

    @contextlib.contextmanager
    def alone(self, chain_id: int) -> Iterator[bool]:
        """A lock on `<database>.<chain id>.lead`, which the system frees when the process ends."""
        with Path(f"{self._path}.{chain_id}.lead").open("w") as handle:
            yield _locked(handle)

    def _begin(self, *, snapshot: bool) -> str:
        return "BEGIN" if snapshot else "BEGIN IMMEDIATE"

    def _script(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.connection.execute(statement).close()

    def _spelled(self, query: str, parameters: Iterable[Any]) -> str:
        return query


def _locked(handle: IO[str]) -> bool:
    """Whether the file could be locked, which ends when it is closed, or its process."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
