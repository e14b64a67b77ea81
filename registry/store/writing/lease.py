"""Who may write: one indexing leader a chain, by a lease with a fencing token.

The truth is a row: a token that grows with every new leader, and when the lease ends if it is not renewed. Every
writing transaction renews the row under its own token first; a leader that slept while another one took over finds
another token there, and nothing of its transaction is written. So two leaders can never both write, whatever clocks
and pauses do; the end time only decides how long a follower waits for a leader that stopped.

A sign of life (PostgreSQL: a session's advisory lock; SQLite: a lock on a file beside the database) vanishes with the
leader's process or connection: where it is free, the lease is taken at once instead of at its end.
"""

import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, select, text, update

from registry.errors import StoreError
from registry.store import bulk
from registry.store import tables as t
from registry.store.engine import reading, transaction

TTL_SECONDS = 15.0
_PAUSE_SECONDS = 0.25
_SIGN = 0x6C656173  # first key of the advisory lock ("leas"); the second one is made from the chain id


class LeaseLost(StoreError):
    """Another leader writes now; nothing of this transaction was written."""

    code = "LEASE_LOST"


class LeaseHeld(StoreError):
    """Another leader writes, and the wait for it is over."""

    code = "LEASE_HELD"


class Lease:
    """The right to write one chain's mirror.

    Args:
        engine: The mirror's database.
        chain_id: Which chain.
        ttl: Seconds after which a leader that does not renew may be replaced.
        holder: Who this is, for people; host and process id by default.
        pause: Called between two tries.
    """

    def __init__(
        self,
        engine: Engine,
        chain_id: int,
        *,
        ttl: float = TTL_SECONDS,
        holder: str | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.engine = engine
        self.chain_id = chain_id
        self.ttl = ttl
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        self.token: int | None = None
        self._pause = pause
        self._sign = (
            _SqliteSign(engine, chain_id) if engine.dialect.name == "sqlite" else _PostgresSign(engine, chain_id)
        )

    def acquire(self, wait: float | None = None, waiting: Callable[[str], None] = lambda _: None) -> int:
        """Become the leader; the token.

        Args:
            wait: Seconds to wait for the present leader; None: as long as it leads.
            waiting: Told once who leads, when there is somebody to wait for.

        Raises:
            LeaseHeld: The wait is over and another one still leads.
        """
        deadline = None if wait is None else time.monotonic() + wait
        told = False
        while True:
            leader = self._try()
            if leader is None:
                assert self.token is not None
                return self.token
            if deadline is not None and time.monotonic() >= deadline:
                raise LeaseHeld(f"{leader} indexes chain {self.chain_id}.", todo="wait for it, or stop it")
            if not told:
                waiting(leader)
                told = True
            self._pause(_PAUSE_SECONDS)

    def renew(self) -> None:
        """Stay the leader, without writing anything else; LeaseLost when somebody else is."""
        self._sign.show()
        with transaction(self.engine) as connection:
            self.fence(connection)

    def fence(self, connection: Connection) -> None:
        """Renew within the caller's writing transaction, which another leader's token makes fail.

        The row stays locked until the transaction ends, so that nobody takes the lease between this and the commit.
        """
        if self.token is None:
            raise LeaseLost(f"Chain {self.chain_id} is written without a lease.", todo="acquire it first")
        c = t.lease.c
        mine = (c.chain_id == self.chain_id) & (c.token == self.token)
        values = {"expires_ms": _now(connection) + int(self.ttl * 1000)}
        if connection.execute(update(t.lease).where(mine).values(values)).rowcount != 1:
            lost, self.token = self.token, None
            raise LeaseLost(
                f"Another process took over indexing chain {self.chain_id} (this one's token {lost} is old).",
                todo="let the other one index; start this one again to wait for its turn",
            )

    @contextmanager
    def leading(self, wait: float | None = None, waiting: Callable[[str], None] = lambda _: None) -> Iterator[int]:
        """Lead for the length of a block of code: acquire, renew beside it also while nothing is written, release."""
        token, ended = self.acquire(wait, waiting), threading.Event()
        beat = threading.Thread(target=self._beat, args=(ended,), daemon=True, name="lease")
        beat.start()
        try:
            yield token
        finally:
            ended.set()
            beat.join()
            self.release()

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(self.ttl / 3):
            # a busy database is tried again in time; a lost lease shows in the next commit
            with suppress(StoreError):
                self.renew()

    def release(self) -> None:
        """Let the next leader begin at once."""
        if self.token is not None:
            c = t.lease.c
            with suppress(StoreError), transaction(self.engine) as connection:
                mine = (c.chain_id == self.chain_id) & (c.token == self.token)
                connection.execute(update(t.lease).where(mine).values(expires_ms=0))
        self.token = None
        self._sign.hide()

    def _try(self) -> str | None:
        """Take the lease if it is free; who leads, if it is not."""
        alone = self._sign.show()
        with reading(self.engine) as connection:
            row = connection.execute(select(t.lease).where(t.lease.c.chain_id == self.chain_id)).first()
            if row is not None and not alone and row.expires_ms > _now(connection):
                return str(row.holder)
        with transaction(self.engine) as connection:
            return self._take(connection, alone=alone)

    def _take(self, connection: Connection, *, alone: bool) -> str | None:
        query = select(t.lease).where(t.lease.c.chain_id == self.chain_id)
        if connection.dialect.name != "sqlite":
            # a chain's first two leaders must not both find no row
            connection.execute(text("LOCK TABLE lease IN SHARE ROW EXCLUSIVE MODE"))
        row, now = connection.execute(query).first(), _now(connection)
        if row is not None and not alone and row.expires_ms > now:
            return str(row.holder)
        token = 1 if row is None else row.token + 1
        bulk.upsert(connection, t.lease, [(self.chain_id, token, self.holder, now + int(self.ttl * 1000))])
        self.token = token
        return None


def _now(connection: Connection) -> int:
    """Milliseconds since 1970 by the one clock that all leaders share: the server's, or this machine's."""
    if connection.dialect.name == "sqlite":
        return int(time.time() * 1000)
    return int(connection.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one())


class _SqliteSign:
    """A lock on `<database>.<chain id>.lead`, which the system frees when the process ends."""

    def __init__(self, engine: Engine, chain_id: int) -> None:
        database = engine.url.database
        self._path = Path(f"{database}.{chain_id}.lead") if database and database != ":memory:" else None
        self._file: IO[str] | None = None

    def show(self) -> bool:
        """Whether nobody else shows a sign of life; ours is shown from now on."""
        if self._file is not None or self._path is None:
            return True
        handle = self._path.open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return False
        self._file = handle
        return True

    def hide(self) -> None:
        """End the sign."""
        if self._file is not None:
            self._file.close()
            self._file = None


class _PostgresSign:
    """An advisory lock of a session of its own, which the server frees when the connection ends."""

    def __init__(self, engine: Engine, chain_id: int) -> None:
        self._engine = engine
        self._keys = {"sign": _SIGN, "chain": chain_id % 2**31}
        self._session: Any = None

    def show(self) -> bool:
        """Whether nobody else shows a sign of life; ours is shown from now on."""
        if self._session is not None:
            with suppress(Exception):
                self._session.exec_driver_sql("SELECT 1")
                return True
            self.hide()
        try:
            self._session = self._engine.execution_options(isolation_level="AUTOCOMMIT").connect()
            query = text("SELECT pg_try_advisory_lock(:sign, :chain)")
            if self._session.execute(query, self._keys).scalar():
                return True
        except Exception:  # noqa: S110 - a missing sign only makes the next leader wait for the end of the lease
            pass
        self.hide()
        return False

    def hide(self) -> None:
        """End the sign with its session: a pooled connection would keep the lock."""
        if self._session is not None:
            with suppress(Exception):
                self._session.invalidate()
                self._session.close()
            self._session = None
