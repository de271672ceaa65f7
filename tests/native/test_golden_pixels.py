"""Chains of PNG and JPEG sources, their turns and canvases, against pipelines in float64.

A packed picture is rounded once where it counts, at the end: 0.5, and a little for whole weights and for the fraction
bits between the two directions. Premultiplied colours are divided by an alpha that is rounded, too.
"""

import io
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelshift._native import _engine, available_levels
from tests.support import golden, jpeg_reference, png_files, resampling
from tests.support.golden import Reals, assert_near
from tests.support.pixels import noise

Pixels = NDArray[np.uint8]
KERNELS = ["linear", "cubic", "lanczos2", "lanczos3"]
# Rounding alone would be 0.5 at most and 0.25 on average.
# Measured: 0.509, 0.2547; and 0.0 beyond it.
PACKED, DIVIDED = (0.53, 0.26), 0.05
SIZES = [((1, 1), (1, 1)), ((1, 1), (7, 5)), ((17, 13), (1, 1)), ((17, 13), (31, 29)), ((157, 111), (61, 44)),
         ((157, 111), (41, 97))]  # fmt: skip
COLOURS = {1: png_files.GREY, 2: png_files.GREY_ALPHA, 3: png_files.RGB, 4: png_files.RGBA}
TURNS = [(bool(n & 4), bool(n & 2), bool(n & 1)) for n in range(8)]


@lru_cache
def photograph(size: tuple[int, int], channels: int) -> Pixels:
    """The rim of a cut-out bowl, whose edge is translucent; without alpha, the dandelions."""
    name, left, top = ("bowl.png", 0, 300) if channels in {2, 4} else ("dandelions.jpg", 1700, 900)
    with Image.open(golden.SAMPLES / name) as picture:
        whole = picture.convert("RGBA" if channels in {2, 4} else "RGB")
        part = whole.resize(size, box=(left, top, left + 3 * size[0], top + 3 * size[1]))
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    return np.asarray(part.convert(mode)).reshape(size[1], size[0], channels)


def png_of(samples: NDArray[np.integer], bits: int = 8) -> bytes:
    height, width, channels = samples.shape
    unfiltered = np.pad(png_files.packed(samples, bits), ((0, 0), (1, 0)))
    stream = zlib.compress(unfiltered.tobytes(), 1)
    return png_files.header(width, height, bits, COLOURS[channels]) + png_files.idat(stream) + png_files.END


def run(file: bytes, stored: tuple[int, int], size: tuple[int, int], **options: Any) -> bytes:
    given = {"source": "png", "sink": "png", "box": (0, 0, *stored), **options}
    return _engine.run(file, width=size[0], height=size[1], **given)


def decoded(body: bytes, channels: int) -> Pixels:
    """A PNG's or WebP's pixels; the chain writes grey as RGB, all three alike."""
    with Image.open(io.BytesIO(body)) as picture:
        pixels = np.asarray(picture.convert("RGBA" if channels in {2, 4} else "RGB"))
    if channels > 2:
        return pixels
    assert (pixels[..., :3] == pixels[..., :1]).all()
    return pixels[..., [0, 3][:channels]]


def assert_premultiplied_near(actual: Pixels, expected: tuple[Reals, Reals]) -> None:
    """Alpha as any channel; straight colours by what is seen of their error: the division stretches it by 255 / alpha.

    Below an alpha of 8 colours are as coarse as that.
    """
    colours, alpha = expected
    assert_near(actual[..., -1], np.clip(alpha, 0, 255), *PACKED)
    is_seen = alpha > 8
    straight = np.clip(colours * 255 / np.where(is_seen, alpha, 1)[..., None], 0, 255)
    beyond_rounding = (np.abs(actual[..., :-1] - straight) - 0.5) * np.clip(alpha, 0, 255)[..., None] / 255
    assert beyond_rounding[is_seen].max(initial=0) < DIVIDED


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("source", "size"), SIZES, ids=str)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_png_is_resampled_as_in_float64(
    channels: int, source: tuple[int, int], size: tuple[int, int], kernel: str
) -> None:
    for picture in (photograph(source, channels), noise(source[1], source[0], channels, seed=7)):
        file = png_of(picture)
        for level in available_levels():
            actual = decoded(run(file, source, size, kernel=kernel, cpu=level), channels)
            if channels in {1, 3}:
                expected = resampling.resample(picture, size, kernel, repeat=True)
                assert_near(actual, np.clip(expected, 0, 255), *PACKED)
            else:
                expected_parts = resampling.resample_premultiplied(picture, size, kernel, repeat=True)
                assert_premultiplied_near(actual, expected_parts)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_of_sixteen_bits_the_upper_eight_are_taken(channels: int) -> None:
    samples = np.random.default_rng(3).integers(0, 1 << 16, (29, 31, channels))
    actual = decoded(run(png_of(samples, 16), (31, 29), (17, 13), kernel="lanczos3"), channels)
    cut = (samples >> 8).astype(np.uint8)
    if channels in {1, 3}:
        assert_near(actual, np.clip(resampling.resample(cut, (17, 13), "lanczos3", repeat=True), 0, 255), *PACKED)
    else:
        assert_premultiplied_near(actual, resampling.resample_premultiplied(cut, (17, 13), "lanczos3", repeat=True))


