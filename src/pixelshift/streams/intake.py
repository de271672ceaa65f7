"""Sorts what is sent to a series: new, missing, sent before, in contradiction, or too late. Pure."""

from collections.abc import Callable, Sequence

from pixelshift.errors import InvalidRequestError
from pixelshift.store.base import Counts, Head, Point
from pixelshift.value import field, frozen, names, replace

SEQ_LIMIT = 1 << 62
TIME_LENGTH = 64
NEAR = 1_000
"""Numbers further apart than this are looked up in separate reads."""


@frozen
class Observation:
    """One row that a client sends; without a number it gets the next one."""

    value: float | None
    seq: int | None = None
    time: str | None = None


@frozen
class Sorted:
    """What became of a batch."""

    points: list[Point] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    """Of this batch alone."""


LookUp = Callable[[int, int, int], Sequence[Point]]
"""Stored points whose numbers lie between two, both included, in order, as many as asked for."""


def sort(head: Head, rows: Sequence[Observation], look_up: LookUp) -> Sorted:
    """Takes rows in the order in which they came: order is arrival order, identity is the number.

    A number at or below the last one is never pushed: the detector has gone on. Whether it is a repetition, a
    contradiction or a straggler is told by the stored point of that number; where old points were dropped that cannot
    be known, and it counts as a repetition.
    """
    last, position = head.last_seq, head.position
    points: list[Point] = []
    old: list[Observation] = []
    gaps = missing = 0
    for row in rows:
        seq = row.seq if row.seq is not None else (0 if last is None else last + 1)
        if last is not None and seq <= last:
            old.append(replace(row, seq=seq))
            continue
        if seq >= SEQ_LIMIT:
            raise InvalidRequestError(f"a number of {seq} is too large")
        gaps += 0 if last is None else seq - last - 1
        missing += row.value is None
        points.append(Point(seq, position, row.value, row.time))
        last, position = seq, position + 1
    counts = _judge(old, {point.seq: point for point in points}, look_up)
    return Sorted(points, replace(counts, accepted=len(points), missing=missing, gaps=gaps))


def _judge(old: Sequence[Observation], taken: dict[int, Point], look_up: LookUp) -> Counts:
    numbers = sorted({row.seq for row in old if row.seq is not None and row.seq not in taken})
    known = dict(taken)
    for first, last in _runs(numbers):
        known.update((point.seq, point) for point in look_up(first, last, last - first + 1))
    kept = [*(look_up(0, SEQ_LIMIT, 1) if numbers else ()), *taken.values()][:1]
    oldest = kept[0].seq if kept and kept[0].position else 0
    duplicates = conflicts = late = 0
    for row in old:
        seq = row.seq or 0
        if seq in known:
            same = known[seq].value == row.value
            duplicates += same
            conflicts += not same
        elif seq < oldest:
            duplicates += 1
        else:
            late += 1
    return Counts(duplicates=duplicates, conflicts=conflicts, late=late)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number - runs[-1][1] <= NEAR:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


_COUNTS = names(Counts)


def added(one: Counts, two: Counts) -> Counts:
    """Both together."""
    return Counts(*(getattr(one, name) + getattr(two, name) for name in _COUNTS))
