"""The detector of change points."""

import math
from array import array
from collections.abc import Iterable
from typing import Any, Self

from pixelshift._native import Level
from pixelshift._native._changepoint import Core, SegmentTooLongError
from pixelshift.changepoint import state
from pixelshift.changepoint.event import ChangePoint
from pixelshift.changepoint.parameters import (
    Control,
    Location,
    Missing,
    Parameters,
    Practical,
    Reset,
    Serial,
    Statistic,
    ThresholdUnit,
    Trend,
)
from pixelshift.changepoint.values import as_double, as_doubles, first_missing
from pixelshift.errors import InvalidRequestError, TooLargeError


class Detector:
    """Tells while a stream runs when its level changed, by how much, and how sure that is.

    Recursive Modified Practical Pettitt test; formulas in :mod:`pixelshift.changepoint.statistic`, every option in
    :class:`~pixelshift.changepoint.parameters.Parameters`. Raises :class:`InvalidRequestError` on an option out of
    range or a value that is not a number. Instances are not safe to share between threads.

    >>> detector = Detector()
    >>> [change.index for change in detector.extend([0.0, 1.0] * 20 + [5.0, 6.0] * 20)]
    [40]
    """

    def __init__(  # noqa: PLR0913 - one keyword per option of the published interface
        self,
        alpha: float = 0.01,
        window: int = 5,
        startup: int = 5,
        threshold: float = 0.0,
        *,
        practical: Practical = "test",
        location: Location = "standardized",
        statistic: Statistic = "pettitt",
        control: Control = "pointwise",
        serial: Serial | None = None,
        max_points: int | None = None,
        missing: Missing = "skip",
        reset: Reset = "detection",
        threshold_unit: ThresholdUnit = "data",
        trend: Trend = "change",
    ) -> None:
        self._parameters = Parameters(
            alpha=alpha,
            window=window,
            startup=startup,
            threshold=threshold,
            practical=practical,
            location=location,
            statistic=statistic,
            control=control,
            serial=serial,
            max_points=max_points,
            missing=missing,
            reset=reset,
            threshold_unit=threshold_unit,
            trend=trend,
        )
        self._core = native_core(self._parameters)
        self._alarmed = False

    @classmethod
    def recommended(cls) -> Self:
        """The preset for series of unknown kind: causal, nothing tuned per series, at most 8 kB of values.

        Chosen once on the simulated series of :mod:`pixelshift.changepoint.simulation` and
        :mod:`pixelshift.changepoint.economy`; docs/reference/calibration.md has the scores. It allows for
        autocorrelation and trends and wants shifts of two and a half noise deviations; the defaults of the constructor
        follow the published description instead and alarm far too often on such series.
        """
        return cls(
            alpha=0.02,
            threshold=2.5,
            threshold_unit="noise",
            statistic="standardized",
            serial="ar1",
            trend="remove",
            reset="change",
            max_points=1_000,
        )

    @property
    def parameters(self) -> Parameters:
        """The options in force."""
        return self._parameters

    @property
    def position(self) -> int:
        """How many observations were pushed, missing ones included."""
        return self._core.position

    def push(self, x: float | None) -> ChangePoint | None:
        """Takes one observation and reports the change that it reveals, if any."""
        value = as_double(x)
        if self._parameters.missing == "raise" and not math.isfinite(value):
            raise self._refusal(0)
        try:
            change = self._core.push(value)
        except SegmentTooLongError as error:
            raise TooLargeError(str(error)) from error
        self._alarmed = change is not None
        return None if change is None else _change_point(change)

    def extend(self, values: Iterable[Any]) -> list[ChangePoint]:
        """Takes a batch; the same changes as pushing its values one by one.

        Accepts lists, buffers of numbers, numpy, pandas and polars. A batch with something that is not a number is
        refused as a whole.
        """
        block = as_doubles(values)
        if self._parameters.missing == "raise" and (missing := first_missing(block)) is not None:
            raise self._refusal(missing)
        try:
            changes = [_change_point(change) for change in self._core.extend(block)]
        except SegmentTooLongError as error:
            raise TooLargeError(str(error)) from error
        if len(block) > 0:
            self._alarmed = bool(changes) and changes[-1].detected_at == self._core.position - 1
        return changes

    def _refusal(self, offset: int) -> InvalidRequestError:
        return InvalidRequestError(
            f'the value at position {self.position + offset} is missing; missing="skip" would step over it'
        )

    def update(self, x: float) -> None:
        """Takes one observation; the verdict is in :attr:`drift_detected` (interface of river's drift detectors)."""
        self.push(as_double(x))

    @property
    def drift_detected(self) -> bool:
        """Whether the last observation raised an alarm."""
        return self._alarmed

    def to_bytes(self) -> bytes:
        """The detector with its parameters as bytes, 8 per observation of the running segment."""
        position, start, gaps, values = self._core.export_segment()
        return state.encode(state.Snapshot(self._parameters, position, start, gaps, array("d", values), self._alarmed))

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview) -> Self:
        """The detector that :meth:`to_bytes` wrote; raises :class:`InvalidRequestError` on anything else."""
        snapshot = state.decode(data)
        detector = cls(**snapshot.parameters.as_dict())
        detector._core.import_segment(snapshot.position, snapshot.start, snapshot.gaps, snapshot.values)
        detector._alarmed = snapshot.alarmed
        return detector


def native_core(parameters: Parameters, *, plain: bool = False, cpu: Level | None = None) -> Core:
    """The native detector for these parameters; ``plain`` and ``cpu`` select slower twins of equal results."""
    return Core(
        alpha=parameters.alpha,
        threshold=parameters.threshold,
        window=parameters.window,
        startup=parameters.startup,
        max_points=parameters.max_points or 0,
        gate=parameters.practical == "gate",
        noise_unit=parameters.threshold_unit == "noise",
        pettitt_location=parameters.location == "pettitt",
        standardized_statistic=parameters.statistic == "standardized",
        anytime=parameters.control == "anytime",
        ar1=parameters.serial == "ar1",
        remove_trend=parameters.trend == "remove",
        keep_since_change=parameters.reset == "change",
        plain=plain,
        cpu=cpu,
    )


def _change_point(change: tuple[Any, ...]) -> ChangePoint:
    return ChangePoint(*change)
