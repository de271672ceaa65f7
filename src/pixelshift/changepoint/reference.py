"""The definition of the detector, in plain Python: slow, short, and the oracle of the tests.

Everything is computed straight from the formulas of :mod:`pixelshift.changepoint.statistic`. A new observation
``x = x_{T+1}`` updates, with ``lo = fl(x - delta)`` and ``hi = fl(x + delta)`` rounded once::

    up_t   += sum_{i<=t} ([x_i < lo] - [x_i > lo])      t = 1 .. T, then up_T := 0 joins
    down_t += sum_{i<=t} ([x_i > hi] - [x_i < hi])
"""

import itertools
import math
from array import array

from pixelshift.changepoint import estimate, statistic
from pixelshift.changepoint.event import ChangePoint
from pixelshift.changepoint.parameters import Parameters
from pixelshift.changepoint.state import Snapshot
from pixelshift.value import frozen


@frozen
class Candidate:
    """The strongest split of a segment: first maximum by size of ``K``, increases first."""

    rising: bool
    evidence: float
    split: int
    values: list[float]
    """What it is judged on: the segment, or the segment less a line."""
    fitted: int = statistic.LEVEL_PARAMETERS


class ReferenceDetector:
    """Recursive Modified Practical Pettitt test, O(T) Python steps per observation."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._position = 0
        self._clear()

    def _clear(self) -> None:
        self._values: list[float] = []
        self._positions: list[int] = []
        self._up: list[int] = []
        self._down: list[int] = []

    def push(self, value: float) -> ChangePoint | None:
        """Takes one observation; reports the change that it reveals."""
        position = self._position
        self._position += 1
        if not math.isfinite(value):
            return None
        self._append(value, position)
        change = self._examine(position)
        if change is not None:
            self._restart(change)
        return change

    def snapshot(self, *, alarmed: bool = False) -> Snapshot:
        """Everything that must survive between two observations."""
        positions = self._positions
        steps = enumerate(itertools.pairwise(positions), start=1)
        gaps = [(index, right - left - 1) for index, (left, right) in steps if right > left + 1]
        start = positions[0] if positions else self._position
        return Snapshot(self._parameters, self._position, start, gaps, array("d", self._values), alarmed)

    def restore(self, snapshot: Snapshot) -> None:
        """Goes on from a snapshot of a detector with the same parameters."""
        gaps = dict(snapshot.gaps)
        positions, position = [], snapshot.start
        for index in range(len(snapshot.values)):
            position += gaps.get(index, 0)
            positions.append(position)
            position += 1
        self._position = snapshot.position
        self._rebuild(list(snapshot.values), positions)

    def _append(self, value: float, position: int) -> None:
        delta = self._parameters.delta
        low, high = value - delta, value + delta
        rising = falling = 0
        for t, old in enumerate(self._values):
            rising += (old < low) - (old > low)
            falling += (old > high) - (old < high)
            self._up[t] += rising
            self._down[t] += falling
        self._values.append(value)
        self._positions.append(position)
        self._up.append(0)
        self._down.append(0)
        if self._parameters.max_points is not None and len(self._values) > self._parameters.max_points:
            self._rebuild(self._values[1:], self._positions[1:])

    def _rebuild(self, values: list[float], positions: list[int]) -> None:
        limit, self._parameters = self._parameters, _without_limit(self._parameters)
        self._clear()
        for value, position in zip(values, positions, strict=True):
            self._append(value, position)
        self._parameters = limit

    def _examine(self, position: int) -> ChangePoint | None:
        parameters, count = self._parameters, len(self._values)
        if count < max(parameters.startup, 2):
            return None
        found = self._strongest()
        if found is None or self._p_value(found.evidence) > parameters.alpha:
            return None
        if parameters.trend == "remove" and estimate.is_line(self._values, found.split):
            found = self._without_line()
            if found is None:
                return None
        split = found.split
        r = statistic.autocorrelation(_residuals(found), found.fitted) if parameters.serial == "ar1" else 0.0
        p = self._p_value(statistic.discount(found.evidence, r))
        if p > parameters.alpha:
            return None
        before, after = self._sides(found)
        size = estimate.shift(before, after, r)
        if parameters.threshold > 0 and (size.offset if found.rising else -size.offset) < self._least_offset(found):
            return None
        return ChangePoint(
            index=self._positions[split],
            detected_at=position,
            p_value=p,
            offset=size.offset,
            offset_low=size.low,
            offset_high=size.high,
            direction="increase" if found.rising else "decrease",
            before=estimate.median(before),
            after=estimate.median(after),
            n_before=split,
            n_after=count - split,
        )

    def _strongest(self) -> Candidate | None:
        count = len(self._values)
        up: float
        down: float
        if self._parameters.statistic == "pettitt":
            up, down = max(self._up[:-1]), max(self._down[:-1])
            evidence = statistic.pettitt_evidence(int(max(up, down)), count)
        else:
            up, down = self._best_score(self._up)[0], self._best_score(self._down)[0]
            evidence = statistic.standardized_evidence(max(up, down), count)
        if max(up, down) <= 0:
            return None
        array = self._up if up >= down else self._down
        if self._parameters.location == "standardized":
            split = self._best_score(array)[1]
        else:
            split = array.index(max(array[:-1])) + 1
        return Candidate(rising=up >= down, evidence=evidence, split=split, values=self._values)

    def _without_line(self) -> Candidate | None:
        removed = estimate.remove_line(self._values, self._parameters.startup)
        if removed is None:
            return None
        split, values = removed
        u, count = estimate.sign_sum(values, split), len(values)
        if u == 0:
            return None
        if self._parameters.statistic == "pettitt":
            evidence = statistic.pettitt_evidence(abs(u), count)
        else:
            score = float(abs(u)) / math.sqrt(float(split) * float(count - split))
            evidence = statistic.standardized_evidence(score, count)
        return Candidate(u >= 0, evidence, split, values, statistic.LINE_PARAMETERS)

    def _best_score(self, array: list[int]) -> tuple[float, int]:
        """The largest ``U_t / sqrt(t (T - t))`` and the first ``t`` that reaches it."""
        count = len(array)
        best, where = -math.inf, 0
        for t in range(1, count):
            score = array[t - 1] / math.sqrt(float(t) * float(count - t))
            if score > best:
                best, where = score, t
        return best, where

    def _p_value(self, evidence: float) -> float:
        parameters = self._parameters
        return statistic.p_value(evidence, len(self._values), parameters.statistic, parameters.control)

    def _least_offset(self, found: Candidate) -> float:
        if self._parameters.threshold_unit == "data":
            return self._parameters.threshold
        return self._parameters.threshold * (estimate.MAD_SCALE * estimate.median(list(map(abs, _residuals(found)))))

    def _sides(self, found: Candidate) -> tuple[list[float], list[float]]:
        window, startup = self._parameters.window, self._parameters.startup
        left = found.split - estimate.ignored(found.split, window, startup)
        right = found.split + estimate.ignored(len(found.values) - found.split, window, startup)
        return found.values[:left], found.values[right:]

    def _restart(self, change: ChangePoint) -> None:
        if self._parameters.reset == "change":
            self._rebuild(self._values[change.n_before :], self._positions[change.n_before :])
        else:
            self._clear()


def _without_limit(parameters: Parameters) -> Parameters:
    return Parameters(**{**parameters.as_dict(), "max_points": None})


def _residuals(found: Candidate) -> list[float]:
    """Distances from the medians of the two sides."""
    left, right = found.values[: found.split], found.values[found.split :]
    before, after = estimate.median(left), estimate.median(right)
    return [value - before for value in left] + [value - after for value in right]
