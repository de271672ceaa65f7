"""A series of any length in bounded memory, for drawing: every value while it is short, then low, high and mean."""

from array import array
from collections.abc import Iterable, Iterator
from math import isfinite, nan
from statistics import median
from typing import NamedTuple

BUCKETS = 2_048


class Bucket(NamedTuple):
    """``size`` consecutive observations from position ``start``; NaN throughout when none of them has a value."""

    start: int
    size: int
    low: float
    high: float
    mean: float


class Envelope:
    """Takes values one by one; keeps at most ``buckets`` buckets, which double in size when they are all full."""

    def __init__(self, start: int = 0, buckets: int = BUCKETS) -> None:
        self.start = start
        """Stream position of the first value."""
        self.size = 1
        """Observations in a bucket."""
        self.count = 0
        self._limit = buckets
        self._low = array("d")
        self._high = array("d")
        self._mean = array("d")
        self._known = array("q")  # observations with a value, by bucket

    def push(self, value: float) -> None:
        """Takes the next observation; what is not finite leaves a gap."""
        if self.count == self._limit * self.size:
            self._halve()
        if self.count % self.size == 0:
            for column in (self._low, self._high, self._mean):
                column.append(nan)
            self._known.append(0)
        self.count += 1
        if not isfinite(value):
            return
        known = self._known[-1]
        self._known[-1] = known + 1
        if not known:
            self._low[-1] = self._high[-1] = self._mean[-1] = value
            return
        self._low[-1] = min(self._low[-1], value)
        self._high[-1] = max(self._high[-1], value)
        self._mean[-1] += value / (known + 1) - self._mean[-1] / (known + 1)

    def extend(self, values: Iterable[float]) -> None:
        """:meth:`push` for each."""
        for value in values:
            self.push(value)

    def __iter__(self) -> Iterator[Bucket]:
        for i, (low, high, mean) in enumerate(zip(self._low, self._high, self._mean, strict=True)):
            yield Bucket(self.start + i * self.size, self.size, low, high, mean)

    def level(self, begin: int, end: int) -> float:
        """Median of the bucket means whose start lies in ``begin <= position < end``; NaN when there are none."""
        means = [b.mean for b in self if begin <= b.start < end and isfinite(b.mean)]
        return median(means) if means else nan

    def _halve(self) -> None:
        lows, highs, means, knowns = array("d"), array("d"), array("d"), array("q")
        for i in range(0, len(self._known), 2):
            pair = [j for j in (i, i + 1) if j < len(self._known) and self._known[j]]
            known = sum(self._known[j] for j in pair)
            lows.append(min((self._low[j] for j in pair), default=nan))
            highs.append(max((self._high[j] for j in pair), default=nan))
            means.append(sum(self._mean[j] * (self._known[j] / known) for j in pair) if pair else nan)
            knowns.append(known)
        self._low, self._high, self._mean, self._known = lows, highs, means, knowns
        self.size *= 2
