"""Sharpening against its definition in double precision, on every level, and its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy import ndimage

from pixelshift._native import Level, _colour, _engine, available_levels
from pixelshift.edits import types as edits
from pixelshift.errors import TimeLimitError
from pixelshift.imaging import gaussian
from pixelshift.imaging.deadline import Deadline
from pixelshift.imaging.filters import FILTERS, spatial
from tests.support.pixels import Pixels, noise, waves
from tests.unit.imaging.filters.test_lab import from_lab, to_lab

STRONG = edits.Sharpen(1.5, m1=0.5, m2=3.0, x1=1.0, y2=25.0, y3=5.0)
SHAPES = [(1, 1), (1, 40), (40, 1), (3, 9), (16, 17), (33, 65), (50, 23)]


def expected(rgb: Pixels, edit: edits.Sharpen) -> NDArray[np.float64]:
    """RGB levels, not rounded."""
    assert edit.sigma is not None
    values = to_lab(rgb)
    offsets = np.arange(-30, 31)
    heights = np.exp(-(offsets**2) / (2 * edit.sigma**2))
    line = np.where(heights >= 0.1, np.floor(20 * heights + 0.5), 0)
    smooth = values[..., 0]
    for axis in (0, 1):
        smooth = ndimage.correlate1d(smooth, line / line.sum(), axis=axis, mode="nearest")
    difference = values[..., 0] - smooth
    flat = np.clip(difference, -edit.x1, edit.x1)
    added = flat * edit.m1 + (difference - flat) * edit.m2
    values[..., 0] = np.clip(values[..., 0] + np.clip(added, -edit.y3, edit.y2), 0, 100)
    return from_lab(values)


def sharpened(picture: Pixels, edit: edits.Sharpen, cpu: Level | None = None) -> Pixels:
    result = np.empty_like(picture)
    _engine.filtered(picture, result, sharpen=gaussian.sharpening(edit), cpu=cpu)
    return result


@pytest.mark.parametrize("edit", [edits.Sharpen(1.0), edits.Sharpen(0.1), edits.Sharpen(10.0), STRONG], ids=repr)
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_sharpened_light_is_what_the_formula_says(shape: tuple[int, int], edit: edits.Sharpen, cpu: Level) -> None:
    picture = waves(*shape, 3)
    difference = np.abs(sharpened(picture, edit, cpu) - expected(picture, edit))
    # Straight lines in the shadows, as in test_lab; a step of 1/327 L in the curve; rounding.
    assert difference.max() < 2.6
    assert np.mean(difference > 1) < 0.03


WIDEST = list(range(20, 0, -1)) + [1] * 44


@pytest.mark.parametrize("mask", [[1], [20, 12, 3], [3, 3, 3], WIDEST], ids=lambda mask: f"{len(mask)} of {mask[0]}")
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_smoothed_light_is_the_rounded_exact_sum(shape: tuple[int, int], mask: list[int], cpu: Level) -> None:
    picture = noise(*shape, 3)
    picture[: shape[0] // 2] |= 0xFC  # light sums are the largest
    light, chroma = np.empty(shape, np.uint16), np.empty((2, *shape), np.int16)
    _colour.split(light, chroma, picture, _colour.Curves())
    line = np.array(mask[:0:-1] + mask)
    for axis in (1, 0):
        sums = ndimage.correlate1d(light.astype(np.int64), line, axis=axis, mode="nearest")
        light = ((sums + line.sum() // 2) // line.sum()).astype(np.uint16)
    light = np.maximum(light, 1) - 1  # the curve stands one part beside the difference
    smooth, result = picture.copy(), np.empty_like(picture)
    _colour.join(smooth, light, chroma, _colour.Curves())
    takes_the_difference_away = _engine.Sharpening(mask, m1=-1, m2=-1, y2=200, y3=200)
    _engine.filtered(picture, result, sharpen=takes_the_difference_away, cpu=cpu)
    assert np.array_equal(result, smooth)


@pytest.mark.parametrize("edit", [edits.Sharpen(2.0), STRONG], ids=repr)
def test_grey_is_sharpened_as_colour_of_that_grey(edit: edits.Sharpen, cpu: Level) -> None:
    grey = waves(37, 29, 1)
    colour = sharpened(np.ascontiguousarray(grey.repeat(3, axis=2)), edit, cpu)
    assert np.abs(sharpened(grey, edit, cpu).astype(int) - colour).max() <= 1


@pytest.mark.parametrize("colours", [1, 3])
def test_opaque_alpha_changes_nothing(colours: int, cpu: Level) -> None:
    picture = noise(21, 35, colours)
    opaque = np.concatenate([picture, np.full((21, 35, 1), 255, np.uint8)], axis=2)
    result = sharpened(opaque, edits.Sharpen(1.0), cpu)
    assert (result[..., -1] == 255).all()
    assert np.array_equal(result[..., :-1], sharpened(picture, edits.Sharpen(1.0), cpu))


def test_what_is_clear_does_not_bleed(cpu: Level) -> None:
    picture = waves(20, 30, 4)
    picture[..., 3] = np.where(np.arange(30) < 15, 0, picture[..., 3] | 1)
    other = picture.copy()
    other[:, :15, :3] = 255 - other[:, :15, :3]
    one, two = (sharpened(each, edits.Sharpen(2.0), cpu) for each in (picture, other))
    assert np.array_equal(one, two)
    assert np.array_equal(one[..., 3], picture[..., 3])


def test_the_mild_kernel_is_the_same_correlation(cpu: Level) -> None:
    for channels in (1, 3):
        picture = noise(19, 40, channels)
        assert np.array_equal(sharpened(picture, edits.Sharpen(), cpu), spatial.convolve(picture, spatial.MILD_SHARPEN))


PICTURES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4)).flatmap(
    lambda shape: arrays.arrays(np.uint8, shape)
)
CURVES = st.builds(
    edits.Sharpen,
    st.floats(0.01, 10),
    m1=st.floats(0, 1e6),
    m2=st.floats(0, 1e6),
    x1=st.floats(0, 1e6),
    y2=st.floats(0, 1e6),
    y3=st.floats(0, 1e6),
)


@pytest.mark.skipif(len(available_levels()) == 1, reason="this machine has one level only")
@settings(max_examples=80, deadline=None)
@given(picture=PICTURES, edit=CURVES)
def test_levels_agree(picture: Pixels, edit: edits.Sharpen) -> None:
    one, *others = (sharpened(picture, edit, level) for level in available_levels())
    assert all(np.array_equal(one, other) for other in others)


@pytest.mark.parametrize("edit", [edits.Sharpen(), edits.Sharpen(1.0)], ids=repr)
def test_the_clock_stops_it_inside(edit: edits.Sharpen) -> None:
    with pytest.raises(_engine.EngineError, match="timeout"):
        _engine.filtered(noise(9, 9, 3), np.empty((9, 9, 3), np.uint8), sharpen=gaussian.sharpening(edit), deadline=1.0)
    with pytest.raises(TimeLimitError):
        FILTERS[edits.Sharpen](noise(9, 9, 3), edit, Deadline(-1.0))


@pytest.mark.parametrize(
    ("mask", "what"),
    [([21, 3], "20"), ([5, 6], "5"), ([5, 0], "1"), ([1] * 65, "64")],
    ids=["21", "rises", "0", "long"],
)
def test_masks_that_are_none_are_refused(mask: list[int], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        _engine.Sharpening(mask)


def test_other_shapes_are_refused() -> None:
    how = gaussian.sharpening(edits.Sharpen(1.0))
    for pixels, result in (((4, 4, 3), (4, 5, 3)), ((4, 4, 5), (4, 4, 5)), ((0, 4, 3), (0, 4, 3))):
        with pytest.raises(ValueError, match="pixels"):
            _engine.filtered(np.zeros(pixels, np.uint8), np.zeros(result, np.uint8), sharpen=how)
    with pytest.raises(_engine.EngineError, match="unsupported"):
        _engine.filtered(noise(4, 4, 4), np.empty((4, 4, 4), np.uint8), sharpen=_engine.Sharpening())


def test_only_a_deadline_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaussian, "sharpening", lambda _edit: _engine.Sharpening())  # which alpha does not go with
    with pytest.raises(_engine.EngineError, match="unsupported"):
        spatial.sharpen(noise(4, 4, 4), STRONG)
