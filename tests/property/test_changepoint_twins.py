"""The native detector against the definition in Python, and its fast paths against its plain one."""

from array import array
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.changepoint import ChangePoint, Detector
from pixelshift.changepoint.detector import native_core
from pixelshift.changepoint.parameters import Parameters
from pixelshift.changepoint.reference import ReferenceDetector

PARAMETERS = st.builds(
    Parameters,
    alpha=st.sampled_from([0.5, 0.05, 0.01, 1e-4]),
    window=st.integers(0, 9),
    startup=st.sampled_from([1, 5, 20]),
    threshold=st.sampled_from([0.0, 0.0, 0.5, 2.0]),
    practical=st.sampled_from(["test", "gate"]),
    location=st.sampled_from(["standardized", "pettitt"]),
    statistic=st.sampled_from(["pettitt", "standardized"]),
    control=st.sampled_from(["pointwise", "anytime"]),
    serial=st.sampled_from([None, "ar1"]),
    max_points=st.sampled_from([None, None, 16, 33]),
    reset=st.sampled_from(["detection", "change"]),
    threshold_unit=st.sampled_from(["data", "noise"]),
    trend=st.sampled_from(["change", "remove"]),
)


@st.composite
def streams(draw: st.DrawFn, longest: int = 120) -> "array[float]":
    """Levels that jump, noise that is smooth, tied, autocorrelated or huge, and holes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, longest))
    noise = rng.normal(size=n)
    if draw(st.booleans()):
        noise = np.convolve(noise, 0.8 ** np.arange(20))[:n]
    values = noise + np.cumsum(rng.normal(size=n) * 4 * (rng.random(n) < 0.02))
    scale = draw(st.sampled_from([1.0, 1e-300, 1e305]))
    values = np.round(values) * scale if draw(st.booleans()) else values * scale
    values[rng.random(n) < draw(st.sampled_from([0.0, 0.05]))] = np.nan
    return array("d", values.tolist())


@settings(max_examples=60, deadline=None)
@given(parameters=PARAMETERS, values=streams())
def test_native_detector_equals_the_definition(parameters: Parameters, values: "array[float]") -> None:
    reference = ReferenceDetector(parameters)
    expected = [change for value in values if (change := reference.push(value)) is not None]
    for core in (native_core(parameters), native_core(parameters, plain=True), native_core(parameters, cpu="scalar")):
        assert [ChangePoint(*change) for change in core.extend(values)] == expected


@settings(max_examples=40, deadline=None)
@given(data=st.data(), parameters=PARAMETERS, values=streams(longest=400))
def test_stream_may_be_cut_pushed_and_restored_anywhere(
    data: st.DataObject, parameters: Parameters, values: "array[float]"
) -> None:
    expected = Detector(**parameters.as_dict()).extend(values)
    detector, found, at = Detector(**parameters.as_dict()), [], 0
    while at < len(values):
        step = data.draw(st.integers(1, len(values)))
        piece = values[at : at + step]
        if data.draw(st.booleans()):
            found += [change for value in piece if (change := detector.push(value)) is not None]
        else:
            found += detector.extend(piece)
        state = detector.to_bytes()
        detector = Detector.from_bytes(state)
        assert detector.to_bytes() == state
        at += step
    assert found == expected


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    alpha=st.sampled_from([0.05, 1e-4, 1e-9, 1e-30]),
    threshold=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
    kind=st.sampled_from(["noise", "ties", "binary", "drift", "levels", "walk"]),
    control=st.sampled_from(["pointwise", "anytime"]),
    reset=st.sampled_from(["detection", "change"]),
)
def test_lazy_path_equals_the_plain_pass_at_every_point(
    seed: int, alpha: float, threshold: float, kind: str, **options: Any
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(300, 3_000))
    noise = rng.normal(size=n)
    values = {
        "noise": noise,
        "ties": np.round(2 * noise),
        "binary": (noise > 0).astype(float),
        "drift": noise + 0.002 * np.arange(n),
        "levels": noise + np.repeat(rng.normal(size=n // 100 + 1), 100)[:n],
        "walk": np.cumsum(noise),
    }[kind]
    parameters = Parameters(alpha=alpha, threshold=threshold, **options)
    lazy, plain = native_core(parameters), native_core(parameters, plain=True)
    scalar = native_core(parameters, cpu="scalar")
    at = 0
    while at < n:
        piece = values[at : at + int(rng.integers(1, 300))]
        assert lazy.extend(piece) == plain.extend(piece) == scalar.extend(piece)
        at += len(piece)
        if rng.random() < 0.1:  # brings the lazy index up to date, so not at every piece
            assert lazy.maximum() == plain.maximum() == scalar.maximum()
        assert lazy.export_segment() == plain.export_segment()
        assert lazy.spent() == scalar.spent()  # the same bounds, so the same synchronisations
