"""Short series of the kinds that statistical offices publish: trending, autocorrelated, with few changes.

15 to 500 observations, yearly, monthly or daily. A change is a step, a bend, or the begin and end of a slide; which of
them a reader of the chart would mark follows from its size against the noise, so every recipe draws sizes that show.
"""

from collections.abc import Callable

import numpy as np

from pixelshift.changepoint.simulation import Series, Values, ar1, borders_between, sign

Drawn = tuple[Values, list[int]]


def _knots(rng: np.random.Generator, n: int, most: int) -> list[int]:
    return borders_between(rng, n, most, max(5, n // 8))


def output(rng: np.random.Generator, n: int) -> Drawn:
    """Yearly output: exponential growth, and perhaps a slump of some years, whose ends are the changes."""
    rates = np.full(n, rng.uniform(0.01, 0.05))
    changes: list[int] = []
    if rng.random() < 0.8 and n >= 24:
        begin = int(rng.integers(n // 4, 3 * n // 4))
        end = min(n - 4, begin + int(rng.integers(2, 10)))
        rates[begin:end] = -rng.uniform(0.03, 0.15)
        changes = [begin] if end - begin < 5 else [begin, end]
    return np.exp(np.cumsum(rates + rng.normal(size=n) * rng.uniform(0.005, 0.03))), changes


def rate(rng: np.random.Generator, n: int) -> Drawn:
    """A rate that keeps to levels, slowly wandering about them."""
    knots = _knots(rng, n, 3)
    levels = np.zeros(n)
    for knot in knots:
        levels[knot:] += sign(rng) * rng.uniform(2.5, 6.0)
    return levels + ar1(rng, n, rng.uniform(0.3, 0.85)), knots


def segments(rng: np.random.Generator, n: int) -> Drawn:
    """Straight pieces joined at bends, little noise."""
    knots = _knots(rng, n, 3)
    slopes = np.empty(n)
    slope = sign(rng) * rng.uniform(0.3, 1.0)
    for begin, end in zip([0, *knots], [*knots, n], strict=True):
        slopes[begin:end] = slope
        slope += -np.sign(slope) * rng.uniform(0.8, 2.0)
    return np.cumsum(slopes) * (20.0 / n) + ar1(rng, n, rng.uniform(0.0, 0.8)) * rng.uniform(0.1, 0.5), knots


def passengers(rng: np.random.Generator, n: int) -> Drawn:
    """Monthly traffic: trend, season in proportion, and perhaps a lasting drop."""
    season = rng.normal(size=12)
    level = np.exp(np.linspace(0.0, rng.uniform(-0.3, 1.0), n) + 0.1 * np.resize(season / season.std(), n))
    changes: list[int] = []
    if rng.random() < 0.8:
        changes = _knots(rng, n, 1)
        level[changes[0] :] *= rng.choice([rng.uniform(0.45, 0.7), rng.uniform(1.4, 1.9)])
    return level * (1.0 + 0.04 * ar1(rng, n, 0.5)), changes


def logistic(rng: np.random.Generator, n: int) -> Drawn:
    """A transition from one plateau to another; it begins and ends where 5 % and 95 % are done."""
    middle, width = rng.uniform(0.35, 0.65) * n, rng.uniform(0.02, 0.08) * n
    share = 1.0 / (1.0 + np.exp(-(np.arange(n) - middle) / width))
    changes = [int(np.searchsorted(share, 0.05)), int(np.searchsorted(share, 0.95))]
    noise = ar1(rng, n, rng.uniform(0.2, 0.9)) * rng.uniform(0.2, 1.0)
    return 10.0 * sign(rng) * share + noise, changes if changes[1] - changes[0] >= 10 else [round(middle)]


def price(rng: np.random.Generator, n: int) -> Drawn:
    """A price that walks, and perhaps crashes within a few observations."""
    returns = rng.normal(size=n) * 0.03
    changes: list[int] = []
    if rng.random() < 0.8:
        changes = _knots(rng, n, 1)
        returns[changes[0] : changes[0] + int(rng.integers(1, 5))] += sign(rng) * rng.uniform(0.15, 0.3)
    return np.exp(np.cumsum(returns)), changes


def tally(rng: np.random.Generator, n: int) -> Drawn:
    """Yearly counts, overdispersed, on one to three levels."""
    knots = _knots(rng, n, 2)
    level = np.full(n, rng.uniform(20.0, 300.0))
    for knot in knots:
        level[knot:] = level[knot - 1] * rng.choice([rng.uniform(0.4, 0.65), rng.uniform(1.5, 2.2)])
    return rng.poisson(level * np.exp(0.15 * ar1(rng, n, 0.4))).astype(np.float64), knots


def quiet(rng: np.random.Generator, n: int) -> Drawn:
    """No change: one level, or a smooth curve of growth, saturation or a turn, under slow noise."""
    x = np.linspace(0.0, 1.0, n)
    shapes = (np.zeros(n), np.expm1(rng.uniform(0.5, 3.0) * x), np.sqrt(x + 0.05), x - rng.uniform(0.3, 1.0) * x * x)
    shape = shapes[int(rng.integers(len(shapes)))]
    curve = shape / max(float(np.ptp(shape)), 1e-9) * sign(rng) * 10.0
    return curve + ar1(rng, n, rng.uniform(0.3, 0.95)) * rng.uniform(0.1, 1.0), []


YEARLY = ("output", "tally")
KINDS: dict[str, Callable[[np.random.Generator, int], Drawn]] = {
    "output": output,
    "rate": rate,
    "segments": segments,
    "passengers": passengers,
    "logistic": logistic,
    "price": price,
    "tally": tally,
    "quiet": quiet,
}


def suite(seed: int, per_kind: int) -> list[Series]:
    """`per_kind` series of every kind, each in units of its own deviation."""
    rng = np.random.default_rng(seed)
    return [_draw(kind, rng) for kind in KINDS for _ in range(per_kind)]


def _draw(kind: str, rng: np.random.Generator) -> Series:
    """Of 24 to 500 observations, one in ten of 15 to 23; what is told by the year has at most 160."""
    short = rng.random() < 0.1
    n = int(rng.integers(15, 24)) if short else int(np.exp(rng.uniform(np.log(24), np.log(500))))
    values, changes = KINDS[kind](rng, min(n, 160) if kind in YEARLY else n)
    return Series(kind, (values - values.mean()) / values.std(), tuple(changes))
