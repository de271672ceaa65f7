"""Series with known changes, of every kind that a detector meets, and the scores of a detection.

Used to choose and to publish settings; nothing of the detector depends on it. All randomness comes from the generator
that the caller passes.
"""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pixelshift.value import frozen

Values = NDArray[np.float64]
MARGIN = 5
"""A detection within so many observations of a true change is right (van den Burg and Williams 2020)."""


@frozen
class Series:
    """Values and the positions where a new regime begins, position 0 left out."""

    kind: str
    values: Values
    changes: tuple[int, ...]


def f1(truth: Sequence[int], found: Sequence[int], margin: int = MARGIN) -> float:
    """F1 with position 0 as a change that everybody finds; each true change is matched at most once."""
    expected, free = {0, *truth}, {0, *found}
    detected = set(free)
    hits = 0
    for change in sorted(expected):
        near = [position for position in free if abs(position - change) <= margin]
        if near:
            free.remove(min(near, key=lambda position: abs(position - change)))
            hits += 1
    return 2.0 * hits / (len(detected) + len(expected))


def covering(truth: Sequence[int], found: Sequence[int], n: int) -> float:
    """Mean over observations of the best Jaccard overlap of their true segment with a found one, in [0, 1]."""
    segments, guesses = _segments(truth, n), _segments(found, n)
    starts = [start for start, _ in guesses]
    total = 0.0
    for start, end in segments:
        best, at = 0.0, bisect_right(starts, start) - 1
        while at < len(guesses) and guesses[at][0] < end:
            low, high = guesses[at]
            shared = min(end, high) - max(start, low)
            best = max(best, shared / (max(end, high) - min(start, low)))
            at += 1
        total += (end - start) * best
    return total / n


def _segments(changes: Sequence[int], n: int) -> list[tuple[int, int]]:
    borders = [0, *sorted({change for change in changes if 0 < change < n}), n]
    return list(itertools.pairwise(borders))


def ar1(rng: np.random.Generator, n: int, phi: float) -> Values:
    """Stationary AR(1) noise of unit variance."""
    innovations = rng.normal(size=n) * np.sqrt(1.0 - phi * phi)
    noise = np.empty(n)
    noise[0] = rng.normal()
    for i in range(1, n):
        noise[i] = phi * noise[i - 1] + innovations[i]
    return noise


def sign(rng: np.random.Generator) -> float:
    """1 or -1."""
    return 1.0 if rng.random() < 0.5 else -1.0


