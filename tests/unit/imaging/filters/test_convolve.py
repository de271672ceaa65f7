"""Blur and correlation kernels against SciPy, on every level and in bands."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pixelshift._native import Level, _convolve
from pixelshift.edits import types as edits
from pixelshift.errors import TimeLimitError
from pixelshift.imaging import gaussian
from pixelshift.imaging.filters import spatial
from tests.support.pixels import noise, solid, waves


def blurred(samples: NDArray[np.integer], mask: NDArray[np.int32], axis: int) -> NDArray[np.int64]:
    line = np.concatenate([mask[:0:-1], mask]).astype(np.int64)
    sums = ndimage.correlate1d(samples.astype(np.int64), line, axis=axis, mode="nearest")
    return (sums + line.sum() // 2) // line.sum()


def whole_mask(sigma: float, min_amplitude: float) -> NDArray[np.int32]:
    return np.array(gaussian.whole_mask(sigma, min_amplitude), np.int32)


MASKS = [whole_mask(sigma, 0.2) for sigma in (0.6, 1.0, 2.0, 9.0, 60.0)] + [
    np.array([1], np.int32),
    np.array([3, 3, 3], np.int32),
    np.arange(20, 0, -1, dtype=np.int32),
]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("mask", MASKS, ids=lambda mask: f"{len(mask)} of {mask[0]}")
@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 50, 4), (30, 9, 1), (40, 41, 3)])
def test_blur_is_the_rounded_exact_sum(
    mask: NDArray[np.int32], axis: int, shape: tuple[int, int, int], cpu: Level
) -> None:
    picture = noise(*shape)
    result = np.empty_like(picture)
    _convolve.blur(result, picture, mask=mask, axis=axis, rows=(0, shape[0]), cpu=cpu)
    assert np.array_equal(result, blurred(picture, mask, axis))


@pytest.mark.parametrize("axis", [0, 1])
def test_bands_of_rows_add_up_to_the_whole(axis: int) -> None:
    picture = noise(30, 11, 3)
    mask = whole_mask(3.0, 0.2)
    whole, banded = np.empty_like(picture), np.empty_like(picture)
    _convolve.blur(whole, picture, mask=mask, axis=axis, rows=(0, 30))
    for rows in ((0, 1), (1, 20), (20, 20), (20, 30)):
        _convolve.blur(banded, picture, mask=mask, axis=axis, rows=rows)
    assert np.array_equal(whole, banded)


@pytest.mark.parametrize("sigma", [300.0, 1000.0])
def test_the_widest_blurs_are_exact_too(sigma: float) -> None:
    picture = waves(12, 900, 1)
    mask = whole_mask(sigma, 0.001)
    result = np.empty_like(picture)
    _convolve.blur(result, picture, mask=mask, axis=1, rows=(0, 12))
    assert np.array_equal(result, blurred(picture, mask, 1))


@pytest.mark.parametrize(
    "mask", [[], [21, 1], [5, 6], [5, 0], [20] * 1700, [1] * 16400], ids=["empty", "21", "rises", "0", "sum", "radius"]
)
def test_masks_that_the_kernel_cannot_hold_are_refused(mask: list[int]) -> None:
    picture = noise(4, 4, 1)
    with pytest.raises(ValueError, match="mask"):
        _convolve.blur(np.empty_like(picture), picture, mask=np.array(mask, np.int32), axis=0, rows=(0, 4))


def test_blur_in_place_is_refused() -> None:
    picture = noise(4, 4, 1)
    with pytest.raises(ValueError, match="two pictures"):
        _convolve.blur(picture, picture, mask=MASKS[0], axis=0, rows=(0, 4))


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (3, 3), (4, 2), (5, 7), (1, 6)])
@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 40, 4), (20, 21, 3)])
def test_correlation_is_scipys(columns: int, rows: int, shape: tuple[int, int, int], cpu: Level) -> None:
    picture = noise(*shape)
    kernel = np.random.default_rng(2).normal(0, 1, (rows, columns))
    margins = ((rows // 2, rows - 1 - rows // 2), (columns // 2, columns - 1 - columns // 2), (0, 0))
    result = np.empty_like(picture)
    padded = np.pad(picture, margins, mode="edge")
    _convolve.correlate(result, padded, kernel, scale=1.7, offset=20.5, rows=(0, shape[0]), cpu=cpu)
    expected = ndimage.correlate(picture.astype(float), kernel[..., None], mode="nearest") / 1.7 + 20.5
    assert np.abs(result - np.clip(np.floor(np.clip(expected, 0, 255)), 0, 255)).max() <= 1
    assert np.mean(result != np.floor(np.clip(expected, 0, 255))) < 0.001


@pytest.mark.parametrize("scale", [0.0, float("nan"), 1e-300])
def test_wild_numbers_give_levels_and_no_fault(scale: float, cpu: Level) -> None:
    result = noise(3, 20, 3)
    kernel = np.array([[1e300]])
    _convolve.correlate(result, noise(3, 20, 3), kernel, scale=scale, offset=float("inf"), rows=(0, 3), cpu=cpu)
    assert set(np.unique(result)) <= {0, 255}


def test_kernel_that_does_not_fit_the_margins_is_refused() -> None:
    with pytest.raises(ValueError, match="exceed"):
        _convolve.correlate(noise(3, 3, 1), noise(4, 5, 1), np.ones((3, 3)), scale=1, offset=0, rows=(0, 3))


@pytest.mark.parametrize("sigma", [0.8, 2.0, 7.0])
def test_float_precision_is_a_gaussian_to_a_level(sigma: float) -> None:
    picture = waves(60, 70, 3)
    edit = edits.Blur(sigma, precision="float", min_amplitude=0.01)
    radius = int(np.floor(sigma * np.sqrt(2 * np.log(100))))
    line = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma * sigma))
    expected = picture.astype(float)
    for axis in (0, 1):
        expected = ndimage.correlate1d(expected, line / line.sum(), axis=axis, mode="nearest")
    difference = expected - spatial.blur(picture, edit)
    assert difference.min() > -0.6
    assert difference.max() < 1.6


def test_transparent_colours_do_not_bleed() -> None:
    picture = solid((255, 0, 0, 0), 9, 9)
    picture[:, 5:] = (0, 0, 255, 255)
    result = spatial.blur(picture, edits.Blur(2.0))
    assert (result[..., 0] == 0).all()
    assert 0 < result[4, 4, 3] < 255
    grey = spatial.blur(np.ascontiguousarray(picture[..., 2:]), edits.Blur(2.0))
    assert np.array_equal(grey, result[..., 2:])


def test_a_clock_can_stop_slow_filters_between_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise TimeLimitError("too long")

    monkeypatch.setattr("pixelshift.imaging.bands.BAND_WORK", 1)
    picture = noise(20, 4, 3)
    with pytest.raises(TimeLimitError):
        spatial.blur(picture, edits.Blur(2.0), stop)
    with pytest.raises(TimeLimitError):
        spatial.convolve(picture, spatial.MILD_BLUR, stop)
    with pytest.raises(TimeLimitError):
        spatial.sharpen(picture, edits.Sharpen(1.0), stop)
