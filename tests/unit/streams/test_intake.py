from hypothesis import given
from hypothesis import strategies as st

from pixelshift.store.base import Head, Point
from pixelshift.streams.intake import Observation, sort

rows = st.lists(st.tuples(st.integers(0, 25), st.sampled_from([None, 1.0, 2.0])), max_size=30)


def look_up_in(points: list[Point]):  # type: ignore[no-untyped-def]  # a closure for one test
    return lambda first, last, most: [p for p in points if first <= p.seq <= last][:most]


@given(rows, st.integers(0, 30))
def test_a_stream_in_any_order_and_cut_is_judged_row_by_row(
    given_rows: list[tuple[int, float | None]], cut: int
) -> None:
    # The same by a dictionary and a maximum, one row at a time.
    seen: dict[int, float | None] = {}
    expected = {"accepted": 0, "missing": 0, "duplicates": 0, "conflicts": 0, "late": 0, "gaps": 0}
    for seq, value in given_rows:
        if seq in seen:
            expected["duplicates" if seen[seq] == value else "conflicts"] += 1
        elif seen and seq < max(seen):
            expected["late"] += 1
        else:
            expected["gaps"] += seq - max(seen) - 1 if seen else 0
            expected["accepted"] += 1
            expected["missing"] += value is None
            seen[seq] = value

    stored: list[Point] = []
    head, totals = Head("a"), dict.fromkeys(expected, 0)
    for part in (given_rows[:cut], given_rows[cut:]):
        batch = sort(head, [Observation(value, seq) for seq, value in part], look_up_in(stored))
        stored += batch.points
        if batch.points:
            head = Head("a", last_seq=batch.points[-1].seq, position=len(stored))
        for name in totals:
            totals[name] += getattr(batch.counts, name)
    assert totals == expected
    assert [(p.seq, p.value) for p in stored] == list(seen.items())
    assert [p.position for p in stored] == list(range(len(stored)))


def test_rows_without_a_number_get_the_next_one() -> None:
    first = sort(Head("a"), [Observation(1.0), Observation(2.0)], look_up_in([]))
    assert [p.seq for p in first.points] == [0, 1]
    second = sort(Head("a", last_seq=41, position=9), [Observation(1.0)], look_up_in([]))
    assert [(p.seq, p.position) for p in second.points] == [(42, 9)]


def test_numbers_far_apart_are_looked_up_without_reading_what_lies_between() -> None:
    asked: list[tuple[int, int]] = []

    def look_up(first: int, last: int, most: int) -> list[Point]:
        asked.append((first, last))
        return [Point(first, 0, 1.0)][:most]

    batch = sort(Head("a", last_seq=10**9, position=5), [Observation(1.0, 3), Observation(1.0, 10**8)], look_up)
    assert batch.counts.duplicates == 2
    assert asked[:2] == [(3, 3), (10**8, 10**8)]


def test_below_points_that_were_dropped_a_number_counts_as_sent_before() -> None:
    stored = [Point(50, 50, 1.0), Point(52, 51, 1.0)]
    rows_sent = [Observation(1.0, seq) for seq in (10, 51, 52)]
    counts = sort(Head("a", last_seq=52, position=52), rows_sent, look_up_in(stored)).counts
    assert (counts.duplicates, counts.late) == (2, 1)
