"""The JPEG encoder against Pillow's libjpeg-turbo: the same bytes, whatever the picture."""

import io
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pixelshift import _native
from pixelshift._native import _engine

RNG = np.random.default_rng(3)
OPTIONS = [{"optimise_coding": False}, {"optimise_coding": True}, {"progressive": True}]


def ours(pixels: NDArray[np.uint8], cpu: _native.Level, **options: object) -> bytes:
    return _engine.encode(pixels, sink="jpeg", options=options, cpu=cpu)


def by_pillow(
    pixels: NDArray[np.uint8],
    quality: int,
    full_chroma: bool = False,
    optimise_coding: bool = False,
    progressive: bool = False,
) -> bytes:
    body = io.BytesIO()
    Image.fromarray(pixels).save(
        body,
        "jpeg",
        quality=quality,
        subsampling=0 if full_chroma else 2,
        optimize=optimise_coding,
        progressive=progressive,
    )
    return body.getvalue()


def noise(width: int, height: int) -> NDArray[np.uint8]:
    return RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)


def extremes(width: int, height: int) -> NDArray[np.uint8]:
    """Black and white at random: the largest coefficients that there are."""
    return (RNG.integers(0, 2, (height, width, 3), dtype=np.uint8) * 255).astype(np.uint8)


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where chroma is coarse, libjpeg averages it as nobody else does: leave it flat."""
    return np.ascontiguousarray(np.repeat(pixels[..., :1], 3, axis=2))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("full_chroma", [False, True])
@pytest.mark.parametrize("quality", [1, 10, 50, 80, 92, 100])
@pytest.mark.parametrize("picture", [noise, extremes])
def test_the_bytes_are_those_of_libjpeg(
    cpu: _native.Level, picture: object, quality: int, full_chroma: bool, options: dict[str, bool]
) -> None:
    assert callable(picture)
    for size in [(8, 8), (61, 45), (160, 33)]:
        pixels = picture(*size) if full_chroma else grey(picture(*size))
        expected = by_pillow(pixels, quality, full_chroma, **options)
        assert ours(pixels, cpu, quality=quality, full_chroma=full_chroma, **options) == expected


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    quality=st.integers(1, 100),
    full_chroma=st.booleans(),
    optimise_coding=st.booleans(),
    progressive=st.booleans(),
    range_=st.integers(1, 256),
)
def test_any_size_and_quality_gives_the_bytes_of_libjpeg(
    *, width: int, height: int, quality: int, full_chroma: bool, optimise_coding: bool, progressive: bool, range_: int
) -> None:
    pixels = RNG.integers(0, range_, (height, width, 3), dtype=np.uint8)
    pixels = pixels if full_chroma else grey(pixels)
    expected = by_pillow(pixels, quality, full_chroma, optimise_coding, progressive)
    for cpu in _native.available_levels():
        actual = _engine.encode(
            pixels,
            sink="jpeg",
            options={
                "quality": quality,
                "full_chroma": full_chroma,
                "optimise_coding": optimise_coding,
                "progressive": progressive,
            },
            cpu=cpu,
        )
        assert actual == expected


def frequency(u: int, v: int, level: int) -> NDArray[np.float64]:
    """A block of which quality 50 keeps that level at that frequency alone."""
    with Image.open(io.BytesIO(by_pillow(noise(8, 8), 50))) as sample:
        step = sample.quantization[0][8 * v + u]
    at = (2 * np.arange(8) + 1) * np.pi / 16
    size = level * step / 4 * (np.sqrt(0.5) if u == 0 else 1) * (np.sqrt(0.5) if v == 0 else 1)
    return np.outer(np.cos(at * v), np.cos(at * u)) * size


def test_codes_that_would_be_too_long_are_shortened_as_libjpeg_does(cpu: _native.Level) -> None:
    """Symbols as rare as Fibonacci's numbers are what makes a Huffman code deepest: here beyond 16 bits."""
    places = [(1, 0), (0, 1), (0, 2), (1, 1), (2, 0), (3, 0), (2, 1), (1, 2), (0, 3)]
    symbols = [(u, v, level) for u, v in places for level in (1, 3)]
    counts = [1, 2]  # the code that is kept free counts for the other 1
    while len(counts) < len(symbols):
        counts.append(counts[-1] + counts[-2])
    blocks: list[NDArray[np.float64]] = []
    for symbol, count in zip(symbols, counts, strict=True):
        blocks += [frequency(*symbol)] * count
    side = int(np.ceil(np.sqrt(len(blocks))))
    blocks += [np.zeros((8, 8))] * (side * side - len(blocks))
    picture = np.stack(blocks).reshape(side, side, 8, 8).transpose(0, 2, 1, 3).reshape(8 * side, 8 * side)
    pixels = np.repeat((picture + 128).round().astype(np.uint8)[..., None], 3, axis=2)
    body = ours(np.ascontiguousarray(pixels), cpu, quality=50, optimise_coding=True)
    assert longest_code(body) == 16
    assert body == by_pillow(pixels, 50, optimise_coding=True)


def longest_code(body: bytes) -> int:
    """Of the first AC table."""
    at = body.index(b"\xff\xc4")
    while body[at + 4] != 0x10:
        at = body.index(b"\xff\xc4", at + 2)
    return max(length for length in range(1, 17) if body[at + 4 + length])


def test_the_clock_is_seen_while_libjpeg_writes() -> None:
    pixels = noise(1000, 1000)
    start = time.monotonic()
    _engine.encode(pixels, sink="jpeg", options={"quality": 95})
    enough_to_transform = time.monotonic() - start
    options = {"quality": 95, "progressive": True}
    with pytest.raises(_engine.EngineError, match="timeout"):
        _engine.encode(pixels, sink="jpeg", options=options, deadline=time.monotonic() + enough_to_transform)
