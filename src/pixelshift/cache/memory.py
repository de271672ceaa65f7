"""Entries in this process's memory, the least recently used dropped first."""

import threading
from collections import OrderedDict

from pixelshift.cache.base import Entry

_OVERHEAD_BYTES = 1024
"""What an entry costs beside its text: objects, dictionary slots, tag sets."""


class MemoryStore:
    """At most ``budget_bytes`` of entries; refuses one above ``entry_limit_bytes`` (by default an eighth of that)."""

    def __init__(self, budget_bytes: int, *, entry_limit_bytes: int | None = None) -> None:
        self._budget_bytes = budget_bytes
        self._entry_limit_bytes = budget_bytes // 8 if entry_limit_bytes is None else entry_limit_bytes
        self._entries: OrderedDict[str, tuple[Entry, int]] = OrderedDict()
        self._keys_by_tag: dict[str, set[str]] = {}
        self._size_bytes = 0
        self._generation = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """Returns the entry and counts that as a use."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            self._entries.move_to_end(key)
            return found[0]

    def put(self, key: str, entry: Entry, *, generation: int | None = None) -> None:
        """Stores an entry in place of any other under its key. See :class:`pixelshift.cache.base.CacheStore`."""
        cost = cost_bytes(key, entry)
        with self._lock:
            if generation is not None and generation != self._generation:
                return
            self._drop(key)
            if cost > min(self._entry_limit_bytes, self._budget_bytes):
                return
            while self._size_bytes + cost > self._budget_bytes:
                self._drop(next(iter(self._entries)))
            self._entries[key] = (entry, cost)
            self._size_bytes += cost
            for tag in entry.tags:
                self._keys_by_tag.setdefault(tag, set()).add(key)

    def delete(self, key: str) -> bool:
        """Drops one entry; says whether there was one."""
        with self._lock:
            self._generation += 1
            return self._drop(key)

    def purge_tag(self, tag: str) -> int:
        """Drops every entry with this tag; returns how many."""
        with self._lock:
            self._generation += 1
            return sum(self._drop(key) for key in list(self._keys_by_tag.get(tag, ())))

    def purge_prefix(self, prefix: str) -> int:
        """Drops every entry with a tag that starts with ``prefix``; returns how many."""
        with self._lock:
            self._generation += 1
            tags = [tag for tag in self._keys_by_tag if tag.startswith(prefix)]
            keys = {key for tag in tags for key in self._keys_by_tag[tag]}
            return sum(self._drop(key) for key in keys)

    def clear(self) -> int:
        """Drops everything; returns how many entries that were."""
        with self._lock:
            self._generation += 1
            count = len(self._entries)
            self._entries.clear()
            self._keys_by_tag.clear()
            self._size_bytes = 0
            return count

    def size_bytes(self) -> int:
        """Returns what the entries cost, their overhead estimated."""
        return self._size_bytes

    def generation(self) -> int:
        """Returns how often entries were deleted or purged."""
        return self._generation

    def _drop(self, key: str) -> bool:
        found = self._entries.pop(key, None)
        if found is None:
            return False
        entry, cost = found
        self._size_bytes -= cost
        for tag in entry.tags:
            keys = self._keys_by_tag.get(tag)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._keys_by_tag[tag]
        return True


def cost_bytes(key: str, entry: Entry) -> int:
    """Returns about how much memory an entry takes."""
    texts = [key, *entry.tags, *entry.extra, *entry.extra.values()]
    texts += [part for header in entry.headers for part in header]
    return len(entry.body) + sum(map(len, texts)) + _OVERHEAD_BYTES
