"""The WebP sink against another copy of libwebp: the one that Pillow's wheel brings."""

import io
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pixelshift._native import _engine, available_levels
from tests.support.pictures import gradient

Pixels = NDArray[np.uint8]


def photo(width: int, height: int, channels: int = 3) -> Pixels:
    """Smooth shapes with some noise, and alpha that fades."""
    rng = np.random.default_rng(5)
    pixels = gradient(width, height, channels).astype(float)
    pixels[..., :3] += rng.normal(0, 6, (height, width, 3)) + 40 * np.sin(np.arange(width) / 9)[None, :, None]
    return pixels.clip(0, 255).astype(np.uint8)


def written(pixels: Pixels, **options: object) -> bytes:
    return _engine.encode(pixels, sink="webp", options=options)


def read(body: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(body)))


def by_pillow(pixels: Pixels, **options: object) -> bytes:
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "WEBP", **options)
    return body.getvalue()


def error(body: bytes, pixels: Pixels) -> float:
    return float(np.abs(read(body).astype(int) - pixels).mean())


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (15, 17), (16, 16), (33, 31), (150, 97)])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("options", [{"effort": 4}, {"effort": 0, "quality": 30}, {"effort": 6, "quality": 100}])
def test_pixels_are_coded_as_pillow_has_them_coded(
    size: tuple[int, int], channels: int, options: dict[str, int]
) -> None:
    pixels = photo(*size, channels)
    theirs = by_pillow(pixels, method=options["effort"], quality=options.get("quality", 80))
    ours = written(pixels, **options)
    assert read(ours).shape == read(theirs).shape
    assert error(ours, read(theirs)) < 0.2


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (33, 31), (150, 97)])
def test_lossless_keeps_every_sample(size: tuple[int, int], channels: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
    shown = read(written(pixels, lossless=True, exact=True))
    assert np.array_equal(shown[..., :3], np.broadcast_to(pixels[..., : (channels - 1) | 1], (*shown.shape[:2], 3)))
    assert shown.shape[2] == (4 if channels in {2, 4} else 3)
    if channels in {2, 4}:
        assert np.array_equal(shown[..., 3], pixels[..., -1])


def test_each_option_means_what_it_says() -> None:
    pixels = photo(150, 97)
    faded = photo(150, 97, 4)
    faded[..., 3] = np.random.default_rng(2).integers(0, 256, (97, 150))
    plain, near, lossless = (len(written(pixels, **one)) for one in ({}, {"near_lossless": True}, {"lossless": True}))
    assert plain < near < lossless
    assert error(written(pixels, near_lossless=True, quality=60), pixels) < error(written(pixels), pixels)
    assert len(written(pixels, quality=30)) < plain < len(written(pixels, quality=95))
    assert len(written(faded, alpha_quality=10)) < 0.7 * len(written(faded))
    assert len(written(pixels, effort=6)) < len(written(pixels, effort=0))
    for option in ({"smart_subsample": True}, {"preset": "text"}, {"smart_deblock": True}):
        assert written(pixels, **option) != written(pixels)
    hidden = np.full((20, 20, 4), (10, 200, 30, 0), np.uint8)
    assert np.array_equal(read(written(hidden, lossless=True, exact=True)), hidden)
    assert not np.array_equal(read(written(hidden, lossless=True)), hidden)


def test_smart_subsampling_keeps_thin_red_lines() -> None:
    pixels = np.full((64, 64, 3), 0, np.uint8)
    pixels[:, ::5] = (255, 0, 0)
    assert error(written(pixels, smart_subsample=True), pixels) < error(written(pixels), pixels)


def test_planes_of_a_jpeg_go_in_as_they_are() -> None:
    pixels = photo(160, 120)
    jpeg = io.BytesIO()
    Image.fromarray(pixels).save(jpeg, "JPEG", quality=95)
    options = {"quality": 90, "effort": 4}
    body = _engine.run(
        jpeg.getvalue(), source="jpeg", sink="webp", width=160, height=120, box=(0, 0, 160, 120), options=options
    )
    assert error(body, read(jpeg.getvalue())) < 1.15 * error(written(read(jpeg.getvalue()), **options), pixels) + 0.3


CHUNKS = st.permutations([(b"ICCP", b"profile"), (b"EXIF", b"II*\0"), (b"XMP ", b"<x/>")]).flatmap(
    lambda all_: st.integers(0, 3).map(lambda count: all_[:count])
)


def riff(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(kind + len(block).to_bytes(4, "little") + block + bytes(len(block) & 1) for kind, block in chunks)


@settings(max_examples=60, deadline=None)
@given(CHUNKS, st.sampled_from([3, 4]), st.booleans(), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_the_container_is_as_the_specification_has_it(
    chunks: list[tuple[bytes, bytes]], channels: int, lossless: bool, size: tuple[int, int]
) -> None:
    pixels = np.full((size[1], size[0], channels), 100, np.uint8)
    body = _engine.encode(pixels, sink="webp", options={"lossless": lossless}, metadata=riff(chunks))
    assert int.from_bytes(body[4:8], "little") == len(body) - 8
    found, at = [], 12
    while at < len(body):
        length = int.from_bytes(body[at + 4 : at + 8], "little")
        found.append((body[at : at + 4], body[at + 8 : at + 8 + length]))
        at += 8 + length + (length & 1)
    assert at == len(body)
    info = Image.open(io.BytesIO(body)).info
    for kind, block in chunks:
        name = {b"ICCP": "icc_profile", b"EXIF": "exif", b"XMP ": "xmp"}[kind]
        assert info[name] == block
    kinds = [kind for kind, _ in found]
    if not chunks:
        return
    assert kinds[0] == b"VP8X"
    assert kinds.count(b"VP8X") == 1
    assert (b"ICCP" not in kinds) or kinds[1] == b"ICCP"
    flags = found[0][1][0]
    assert bool(flags & 0x10) == (channels == 4)
    assert [int.from_bytes(found[0][1][at : at + 3], "little") + 1 for at in (4, 7)] == list(size)


@pytest.mark.parametrize(
    "metadata", [b"x", riff([(b"ANIM", b"")]), riff([(b"EXIF", b"a"), (b"EXIF", b"b")]), riff([(b"EXIF", b"abc")])[:-1]]
)
def test_other_chunks_are_refused(metadata: bytes) -> None:
    with pytest.raises(ValueError, match="chunk"):
        _engine.encode(np.zeros((2, 2, 3), np.uint8), sink="webp", metadata=metadata)


@pytest.mark.parametrize("options", [{"quality": 101}, {"effort": 7}, {"preset": "best"}, {"level": 3}])
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"quality|effort|preset|no option"):
        written(np.zeros((2, 2, 3), np.uint8), **options)


def test_limits_hold() -> None:
    pixels = photo(300, 200)
    with pytest.raises(ValueError, match="the width of a webp is 1 to 16383"):
        written(np.zeros((1, 16_384, 3), np.uint8))
    assert read(written(np.zeros((1, 16_383, 3), np.uint8))).shape == (1, 16_383, 3)
    with pytest.raises(_engine.EngineError, match="too-large"):
        _engine.encode(pixels, sink="webp", output_limit=1000)
    with pytest.raises(_engine.EngineError, match="timeout"):
        _engine.encode(pixels, sink="webp", deadline=time.monotonic() - 1)


def test_the_clock_stops_the_encoder_half_way() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    start = time.monotonic()
    with pytest.raises(_engine.EngineError, match="timeout"):
        _engine.encode(noise, sink="webp", options={"effort": 6}, deadline=start + 0.1)


def test_levels_agree() -> None:
    pixels = photo(99, 55, 4)
    assert len({_engine.encode(pixels, sink="webp", cpu=level) for level in available_levels()}) == 1
