"""The tables of the embedded series store, and their rows as values."""

import math
import sqlite3
from collections.abc import Sequence
from typing import Any

from pixelshift.store.base import Counts, Event, Head, Outgoing

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  settings TEXT NOT NULL,
  last_seq INTEGER,
  position INTEGER NOT NULL,
  base INTEGER NOT NULL,
  state_position INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  conflicts INTEGER NOT NULL,
  late INTEGER NOT NULL,
  gaps INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  last_value REAL,
  last_time TEXT,
  updated_at REAL NOT NULL
) STRICT;
CREATE TABLE state (
  series INTEGER PRIMARY KEY REFERENCES series ON DELETE CASCADE,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE point (
  series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  value REAL,
  time TEXT,
  PRIMARY KEY (series, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  at REAL NOT NULL,
  UNIQUE (series, seq, kind)
) STRICT;
CREATE INDEX event_by_series ON event (series, id);
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sink TEXT NOT NULL,
  event INTEGER NOT NULL,
  series INTEGER NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  at REAL NOT NULL,
  attempts INTEGER NOT NULL,
  due_at REAL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_line ON outbox (sink, series, id) WHERE due_at IS NOT NULL;
"""

HEAD = (
    "name, id, version, settings, last_seq, position, base, state_position, accepted, missing, duplicates, conflicts, "
    "late, gaps, changes, last_value, last_time, updated_at"
)
"""Columns of a series, as :func:`head_of` takes them; from the third on they are those of :func:`head_values`."""
HEAD_SET = ", ".join(f"{name} = ?" for name in HEAD.split(", ")[2:])
OUTGOING = "id, sink, event, name, series, seq, kind, body, at, attempts, reason"
"""Columns of what is to be delivered, as :func:`outgoing_of` takes them."""


def first_seq(db: sqlite3.Connection, series: int, position: int) -> int | None:
    """Number of the first point at ``position`` or later, by a binary search over numbers."""
    # Two questions: SQLite answers each from one end of the table, both at once only by reading all of it.
    low = db.execute("SELECT min(seq) FROM point WHERE series = ?", (series,)).fetchone()[0]
    high = db.execute("SELECT max(seq) FROM point WHERE series = ?", (series,)).fetchone()[0]
    if low is None:
        return None
    probe = "SELECT seq, position FROM point WHERE series = ? AND seq >= ? ORDER BY seq LIMIT 1"
    if db.execute(probe, (series, high)).fetchone()[1] < position:
        return None
    while low < high:
        middle = low + (high - low) // 2
        seq, found = db.execute(probe, (series, middle)).fetchone()
        if found >= position:
            high = middle
        else:
            low = seq + 1
    found = db.execute(probe, (series, low)).fetchone()
    return None if found is None else int(found[0])


def head_of(row: Sequence[Any]) -> Head:
    name, series, version, settings, last_seq, position, base, state_position, *counts, value, moment, at = row
    place = (last_seq, position, base, state_position)
    return Head(name, series, version, settings, *place, Counts(*counts), value, moment, at)


def head_values(head: Head) -> tuple[Any, ...]:
    c = head.counts
    value = head.last_value if head.last_value is None or math.isfinite(head.last_value) else None
    return (
        *(head.version, head.settings, head.last_seq, head.position, head.base, head.state_position),
        *(c.accepted, c.missing, c.duplicates, c.conflicts, c.late, c.gaps, c.changes),
        *(value, head.last_time, head.updated_at_s),
    )


def outgoing_of(row: Sequence[Any]) -> Outgoing:
    number, sink, event, name, series, seq, kind, body, at, attempts, reason = row
    return Outgoing(number, sink, Event(event, name, series, seq, kind, body, at), attempts, reason)
