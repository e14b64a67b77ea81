"""What this issuer issued, by keyed hashes: who had which achievement, and which credential id stood where.

One SQLite file of the home folder, readable by its owner only. It holds no personal data: every key is BLAKE2b with a
secret of its own, so it may stay when the documents of a batch are purged. Achievements' ids stand in it as they are.
Fills the port Issued.
"""

import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from registry.errors import StoreError
from registry.issuing.duplicates import KEY_BYTES, ROW, Found, Spot, Superseded

_AT_ONCE = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret (value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS batch (number INTEGER PRIMARY KEY, batch_id BLOB NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS achievement (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS issued (
    key BLOB NOT NULL, batch INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (key, batch, place)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS superseded (
    old_batch INTEGER NOT NULL, old_place INTEGER NOT NULL, batch INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (old_batch, old_place, batch)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS superseded_by ON superseded (batch, done);
"""
_FIND = """
SELECT key, old.batch_id, place, new.batch_id FROM issued JOIN batch old ON old.number = issued.batch
LEFT JOIN superseded ON old_batch = issued.batch AND old_place = place
LEFT JOIN batch new ON new.number = superseded.batch
WHERE key IN ({}) ORDER BY issued.batch, place
"""


class SqlIssued:
    """The index of one home folder; made at the first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        with self._open() as connection:
            connection.executescript(_SCHEMA)
            if connection.execute("SELECT count(*) FROM secret").fetchone()[0] == 0:
                connection.execute("INSERT INTO secret VALUES (?)", (secrets.token_bytes(32),))
            (self._secret,) = connection.execute("SELECT value FROM secret").fetchone()
            self.empty = connection.execute("SELECT 1 FROM batch LIMIT 1").fetchone() is None

    def key(self, *parts: str) -> bytes:
        """The 16-byte key of a kind and its values."""
        return self.keys(*parts[:-1])(parts[-1])

    def keys(self, *parts: str) -> Callable[[str], bytes]:
        """As `key`, for many values that follow the same parts."""
        begun = blake2b(digest_size=KEY_BYTES, key=self._secret)
        for part in parts:
            begun.update(part.encode("utf-8", "surrogatepass") + b"\0")

        def key(value: str) -> bytes:
            hashed = begun.copy()
            hashed.update(value.encode("utf-8", "surrogatepass"))
            return hashed.digest()

        return key

    def find(self, keys: Sequence[bytes]) -> dict[bytes, list[Found]]:
        """The places of each key that is known."""
        found: dict[bytes, list[Found]] = defaultdict(list)
        if self.empty:
            return found
        with self._open() as connection:
            for some in _portions(keys):
                for key, batch_id, place, by in connection.execute(_FIND.format(",".join("?" * len(some))), some):
                    found[key].append(Found(Spot(batch_id, place), by))
        return found

    def by_row(self, row: str) -> Iterator[Spot]:
        """The places of a table's row, by its id, whatever it was issued for; where its documents are gone, too."""
        with self._open() as connection:
            achievements = [str(one) for (one,) in connection.execute("SELECT id FROM achievement ORDER BY id")]
        for places in self.find([self.key(ROW, achievement, row) for achievement in achievements]).values():
            yield from dict.fromkeys(found.spot for found in places)

    def record(
        self, batch_id: bytes, keys: Iterable[tuple[bytes, int]], superseded: Iterable[Spot], achievement: str
    ) -> None:
        """Remember a batch in one transaction, in place of what was known of it; durable when this returns.

        Keys in ascending order fill one page after the other.
        """
        with self._open() as connection:
            number = self._number(connection, batch_id)
            if achievement:
                connection.execute("INSERT OR IGNORE INTO achievement VALUES (?)", (achievement,))
            connection.execute("DELETE FROM issued WHERE batch = ?", (number,))
            connection.execute("DELETE FROM superseded WHERE batch = ? AND done = 0", (number,))
            rows = ((key, number, place) for key, place in keys)
            connection.executemany("INSERT OR IGNORE INTO issued VALUES (?, ?, ?)", rows)
            olds = ((self._number(connection, spot.batch_id), spot.place, number) for spot in superseded)
            connection.executemany("INSERT OR IGNORE INTO superseded VALUES (?, ?, ?, 0)", list(olds))
        self.empty = False

    def forget(self, batch_id: bytes) -> None:
        """A batch that will never be anchored: what it would have superseded stands as before."""
        with self._open() as connection:
            number = self._number(connection, batch_id)
            connection.execute("DELETE FROM issued WHERE batch = ?", (number,))
            connection.execute("DELETE FROM superseded WHERE batch = ?", (number,))

    def pending(self) -> list[Superseded]:
        """Which credentials of which batches are still to be revoked, by the batch that supersedes them."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT new.batch_id, old.batch_id, old_place FROM superseded"
                " JOIN batch new ON new.number = batch JOIN batch old ON old.number = old_batch"
                " WHERE done = 0 ORDER BY batch, old_batch, old_place"
            ).fetchall()
        spots: dict[bytes, list[Spot]] = defaultdict(list)
        for by, old, place in rows:
            spots[by].append(Spot(old, place))
        return [Superseded(by, tuple(olds)) for by, olds in spots.items()]

    def settle(self, batch_id: bytes) -> None:
        """What a batch supersedes is revoked."""
        with self._open() as connection:
            number = self._number(connection, batch_id)
            connection.execute("UPDATE superseded SET done = 1 WHERE batch = ?", (number,))

    @staticmethod
    def _number(connection: sqlite3.Connection, batch_id: bytes) -> int:
        connection.execute("INSERT OR IGNORE INTO batch (batch_id) VALUES (?)", (batch_id,))
        (number,) = connection.execute("SELECT number FROM batch WHERE batch_id = ?", (batch_id,)).fetchone()
        return int(number)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection and a transaction that is committed at the end of the block."""
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                with connection:
                    yield connection
        except sqlite3.Error as error:
            what = f"{self._path} cannot be used: {error}."
            raise StoreError(what, todo="restore it from your backup, or see that the disk is not full") from None


def _portions(keys: Sequence[bytes]) -> Iterator[list[bytes]]:
    queue = iter(keys)
    while some := list(islice(queue, _AT_ONCE)):
        yield some
