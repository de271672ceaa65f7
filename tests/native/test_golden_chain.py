"""The whole chain against a pipeline in float64 that shares no code with it: coefficients from the file by the formulas
of the standard, an inverse DCT, dense weight matrices on each plane in its own place, and one rounding at the end.

The engine rounds four times on its way: decoded samples, between and behind the two directions of the resampler, and
colours. What it makes may differ from the reference by what those roundings add up to, and no more.
"""

import io

import numpy as np
import pytest
from PIL import Image

from pixelshift._native import _engine, available_levels
from tests.support import jpeg_reference
from tests.support.golden import PLANES, SIZE, SUBSAMPLINGS, Box, Place, assert_near, planes, source, to_rgb

# Levels at most, and on average: of grey; and of RGB, where three planes meet (blue has 1.772 of chroma).
# Measured: 1.18, 0.32; 3.15, 0.60.
GREY, RGB = (1.3, 0.35), (3.5, 0.65)
SCALES = [(8, (61, 44)), (8, (157, 111)), (8, (301, 173)), (3, (40, 29)), (2, (23, 17)), (1, (9, 7))]
WHOLE: Box = (0, 0, *SIZE)


@pytest.mark.parametrize("kernel", ["linear", "cubic", "mitchell", "lanczos3"])
@pytest.mark.parametrize(("scale", "size"), SCALES)
@pytest.mark.parametrize("sampling", [*SUBSAMPLINGS, "grey"])
def test_pixels_are_those_of_the_float64_pipeline(
    sampling: str, scale: int, size: tuple[int, int], kernel: str
) -> None:
    found, steps = planes(sampling, scale)
    if sampling == "grey":
        found, steps = [found[0], np.full_like(found[0], 128), np.full_like(found[0], 128)], steps * 3
    place = Place(WHOLE, size)
    expected = to_rgb(*(place.resampled(p, s, size, kernel) for p, s in zip(found, steps, strict=True)))
    for level in available_levels():
        body = _engine.run(
            source(sampling), source="jpeg", sink="png", width=size[0], height=size[1], box=WHOLE, kernel=kernel,
            scale=scale, chroma_scale=scale, cpu=level,
        )  # fmt: skip
        actual = np.asarray(Image.open(io.BytesIO(body)).convert("RGB")).astype(np.float64)
        assert_near(actual, expected, *(GREY if sampling == "grey" else RGB))


@pytest.mark.parametrize("box", [WHOLE, (31, 17, 131, 98), (31.25, 17.5, 130.75, 97.125)], ids=str)
@pytest.mark.parametrize("full_chroma", [True, False], ids=["to 4:4:4", "to 4:2:0"])
@pytest.mark.parametrize(("scale", "size"), [SCALES[0], SCALES[3], SCALES[4]])
@pytest.mark.parametrize("sampling", SUBSAMPLINGS)
def test_planes_stay_where_they_belong(
    sampling: str, scale: int, size: tuple[int, int], full_chroma: bool, box: Box
) -> None:
    found, steps = planes(sampling, scale)
    area = tuple(float(edge) for edge in (box[0] // 1, box[1] // 1, -(-box[2] // 1), -(-box[3] // 1)))
    coarse = size if full_chroma else (-(-size[0] // 2), -(-size[1] // 2))
    body = _engine.run(
        source(sampling), source="jpeg", sink="jpeg", width=size[0], height=size[1], box=box, area=area,
        kernel="lanczos3", scale=scale, chroma_scale=scale, options={"quality": 100, "full_chroma": full_chroma},
    )  # fmt: skip
    actual = jpeg_reference.read(body).planes(8)
    for plane, step, made, out in zip(found, steps, actual, (size, coarse, coarse), strict=True):
        assert_near(made, Place(box, size).resampled(plane, step, out, "lanczos3"), *PLANES)


def test_the_reference_decodes_as_pillow_does() -> None:
    """So that the two pipelines cannot err alike: 4:4:4 at full size is what libjpeg shows."""
    found, _ = planes("4:4:4", 8)
    with Image.open(io.BytesIO(source("4:4:4"))) as picture:
        picture.draft("YCbCr", None)
        shown = np.asarray(picture).astype(np.float64)
    assert_near(shown, np.stack(found, axis=2), 0.75, 0.26)
