"""The embedded series store: one SQLite file in WAL mode.

Writers that come together share one transaction, and so one flush to disk: whoever holds the lock takes along all that
wait for it. A step that is refused is rolled back alone.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pixelshift.errors import InternalError, InvalidRequestError, OverloadedError
from pixelshift.store.base import Commit, Committed, Event, Head, NewEvent, Outgoing, Point
from pixelshift.store.sqlite_tables import (
    HEAD,
    HEAD_SET,
    OUTGOING,
    SCHEMA,
    SCHEMA_VERSION,
    first_seq,
    head_of,
    head_values,
    outgoing_of,
)
from pixelshift.value import replace

READERS = 4
BUSY_S = 10.0

Durability = Literal["disk", "process"]


class SqliteSeriesStore:
    """A :class:`~pixelshift.store.base.SeriesStore` in the file ``path``, made if it is not there.

    ``durability="disk"`` flushes every transaction to disk before it counts; ``"process"`` outlives the death of the
    process, but the last moments may be lost with the machine's power. Several processes may share the file.

    :raises InvalidRequestError: not a store of ours, or of a newer version.
    """

    def __init__(self, path: Path, *, durability: Durability = "disk", clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._synchronous = "FULL" if durability == "disk" else "NORMAL"
        self._write_lock = threading.Lock()
        self._waiting: deque[_Step] = deque()
        self._writer = self._connect()
        try:
            self._prepare()
            self._readers: deque[sqlite3.Connection] = deque(self._connect() for _ in range(READERS))
        except BaseException:
            self._writer.close()
            raise
        self._free = threading.Semaphore(READERS)
        self._is_closed = False

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise InvalidRequestError(f"{self._path} cannot be opened: {error}") from None
        try:
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.DatabaseError as error:
            connection.close()
            raise InvalidRequestError(f"{self._path} is no series store", detail=str(error)) from None
        return connection

    def _prepare(self) -> None:
        with _busy_is_overload():
            self._writer.execute("PRAGMA journal_mode = WAL")
            with self._transaction():
                version = self._writer.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    for statement in SCHEMA.split(";\n"):
                        self._writer.execute(statement)
                    self._writer.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        if version > SCHEMA_VERSION:
            raise InvalidRequestError(
                f"{self._path} has store version {version}; this pixelshift reads up to {SCHEMA_VERSION}: upgrade it"
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield self._writer
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock, _busy_is_overload(), self._transaction() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._free:
            connection = self._readers.popleft()
            try:
                with _busy_is_overload():
                    yield connection
            finally:
                self._readers.append(connection)

    def close(self) -> None:
        """Closes the file; the log is merged into it."""
        if self._is_closed:
            return
        self._is_closed = True
        for _ in range(READERS):
            self._free.acquire()
        with self._write_lock:
            for connection in [*self._readers, self._writer]:
                connection.close()

    # Series

    def head(self, series_id: str) -> Head | None:
        with self._reading() as db:
            row = db.execute(f"SELECT {HEAD} FROM series WHERE name = ?", (series_id,)).fetchone()
        return None if row is None else head_of(row)

    def heads(self, *, after: str = "", limit: int = 100) -> list[Head]:
        with self._reading() as db:
            rows = db.execute(f"SELECT {HEAD} FROM series WHERE name > ? ORDER BY name LIMIT ?", (after, limit))
            return [head_of(row) for row in rows]

    def count(self) -> int:
        with self._reading() as db:
            return int(db.execute("SELECT count(*) FROM series").fetchone()[0])

    def state(self, series_id: str) -> bytes | None:
        with self._reading() as db:
            row = db.execute(
                "SELECT body FROM state JOIN series ON series.id = state.series WHERE name = ?", (series_id,)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def delete(self, series_id: str) -> bool:
        with self._writing() as db:
            return db.execute("DELETE FROM series WHERE name = ?", (series_id,)).rowcount > 0

    def trim(self, series_id: str, *, keep_points: int, keep_events: int) -> int:
        with self._writing() as db:
            row = db.execute("SELECT id, position, state_position FROM series WHERE name = ?", (series_id,)).fetchone()
            if row is None:
                return 0
            series, position, state_position = row
            oldest = min(position - keep_points, state_position)
            kept = db.execute(
                "SELECT seq FROM point WHERE series = ? AND position >= ? ORDER BY seq LIMIT 1", (series, oldest)
            ).fetchone()
            edge = kept[0] if kept is not None else 1 << 62
            dropped = db.execute("DELETE FROM point WHERE series = ? AND seq < ?", (series, edge)).rowcount
            db.execute(
                "DELETE FROM event WHERE series = ?1 AND id <= "
                "(SELECT id FROM event WHERE series = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                (series, keep_events),
            )
            return dropped

    def commit(self, commit: Commit) -> Committed | None:
        step = _Step(commit)
        self._waiting.append(step)
        with self._write_lock:
            if not step.is_done:
                self._take_waiting()
        if step.error is not None:
            raise step.error
        return step.result

    def _take_waiting(self) -> None:
        """Takes all steps that wait, in one transaction; called with the lock held."""
        steps = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with _busy_is_overload(), self._transaction() as db:
                for step in steps:
                    self._take(db, step)
        except BaseException as error:
            for step in steps:
                step.result, step.error = None, error
            if not isinstance(error, Exception):
                raise
        finally:
            for step in steps:
                step.is_done = True

    def _take(self, db: sqlite3.Connection, step: "_Step") -> None:
        db.execute("SAVEPOINT step")
        try:
            step.result = self._apply(db, step.commit)
        except sqlite3.IntegrityError as error:
            step.error = InternalError("the series store refused a step", detail=str(error))
        if step.result is None:
            db.execute("ROLLBACK TO step")
        db.execute("RELEASE step")

    def _apply(self, db: sqlite3.Connection, commit: Commit) -> Committed | None:
        before = commit.before
        head = replace(commit.after, version=before.version + 1, updated_at_s=self._clock())
        if before.version == 0:
            marks = ", ".join("?" * (HEAD.count(",")))
            columns = HEAD.replace("id, ", "", 1)
            if db.execute("SELECT 1 FROM series WHERE name = ?", (head.series_id,)).fetchone():
                return None
            values = (head.series_id, *head_values(head))
            series = db.execute(f"INSERT INTO series ({columns}) VALUES ({marks})", values).lastrowid or 0
        else:
            series = before.incarnation
            condition = (series, before.version)
            changed = db.execute(
                f"UPDATE series SET {HEAD_SET} WHERE id = ? AND version = ?", (*head_values(head), *condition)
            )
            if changed.rowcount == 0:
                return None
        head = replace(head, incarnation=series)
        if commit.points:
            rows = [(series, p.seq, p.position, p.value, p.time) for p in commit.points]
            db.executemany("INSERT INTO point VALUES (?, ?, ?, ?, ?)", rows)
        if commit.state is not None:
            db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (series, commit.state))
        return Committed(head, [self._log(db, head, event, commit.sinks) for event in commit.events])

    def _log(self, db: sqlite3.Connection, head: Head, event: NewEvent, sinks: Sequence[str]) -> Event:
        at = head.updated_at_s
        values = (head.incarnation, event.seq, event.kind, event.body, at)
        number = db.execute("INSERT INTO event (series, seq, kind, body, at) VALUES (?, ?, ?, ?, ?)", values).lastrowid
        for sink in sinks:
            db.execute(
                "INSERT INTO outbox (sink, event, name, series, seq, kind, body, at, attempts, due_at, reason) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '')",
                (sink, number, head.series_id, *values, at),
            )
        return Event(number or 0, head.series_id, head.incarnation, event.seq, event.kind, event.body, at)

    # Points and events

    def points(self, series_id: str, *, from_position: int, limit: int) -> list[Point]:
        # Positions grow with numbers, so the first number is found by halving the interval between known points.
        with self._reading() as db:
            row = db.execute("SELECT id FROM series WHERE name = ?", (series_id,)).fetchone()
            if row is None:
                return []
            first = first_seq(db, row[0], from_position)
            if first is None:
                return []
            rows = db.execute(
                "SELECT seq, position, value, time FROM point WHERE series = ? AND seq >= ? ORDER BY seq LIMIT ?",
                (row[0], first, limit),
            )
            return [Point(*point) for point in rows]

    def points_between(self, series_id: str, first_seq: int, last_seq: int, limit: int) -> list[Point]:
        with self._reading() as db:
            rows = db.execute(
                "SELECT seq, point.position, value, time FROM point JOIN series ON series.id = series "
                "WHERE name = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
                (series_id, first_seq, last_seq, limit),
            )
            return [Point(*row) for row in rows]

    def events(
        self, series_id: str | None, *, after_id: int = 0, limit: int = 100, kind: str | None = None
    ) -> list[Event]:
        condition = "event.id > ?" if series_id is None else "event.id > ? AND name = ?"
        values: list[Any] = [after_id] if series_id is None else [after_id, series_id]
        if kind is not None:
            condition, values = condition + " AND kind = ?", [*values, kind]
        return self._events(f"WHERE {condition} ORDER BY event.id LIMIT ?", [*values, limit])

    def latest_events(self, series_id: str, *, limit: int, kind: str) -> list[Event]:
        rows = self._events("WHERE name = ? AND kind = ? ORDER BY event.id DESC LIMIT ?", [series_id, kind, limit])
        return rows[::-1]

    def _events(self, condition: str, values: list[Any]) -> list[Event]:
        with self._reading() as db:
            rows = db.execute(
                "SELECT event.id, name, series, seq, kind, body, at FROM event JOIN series ON series.id = series "
                + condition,
                values,
            )
            return [Event(*row) for row in rows]

    def last_event_id(self) -> int:
        with self._reading() as db:
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
        return 0 if row is None else int(row[0])

    # Outbox

    def due(self, now_s: float, limit: int) -> list[Outgoing]:
        with self._reading() as db:
            rows = db.execute(
                f"SELECT {OUTGOING} FROM outbox AS mine WHERE due_at <= ? AND NOT EXISTS "
                "(SELECT 1 FROM outbox AS earlier WHERE earlier.sink = mine.sink AND earlier.series = mine.series "
                "AND earlier.id < mine.id AND earlier.due_at IS NOT NULL) ORDER BY due_at, id LIMIT ?",
                (now_s, limit),
            )
            return [outgoing_of(row) for row in rows]

    def delivered(self, outgoing_id: int) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM outbox WHERE id = ?", (outgoing_id,))

    def postpone(self, outgoing_id: int, *, until_s: float, reason: str) -> None:
        self._fail(outgoing_id, until_s, reason)

    def bury(self, outgoing_id: int, *, reason: str) -> None:
        self._fail(outgoing_id, None, reason)

    def _fail(self, outgoing_id: int, until_s: float | None, reason: str) -> None:
        with self._writing() as db:
            db.execute(
                "UPDATE outbox SET attempts = attempts + 1, due_at = ?, reason = ? WHERE id = ?",
                (until_s, reason, outgoing_id),
            )

    def dead_letters(self, limit: int = 100) -> list[Outgoing]:
        with self._reading() as db:
            rows = db.execute(f"SELECT {OUTGOING} FROM outbox WHERE due_at IS NULL ORDER BY id LIMIT ?", (limit,))
            return [outgoing_of(row) for row in rows]

    def revive(self, outgoing_id: int, *, now_s: float) -> bool:
        with self._writing() as db:
            changed = db.execute(
                "UPDATE outbox SET attempts = 0, due_at = ? WHERE id = ? AND due_at IS NULL", (now_s, outgoing_id)
            )
            return changed.rowcount > 0


class _Step:
    """A commit that waits for the writer."""

    __slots__ = ("commit", "error", "is_done", "result")

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self.result: Committed | None = None
        self.error: BaseException | None = None
        self.is_done = False


@contextmanager
def _busy_is_overload() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise OverloadedError("the series store is busy", detail=str(error), retry_after_s=1) from None
        raise InternalError("the series store failed", detail=str(error)) from error
