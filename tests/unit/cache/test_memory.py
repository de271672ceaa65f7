"""The memory store's budget: what goes, what stays, what never enters."""

from pixelshift.cache.base import Entry
from pixelshift.cache.memory import MemoryStore, cost_bytes


def entry(size: int) -> Entry:
    return Entry(bytes(size), 200, (), 0.0, 0.0, 0.0, ("t",))


def test_a_use_saves_an_entry_from_being_the_next_to_go() -> None:
    store = MemoryStore(3 * cost_bytes("a", entry(5000)), entry_limit_bytes=10_000)
    for key in ("a", "b", "c"):
        store.put(key, entry(5000))
    store.get("a")
    store.put("d", entry(5000))
    assert [key for key in "abcd" if store.get(key)] == ["a", "c", "d"]


def test_one_large_entry_does_not_push_out_everybody() -> None:
    store = MemoryStore(80_000)
    store.put("small", entry(100))
    store.put("large", entry(20_000))
    assert store.get("large") is None
    assert store.get("small") is not None


def test_an_entry_that_grew_too_large_leaves_no_older_version_behind() -> None:
    store = MemoryStore(80_000)
    store.put("k", entry(100))
    store.put("k", entry(20_000))
    assert store.get("k") is None
    assert store.size_bytes() == 0


def test_an_empty_budget_keeps_nothing() -> None:
    store = MemoryStore(0)
    store.put("k", entry(0))
    assert store.get("k") is None
