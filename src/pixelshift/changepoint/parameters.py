"""The options of a detector, checked once."""

import sys
from typing import Any, Literal, TypedDict, get_args

from pixelshift.errors import InvalidRequestError
from pixelshift.value import contents, frozen, names

Practical = Literal["test", "gate"]
Location = Literal["standardized", "pettitt"]
Statistic = Literal["pettitt", "standardized"]
Control = Literal["pointwise", "anytime"]
Serial = Literal["ar1"]
Missing = Literal["skip", "raise"]
Reset = Literal["detection", "change"]
ThresholdUnit = Literal["data", "noise"]
Trend = Literal["change", "remove"]

MIN_MAX_POINTS = 16
MAX_POINTS = 2**31 - 1
"""Longest segment; the sorted index of the lazy path is 32 bits wide."""


class Options(TypedDict, total=False):
    """Keyword form of :class:`Parameters`, for functions that pass them on."""

    alpha: float
    window: int
    startup: int
    threshold: float
    practical: Practical
    location: Location
    statistic: Statistic
    control: Control
    serial: Serial | None
    max_points: int | None
    missing: Missing
    reset: Reset
    threshold_unit: ThresholdUnit
    trend: Trend


@frozen
class Parameters:
    """Every option of a detector with its default; raises :class:`InvalidRequestError` on a value out of range."""

    alpha: float = 0.01
    """Significance level, 0 < alpha <= 1."""
    window: int = 5
    """Observations on each side of a change that the offset ignores."""
    startup: int = 5
    """Observations of a segment before the first test; also the least that the window leaves on each side."""
    threshold: float = 0.0
    """Smallest change of practical interest, in the unit of the data."""
    practical: Practical = "test"
    """``test``: the threshold is part of the hypothesis; ``gate``: it only filters the estimated offset."""
    location: Location = "standardized"
    """Which maximum dates the change: of ``U / sqrt(t (T - t))`` or of Pettitt's plain ``U``."""
    statistic: Statistic = "pettitt"
    control: Control = "pointwise"
    """``pointwise``: p at each observation; ``anytime``: p of a whole segment, however long one watches."""
    serial: Serial | None = None
    """``ar1`` discounts the evidence for autocorrelation of lag one."""
    max_points: int | None = None
    """Keep only the last so many observations of a segment; ``None`` keeps all."""
    missing: Missing = "skip"
    """NaN, infinities and ``None``: skip them or refuse the batch."""
    reset: Reset = "detection"
    """Restart after the alarm, or keep the observations since the change as the new segment."""
    threshold_unit: ThresholdUnit = "data"
    """``noise``: the threshold counts robust standard deviations (1.4826 MAD about the two levels) of the segment at
    the alarm, and acts as a gate, since a unit that moves cannot stand inside the comparison."""
    trend: Trend = "change"
    """``remove``: where a straight line leaves no more squared error than two levels, judge the segment less its line
    (see :func:`pixelshift.changepoint.estimate.remove_line`), and the offset is that of the step beside the line."""

    def __post_init__(self) -> None:
        _require(_is_number(self.alpha) and 0 < self.alpha <= 1, "alpha", self.alpha, "a number in (0, 1]")
        _require(_is_count(self.window, 0), "window", self.window, "an integer >= 0")
        _require(_is_count(self.startup, 1), "startup", self.startup, "an integer >= 1")
        finite = _is_number(self.threshold) and self.threshold >= 0
        _require(finite, "threshold", self.threshold, "a finite number >= 0")
        bounded = self.max_points is None or _is_count(self.max_points, MIN_MAX_POINTS)
        _require(bounded, "max_points", self.max_points, f"None or an integer >= {MIN_MAX_POINTS}")
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            _require(value in choices, name, value, " or ".join(map(repr, choices)))

    @property
    def delta(self) -> float:
        """The shift inside the comparison: the threshold where it is part of the hypothesis, else 0."""
        return self.threshold if self.practical == "test" and self.threshold_unit == "data" else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The parameters by name, ready for JSON."""
        return contents(self)


_CHOICES: dict[str, tuple[object, ...]] = {
    "practical": get_args(Practical),
    "location": get_args(Location),
    "statistic": get_args(Statistic),
    "control": get_args(Control),
    "serial": (None, *get_args(Serial)),
    "missing": get_args(Missing),
    "reset": get_args(Reset),
    "threshold_unit": get_args(ThresholdUnit),
    "trend": get_args(Trend),
}
NAMES = names(Parameters)


def _is_number(value: object) -> bool:
    """Whether a finite float64 can hold it: compared, since an int beyond the largest cannot be converted."""
    largest = sys.float_info.max
    return isinstance(value, int | float) and not isinstance(value, bool) and -largest <= value <= largest


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_POINTS


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise InvalidRequestError(f"{name} must be {expected}, not {value!r}")
