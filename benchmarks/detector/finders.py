"""Our settings and other libraries' detectors in one shape: series in, alarms out."""

from collections.abc import Callable, Sequence

import numpy as np

from pixelshift.changepoint import Detector, detect_many
from pixelshift.changepoint.calibration import Alarm, Finder
from pixelshift.changepoint.parameters import Options
from pixelshift.changepoint.simulation import Values


def ours(options: Options) -> Finder:
    def find(series: Sequence[Values]) -> list[list[Alarm]]:
        found = detect_many(series, **options)
        return [[Alarm(change.detected_at, change.index) for change in changes] for changes in found]

    return find


RECOMMENDED: Options = Detector.recommended().parameters.as_dict()  # type: ignore[assignment]  # the same names


def each(one: Callable[[Values], list[Alarm]]) -> Finder:
    return lambda series: [one(values) for values in series]


def adwin(values: Values) -> list[Alarm]:
    """river's ADWIN with its defaults; it dates a change at the start of the window that it keeps."""
    from river.drift import ADWIN

    detector, alarms = ADWIN(), []
    for position, value in enumerate(values.tolist()):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(Alarm(position, position + 1 - int(detector.width)))
    return alarms


def page_hinkley(values: Values) -> list[Alarm]:
    from river.drift import PageHinkley

    return _at_detection(PageHinkley(), values)


def kswin(values: Values) -> list[Alarm]:
    from river.drift import KSWIN

    return _at_detection(KSWIN(seed=1), values)


def _at_detection(detector: object, values: Values) -> list[Alarm]:
    alarms = []
    for position, value in enumerate(values.tolist()):
        detector.update(value)  # type: ignore[attr-defined]  # river's classes share no typed interface
        if detector.drift_detected:  # type: ignore[attr-defined]  # likewise
            alarms.append(Alarm(position, position))
    return alarms


def binseg(values: Values) -> list[Alarm]:
    """ruptures' Binseg, squared error, penalty 3 ln n on standardised data; offline, so it sees the whole series."""
    import ruptures

    deviation = float(np.std(values))
    if deviation == 0.0:
        return []
    standardised = (values - values.mean()) / deviation
    ends = ruptures.Binseg(model="l2").fit(standardised).predict(pen=3.0 * np.log(len(values)))
    return [Alarm(len(values) - 1, int(end)) for end in ends[:-1]]


def scaled(one: Callable[[Values], list[Alarm]]) -> Callable[[Values], list[Alarm]]:
    """The same detector on causally standardised values: running mean and deviation, nothing from the future."""

    def find(values: Values) -> list[Alarm]:
        counts = np.arange(1, len(values) + 1)
        means = np.cumsum(values) / counts
        squares = np.maximum(np.cumsum(values * values) / counts - means * means, 0.0)
        deviations = np.where(squares > 0.0, np.sqrt(squares), 1.0)
        return one((values - means) / deviations)

    return find
