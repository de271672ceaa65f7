"""Median and equalisation kernels against SciPy and a plain formula, on every level and in bands."""

import numpy as np
import pytest
from scipy import ndimage

from pixelshift._native import Level, _rank
from pixelshift.edits import types as edits
from pixelshift.errors import InvalidRequestError, TimeLimitError
from pixelshift.imaging.filters import spatial
from tests.support.pixels import Pixels, noise, waves


def padded(picture: Pixels, width: int, height: int, mode: str = "edge") -> Pixels:
    above, before = height // 2, width // 2
    margins = ((above, height - 1 - above), (before, width - 1 - before), (0, 0))
    return np.pad(picture, margins, mode=mode)  # type: ignore[call-overload]  # a name of a mode, not a callable


@pytest.mark.parametrize("size", [3, 5, 7, 13])
@pytest.mark.parametrize(("height", "width", "channels"), [(1, 1, 1), (1, 40, 3), (9, 2, 4), (20, 33, 3), (17, 70, 2)])
def test_median_is_scipys(size: int, height: int, width: int, channels: int, cpu: Level) -> None:
    picture = noise(height, width, channels)
    result = np.empty_like(picture)
    _rank.median(result, padded(picture, size, size), rows=(0, height), cpu=cpu)
    expected = ndimage.median_filter(picture, size=(size, size, 1), mode="nearest")
    assert np.array_equal(result, expected)


@pytest.mark.parametrize(("width", "height"), [(2, 1), (4, 4), (1, 6), (5, 2)])
def test_median_of_an_even_count_is_the_upper_middle(width: int, height: int, cpu: Level) -> None:
    picture = noise(11, 12, 1)
    wide = padded(picture, width, height)
    result = np.empty_like(picture)
    _rank.median(result, wide, rows=(0, 11), cpu=cpu)
    windows = np.lib.stride_tricks.sliding_window_view(wide[..., 0], (height, width)).reshape(11, 12, -1)
    assert np.array_equal(result[..., 0], np.sort(windows, axis=2)[..., width * height // 2])


def equalised(picture: Pixels, width: int, height: int, slope: int) -> Pixels:
    wide = padded(picture, width, height, "symmetric")
    result = np.empty_like(picture)
    for (y, x, c), value in np.ndenumerate(picture):
        counts = np.bincount(wide[y : y + height, x : x + width, c].ravel(), minlength=256)
        kept = np.minimum(counts, slope) if slope else counts
        spread = (int(value) + 1) * int(width * height - kept.sum()) // 256
        result[y, x, c] = 255 * (int(kept[: int(value) + 1].sum()) + spread) // (width * height)
    return result


@pytest.mark.parametrize("slope", [0, 1, 3, 100])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 3), (8, 5), (12, 11)])
def test_equalisation_follows_its_formula(width: int, height: int, slope: int, cpu: Level) -> None:
    picture = waves(11, 12, 2)
    result = np.empty_like(picture)
    _rank.equalise(result, padded(picture, width, height, "symmetric"), rows=(0, 11), slope=slope, cpu=cpu)
    assert np.array_equal(result, equalised(picture, width, height, slope))


@pytest.mark.parametrize("size", [3, 6])
def test_bands_of_rows_add_up_to_the_whole(size: int) -> None:
    picture = noise(23, 9, 3)
    wide = padded(picture, size, size)
    whole, banded = np.empty_like(picture), np.empty_like(picture)
    _rank.median(whole, wide, rows=(0, 23))
    for rows in ((0, 1), (1, 10), (10, 10), (10, 23)):
        _rank.median(banded, wide, rows=rows)
    assert np.array_equal(whole, banded)
    _rank.equalise(whole, wide, rows=(0, 23), slope=2)
    for rows in ((0, 7), (7, 23)):
        _rank.equalise(banded, wide, rows=rows, slope=2)
    assert np.array_equal(whole, banded)


def test_a_clock_can_stop_slow_filters_between_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def stop_at_third() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise TimeLimitError("too long")

    monkeypatch.setattr("pixelshift.imaging.bands.BAND_WORK", 1)
    for run in (
        lambda: spatial.median(noise(200, 4, 1), edits.Median(5), stop_at_third),
        lambda: spatial.clahe(noise(200, 4, 1), edits.Clahe(3, 3), stop_at_third),
    ):
        calls.clear()
        with pytest.raises(TimeLimitError):
            run()
        assert len(calls) == 3


def test_window_beyond_the_counters_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="255"):
        spatial.median(noise(4, 4, 1), edits.Median(256))
    assert spatial.median(np.full((4, 4, 1), 7, np.uint8), edits.Median(255)).tolist() == [[[7]] * 4] * 4


@pytest.mark.parametrize("rows", [(-1, 2), (3, 2), (0, 5)])
def test_rows_outside_the_picture_are_refused(rows: tuple[int, int]) -> None:
    picture = noise(4, 4, 1)
    with pytest.raises(ValueError, match="rows"):
        _rank.median(np.empty_like(picture), padded(picture, 3, 3), rows=rows)
