"""Open a database: engine, migrations to the newest schema, and errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from registry.errors import StoreError

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_SECONDS = 5


def open_engine(url: str, *, durable: bool = False) -> Engine:
    """An engine for an SQLAlchemy URL.

    Args:
        url: e.g. sqlite:///hallmark.sqlite.
        durable: Whether a commit must survive power loss (SQLite synchronous=FULL): the journal needs it, the
            mirror can be read from the chain again.
    """
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS} if url.startswith("sqlite") else {})
    if engine.dialect.name == "sqlite":
        level = "FULL" if durable else "NORMAL"

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={level}")

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction; database failures come out as StoreError and leave the rows as they were."""
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise StoreError(f"The database refuses: {error.orig}.", todo=_advice(str(error.orig))) from None
    except SQLAlchemyError as error:
        raise StoreError(f"The database cannot be used: {error}.", todo="check the database's URL") from None


def storable(issuer_id: int) -> int:
    """An unsigned 64-bit issuer id as a signed 64-bit column can hold it: ids are sequential, so none is so large."""
    return min(issuer_id, 2**63 - 1)


def _advice(text: str) -> str:
    if "locked" in text:
        return "another program holds the database; wait for it, or use another file"
    if "no such table" in text or "does not exist" in text:
        return "run `hallmark index` once, which makes the tables"
    return "check the disk and the database's URL"


def migrate(engine: Engine) -> None:
    """Bring the mirror's schema to the newest version, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
