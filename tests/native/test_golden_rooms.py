"""What is done to finished rows, sharpening and watermarks, against the same in float64 from the decoded source on."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelshift._native import _engine, available_levels
from tests.support import cielab, golden, jpeg_reference, resampling
from tests.support.golden import Reals, assert_near
from tests.support.pixels import noise, waves

Pixels = NDArray[np.uint8]
SIZE, RESULT = golden.SIZE, (61, 45)
PLACE = golden.Place((0, 0, *SIZE), RESULT)
FINEST = {"quality": 100, "full_chroma": True}


def png_of(pixels: Pixels) -> bytes:
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


def run(file: bytes, source: str, sink: str, size: tuple[int, int], **options: Any) -> bytes:
    given = {"kernel": "lanczos3", "scale": 8, "chroma_scale": 8, **options}
    with Image.open(io.BytesIO(file)) as picture:
        box = (0, 0, *picture.size)
    return _engine.run(file, source=source, sink=sink, width=size[0], height=size[1], box=box, **given)


def decoded(body: bytes) -> Pixels:
    with Image.open(io.BytesIO(body)) as picture:
        return np.asarray(picture)


def resampled_planes(sampling: str, full_chroma: bool = True) -> list[Reals]:
    found, steps = golden.planes(sampling, 8)
    coarse = RESULT if full_chroma else (-(-RESULT[0] // 2), -(-RESULT[1] // 2))
    outs = (RESULT, coarse, coarse)
    return [PLACE.resampled(plane, step, out, "lanczos3") for plane, step, out in zip(found, steps, outs, strict=True)]


# Size, corner and opacity: within, over each edge by odd numbers, all over, one pixel.
MARKS = [((20, 14), (7, 5), 1.0), ((33, 29), (-11, -9), 0.4), ((33, 29), (47, 31), 1.0), ((80, 70), (-8, -9), 0.4),
         ((1, 1), (60, 44), 1.0), ((1, 1), (13, 17), 0.7)]  # fmt: skip
# Levels at most and on average. Measured, in this order: 0.981, 0.278; 3.25, 0.585; 2.25, 0.433.
LAID, LAID_RGB, LAID_PLANES = (1.02, 0.29), (3.5, 0.62), (2.5, 0.46)
# 1.187, 0.397; 2.32, 0.505.
MILD, MILD_PLANES = (1.35, 0.42), (2.6, 0.54)
# 0.582, 0.2106: the last rounding, and L, a and b in whole steps.
LIGHT = (0.65, 0.25)


def mark(size: tuple[int, int], opacity: float) -> Pixels:
    """Noise, of which a third is clear and a third as opaque as can be."""
    pixels = noise(size[1], size[0], 4, seed=5)
    alpha = np.clip(pixels[..., 3].astype(int) * 3 - 255, 0, 255)
    pixels[..., 3] = np.rint(alpha * opacity)
    return pixels


def over(below: Reals, above: Pixels, at: tuple[int, int]) -> tuple[Reals, NDArray[np.bool_]]:
    """Porter and Duff's over on an opaque picture, and what of it is covered."""
    height, width = below.shape[:2]
    rows, columns = (np.arange(n) - start for n, start in ((height, at[1]), (width, at[0])))
    is_row, is_column = (rows >= 0) & (rows < above.shape[0]), (columns >= 0) & (columns < above.shape[1])
    covered = is_row[:, None] & is_column
    laid = np.zeros((height, width, 4))
    laid[covered] = above[np.ix_(rows[is_row], columns[is_column])].reshape(-1, 4)
    alpha = laid[..., 3:] / 255
    return laid[..., :3] * alpha + below * (1 - alpha), covered


@pytest.mark.parametrize(("size", "at", "opacity"), MARKS, ids=str)
def test_a_watermark_on_packed_rows(size: tuple[int, int], at: tuple[int, int], opacity: float) -> None:
    """Two roundings: of the row, and of the blend."""
    above = mark(size, opacity)
    for picture in (waves(111, 157, 3), noise(111, 157, 3)):
        below = np.clip(resampling.resample(picture, RESULT, "lanczos3", repeat=True), 0, 255)
        expected, _ = over(below, above, at)
        for level in available_levels():
            body = run(png_of(picture), "png", "png", RESULT, overlay=above, overlay_at=at, cpu=level)
            assert_near(decoded(body), expected, *LAID)


@pytest.mark.parametrize(("size", "at", "opacity"), MARKS, ids=str)
@pytest.mark.parametrize("sampling", golden.SUBSAMPLINGS)
def test_a_watermark_on_planes_that_become_rgb(
    sampling: str, size: tuple[int, int], at: tuple[int, int], opacity: float
) -> None:
    above = mark(size, opacity)
    expected, _ = over(golden.to_rgb(*resampled_planes(sampling)), above, at)
    for level in available_levels():
        body = run(golden.source(sampling), "jpeg", "png", RESULT, overlay=above, overlay_at=at, cpu=level)
        assert_near(decoded(body), expected, *LAID_RGB)


