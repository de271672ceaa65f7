import sqlite3
from pathlib import Path

import pytest

from pixelshift.errors import InternalError, InvalidRequestError, OverloadedError
from pixelshift.store import sqlite as module
from pixelshift.store.base import Commit, Head, Point
from pixelshift.store.sqlite import SqliteSeriesStore

POINT = Commit(Head("a"), Head("a", position=1, last_seq=0), [Point(0, 0, 1.0)])


def test_a_store_is_found_again(tmp_path: Path) -> None:
    with_one = SqliteSeriesStore(tmp_path / "s.db")
    with_one.commit(POINT)
    with_one.close()
    with_one.close()
    again = SqliteSeriesStore(tmp_path / "s.db")
    assert again.points("a", from_position=0, limit=9) == [Point(0, 0, 1.0)]
    again.close()


def test_two_processes_worth_of_stores_share_a_file(tmp_path: Path) -> None:
    one, two = SqliteSeriesStore(tmp_path / "s.db"), SqliteSeriesStore(tmp_path / "s.db")
    one.commit(POINT)
    assert two.head("a") is not None
    assert two.commit(POINT) is None
    one.close()
    two.close()


@pytest.mark.parametrize("body", [b"this is no database, only some text that is long enough to be looked at" * 20])
def test_a_foreign_file_is_refused(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.db").write_bytes(body)
    with pytest.raises(InvalidRequestError, match="no series store"):
        SqliteSeriesStore(tmp_path / "s.db")


def test_a_store_of_a_future_version_is_refused(tmp_path: Path) -> None:
    SqliteSeriesStore(tmp_path / "s.db").close()
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InvalidRequestError, match="store version 99"):
        SqliteSeriesStore(tmp_path / "s.db")


def test_a_writer_that_holds_the_file_too_long_is_overload_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_S", 0.05)
    store = SqliteSeriesStore(tmp_path / "s.db")
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OverloadedError, match="busy"):
        store.commit(POINT)
    other.execute("ROLLBACK")
    other.close()
    assert store.commit(POINT) is not None
    store.close()


def test_a_full_disk_is_our_error_and_the_store_lives_on(tmp_path: Path) -> None:
    store = SqliteSeriesStore(tmp_path / "s.db")
    store._writer.execute("PRAGMA max_page_count = 1")  # the smallest that the present content allows
    points = [Point(i, i, 1.0, "x" * 50) for i in range(10_000)]
    with pytest.raises(InternalError, match="the series store failed"):
        store.commit(Commit(Head("a"), Head("a", position=10_000, last_seq=9_999), points))
    assert store.head("a") is None
    store._writer.execute("PRAGMA max_page_count = 1000000")
    assert store.commit(POINT) is not None
    store.close()