def turned(picture: NDArray[Any], turn: tuple[bool, bool, bool]) -> NDArray[Any]:
    """Rows and columns change places, then top and bottom, then left and right."""
    transpose, flip, flop = turn
    picture = picture.swapaxes(0, 1) if transpose else picture
    return picture[:: -1 if flip else 1, :: -1 if flop else 1]


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_turn_moves_pixels_and_changes_none(channels: int, turn: tuple[bool, bool, bool]) -> None:
    for source, size in SIZES:
        file = png_of(noise(source[1], source[0], channels, seed=8))
        plain = decoded(run(file, source, size, kernel="cubic"), channels)
        result = size[::-1] if turn[0] else size
        for level in available_levels():
            actual = decoded(run(file, source, result, kernel="cubic", turn=turn, cpu=level), channels)
            assert np.array_equal(actual, turned(plain, turn))


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("full_chroma", [True, False], ids=["to 4:4:4", "to 4:2:0"])
@pytest.mark.parametrize("sampling", golden.SUBSAMPLINGS)
def test_turned_planes_stay_where_they_belong(sampling: str, full_chroma: bool, turn: tuple[bool, bool, bool]) -> None:
    """Odd sides in 4:2:0: chroma is aligned to the far edge of what is decoded where that becomes the near one."""
    found, steps = golden.planes(sampling, 8)
    size = (61, 45)  # before the turn
    coarse = size if full_chroma else (31, 23)
    transpose, flip, flop = turn
    place = golden.Place((0, 0, *golden.SIZE), size, mirrored=(flip, flop) if transpose else (flop, flip))
    result = size[::-1] if transpose else size
    options = {"quality": 100, "full_chroma": full_chroma}
    body = run(golden.source(sampling), golden.SIZE, result, source="jpeg", sink="jpeg", kernel="lanczos3", turn=turn,
               scale=8, chroma_scale=8, options=options)  # fmt: skip
    actual = jpeg_reference.read(body).planes(8)
    for plane, step, made, out in zip(found, steps, actual, (size, coarse, coarse), strict=True):
        assert_near(made, turned(place.resampled(plane, step, out, "lanczos3"), turn), *golden.PLANES)


COLOUR = (200, 30, 90)


@pytest.mark.parametrize("kernel", ["linear", "lanczos3"])
@pytest.mark.parametrize("at", [(0, 0), (3, 8), (9, 0)], ids=str)
@pytest.mark.parametrize(("source", "size"), SIZES, ids=str)
def test_a_canvas_lies_around_the_picture(
    source: tuple[int, int], size: tuple[int, int], at: tuple[int, int], kernel: str
) -> None:
    picture = photograph(source, 3)
    left, top, width, height = at[0], at[1], size[0] + 9, size[1] + 8
    body = run(png_of(picture), source, (width, height), kernel=kernel, canvas=(left, top, *size, COLOUR))
    actual = decoded(body, 3)
    inside = (slice(top, top + size[1]), slice(left, left + size[0]))
    assert_near(actual[inside], np.clip(resampling.resample(picture, size, kernel, repeat=True), 0, 255), *PACKED)
    beside = np.ones((height, width), bool)
    beside[inside] = False
    assert (actual[beside] == COLOUR).all()


@pytest.mark.parametrize("full_chroma", [True, False], ids=["to 4:4:4", "to 4:2:0"])
@pytest.mark.parametrize("sampling", golden.SUBSAMPLINGS)
def test_a_canvas_of_planes_has_the_colour_by_formula(sampling: str, full_chroma: bool) -> None:
    found, steps = golden.planes(sampling, 8)
    left, top, size, whole = 5, 3, (61, 45), (75, 53)
    options = {"quality": 100, "full_chroma": full_chroma}
    body = run(golden.source(sampling), golden.SIZE, whole, source="jpeg", sink="jpeg", kernel="cubic", scale=8,
               chroma_scale=8, options=options, canvas=(left, top, *size, COLOUR))  # fmt: skip
    place = golden.Place((0, 0, *golden.SIZE), size)
    colour = golden.from_rgb(np.array(COLOUR, np.float64))
    for i, made in enumerate(jpeg_reference.read(body).planes(8)):
        expected = np.full(whole[::-1], colour[i])
        expected[top : top + size[1], left : left + size[0]] = place.resampled(found[i], steps[i], size, "cubic")
        if i > 0 and not full_chroma:
            expected = golden.halved(expected)
        assert_near(made, expected, *golden.PLANES)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_lossless_webp_shows_what_png_shows(channels: int) -> None:
    for source, size in SIZES:
        file = png_of(noise(source[1], source[0], channels, seed=9))
        webp = run(file, source, size, sink="webp", options={"lossless": True, "exact": True, "effort": 0})
        assert np.array_equal(decoded(webp, channels), decoded(run(file, source, size), channels))
