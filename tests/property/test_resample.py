import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelshift import _native
from pixelshift._native import Level, _resample
from tests.support import resampling

sides = st.one_of(st.integers(1, 8), st.integers(1, 120), st.just(700))
fractions = st.floats(0, 1, allow_subnormal=False)


@st.composite
def boxes(draw: st.DrawFn, width: int, height: int) -> resampling.Box:
    """Anywhere in the picture, at least a hundredth of a pixel wide and high."""

    def interval(side: int) -> tuple[float, float]:
        low = draw(fractions) * (side - 0.01)
        return low, max(low + 0.01, low + draw(fractions) * (side - low))

    (left, right), (top, bottom) = interval(width), interval(height)
    return left, top, min(right, width), min(bottom, height)


@st.composite
def pictures(draw: st.DrawFn, channels: int) -> NDArray[np.uint8]:
    """Noise, or few levels in a coarse grid, or one flat colour."""
    width, height = draw(sides), draw(sides)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.sampled_from([1, 2, 256]))
    palette = rng.integers(0, 256, levels, dtype=np.uint8) if levels > 2 else np.array([255, 0], np.uint8)[:levels]
    return palette[rng.integers(0, levels, (height, width, channels))]


Case = tuple[NDArray[np.uint8], tuple[int, int], resampling.Box | None]


@st.composite
def cases(draw: st.DrawFn, channels: int) -> Case:
    picture = draw(pictures(channels))
    size = draw(st.tuples(sides, sides))
    return picture, size, draw(st.none() | boxes(picture.shape[1], picture.shape[0]))


def resized(case: Case, kernel: str, level: Level) -> NDArray[np.uint8]:
    picture, size, box = case
    result = np.empty((size[1], size[0], picture.shape[2]), np.uint8)
    _resample.resize(result, picture, kernel=kernel, box=box, cpu=level)
    return result


@settings(max_examples=60, deadline=None)
@given(cases(channels=3), st.sampled_from(_resample.KERNELS))
def test_error_stays_below_seven_tenths_of_a_level_on_every_level(case: Case, kernel: str) -> None:
    exact = np.clip(resampling.resample(case[0], case[1], kernel, case[2]), 0, 255)
    for level in _native.available_levels():
        assert np.abs(resized(case, kernel, level) - exact).max() < 0.6


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4).flatmap(cases), st.sampled_from(_resample.KERNELS))
def test_levels_agree_bit_for_bit(case: Case, kernel: str) -> None:
    specified = resized(case, kernel, "scalar")
    for level in _native.available_levels()[1:]:
        assert np.array_equal(resized(case, kernel, level), specified)


@settings(max_examples=40, deadline=None)
@given(cases(channels=4), st.sampled_from(_resample.KERNELS[1:]))
def test_an_opaque_picture_does_not_feel_its_alpha(case: Case, kernel: str) -> None:
    case[0][..., 3] = 255
    result = resized(case, kernel, _native.CPU_LEVEL)
    assert (result[..., 3] == 255).all()
    opaque = (np.ascontiguousarray(case[0][..., :3]), case[1], case[2])
    difference = result[..., :3].astype(int) - resized(opaque, kernel, _native.CPU_LEVEL)
    assert np.abs(difference).max() <= 1


@st.composite
def reaching_boxes(draw: st.DrawFn) -> tuple[NDArray[np.uint8], tuple[int, int], resampling.Box]:
    """A box that may begin and end beyond the picture, by up to its own size."""
    picture, size = draw(pictures(3)), draw(st.tuples(sides, sides))
    height, width = picture.shape[:2]

    def interval(side: int) -> tuple[float, float]:
        low = -side + draw(fractions) * (3 * side - 0.01)
        return low, min(2.0 * side, low + 0.01 + draw(fractions) * side)

    (left, right), (top, bottom) = interval(width), interval(height)
    return picture, size, (left, top, right, bottom)


def coarseness(picture: NDArray[np.uint8], size: tuple[int, int], kernel: str, box: resampling.Box) -> float:
    """What rounding the weights may do at worst: where an edge gathers much of a long filter, they have few bits."""
    worst = 0.0
    for source, result, interval in zip(picture.shape[1::-1], size, (box[::2], box[1::2]), strict=True):
        bits, rows = _resample.weights(source, result, kernel=kernel, box=interval, repeat_edges=True)
        worst += 255 * max(len(row) for _, row in rows) / 2 ** (bits + 1)
    return worst


@settings(max_examples=40, deadline=None)
@given(reaching_boxes(), st.sampled_from(_resample.KERNELS))
def test_a_picture_whose_edges_go_on_is_exact_too(
    case: tuple[NDArray[np.uint8], tuple[int, int], resampling.Box], kernel: str
) -> None:
    picture, size, box = case
    exact = np.clip(resampling.resample(picture, size, kernel, box, repeat=True), 0, 255)
    for level in _native.available_levels():
        result = np.empty((size[1], size[0], 3), np.uint8)
        _resample.resize(result, picture, kernel=kernel, box=box, repeat_edges=True, cpu=level)
        assert np.abs(result - exact).max() < 0.6 + coarseness(picture, size, kernel, box)
