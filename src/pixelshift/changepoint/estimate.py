"""The size of a change: Hodges-Lehmann shift, Moses interval, levels.

Sources: Hodges and Lehmann (1963), *Estimates of location based on rank tests*, Annals of Mathematical Statistics 34;
Moses's distribution-free interval from the same ordered differences (Hollander and Wolfe, *Nonparametric statistical
methods*, section 4.3).
"""

import math
import sys
from collections.abc import Sequence

from pixelshift.value import frozen

Z_95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""

MAD_SCALE = 1.4826022185056018
"""Median absolute deviation to standard deviation, for normal noise."""


@frozen
class Shift:
    """A shift of location and its interval, in the unit of the data."""

    offset: float
    low: float
    high: float


def ignored(count: int, window: int, startup: int) -> int:
    """Observations of a side that the estimate ignores next to the change: ``min(window, max(0, n - startup))``."""
    return min(window, max(0, count - startup))


def moses_rank(n_before: int, n_after: int, r: float) -> int:
    """``C = max(1, floor(m n / 2 - z sqrt(v m n (m + n + 1) / 12)))``; the interval is ``[D_(C), D_(mn + 1 - C)]``.

    ``v = (1 + r) / (1 - r)`` widens the interval under AR(1) noise; 1 without the serial correction.
    """
    pairs = float(n_before) * float(n_after)
    variance = pairs * (float(n_before) + float(n_after) + 1.0) / 12.0 * (1.0 + r) / (1.0 - r)
    return max(1, math.floor(0.5 * pairs - Z_95 * math.sqrt(variance)))


def middle(low: float, high: float) -> float:
    """``low / 2 + high / 2``, which cannot overflow."""
    return 0.5 * low + 0.5 * high


def median(values: Sequence[float]) -> float:
    """Median; of an even count, the mean of the two middle values."""
    ordered = sorted(values)
    return middle(ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2])


def shift(before: Sequence[float], after: Sequence[float], r: float) -> Shift:
    """All ``after - before`` differences by brute force, O(n^2 log n): the specification of the native selection.

    Differences beyond the largest float64 count as the largest.
    """
    differences = sorted(_finite(right - left) for left in before for right in after)
    rank = moses_rank(len(before), len(after), r)
    return Shift(median(differences), differences[rank - 1], differences[len(differences) - rank])


def _finite(value: float) -> float:
    return min(max(value, -sys.float_info.max), sys.float_info.max)


def is_line(values: Sequence[float], split: int) -> bool:
    """Whether the least-squares line leaves at most the squared error of two means.

    Both models are fitted to the values less their first, scaled by the largest, so that huge values cannot overflow;
    in sums of squares explained: ``Sxy^2 / Sxx`` against ``n m (mean_after - mean_before)^2 / (n + m)``.
    """
    largest = max(map(abs, values))
    if largest == 0.0:
        return False
    count = len(values)
    centre = 0.5 * (float(count) - 1.0)
    total_before = total_after = moment = 0.0
    for position, value in enumerate(values):
        scaled = value / largest - values[0] / largest
        moment += (float(position) - centre) * scaled
        if position < split:
            total_before += scaled
        else:
            total_after += scaled
    n, m = float(split), float(count - split)
    difference = total_after / m - total_before / n
    spread = float(count) * (float(count) * float(count) - 1.0) / 12.0
    return moment * moment / spread >= n * m / (n + m) * (difference * difference)


def remove_line(values: Sequence[float], margin: int) -> tuple[int, list[float]] | None:
    """Fits ``a + b i + c [i >= t]`` by least squares over all ``t`` with `margin` values on each side.

    The split and the values less ``b i``; ``None`` when a parabola explains at least as much beyond the line as the
    step does, for then the curve bends rather than jumps.
    """
    largest = max(map(abs, values))
    n = float(len(values))
    centre, spread = 0.5 * (n - 1.0), n * (n * n - 1.0) / 12.0
    scaled = [value / largest - values[0] / largest for value in values]
    total = moment = bend = 0.0
    for position, value in enumerate(scaled):
        x = float(position) - centre
        total += value
        moment += x * value
        bend += (x * x - (n * n - 1.0) / 12.0) * value
    slope, mean = moment / spread, total / n
    after = best = step = 0.0
    split = 0
    for t in range(len(values) - 1, margin - 1, -1):
        after += scaled[t] - mean - slope * (float(t) - centre)
        product = float(t) * float(len(values) - t)
        left = product / n - (0.5 * product) * (0.5 * product) / spread
        if len(values) - t >= margin and left > 1e-9 and after * after / left >= best:
            best, split, step = after * after / left, t, after / left
    if split == 0 or bend * bend / (n * (n * n - 1.0) * (n * n - 4.0) / 180.0) >= best:
        return None
    joint = slope - step * (0.5 * (float(split) * float(len(values) - split))) / spread
    return split, [value - joint * (float(position) - centre) * largest for position, value in enumerate(values)]


def sign_sum(values: Sequence[float], split: int) -> int:
    """``U`` at one split: ``sum_{i < split <= j} sgn(x_j - x_i)``."""
    return sum((right > left) - (right < left) for left in values[:split] for right in values[split:])