@pytest.mark.parametrize(("size", "at", "opacity"), MARKS, ids=str)
@pytest.mark.parametrize("full_chroma", [True, False], ids=["to 4:4:4", "to 4:2:0"])
@pytest.mark.parametrize("sampling", golden.SUBSAMPLINGS)
def test_a_watermark_on_planes(
    sampling: str, full_chroma: bool, size: tuple[int, int], at: tuple[int, int], opacity: float
) -> None:
    """Coarse chroma is spread over the pixels that it stands for, and is their mean afterwards."""
    above, planes = mark(size, opacity), resampled_planes(sampling, full_chroma)
    height, width = RESULT[::-1]
    whole = planes if full_chroma else [planes[0], *(spread(plane)[:height, :width] for plane in planes[1:])]
    laid, covered = over(golden.to_rgb(*whole), above, at)
    expected = [np.where(covered, new, old) for new, old in zip(golden.from_rgb(laid), whole, strict=True)]
    if not full_chroma:
        expected[1:] = [golden.halved(plane) for plane in expected[1:]]
    options = {"quality": 100, "full_chroma": full_chroma}
    body = run(golden.source(sampling), "jpeg", "jpeg", RESULT, overlay=above, overlay_at=at, options=options)
    for made, plane in zip(jpeg_reference.read(body).planes(8), expected, strict=True):
        assert_near(made, np.clip(plane, 0, 255), *LAID_PLANES)


def spread(plane: Reals) -> Reals:
    return plane.repeat(2, axis=0).repeat(2, axis=1)


def mildly_sharpened(plane: Reals) -> Reals:
    """The kernel of -1 around 32, divided by 24, edges repeated."""
    around = np.pad(plane, ((1, 1), (1, 1)), mode="edge")
    height, width = plane.shape
    total = sum(around[y : y + height, x : x + width] for y in range(3) for x in range(3))
    return np.clip((33 * plane - total) / 24, 0, 255)


def each(picture: NDArray[Any], change: Any) -> Reals:
    return np.stack([change(picture[..., c].astype(np.float64)) for c in range(picture.shape[2])], axis=2)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (17, 13), (157, 111)], ids=str)
def test_the_mild_sharpening_is_the_fraction_with_its_fraction_cut(size: tuple[int, int]) -> None:
    """Integers throughout, so this is exact."""
    for picture in (waves(size[1], size[0], 3), noise(size[1], size[0], 3)):
        exact = np.floor(each(picture, mildly_sharpened) + 1e-9)
        for level in available_levels():
            body = run(png_of(picture), "png", "png", size, sharpen=_engine.Sharpening(), cpu=level)
            assert np.array_equal(decoded(body), exact)


def test_the_mild_sharpening_of_what_is_resampled() -> None:
    picture = waves(111, 157, 3)
    below = np.clip(resampling.resample(picture, RESULT, "lanczos3", repeat=True), 0, 255)
    body = run(png_of(picture), "png", "png", RESULT, sharpen=_engine.Sharpening())
    # Half a level is lost on average where the fraction is cut.
    assert_near(decoded(body) + 0.5, each(below, mildly_sharpened), *MILD)


@pytest.mark.parametrize("sampling", golden.SUBSAMPLINGS)
def test_the_mild_sharpening_of_planes(sampling: str) -> None:
    """Of luma the fraction is cut, chroma is rounded."""
    body = run(golden.source(sampling), "jpeg", "jpeg", RESULT, sharpen=_engine.Sharpening(), options=FINEST)
    made = jpeg_reference.read(body).planes(8)
    for i, plane in enumerate(resampled_planes(sampling)):
        assert_near(made[i] + (0.5 if i == 0 else 0), mildly_sharpened(plane), *MILD_PLANES)


CURVE = {"m1": 0.0, "m2": 3.0, "x1": 2.0, "y2": 10.0, "y3": 20.0}


def gaussian(sigma: float) -> NDArray[np.int64]:
    """libvips' whole weights from the middle out, those above a tenth of the middle's."""
    heights = np.exp(-(np.arange(64) ** 2) / (2 * sigma * sigma))
    return np.rint(20 * heights[heights >= 0.1]).astype(int)


def smoothed(plane: Reals, weights: NDArray[np.int64]) -> Reals:
    radius = len(weights) - 1
    mask = np.concatenate([weights[:0:-1], weights]) / (2 * weights.sum() - weights[0])
    for axis in (0, 1):
        padded = np.pad(plane, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        plane = np.apply_along_axis(np.convolve, axis, padded, mask, "valid")
    return plane


def sharpened_light(light: Reals, sigma: float, curve: dict[str, float]) -> Reals:
    """L and a curve of its difference from smoothed L; libvips' table stands one of its steps, 1/327.67, beside it."""
    difference = light - smoothed(light, gaussian(sigma)) + 1 / 327.67
    flat = np.clip(difference, -curve["x1"], curve["x1"])
    added = curve["m1"] * flat + curve["m2"] * (difference - flat)
    return np.clip(light + np.clip(added, -curve["y3"], curve["y2"]), 0, 100)


def light_sharpened(picture: NDArray[np.number], sigma: float, curve: dict[str, float]) -> Reals:
    values = cielab.to_lab(picture)
    values[..., 0] = sharpened_light(values[..., 0], sigma, curve)
    # libvips finds a level by straight lines between the whole levels of 256 points of linear light.
    lines = np.rint(cielab.encoded(np.arange(256) / 255))
    found: Reals = np.interp(cielab.linear_of_lab(values) * 255, np.arange(256), lines)
    return found


@pytest.mark.parametrize("curve", [{}, {"m1": 1.0, "x1": 0.5}, {"m2": 6.0, "y2": 4.0, "y3": 3.0}], ids=str)
@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("size", [(1, 1), (17, 13), (61, 45)], ids=str)
def test_sharpened_light(size: tuple[int, int], sigma: float, curve: dict[str, float]) -> None:
    weights, how = gaussian(sigma).tolist(), CURVE | curve
    for picture in (waves(size[1], size[0], 3), noise(size[1], size[0], 3)):
        for level in available_levels():
            sharpen = _engine.Sharpening(weights, **how)
            body = run(png_of(picture), "png", "png", size, sharpen=sharpen, cpu=level)
            assert_near(decoded(body), light_sharpened(picture, sigma, how), *LIGHT)
