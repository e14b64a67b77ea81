"""Open a database: engine, transactions that mean the same on both databases, migrations, and errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, create_mock_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from registry.errors import StoreError
from registry.store.plain import newest_schema
from registry.store.refusals import refused

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_SECONDS = 5
_CACHE_KIB = 64 * 1024
_MIGRATING = 0x68616C6C  # key of the advisory lock: "hall"
_GUARD = "LOCK TABLE checkpoint IN ACCESS SHARE MODE"


def open_engine(url: str, *, durable: bool = False) -> Engine:
    """An engine for an SQLAlchemy URL.

    Args:
        url: e.g. sqlite:///hallmark.sqlite, postgresql://user@host/name.
        durable: Whether a commit must survive power loss (SQLite synchronous=FULL): the journal needs it, the
            mirror can be read from the chain again.
    """
    try:
        target = make_url(url)
        if target.drivername in ("postgresql", "postgres"):
            target = target.set(drivername="postgresql+psycopg")
        if target.get_backend_name() == "sqlite":
            engine = create_engine(target, connect_args={"timeout": _BUSY_SECONDS})
            _prepare_sqlite(engine, "FULL" if durable else "NORMAL")
        else:
            engine = create_engine(target, pool_pre_ping=True)
    except (SQLAlchemyError, ImportError) as error:
        todo = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise StoreError(f"The database URL cannot be used: {error}.", todo=todo) from None
    return engine


def _prepare_sqlite(engine: Engine, level: str) -> None:
    """The driver starts no transaction by itself: ours begin where `transaction` and `reading` say so."""

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={level}")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        path = Path(engine.url.database or ":memory:").absolute()
        record.info["file"] = path, _identity(path)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = not connection.get_execution_options().get("reads")
        path, opened = connection.info["file"]
        if writes and _identity(path) != opened:
            raise StoreError(
                f"The file {path} was removed or replaced while it was in use: nothing is written.",
                todo="put it back, or index into a new one; then start this program again",
            )
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file, None where there is none: one that was removed takes writes that nobody will read."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One writing transaction; database failures come out as StoreError and leave the rows as they were."""
    with _translated(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One snapshot for several questions, which waits for no writer, not even for a swap of rebuilt tables.

    On PostgreSQL the snapshot is taken after a lock on `checkpoint` that only a swap excludes: a snapshot older than
    the swap would find the new tables empty.
    """
    if engine.dialect.name == "sqlite":
        with _translated(engine), engine.execution_options(reads=True).begin() as connection:
            yield connection
        return
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
    with _translated(engine), snapshot.begin() as connection:
        connection.exec_driver_sql(_GUARD)
        yield connection


@contextmanager
def asking(engine: Engine) -> Iterator[Connection]:
    """A connection for questions about the server itself, which need neither tables nor a snapshot."""
    with _translated(engine), engine.execution_options(reads=True).begin() as connection:
        yield connection


def announce_writing(connection: Connection) -> None:
    """Before a writer touches any row: a swap of rebuilt tables waits for it or it for the swap, never both."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("LOCK TABLE checkpoint IN ROW EXCLUSIVE MODE")


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    driver: Any = engine.dialect.loaded_dbapi
    try:
        yield
    except DBAPIError as error:
        raise refused(error.orig) from None
    except SQLAlchemyError as error:
        raise StoreError(f"The database cannot be used: {error}.", todo="check the database's URL") from None
    except driver.Error as error:  # from COPY, which goes past SQLAlchemy
        raise refused(error) from None


def storable(issuer_id: int) -> int:
    """An unsigned 64-bit issuer id as a signed 64-bit column can hold it: ids are sequential, so none is so large."""
    return min(issuer_id, 2**63 - 1)


def migrate(engine: Engine) -> None:
    """Bring the mirror's schema to the newest version, in one transaction; on a read replica only look.

    An empty database gets all tables as they are now and the newest version's number; the versions run one by one only
    where an older schema is there. Both ways make the same tables (a test compares them).

    Raises:
        StoreError: A read replica whose primary has another schema.
    """
    if schema_version(engine) == newest_schema():
        return
    if is_replica(engine):
        raise StoreError(
            "The database is a read replica and its schema is not this program's.",
            todo="run `hallmark index` of this version at the primary first",
        )
    with transaction(engine) as connection:
        if engine.dialect.name != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        if inspect(connection).has_table("alembic_version"):
            upgrade(connection)
        else:
            _make_all(connection)


def upgrade(connection: Connection) -> None:
    """Run the versions that the database lacks."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _make_all(connection: Connection) -> None:
    """All tables in an empty database, and the row by which Alembic knows the version."""
    from registry.store.tables import metadata

    statements: list[str] = []

    def note(statement: Any, *_: Any, **__: Any) -> None:
        statements.append(str(statement.compile(dialect=connection.dialect)))

    # a table that is there already belongs to somebody else: creating it fails, and nothing is made
    metadata.create_all(create_mock_engine(connection.engine.url, note), checkfirst=False)
    statements.append(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) CONSTRAINT alembic_version_pkc PRIMARY KEY NOT NULL)"
    )
    # a server takes them all in one message; SQLite's driver one by one
    for message in statements if connection.dialect.name == "sqlite" else [";".join(statements)]:
        connection.exec_driver_sql(message)
    connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": newest_schema()})


def schema_version(engine: Engine) -> str | None:
    """The version of the database's schema; None where there is none."""
    with asking(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return version


def is_replica(engine: Engine) -> bool:
    """Whether the server follows another one and takes no writes."""
    if engine.dialect.name == "sqlite":
        return False
    with asking(engine) as connection:
        return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar())
