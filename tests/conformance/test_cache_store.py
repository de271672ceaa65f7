"""What every cache store promises, on every store."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelshift.cache.base import CacheStore, Entry
from pixelshift.cache.disk import DiskStore
from pixelshift.cache.memory import MemoryStore
from pixelshift.cache.tiered import TieredStore

BUDGET = 200_000


def entry(body: bytes = b"body", *, tags: tuple[str, ...] = (), **changes: object) -> Entry:
    fields: dict[str, object] = {
        "body": body,
        "status": 200,
        "headers": (("content-type", "image/webp"), ("etag", '"ä"')),
        "stored_at_s": 1.5,
        "fresh_until_s": 2.5,
        "stale_until_s": 3.25,
        "tags": tags,
        "extra": {"engine": "1"},
    }
    return Entry(**(fields | changes))  # type: ignore[arg-type]  # test data by name


def _memory(_tmp_path: Path) -> Iterator[CacheStore]:
    yield MemoryStore(BUDGET, entry_limit_bytes=BUDGET)


def _disk(tmp_path: Path) -> Iterator[CacheStore]:
    store = DiskStore(tmp_path, BUDGET)
    yield store
    store.close()


def _tiered(tmp_path: Path) -> Iterator[CacheStore]:
    for disk in _disk(tmp_path):
        yield TieredStore(MemoryStore(BUDGET // 4), disk)


STORES: dict[str, Callable[[Path], Iterator[CacheStore]]] = {"memory": _memory, "disk": _disk, "tiered": _tiered}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CacheStore]:
    yield from STORES[request.param](tmp_path)


def test_an_entry_comes_back_as_it_was(store: CacheStore) -> None:
    stored = entry(bytes(range(256)), tags=("b/k", "b/k2"))
    store.put("key", stored)
    assert store.get("key") == stored


def test_a_key_never_stored_is_a_miss(store: CacheStore) -> None:
    store.put("key", entry())
    assert store.get("other") is None
    assert store.get("") is None


def test_the_last_put_under_a_key_stands_with_its_tags_alone(store: CacheStore) -> None:
    store.put("key", entry(b"1", tags=("old",)))
    store.put("key", entry(b"2", tags=("new",)))
    assert store.purge_tag("old") == 0
    found = store.get("key")
    assert found is not None
    assert found.body == b"2"
    assert store.purge_tag("new") == 1


def test_delete_drops_one_entry_and_says_whether_it_was_there(store: CacheStore) -> None:
    store.put("a", entry())
    store.put("b", entry())
    assert store.delete("a") is True
    assert store.delete("a") is False
    assert store.get("a") is None
    assert store.get("b") is not None


def test_purging_a_tag_drops_all_that_was_made_from_it(store: CacheStore) -> None:
    store.put("a", entry(tags=("bkt/one", "bkt/logo")))
    store.put("b", entry(tags=("bkt/two", "bkt/logo")))
    store.put("c", entry(tags=("bkt/two",)))
    assert store.purge_tag("bkt/logo") == 2
    assert store.get("a") is None
    assert store.get("b") is None
    assert store.get("c") is not None
    assert store.purge_tag("bkt/logo") == 0


@pytest.mark.parametrize("prefix", ["bkt/100%_", "bkt/dir/", "bkt/ü", "bkt/*", "bkt/'; --"])
def test_a_purged_prefix_is_literal_text(store: CacheStore, prefix: str) -> None:
    store.put("inside", entry(tags=("other", prefix + "\U0010ffff.jpg")))
    store.put("itself", entry(tags=(prefix,)))
    store.put("outside", entry(tags=("bkt/", "bkt/100x", "x" + prefix)))
    assert store.purge_prefix(prefix) == 2
    assert store.get("inside") is None
    assert store.get("itself") is None
    assert store.get("outside") is not None


def test_clearing_drops_everything_and_frees_its_room(store: CacheStore) -> None:
    for index in range(5):
        store.put(str(index), entry(b"x" * 1000, tags=("t",)))
    assert store.size_bytes() >= 5000
    assert store.clear() == 5
    assert [store.get(str(index)) for index in range(5)] == [None] * 5
    assert store.size_bytes() == 0


def test_the_budget_holds_and_the_least_recently_used_go_first(store: CacheStore) -> None:
    for index in range(50):
        store.put(str(index), entry(bytes(10_000)))
        assert store.size_bytes() <= BUDGET
    assert store.get("0") is None
    assert store.get("49") is not None


def test_an_entry_beyond_the_budget_is_refused_and_harms_no_other(store: CacheStore) -> None:
    store.put("small", entry())
    store.put("large", entry(bytes(BUDGET + 1)))
    assert store.get("large") is None
    assert store.get("small") is not None


def test_an_entry_begun_before_a_purge_is_refused(store: CacheStore) -> None:
    begun = store.generation()
    store.purge_tag("bkt/original")
    store.put("key", entry(tags=("bkt/original",)), generation=begun)
    assert store.get("key") is None
    store.put("key", entry(tags=("bkt/original",)), generation=store.generation())
    assert store.get("key") is not None


def test_every_way_of_dropping_entries_raises_the_generation(store: CacheStore) -> None:
    store.put("key", entry(tags=("t",)))
    seen = [store.generation()]
    for drop in (
        lambda: store.delete("key"),
        lambda: store.purge_tag("t"),
        lambda: store.purge_prefix("t"),
        store.clear,
    ):
        drop()
        seen.append(store.generation())
    assert seen == sorted(set(seen))


def test_threads_at_once_leave_a_sound_store(store: CacheStore) -> None:
    def work(seed: int) -> None:
        for step in range(40):
            key = str((seed * 7 + step * 3) % 11)
            if step % 5 == 4:
                store.purge_tag(f"t{seed % 3}")
            elif step % 2:
                store.put(key, entry(key.encode() * 500, tags=(f"t{step % 3}",)))
            elif (found := store.get(key)) is not None:
                assert found.body == key.encode() * 500

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert 0 <= store.size_bytes() <= BUDGET
    store.clear()
    assert store.size_bytes() == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.text(max_size=40),
    body=st.binary(max_size=300),
    tags=st.lists(st.text(max_size=20), max_size=4, unique=True),
    headers=st.lists(st.tuples(st.text(max_size=10), st.text(max_size=20)), max_size=4),
)
def test_any_text_can_be_a_key_tag_or_header(
    store: CacheStore, key: str, body: bytes, tags: list[str], headers: list[tuple[str, str]]
) -> None:
    stored = entry(body, tags=tuple(tags), headers=tuple(headers))
    store.put(key, stored)
    assert store.get(key) == stored
    assert store.delete(key)
