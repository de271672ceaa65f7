"""Colour kernels against the definitions in double precision, on every level."""

import numpy as np
import pytest

from pixelshift._native import Level, _colour
from pixelshift.edits import types as edits
from pixelshift.imaging.filters import FILTERS, lab
from tests.support.cielab import TO_XYZ, decoded, from_lab, to_lab
from tests.support.pixels import Pixels, noise, solid


def curves() -> _colour.Curves:
    return _colour.Curves()


def all_sides() -> Pixels:
    """Every level against the extremes of the other two, and noise."""
    ramp = np.arange(256, dtype=np.uint8)
    rows = [np.stack(np.broadcast_arrays(*parts), -1) for parts in ((ramp, 0, 255), (255, ramp, 0), (0, 255, ramp))]
    greys = ramp[:, None].repeat(3, 1)
    return np.concatenate([np.stack([*rows, greys]).astype(np.uint8), noise(9, 256, 3)])


@pytest.mark.parametrize("channels", [3, 4])
def test_split_gives_lab_of_cie_1976(channels: int, cpu: Level) -> None:
    picture = all_sides()
    if channels == 4:
        picture = np.concatenate([picture, noise(*picture.shape[:2], 1)], axis=2)
    light, chroma = np.empty(picture.shape[:2], np.uint16), np.empty((2, *picture.shape[:2]), np.int16)
    _colour.split(light, chroma, picture, curves(), cpu=cpu)
    expected = to_lab(picture[..., :3])
    assert np.abs(light / 327.67 - expected[..., 0]).max() < 0.004
    assert np.abs(chroma[0] / 256 - expected[..., 1]).max() < 0.006
    assert np.abs(chroma[1] / 256 - expected[..., 2]).max() < 0.006


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("light", "chroma"),
    [((1.0, 0.0), (1.0, 0, 0, 1.0)), ((1.2, -3.0), (0.5, 0, 0, 0.5)), ((0.6, 20.0), (0.6, -0.9, 0.9, 0.6))],
)
def test_adjustment_is_the_formula_to_two_levels(
    light: tuple[float, float], chroma: tuple[float, float, float, float], channels: int, cpu: Level
) -> None:
    picture = all_sides()
    if channels == 4:
        picture = np.concatenate([picture, noise(*picture.shape[:2], 1)], axis=2)
    result = np.empty_like(picture)
    _colour.adjust(result, picture, curves(), light=light, chroma=chroma, cpu=cpu)
    values = to_lab(picture[..., :3])
    values[..., 0] = light[0] * values[..., 0] + light[1]
    values[..., 1:] = values[..., 1:] @ np.reshape(chroma, (2, 2)).T
    difference = np.abs(result[..., :3] - from_lab(values))
    # libvips' straight lines between 256 points of linear light are what parts us from the curve, in the shadows.
    assert difference.max() < 2.6
    assert np.mean(difference > 1) < 0.03
    assert np.array_equal(result[..., 3:], picture[..., 3:])


def test_no_adjustment_changes_nothing_that_shows() -> None:
    picture = all_sides()
    same = lab.adjust(picture, light=(1.0, 0.0), chroma=(1.0, 0.0, 0.0, 1.0))
    assert np.abs(same.astype(int) - picture).max() <= 1
    assert np.abs(lab.join(picture, *lab.split(picture)).astype(int) - picture).max() <= 1


def test_luminance_is_rec_709_in_linear_light(cpu: Level) -> None:
    picture = all_sides()
    grey = np.empty(picture.shape[:2], np.uint8)
    _colour.luminance(grey, picture, curves(), cpu=cpu)
    y = decoded(picture) @ TO_XYZ[1]
    expected = 255 * np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    assert np.abs(grey - expected).max() < 2.6
    greys = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    assert np.array_equal(lab.luminance(greys), greys[..., :1]), "grey must stay as it is"


def test_lightness_is_whole_l(cpu: Level) -> None:
    picture = all_sides()
    light = np.empty(picture.shape[:2], np.uint8)
    _colour.lightness(light, picture, curves(), cpu=cpu)
    assert np.mean(light != np.floor(to_lab(picture)[..., 0] + 1e-6)) < 0.001
    assert lab.lightness(solid((255, 255, 255)))[0, 0] in {99, 100}


def test_white_and_black_survive_a_tint() -> None:
    picture = np.concatenate([solid((0, 0, 0)), solid((255, 255, 255))])
    tinted = FILTERS[edits.Tint](picture, edits.Tint(edits.Colour(255, 0, 0)))
    assert np.abs(tinted.astype(int) - picture).max() <= 1


@pytest.mark.parametrize("edit", [edits.Sharpen(1.0), edits.Modulate(1.2), edits.Normalise(), edits.Blur(1.0)])
def test_opaque_grey_with_alpha_keeps_both_channels(edit: edits.Edit) -> None:
    picture = noise(9, 30, 2)
    picture[..., 1] = 255
    result = FILTERS[type(edit)](picture, edit)
    assert result.shape == picture.shape
    assert (result[..., 1] == 255).all()
    assert np.abs(FILTERS[type(edit)](picture[..., :1], edit).astype(int) - result[..., :1]).max() <= 1


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 4, 1), (4, 4, 2)])
def test_pictures_without_colour_are_refused(shape: tuple[int, int, int]) -> None:
    picture = np.zeros(shape, np.uint8)
    with pytest.raises(ValueError, match="RGB"):
        _colour.adjust(picture, picture, curves(), light=(1, 0), chroma=(1, 0, 0, 1))


def test_planes_of_another_size_are_refused() -> None:
    picture = noise(4, 5, 3)
    with pytest.raises(ValueError, match="size"):
        _colour.split(np.empty((5, 4), np.uint16), np.empty((2, 4, 5), np.int16), picture, curves())
    with pytest.raises(ValueError, match="size"):
        _colour.join(picture, np.empty((4, 5), np.uint16), np.empty((2, 5, 4), np.int16), curves())
