"""Memory over disk: hits stay in the process, purges by any process reach them all."""

import threading

from pixelshift.cache.base import CacheStore, Entry
from pixelshift.cache.memory import MemoryStore


class TieredStore:
    """Reads through ``memory`` to ``shared``; drops all of its memory when the shared generation has changed.

    See :class:`pixelshift.cache.base.CacheStore`.
    """

    def __init__(self, memory: MemoryStore, shared: CacheStore) -> None:
        self._memory = memory
        self._shared = shared
        self._lock = threading.Lock()
        self._seen = shared.generation()

    def get(self, key: str) -> Entry | None:
        """Returns the entry from the nearest tier, and brings it nearer."""
        self._follow()
        entry = self._memory.get(key)
        if entry is not None:
            return entry
        begun = self._memory.generation()
        entry = self._shared.get(key)
        if entry is not None:
            self._memory.put(key, entry, generation=begun)
        return entry

    def get_near(self, key: str) -> Entry | None:
        """Returns the entry if this process's memory has it: no disk, so that an event loop may ask."""
        self._follow()
        return self._memory.get(key)

    def put(self, key: str, entry: Entry, *, generation: int | None = None) -> None:
        """Stores an entry in both tiers."""
        self._follow()
        begun = self._memory.generation()
        if generation is not None and generation != self._shared.generation():
            return
        self._shared.put(key, entry, generation=generation)
        self._memory.put(key, entry, generation=begun)

    def delete(self, key: str) -> bool:
        """Drops one entry; says whether there was one."""
        near = self._memory.delete(key)
        return self._shared.delete(key) or near

    def purge_tag(self, tag: str) -> int:
        """Drops every entry with this tag; returns how many."""
        return max(self._memory.purge_tag(tag), self._shared.purge_tag(tag))

    def purge_prefix(self, prefix: str) -> int:
        """Drops every entry with a tag that starts with ``prefix``; returns how many."""
        return max(self._memory.purge_prefix(prefix), self._shared.purge_prefix(prefix))

    def clear(self) -> int:
        """Drops everything; returns how many entries that were."""
        return max(self._memory.clear(), self._shared.clear())

    def size_bytes(self) -> int:
        """Returns what the shared tier holds: the memory holds copies."""
        return self._shared.size_bytes()

    def generation(self) -> int:
        """Returns the shared generation."""
        return self._shared.generation()

    def _follow(self) -> None:
        if self._shared.generation() == self._seen:
            return
        with self._lock:
            current = self._shared.generation()
            if current != self._seen:
                self._memory.clear()
                self._seen = current
