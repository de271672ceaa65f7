import math
from array import array

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pixelshift.changepoint import ChangePoint, Detector, detect
from pixelshift.errors import InvalidRequestError


def shifted(seed: int = 1, size: float = 2.0, n: int = 200) -> list[float]:
    noise = np.random.default_rng(seed).normal(size=n)
    noise[n // 2 :] += size
    return [float(value) for value in noise]


def test_change_is_dated_sized_and_explained() -> None:
    (change,) = detect(shifted(size=3.0), alpha=0.001)
    assert abs(change.index - 100) <= 2
    assert change.index <= change.detected_at < 130
    assert change.direction == "increase"
    assert change.offset_low < change.offset < change.offset_high
    assert 2.0 < change.offset < 4.0
    assert change.p_value <= 0.001
    assert change.n_before + change.n_after == change.detected_at + 1


def test_every_kind_of_series_gives_the_same_changes() -> None:
    values = shifted()
    expected = detect(values)
    assert expected
    series = [
        tuple(values),
        iter(values),
        array("d", values),
        memoryview(array("d", values)),
        np.array(values),
        np.array(values)[::-1][::-1],
        np.array(values, dtype=object),
        pd.Series(values),
        pl.Series(values),
    ]
    for form in series:
        assert detect(form) == expected, type(form)


def test_integers_and_narrow_floats_are_series_too() -> None:
    counts = [0, 1, 2] * 10 + [7, 8, 9] * 10
    expected = detect([float(count) for count in counts])
    assert expected
    for form in (counts, np.array(counts), np.array(counts, dtype=np.uint8), array("i", counts), array("f", counts)):
        assert detect(form) == expected


@pytest.mark.parametrize("hole", [math.nan, math.inf, -math.inf, None, pd.NA])
def test_missing_values_advance_the_position_only(hole: object) -> None:
    values: list[object] = [*shifted(), hole]
    with_holes: list[object] = []
    for value in values:
        with_holes += [value, hole]
    plain, gapped = detect(values), detect(with_holes)
    assert plain
    assert [change.index * 2 for change in plain] == [change.index for change in gapped]
    assert [change.offset for change in plain] == [change.offset for change in gapped]


def test_missing_values_are_refused_as_a_whole_batch_when_asked() -> None:
    detector = Detector(missing="raise")
    detector.extend([1.0, 2.0])
    with pytest.raises(InvalidRequestError, match="position 3 is missing"):
        detector.extend([1.0, math.nan])
    with pytest.raises(InvalidRequestError, match="position 2 is missing"):
        detector.push(None)
    assert detector.position == 2


@pytest.mark.parametrize("bad", ["3", b"3", object(), [1.0], 1j, 10**400])
def test_what_is_not_a_number_is_refused_by_its_place(bad: object) -> None:
    detector = Detector()
    with pytest.raises(InvalidRequestError, match="at position 1"):
        detector.extend([0.0, bad])
    assert detector.position == 0
    with pytest.raises(InvalidRequestError):
        detector.push(bad)  # type: ignore[arg-type]  # that is the point


def test_an_integer_too_long_to_print_is_refused_too() -> None:
    with pytest.raises(InvalidRequestError, match="too large"):
        Detector().push(10**5_000)


@pytest.mark.parametrize("bad", ["1 2 3", b"\x01\x02", np.zeros((2, 2)), np.array(["a"]), np.array([1j])])
def test_what_is_not_a_series_is_refused(bad: object) -> None:
    with pytest.raises(InvalidRequestError):
        detect(bad)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": 0},
        {"alpha": 1.1},
        {"alpha": math.nan},
        {"alpha": True},
        {"window": -1},
        {"window": 1.5},
        {"startup": 0},
        {"threshold": -1.0},
        {"threshold": math.inf},
        {"threshold": 10**400},
        {"max_points": 3},
        {"practical": "maybe"},
        {"location": "somewhere"},
        {"statistic": "t"},
        {"control": "never"},
        {"serial": "ar2"},
        {"missing": "guess"},
        {"reset": "later"},
    ],
)
def test_option_out_of_range_is_refused_by_name(options: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError, match=next(iter(options))):
        Detector(**options)  # type: ignore[arg-type]  # that is the point


def test_constant_stream_never_alarms() -> None:
    assert detect([5.0] * 10_000, alpha=1.0) == []
    assert detect([0.0, -0.0] * 5_000, alpha=1.0) == []


def test_huge_values_stay_finite() -> None:
    (change,) = detect([-1.7e308] * 20 + [1.7e308] * 20)
    assert change.index == 20
    assert change.offset == pytest.approx(1.7976931348623157e308)
    assert all(math.isfinite(level) for level in (change.before, change.after, change.offset_low, change.offset_high))


def test_threshold_lost_to_rounding_counts_as_no_threshold_inside_the_comparison() -> None:
    assert 1e300 - 1.0 == 1e300
    assert detect([1e300] * 20 + [2e300] * 20, threshold=1.0)[0].index == 20


def test_reset_after_a_change_keeps_the_new_level_only_when_asked() -> None:
    values = shifted(size=6.0)
    kept, cleared = Detector(reset="change"), Detector(reset="detection")
    (change,) = kept.extend(values[:115])
    assert cleared.extend(values[:115]) == [change]
    assert len(kept.to_bytes()) - len(cleared.to_bytes()) == pytest.approx(8 * change.n_after, abs=8)


def test_rivers_scorer_reads_update_and_drift_detected() -> None:
    detector = Detector()
    alarms = []
    for position, value in enumerate(shifted(size=5.0)):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(position)
    assert alarms == [change.detected_at for change in detect(shifted(size=5.0))]
    assert len(alarms) == 1


def test_change_point_is_frozen() -> None:
    (change,) = detect(shifted(size=6.0))
    assert isinstance(change, ChangePoint)
    with pytest.raises(AttributeError):
        change.index = 3  # type: ignore[misc]  # that is the point
