"""Those who look on are told of every move, or that some were dropped."""

import pytest

from pixelshift.errors import OverloadedError
from pixelshift.store.base import Head, Point
from pixelshift.streams.feed import HELD, Feed


def _points(start: int, count: int) -> list[Point]:
    return [Point(i, i, float(i), None) for i in range(start, start + count)]


@pytest.mark.parametrize(("more", "dropped"), [(0, 0), (1, 1), (HELD, HELD), (3 * HELD, 3 * HELD)])
def test_a_slow_onlooker_keeps_the_newest_points_and_hears_of_dropped_ones(more: int, dropped: int) -> None:
    feed, woken = Feed(), []
    onlooker = feed.join("a", lambda: woken.append(1))
    feed.moved(Head("a"), _points(0, HELD))
    feed.moved(Head("a"), _points(HELD, more))
    feed.moved(Head("b"), _points(0, 1))
    points, _, is_short = onlooker.take()
    assert [point.seq for point in points] == list(range(dropped, HELD + more))
    assert is_short == (dropped > 0)
    assert onlooker.take() == ([], [], False)
    assert len(woken) == 2


def test_an_onlooker_at_all_series_gets_the_last_head_of_each_as_far_as_there_is_room() -> None:
    feed = Feed()
    onlooker = feed.join(None, lambda: None)
    for name in ("a", "b", "a"):
        feed.moved(Head(name, position=len(name)), [])
    assert [head.series_id for head in onlooker.take()[1]] == ["a", "b"]
    for number in range(HELD + 1):
        feed.moved(Head(str(number)), [])
    _, heads, is_short = onlooker.take()
    assert (len(heads), is_short) == (HELD, True)


def test_places_are_limited_and_given_back() -> None:
    feed = Feed(limit=1)
    onlooker = feed.join("a", lambda: None)
    with pytest.raises(OverloadedError):
        feed.join(None, lambda: None)
    feed.leave(onlooker)
    feed.leave(onlooker)
    feed.leave(feed.join("b", lambda: None))
