"""The disk store outlives its processes, whatever way they end, and never hands out a damaged entry."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.cache.base import Entry
from pixelshift.cache.disk import DiskStore
from pixelshift.cache.memory import MemoryStore
from pixelshift.cache.record import decode, encode
from pixelshift.cache.tiered import TieredStore
from pixelshift.errors import InternalError, SettingsError

BUDGET = 1_000_000

# Writes entries that prove themselves whole, purging now and then, until it is killed.
WRITER = """
import sys
from pathlib import Path
from pixelshift.cache.base import Entry
from pixelshift.cache.disk import DiskStore
store = DiskStore(Path(sys.argv[1]), 1_000_000)
seed = int(sys.argv[2])
print("ready", flush=True)
for step in range(10**9):
    key = f"k{(seed + step * 7) % 40}"
    body = key.encode() * (200 + step % 9000)
    store.put(key, Entry(body, 200, (), 0.0, 0.0, 0.0, (f"t{step % 5}",)))
    if step % 50 == 49:
        store.purge_tag(f"t{step % 5}")
"""


def entry(body: bytes = b"body", tags: tuple[str, ...] = ()) -> Entry:
    return Entry(body, 200, (("etag", '"1"'),), 1.0, 2.0, 3.0, tags)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    opened = DiskStore(tmp_path, BUDGET)
    yield opened
    opened.close()


def bodies(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("v1/??/*") if path.is_file())


def test_entries_outlive_the_store_that_took_them(tmp_path: Path) -> None:
    first = DiskStore(tmp_path, BUDGET)
    first.put("k", entry(b"kept", ("t",)))
    first.close()
    second = DiskStore(tmp_path, BUDGET)
    assert second.get("k") == entry(b"kept", ("t",))
    assert second.purge_tag("t") == 1
    second.close()


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "swap", "remove", "folder"])
def test_a_damaged_file_is_a_miss_and_leaves_with_its_row(store: DiskStore, tmp_path: Path, harm: str) -> None:
    store.put("k", entry(b"x" * 5000, ("t",)))
    (path,) = bodies(tmp_path)
    record = bytearray(path.read_bytes())
    if harm == "flip":
        record[len(record) // 2] ^= 1
        path.write_bytes(record)
    elif harm == "cut":
        path.write_bytes(record[:-1])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "swap":
        path.write_bytes(encode("another key", entry()))
    else:
        path.unlink()
        if harm == "folder":
            path.parent.rmdir()
    assert store.get("k") is None
    assert store.size_bytes() == 0
    assert bodies(tmp_path) == []
    store.put("k", entry())


def test_folders_that_were_removed_come_back(store: DiskStore, tmp_path: Path) -> None:
    store.put("gone", entry())
    store.clear()
    for shard in tmp_path.glob("v1/??"):
        shard.rmdir()
    store.put("k", entry())
    assert store.get("k") == entry()
    assert store.sweep() == 0


@settings(max_examples=100, deadline=None)
@given(position=st.integers(0, 400), change=st.integers(1, 255), cut=st.integers(0, 400))
def test_no_changed_or_shortened_record_is_read(position: int, change: int, cut: int) -> None:
    record = bytearray(encode("key", entry(b"y" * 150, ("t",))))
    assert decode("key", bytes(record)) == entry(b"y" * 150, ("t",))
    assert decode("other", bytes(record)) is None
    if cut < len(record):
        assert decode("key", bytes(record[:cut])) is None
    record[position % len(record)] ^= change
    assert decode("key", bytes(record)) is None


@pytest.mark.parametrize("junk", [b"this is no database" * 300, b""])
def test_a_ruined_index_is_replaced_and_the_store_goes_on(tmp_path: Path, junk: bytes) -> None:
    first = DiskStore(tmp_path, BUDGET)
    for index in range(20):
        first.put(str(index), entry(b"z" * 3000, ("t",)))
    first.close()
    for path in tmp_path.glob("v1/index.sqlite*"):
        path.unlink()
    (tmp_path / "v1/index.sqlite").write_bytes(junk)
    second = DiskStore(tmp_path, BUDGET)
    assert second.get("3") is None
    second.put("k", entry())
    assert second.get("k") == entry()
    assert second.purge_prefix("") == 0
    assert second.sweep(age_s=-1) == 20
    assert len(bodies(tmp_path)) == 1
    second.close()


def test_an_index_ruined_under_a_running_store_costs_its_entries_only(store: DiskStore, tmp_path: Path) -> None:
    store.put("k", entry(tags=("t",)))
    other = DiskStore(tmp_path, BUDGET)
    assert other.get("k") is not None
    for name in ("index.sqlite-wal", "index.sqlite-shm"):
        (tmp_path / "v1" / name).unlink(missing_ok=True)
    with (tmp_path / "v1/index.sqlite").open("r+b") as file:
        file.write(b"\xff" * 8192)
    store._index.close()  # as a restarted worker would see it
    assert store.get("k") is None
    store.put("k2", entry())
    assert store.get("k2") == entry()
    assert other.get("k2") == entry()
    other.close()


def test_an_index_with_a_ruined_part_is_replaced_as_a_whole(tmp_path: Path) -> None:
    first = DiskStore(tmp_path, BUDGET * 10)
    keys = [f"key {number}" for number in range(400)]
    for key in keys:
        first.put(key, entry(tags=(key * 5,)))
    first.close()
    path = tmp_path / "v1/index.sqlite"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
    second = DiskStore(tmp_path, BUDGET * 10)
    for key in keys:
        second.get(key)
    for key in keys:
        second.put(key, entry(key.encode()))
    assert all(second.get(key) == entry(key.encode()) for key in keys)
    assert second.clear() == len(keys)
    second.close()


def test_a_purge_that_meets_a_ruined_index_fails_once(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, BUDGET)
    store.put("k", entry(tags=("t",)))
    store.close()
    store = DiskStore(tmp_path, BUDGET)
    store._index.close()
    (tmp_path / "v1/index.sqlite").write_bytes(b"this is no database" * 300)
    for companion in tmp_path.glob("v1/index.sqlite-*"):
        companion.unlink()
    with pytest.raises(InternalError):
        store.purge_tag("t")
    assert store.purge_tag("t") == 0
    assert store.get("k") is None
    store.close()


def test_a_purge_that_cannot_be_done_is_reported(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, BUDGET)
    store._index.close()
    for path in tmp_path.glob("v1/index.sqlite*"):
        path.unlink()
    (tmp_path / "v1/index.sqlite").mkdir()
    with pytest.raises(InternalError):
        store.purge_tag("t")
    assert store.get("k") is None
    store.put("k", entry())
    store.close()


def test_replaced_and_evicted_files_are_removed(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, 40_000)
    for step in range(30):
        store.put(f"k{step % 15}", entry(b"b" * 3000))
    kept = bodies(tmp_path)
    assert sum(path.stat().st_size for path in kept) <= store.size_bytes() <= 40_000
    assert len(kept) == 40_000 // 4096
    store.close()


def test_a_used_entry_outlives_an_unused_one(tmp_path: Path) -> None:
    now = [1000.0]
    store = DiskStore(tmp_path, 3 * 4096, clock=lambda: now[0])
    for key in ("a", "b", "c"):
        store.put(key, entry())
    now[0] += 100
    assert store.get("a") is not None
    store.put("d", entry())
    assert store.get("a") is not None
    assert store.get("b") is None
    store.close()


def test_a_budget_lowered_between_runs_is_kept_from_the_next_put_on(tmp_path: Path) -> None:
    first = DiskStore(tmp_path, BUDGET)
    for index in range(100):
        first.put(str(index), entry())
    first.close()
    second = DiskStore(tmp_path, 10 * 4096)
    second.put("new", entry())
    assert second.size_bytes() <= 10 * 4096
    assert second.get("new") is not None
    second.close()


def test_a_full_disk_refuses_entries_and_leaves_nothing_half(
    store: DiskStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("k", entry(b"before"))
    genuine = os.write

    def write_a_little(descriptor: int, data: memoryview) -> int:
        if len(data) <= 20:
            raise OSError(errno.ENOSPC, "full")
        return genuine(descriptor, data[:20])

    monkeypatch.setattr(os, "write", write_a_little)
    store.put("k2", entry(b"x" * 100))
    monkeypatch.undo()
    assert store.get("k2") is None
    assert store.get("k") == entry(b"before")
    assert len(bodies(tmp_path)) == 1


def test_a_folder_that_cannot_be_used_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError):
        DiskStore(tmp_path / "file", BUDGET)


def test_only_old_files_without_a_row_are_swept(store: DiskStore, tmp_path: Path) -> None:
    store.put("k", entry())
    orphan = tmp_path / "v1/ab" / ("ab" * 16)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"half an entr")
    assert store.sweep() == 0
    os.utime(orphan, (0, 0))
    assert store.sweep() == 1
    assert not orphan.exists()
    assert store.get("k") is not None


def test_stores_keep_sound_when_their_writers_are_killed(tmp_path: Path) -> None:
    for seed in range(4):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), str(seed * 2 + lane)], stdout=subprocess.PIPE
            )
            for lane in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
        watcher = DiskStore(tmp_path, BUDGET)
        while watcher.size_bytes() < 150_000:  # until they are in the middle of it
            pass
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
        for index in range(40):
            key = f"k{index}"
            found = watcher.get(key)
            if found is not None:
                assert found.body == key.encode() * (len(found.body) // len(key))
        watcher.put("after", entry())
        assert watcher.get("after") == entry()
        watcher.sweep(age_s=-1)
        assert sum(path.stat().st_size for path in bodies(tmp_path)) <= watcher.size_bytes() <= BUDGET
        watcher.clear()
        assert bodies(tmp_path) == []
        watcher.close()


def test_a_purge_by_one_process_reaches_the_memory_of_another(tmp_path: Path) -> None:
    memory = MemoryStore(BUDGET)
    disk = DiskStore(tmp_path, BUDGET)
    tiered = TieredStore(memory, disk)
    tiered.put("k", entry(tags=("bkt/a",)))
    assert memory.get("k") is not None
    script = (
        "import sys; from pathlib import Path; from pixelshift.cache.disk import DiskStore;"
        "print(DiskStore(Path(sys.argv[1]), 10**6).purge_tag('bkt/a'))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True)
    assert done.stdout == b"1\n"
    assert tiered.get("k") is None
    assert memory.get("k") is None
    disk.close()


def test_a_hit_on_disk_is_brought_into_memory(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path, BUDGET)
    disk.put("k", entry())
    memory = MemoryStore(BUDGET)
    assert TieredStore(memory, disk).get("k") == entry()
    assert memory.get("k") == entry()
    disk.close()


def _child(store: DiskStore) -> None:
    inherited = list(store._index._pool)
    store.put("child", entry(b"child"))
    assert store.get("parent") == entry(b"parent")
    assert inherited
    assert not any(connection is old for connection in store._index._pool for old in inherited)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_store_goes_on_in_a_forked_child(store: DiskStore) -> None:
    store.put("parent", entry(b"parent"))
    child = multiprocessing.get_context("fork").Process(target=_child, args=(store,))
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert store.get("child") == entry(b"child")
