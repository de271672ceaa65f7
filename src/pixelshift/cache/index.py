"""The disk store's index: which file holds which key, under which tags, last used when. SQLite in WAL mode.

A process may die at any point: SQLite rolls back what was not committed. Purges are synced to the disk before they
are reported; other commits may be lost with the power, which costs entries and nothing else.
"""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pixelshift.value import frozen

_BUSY_S = 5.0
_EVICT_AT_ONCE = 32
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    used_s INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used_s, id);
CREATE TABLE IF NOT EXISTS tags (
    tag BLOB NOT NULL,
    entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, entry)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tags_by_entry ON tags (entry);
CREATE TABLE IF NOT EXISTS total (size INTEGER NOT NULL);
INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total);
CREATE TRIGGER IF NOT EXISTS entry_added AFTER INSERT ON entries
    BEGIN UPDATE total SET size = size + NEW.size; END;
CREATE TRIGGER IF NOT EXISTS entry_dropped AFTER DELETE ON entries
    BEGIN UPDATE total SET size = size - OLD.size; END;
"""


@frozen
class Row:
    """Where one entry lies."""

    id: int
    name: str
    used_s: int


@frozen
class NewRow:
    """What is to be known of an entry whose file is complete."""

    key: str
    name: str
    size: int
    used_s: int
    tags: Sequence[str]


class Index:
    """A pool of connections to one index file, opened anew after a fork and when ``epoch`` says it was replaced."""

    def __init__(self, path: Path, epoch: Callable[[], int]) -> None:
        self._path = path
        self._epoch = epoch
        self._lock = threading.Lock()
        self._pool: list[sqlite3.Connection] = []
        self._pool_of: tuple[int, int] = (0, 0)

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            idle, self._pool = self._pool, []
        for connection in idle:
            connection.close()

    def find(self, key: str) -> Row | None:
        """Returns where an entry lies."""
        with self._connection() as connection:
            found = connection.execute("SELECT id, name, used_s FROM entries WHERE key = ?", (_blob(key),)).fetchone()
        return Row(*found) if found else None

    def touch(self, row: Row, used_s: int) -> None:
        """Notes a use."""
        with self._connection() as connection:
            connection.execute("UPDATE entries SET used_s = ? WHERE id = ?", (used_s, row.id))

    def knows(self, name: str) -> bool:
        """Says whether an entry lies in this file."""
        with self._connection() as connection:
            return connection.execute("SELECT 1 FROM entries WHERE name = ?", (name,)).fetchone() is not None

    def size_bytes(self) -> int:
        """Returns the sum of all sizes."""
        with self._connection() as connection:
            (size,) = connection.execute("SELECT size FROM total").fetchone()
        return int(size)

    def is_sound(self) -> bool:
        """Reads every page: for when there is reason to."""
        with self._connection() as connection:
            verdicts: list[tuple[str]] = connection.execute("PRAGMA quick_check(1)").fetchall()
        return verdicts == [("ok",)]

    @contextmanager
    def change(self, *, durable: bool = False) -> Iterator["Change"]:
        """A transaction that no other change runs beside; rolled back when its block raises."""
        with self._connection() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Change(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection, pool_of = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if pool_of == self._pool_of:
                self._pool.append(connection)
                return
        connection.close()

    def _take(self) -> tuple[sqlite3.Connection, tuple[int, int]]:
        pool_of = (os.getpid(), self._epoch())
        with self._lock:
            if pool_of != self._pool_of:
                # A parent's connections are left alone: closing them here would let go of its locks.
                stale = self._pool if pool_of[0] == self._pool_of[0] else []
                self._pool, self._pool_of = [], pool_of
                for connection in stale:
                    connection.close()
            if self._pool:
                return self._pool.pop(), pool_of
        return self._open(), pool_of

    def _open(self) -> sqlite3.Connection:
        # isolation_level=None: transactions are ours to begin and end.
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            if connection.execute("PRAGMA user_version").fetchone() != (1,):
                with file_lock(self._path.with_suffix(".lock")):
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.executescript(_SCHEMA)
                    connection.execute("PRAGMA user_version = 1")
        except BaseException:
            connection.close()
            raise
        return connection


class Change:
    """What can be done within a transaction; each returns the names of files that nobody needs any more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, row: NewRow) -> list[str]:
        """Adds an entry in place of any other under its key."""
        dropped = self.drop_key(row.key)
        added = self._connection.execute(
            "INSERT INTO entries (key, name, size, used_s) VALUES (?, ?, ?, ?)",
            (_blob(row.key), row.name, row.size, row.used_s),
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO tags (tag, entry) VALUES (?, ?)",
            [(_blob(tag), added.lastrowid) for tag in row.tags],
        )
        return dropped

    def drop_key(self, key: str) -> list[str]:
        """Drops the entry under a key."""
        return self._drop("key = ?", (_blob(key),))

    def drop_row(self, row: Row) -> list[str]:
        """Drops this entry, not one that has replaced it."""
        return self._drop("id = ?", (row.id,))

    def drop_tag(self, tag: str) -> list[str]:
        """Drops the entries with a tag."""
        return self._drop("id IN (SELECT entry FROM tags WHERE tag = ?)", (_blob(tag),))

    def drop_prefix(self, prefix: str) -> list[str]:
        """Drops the entries with a tag that starts so."""
        start = _blob(prefix)
        end = _after(start)
        if end is None:
            return self._drop("id IN (SELECT entry FROM tags WHERE tag >= ?)", (start,))
        return self._drop("id IN (SELECT entry FROM tags WHERE tag >= ? AND tag < ?)", (start, end))

    def drop_all(self) -> list[str]:
        """Drops everything."""
        return self._drop("1", ())

    def shrink(self, budget_bytes: int) -> list[str]:
        """Drops the least recently used until the rest fits."""
        dropped: list[str] = []
        while self._connection.execute("SELECT size FROM total").fetchone()[0] > budget_bytes:
            oldest = self._connection.execute(
                "SELECT id, size FROM entries ORDER BY used_s, id LIMIT ?", (_EVICT_AT_ONCE,)
            ).fetchall()
            for number, _size in oldest:
                dropped += self._drop("id = ?", (number,))
                if self._connection.execute("SELECT size FROM total").fetchone()[0] <= budget_bytes:
                    break
        return dropped

    def _drop(self, where: str, values: tuple[object, ...]) -> list[str]:
        # ``where`` is one of the literals above.
        found = self._connection.execute(f"DELETE FROM entries WHERE {where} RETURNING name", values)
        return [name for (name,) in found.fetchall()]


def _blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _after(prefix: bytes) -> bytes | None:
    """The least byte string above all that start with ``prefix``; ``None`` where there is none."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else None


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Holds a lock that the kernel frees when its holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_index(path: Path) -> None:
    """Removes a damaged index with its companions."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
