"""Entries on disk, shared by processes that may die at any moment.

A file is written under a fresh name and then published by a row of the index: nobody looks for it earlier, so no
reader meets half a file of a running writer. Bodies are not synced; what a power cut leaves of them fails its
checksum and is a miss. Files that no row names are swept away, one shard at a time.
"""

import contextlib
import mmap
import os
import secrets
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelshift.cache.base import Entry
from pixelshift.cache.index import Change, Index, NewRow, Row, file_lock, remove_index
from pixelshift.cache.record import decode, encode
from pixelshift.errors import InternalError, SettingsError

_BLOCK_BYTES = 4096
_SHARDS = 256
_SWEEP_EVERY = 64
_SWEEP_LIMIT = 2000
_ORPHAN_AGE_S = 600.0
_TOUCH_S = 60
_COUNTER = struct.Struct("=Q")


class DiskStore:
    """At most ``budget_bytes`` of entries under ``folder``, counted in whole blocks, the least recently used dropped
    first (uses less than a minute apart count as one). See :class:`pixelshift.cache.base.CacheStore`.

    :raises SettingsError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path, budget_bytes: int, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder / "v1"
        self._budget_bytes = budget_bytes
        self._clock = clock
        self._index_path = self._folder / "index.sqlite"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._generation = _SharedCounter(self._folder / "generation")
            self._epoch = _SharedCounter(self._folder / "epoch")
        except OSError as error:
            raise SettingsError(f"the cache folder cannot be used: {error}") from error
        self._index = Index(self._index_path, self._epoch.read)
        self._lock = threading.Lock()
        self._puts = secrets.randbelow(_SHARDS * _SWEEP_EVERY)
        with self._survive():
            self._index.size_bytes()

    def close(self) -> None:
        """Closes what is open."""
        self._index.close()
        self._generation.close()
        self._epoch.close()

    def get(self, key: str) -> Entry | None:
        """Returns the entry, or ``None`` where there is none that is whole."""
        with self._survive():
            row = self._index.find(key)
            record = self._read(row) if row else None
            if record is None:
                row = self._index.find(key)  # replaced between the two looks, most likely
                record = self._read(row) if row else None
            if row is None:
                return None
            entry = decode(key, record) if record is not None else None
            if entry is not None:
                self._note_use(row)
                return entry
            with self._index.change() as change:
                dropped = change.drop_row(row)
            self._unlink(dropped)
        return None

    def put(self, key: str, entry: Entry, *, generation: int | None = None) -> None:
        """Stores an entry in place of any other under its key; refuses one that alone is above the budget."""
        record = encode(key, entry)
        size = -(-len(record) // _BLOCK_BYTES) * _BLOCK_BYTES
        if size > self._budget_bytes:
            with self._survive():
                self._forget(key)
            return
        name = secrets.token_hex(16)
        unneeded = [name]
        try:
            with self._survive():
                self._write(name, record)
                with self._index.change() as change:
                    if generation is None or generation == self._generation.read():
                        row = NewRow(key, name, size, int(self._clock()), entry.tags)
                        unneeded = change.add(row) + change.shrink(self._budget_bytes)
        finally:
            self._unlink(unneeded)
        self._sweep_sometimes()

    def delete(self, key: str) -> bool:
        """Drops one entry; says whether there was one."""
        return self._purge(lambda change: change.drop_key(key)) > 0

    def purge_tag(self, tag: str) -> int:
        """Drops every entry with this tag; returns how many."""
        return self._purge(lambda change: change.drop_tag(tag))

    def purge_prefix(self, prefix: str) -> int:
        """Drops every entry with a tag that starts with ``prefix``; returns how many."""
        return self._purge(lambda change: change.drop_prefix(prefix))

    def clear(self) -> int:
        """Drops everything; returns how many entries that were."""
        return self._purge(Change.drop_all)

    def size_bytes(self) -> int:
        """Returns the room that all entries take."""
        with self._survive():
            return self._index.size_bytes()
        return 0

    def generation(self) -> int:
        """Returns the purge count that all processes share; cheap enough for every hit."""
        return self._generation.read()

    def sweep(self, *, age_s: float = _ORPHAN_AGE_S) -> int:
        """Removes files that no row names and that are older than ``age_s``; returns how many."""
        return sum(self._sweep_shard(shard, age_s) for shard in range(_SHARDS))

    def _forget(self, key: str) -> None:
        with self._index.change() as change:
            dropped = change.drop_key(key)
        self._unlink(dropped)

    def _purge(self, drop: Callable[[Change], list[str]]) -> int:
        try:
            with self._index.change(durable=True) as change:
                dropped = drop(change)
                # Raised before and after the commit: who sees the first may still read what the second takes away.
                self._generation.raise_by_one()
            self._generation.raise_by_one()
        except (sqlite3.Error, OSError) as error:
            if _may_be_damage(error):
                self._mend()
            raise InternalError("the cache could not be purged; try again", detail=str(error)) from error
        self._unlink(dropped)
        return len(dropped)

    def _note_use(self, row: Row) -> None:
        now_s = int(self._clock())
        if now_s - row.used_s >= _TOUCH_S:
            self._index.touch(row, now_s)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _read(self, row: Row) -> bytes | None:
        try:
            return self._path(row.name).read_bytes()
        except FileNotFoundError:
            return None

    def _write(self, name: str, record: bytes) -> None:
        path = self._path(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(record)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            with contextlib.suppress(OSError):
                self._path(name).unlink()

    def _sweep_sometimes(self) -> None:
        with self._lock:
            self._puts += 1
            turn, rest = divmod(self._puts, _SWEEP_EVERY)
        if rest == 0:
            self._sweep_shard(turn % _SHARDS, _ORPHAN_AGE_S)

    def _sweep_shard(self, shard: int, age_s: float) -> int:
        """Looks at a bounded number of files of one shard."""
        removed = 0
        newest_s = time.time() - age_s  # file times are the system's, whatever our clock says
        with self._survive(), os.scandir(self._folder / f"{shard:02x}") as files:
            for _, file in zip(range(_SWEEP_LIMIT), files, strict=False):
                if file.stat(follow_symlinks=False).st_mtime <= newest_s and not self._index.knows(file.name):
                    Path(file).unlink(missing_ok=True)
                    removed += 1
        return removed

    @contextmanager
    def _survive(self) -> Iterator[None]:
        """Makes a miss of trouble with the disk or the index, and a new index of a damaged one."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if _may_be_damage(error):
                self._mend()

    def _mend(self) -> None:
        """Replaces the index if it is damaged; its files are swept when they are old enough."""
        with contextlib.suppress(OSError), file_lock(self._index_path.with_suffix(".lock")):
            if self._is_damaged():
                remove_index(self._index_path)
                self._epoch.raise_by_one()
                self._generation.raise_by_one()

    def _is_damaged(self) -> bool:
        """Looks again, alone: another process may have mended it."""
        index = Index(self._index_path, self._epoch.read)
        try:
            return not index.is_sound()
        except sqlite3.OperationalError:
            return False
        except sqlite3.DatabaseError:
            return True
        finally:
            index.close()


def _may_be_damage(error: Exception) -> bool:
    """Operational errors are locks, full disks, missing files; others speak of the index itself."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


class _SharedCounter:
    """A number in a mapped file: read without a system call, written under the index's lock."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size < _COUNTER.size:
                os.ftruncate(descriptor, _COUNTER.size)
            self._map = mmap.mmap(descriptor, _COUNTER.size)
        finally:
            os.close(descriptor)

    def read(self) -> int:
        (value,) = _COUNTER.unpack_from(self._map)
        return int(value)

    def raise_by_one(self) -> None:
        _COUNTER.pack_into(self._map, 0, (self.read() + 1) % 2**64)

    def close(self) -> None:
        self._map.close()
