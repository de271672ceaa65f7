"""Measures what a detector promises: false alarms, delay, location, scores on simulated series.

Every function takes its generator and its numbers of repetitions, so that a table can be reproduced to the digit. A
detector here is anything that turns a series into alarms; that is how other libraries take part.
"""

from collections.abc import Callable, Sequence

import numpy as np

from pixelshift.changepoint import simulation
from pixelshift.changepoint.simulation import Values
from pixelshift.value import frozen


@frozen
class Alarm:
    """When a detector spoke, and which position it named as the beginning of the new level."""

    detected_at: int
    index: int


Finder = Callable[[Sequence[Values]], list[list[Alarm]]]
"""All alarms of each series."""
Noise = Callable[[np.random.Generator, int], Values]

DISTRIBUTIONS: dict[str, Noise] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "Student t, 3 degrees": lambda rng, n: np.asarray(rng.standard_t(3, size=n)),
    "Cauchy": lambda rng, n: np.asarray(rng.standard_cauchy(n)),
    "Poisson, mean 3": lambda rng, n: rng.poisson(3.0, n).astype(np.float64),
}


@frozen
class Rate:
    """Share of series without a change that raised an alarm."""

    rate: float
    standard_error: float
    alarms_per_series: float
    repeats: int


def false_alarms(find: Finder, noise: Noise, n: int, repeats: int, rng: np.random.Generator) -> Rate:
    """P(at least one alarm within n observations) on noise of one level."""
    found = find([noise(rng, n) for _ in range(repeats)])
    rate = sum(map(bool, found)) / repeats
    return Rate(rate, float(np.sqrt(rate * (1.0 - rate) / repeats)), sum(map(len, found)) / repeats, repeats)


def autoregressive(phi: float) -> Noise:
    """AR(1) noise of unit variance."""
    return lambda rng, n: simulation.ar1(rng, n, phi)


@frozen
class Delay:
    """How one known shift was met. Medians are over series whose first alarm came after the shift."""

    detected: float
    """Share of series with the first alarm after the shift and before the end."""
    early: float
    """Share of series with an alarm before the shift."""
    median_delay: float | None
    """Observations of the new level up to and including the alarm; None where nothing was detected."""
    median_location_error: float | None
    repeats: int


def delay(find: Finder, change: int, size: float, repeats: int, rng: np.random.Generator) -> Delay:
    """Normal noise whose mean moves by `size` standard deviations at `change`; ends 300 observations later."""
    shifted = [rng.normal(size=change + 300) for _ in range(repeats)]
    for values in shifted:
        values[change:] += size
    first = [alarms[0] for alarms in find(shifted) if alarms]
    hits = [alarm for alarm in first if alarm.detected_at >= change]
    return Delay(
        detected=len(hits) / repeats,
        early=(len(first) - len(hits)) / repeats,
        median_delay=float(np.median([alarm.detected_at - change + 1 for alarm in hits])) if hits else None,
        median_location_error=float(np.median([abs(alarm.index - change) for alarm in hits])) if hits else None,
        repeats=repeats,
    )


@frozen
class Score:
    """Mean covering and F1 (margin 5) per kind of series, and over kinds."""

    covering: float
    f1: float
    by_kind: dict[str, tuple[float, float]]


def score(find: Finder, suite: Sequence[simulation.Series]) -> Score:
    """Segmentation scores over a suite with known changes; every kind weighs the same."""
    found = find([series.values for series in suite])
    pairs: dict[str, list[tuple[float, float]]] = {}
    for series, alarms in zip(suite, found, strict=True):
        positions = [alarm.index for alarm in alarms]
        covering = simulation.covering(series.changes, positions, len(series.values))
        pairs.setdefault(series.kind, []).append((covering, simulation.f1(series.changes, positions)))
    by_kind = {kind: (_mean(scores, 0), _mean(scores, 1)) for kind, scores in pairs.items()}
    return Score(_mean(list(by_kind.values()), 0), _mean(list(by_kind.values()), 1), by_kind)


def _mean(pairs: Sequence[tuple[float, float]], which: int) -> float:
    return float(np.mean([pair[which] for pair in pairs]))
