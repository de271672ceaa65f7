"""Series whose changes are known: levels that hold for a while and then shift, under noise; and marks for finding them.

After the test client of "Anomaly detection … change point detection" (AWS blog): regimes of random length and level.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from math import log, sqrt
from statistics import fmean, median
from typing import Literal, NamedTuple

from pixelshift.changepoint import ChangePoint
from pixelshift.errors import InvalidRequestError
from pixelshift.value import frozen

Noise = Literal["normal", "laplace", "uniform", "counts"]


@frozen
class Simulation:
    """What is drawn; the same values give the same series on every machine.

    Levels move by ``shift_low`` to ``shift_high`` standard deviations of the noise, up or down; regimes last from
    half to one and a half times ``every`` points. ``ar`` is the noise's lag-1 autocorrelation.
    """

    points: int = 1_000
    every: int = 200
    level: float = 10.0
    noise_sd: float = 1.0
    shift_low: float = 1.5
    shift_high: float = 4.0
    ar: float = 0.0
    noise: Noise = "normal"
    seed: int = 1

    def __post_init__(self) -> None:
        checks = [
            (1 <= self.points <= 1_000_000_000, "points must lie between 1 and 1,000,000,000"),
            (self.every >= 2, "a regime needs 2 points or more"),
            (0 < self.noise_sd < 1e100, "the noise must be greater than 0"),
            (0 <= self.shift_low <= self.shift_high < 1e6, "shifts must be 0 or more, the lower one first"),
            (-1 < self.ar < 1, "the autocorrelation must lie between -1 and 1"),
            (self.noise in _DRAWS, f"no noise {self.noise!r}; there are: {', '.join(_DRAWS)}"),
            (abs(self.level) < 1e100, "the level is too large"),
        ]
        for holds, complaint in checks:
            if not holds:
                raise InvalidRequestError(complaint)


class Simulated(NamedTuple):
    """One observation and whether a new level begins with it."""

    value: float
    is_change: bool


def simulated(plan: Simulation) -> Iterator[Simulated]:
    """The observations of ``plan``, one after the other."""
    source = random.Random(plan.seed)
    draw = _DRAWS[plan.noise]
    level, left, disturbance = plan.level, _length(plan, source), 0.0
    fresh = sqrt(1 - plan.ar * plan.ar)
    for i in range(plan.points):
        begins = i > 0 and left == 0
        if begins:
            # Drawn back towards the start: a series that wanders off tells the eye nothing.
            rises = source.random() < (0.8 if level < plan.level else 0.2 if level > plan.level else 0.5)
            size = source.uniform(plan.shift_low, plan.shift_high) * plan.noise_sd
            level += size if rises else -size
            left = _length(plan, source)
        left -= 1
        disturbance = plan.ar * disturbance + fresh * draw(source)
        value = level + plan.noise_sd * disturbance
        yield Simulated(float(round(value)) if plan.noise == "counts" else value, begins)


def _length(plan: Simulation, source: random.Random) -> int:
    return max(1, source.randint(plan.every - plan.every // 2, plan.every + plan.every // 2))


def _laplace(source: random.Random) -> float:
    share = source.random() - 0.5
    size = -log(max(1e-300, 1 - 2 * abs(share))) / sqrt(2)
    return size if share >= 0 else -size


_DRAWS: dict[str, Callable[[random.Random], float]] = {
    "normal": lambda source: source.gauss(0.0, 1.0),
    "laplace": _laplace,
    "uniform": lambda source: source.uniform(-sqrt(3), sqrt(3)),
    "counts": lambda source: source.gauss(0.0, 1.0),
}


@frozen
class Score:
    """How the findings compare with the truth. Delays and errors are in observations; ``None`` without any."""

    changes: int
    found: int
    false_alarms: int
    median_delay: float | None
    """From the first point of the new level to the point at which it was found."""
    median_error: float | None
    """Distance between the stated and the true first point of the new level."""
    mean_error: float | None


def score(truth: Sequence[int], findings: Sequence[ChangePoint]) -> Score:
    """Compares: the first finding made while a regime lasts is the finding of its start; all others are false."""
    delays, errors = [], []
    used = 0
    ends = [*truth[1:], float("inf")]
    for start, end in zip(truth, ends, strict=True):
        match = next((f for f in findings if start <= f.detected_at < end), None)
        if match is not None:
            used += 1
            delays.append(match.detected_at - start)
            errors.append(abs(match.index - start))
    return Score(
        changes=len(truth),
        found=used,
        false_alarms=len(findings) - used,
        median_delay=median(delays) if delays else None,
        median_error=median(errors) if errors else None,
        mean_error=fmean(errors) if errors else None,
    )