def _borders(rng: np.random.Generator, n: int, most: int) -> list[int]:
    return borders_between(rng, n, most, max(15, n // 15))


def borders_between(rng: np.random.Generator, n: int, most: int, least: int) -> list[int]:
    """One to `most` changes with at least `least` observations between them and towards both ends."""
    wanted = int(rng.integers(1, most + 1))
    for _ in range(100):
        borders = sorted(int(border) for border in rng.integers(least, max(n - least, least + 1), size=wanted))
        if all(right - left >= least for left, right in zip([0, *borders], [*borders, n], strict=True)):
            return borders
    return [n // 2]


def _steps(rng: np.random.Generator, n: int, borders: Sequence[int], smallest: float = 2.0) -> Values:
    """Levels between the borders that differ by `smallest` to 6 standard deviations of the noise."""
    levels = np.zeros(n)
    for border in borders:
        levels[border:] += sign(rng) * rng.uniform(smallest, 6.0)
    return levels


Recipe = Callable[[np.random.Generator, int], tuple[Values, list[int]]]


def _with_steps(noise: Callable[[np.random.Generator, int], Values], most: int = 3) -> Recipe:
    def recipe(rng: np.random.Generator, n: int) -> tuple[Values, list[int]]:
        borders = _borders(rng, n, most)
        return noise(rng, n) + _steps(rng, n, borders), borders

    return recipe


def _without_steps(noise: Callable[[np.random.Generator, int], Values]) -> Recipe:
    return lambda rng, n: (noise(rng, n), [])


def _normal(rng: np.random.Generator, n: int) -> Values:
    return rng.normal(size=n)


def _heavy(rng: np.random.Generator, n: int) -> Values:
    return np.asarray(rng.standard_t(3, size=n) / np.sqrt(3.0))


def _outliers(rng: np.random.Generator, n: int) -> Values:
    return rng.normal(size=n) + (rng.random(n) < 0.02) * rng.normal(size=n) * 8.0


def _autocorrelated(rng: np.random.Generator, n: int) -> Values:
    return ar1(rng, n, rng.uniform(0.2, 0.9))


def _walk(rng: np.random.Generator, n: int) -> Values:
    return np.asarray(np.cumsum(rng.normal(size=n)))


def _trend(rng: np.random.Generator, n: int) -> Values:
    return ar1(rng, n, rng.uniform(0.0, 0.7)) + sign(rng) * rng.uniform(3.0, 30.0) * np.linspace(0.0, 1.0, n)


def _growth(rng: np.random.Generator, n: int) -> Values:
    curve: Values = np.expm1(rng.uniform(1.0, 4.0) * np.linspace(0.0, 1.0, n))
    return np.asarray(ar1(rng, n, rng.uniform(0.3, 0.9)) + curve / curve[-1] * rng.uniform(10.0, 60.0))


def _seasonal(rng: np.random.Generator, n: int) -> Values:
    period = int(rng.choice([4, 7, 12, 24]))
    shape = rng.normal(size=period)
    season = np.resize(shape / shape.std(), n) if rng.random() < 0.5 else np.sin(2 * np.pi * np.arange(n) / period)
    return ar1(rng, n, rng.uniform(0.0, 0.6)) + rng.uniform(0.5, 4.0) * season


def _seasonal_trend(rng: np.random.Generator, n: int) -> Values:
    return _seasonal(rng, n) + sign(rng) * rng.uniform(5.0, 30.0) * np.linspace(0.0, 1.0, n)


def _scale(rng: np.random.Generator, n: int) -> Values:
    scales = np.ones(n)
    scales[n // 3 : 2 * n // 3] = rng.uniform(2.0, 5.0)
    return rng.normal(size=n) * scales


def _counts(rng: np.random.Generator, n: int) -> tuple[Values, list[int]]:
    borders = _borders(rng, n, 3)
    rates = np.full(n, rng.uniform(1.0, 20.0))
    for border in borders:
        rates[border:] = rates[border - 1] * (2.5 if rng.random() < 0.5 or rates[border - 1] < 2.0 else 0.4)
    return rng.poisson(rates).astype(np.float64), borders


def _many_levels(rng: np.random.Generator, n: int) -> tuple[Values, list[int]]:
    borders: list[int] = []
    at = int(rng.integers(20, 60))
    while at < n - 20 and len(borders) < 15:
        borders.append(at)
        at += int(rng.integers(20, 120))
    return _outliers(rng, n) + _steps(rng, n, borders, 3.0), borders


def _slope_break(rng: np.random.Generator, n: int) -> tuple[Values, list[int]]:
    border = int(rng.integers(n // 4, 3 * n // 4))
    slope = sign(rng) * rng.uniform(10.0, 40.0) / n
    levels = slope * np.arange(n)
    levels[border:] += float(rng.choice([-2.0, -1.0, 1.0])) * slope * np.arange(n - border)
    return ar1(rng, n, rng.uniform(0.0, 0.6)) + levels, [border]


def _ramp(rng: np.random.Generator, n: int) -> tuple[Values, list[int]]:
    start = int(rng.integers(n // 4, n // 2))
    end = start + max(10, int(n * rng.uniform(0.05, 0.25)))
    levels = np.interp(np.arange(n), [start, end], [0.0, sign(rng) * rng.uniform(5.0, 15.0)])
    return ar1(rng, n, rng.uniform(0.0, 0.6)) + levels, [start, end]


KINDS: dict[str, Recipe] = {
    "normal": _with_steps(_normal),
    "heavy tails": _with_steps(_heavy),
    "outliers": _with_steps(_outliers),
    "autocorrelated": _with_steps(_autocorrelated),
    "seasonal": _with_steps(_seasonal, most=2),
    "trend and steps": _with_steps(_trend, most=2),
    "seasonal trend and steps": _with_steps(_seasonal_trend, most=2),
    "walk and steps": _with_steps(lambda rng, n: ar1(rng, n, 0.97), most=2),
    "counts": _counts,
    "many levels": _many_levels,
    "slope break": _slope_break,
    "ramp": _ramp,
    "normal, no change": _without_steps(_normal),
    "heavy tails, no change": _without_steps(_heavy),
    "autocorrelated, no change": _without_steps(_autocorrelated),
    "trend, no change": _without_steps(_trend),
    "growth, no change": _without_steps(_growth),
    "seasonal, no change": _without_steps(_seasonal),
    "seasonal trend, no change": _without_steps(_seasonal_trend),
    "walk, no change": _without_steps(_walk),
    "scale, no change": _without_steps(_scale),
}


def draw(kind: str, rng: np.random.Generator) -> Series:
    """One series of a kind from :data:`KINDS`: 50 to 1,000 observations mostly, up to 5,000 in one of eight."""
    longest = 5_000 if rng.random() < 0.125 else 1_000
    n = int(np.exp(rng.uniform(np.log(50), np.log(longest))))
    values, changes = KINDS[kind](rng, n)
    return Series(kind, values, tuple(changes))


def suite(seed: int, per_kind: int) -> list[Series]:
    """`per_kind` series of every kind."""
    rng = np.random.default_rng(seed)
    return [draw(kind, rng) for kind in KINDS for _ in range(per_kind)]
