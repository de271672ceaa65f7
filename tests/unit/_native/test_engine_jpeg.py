"""The JPEG chain against Pillow: same picture, same sizes, and a clear answer to what it does not take."""

import io
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pixelshift._native import _engine

SAMPLES = Path(__file__).parents[3] / "samples"
ENCODING = ("quality", "full_chroma", "progressive", "optimise_coding")
SUBSAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def smooth(width: int, height: int) -> Image.Image:
    """A colourful picture without detail near the sampling limit."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [127 + 120 * np.sin(3 * x + 2 * y), 127 + 120 * np.cos(4 * x * y), 127 + 120 * np.sin(5 * y - x)]
    return Image.fromarray(np.stack(planes, axis=2).round().astype(np.uint8))


def encoded(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **{"quality": 95, **options})
    return buffer.getvalue()


def decoded(body: bytes) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(body))
    image.load()
    return np.asarray(image)


def grey(data: bytes) -> NDArray[np.int64]:
    """Of a picture whose channels are equal, one."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)


def resized(data: bytes, width: int, height: int, **options: object) -> bytes:
    source = Image.open(io.BytesIO(data)).size
    encoding = {"quality": 95} | {name: options.pop(name) for name in ENCODING if name in options}
    options = {"box": (0, 0, *source), "options": encoding, "source": "jpeg", "sink": "jpeg", **options}
    return _engine.run(data, width=width, height=height, **options)  # type: ignore[arg-type]  # options by name


def small(data: bytes, box: tuple[float, float, float, float], **options: bool) -> bytes:
    """For files whose size Pillow cannot tell."""
    return _engine.run(data, source="jpeg", sink="jpeg", width=40, height=30, box=box, **options)


def assert_same_picture(body: bytes, expected: Image.Image, tolerance: float = 2.5) -> None:
    actual = decoded(body).astype(float)
    assert actual.shape[:2] == (expected.height, expected.width)
    difference = np.abs(actual - np.asarray(expected, dtype=float))
    assert difference.mean() < tolerance


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("full_chroma", [False, True])
@pytest.mark.parametrize("size", [(333, 250), (80, 47), (641, 399)])
def test_it_resizes_as_the_general_path_does(
    subsampling: str, progressive: bool, full_chroma: bool, size: tuple[int, int]
) -> None:
    image = smooth(401, 303)
    data = encoded(image, subsampling=SUBSAMPLINGS[subsampling], progressive=progressive)
    body = resized(data, *size, full_chroma=full_chroma)
    assert_same_picture(body, Image.open(io.BytesIO(data)).resize(size, Image.Resampling.LANCZOS))


@pytest.mark.parametrize("full_chroma", [False, True])
def test_grey_becomes_colour_without_any(full_chroma: bool) -> None:
    data = encoded(smooth(300, 200).convert("L"))
    body = resized(data, 90, 61, full_chroma=full_chroma)
    assert all(low == high == 128 for low, high in Image.open(io.BytesIO(body)).convert("YCbCr").getextrema()[1:])
    expected = Image.open(io.BytesIO(data)).resize((90, 61), Image.Resampling.LANCZOS)
    assert_same_picture(body, expected.convert("RGB"))


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_every_scale_shows_the_same_picture(scale: int) -> None:
    data = encoded(smooth(1600, 1201))
    body = resized(data, 160, 120, scale=scale)
    assert_same_picture(body, Image.open(io.BytesIO(data)).resize((160, 120), Image.Resampling.LANCZOS))


@settings(max_examples=40, deadline=None)
@given(
    source=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    subsampling=st.sampled_from(sorted(SUBSAMPLINGS)),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
)
def test_any_size_and_box_gives_that_picture(
    source: tuple[int, int], size: tuple[int, int], subsampling: str, corners: tuple[float, float, float, float]
) -> None:
    width, height = source
    left, right = sorted((corners[0] * (width - 1), corners[1] * (width - 1)))
    top, bottom = sorted((corners[2] * (height - 1), corners[3] * (height - 1)))
    box = (left, top, right + 1, bottom + 1)
    data = encoded(Image.new("RGB", source, (200, 100, 50)), subsampling=SUBSAMPLINGS[subsampling])
    body = resized(data, *size, box=box)
    assert_same_picture(body, Image.new("RGB", size, (200, 100, 50)))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_both_levels_give_the_same_bytes(cpu: str, subsampling: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (123, 217, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), subsampling=SUBSAMPLINGS[subsampling])
    assert resized(data, 101, 55, cpu=cpu) == resized(data, 101, 55, cpu="scalar")


# To 2x2, for luma or for the chroma of a picture decoded at 1/8, we leave out what libjpeg averages.
ALIKE = [(8, name) for name in SUBSAMPLINGS] + [(4, name) for name in SUBSAMPLINGS]
ALIKE += [(scale, name) for scale in (1, 3) for name in ("4:4:4", "4:2:2")]


@pytest.mark.parametrize(("scale", "subsampling"), ALIKE)
@pytest.mark.parametrize("quality", [30, 85, 100])
def test_our_decoder_gives_the_samples_of_libjpeg(cpu: str, scale: int, quality: int, subsampling: str) -> None:
    image = Image.open(SAMPLES / "fig.jpg").convert("RGB").resize((643, 435))
    data = encoded(image, subsampling=SUBSAMPLINGS[subsampling], quality=quality)
    own, reference = (resized(data, 643, 435, scale=scale, reference=other, cpu=cpu) for other in (False, True))
    assert own == reference


def lowest_frequencies(pixels: NDArray[np.uint8], size: int) -> NDArray[np.float64]:
    """Each block of 8x8 as ``size`` x ``size`` samples made from that many frequencies, in double precision."""
    height, width = pixels.shape
    blocks = pixels.reshape(height // 8, 8, width // 8, 8).transpose(0, 2, 1, 3).astype(float)
    kept = basis(8)[:size] @ blocks @ basis(8)[:size].T
    samples = basis(size).T @ kept @ basis(size) * size / 8
    return samples.transpose(0, 2, 1, 3).reshape(height // 8 * size, width // 8 * size)


def basis(size: int) -> NDArray[np.float64]:
    """The orthonormal DCT: row u is frequency u."""
    frequency, at = np.mgrid[:size, :size]
    rows = np.cos((2 * at + 1) * frequency * np.pi / (2 * size)) * np.sqrt(2 / size)
    rows[0] /= np.sqrt(2)
    return rows


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_small_scales_show_the_lowest_frequencies(cpu: str, scale: int) -> None:
    data = encoded(Image.open(SAMPLES / "fig.jpg").convert("L").resize((640, 440)))
    expected = lowest_frequencies(decoded(data), scale)
    body = resized(data, expected.shape[1], expected.shape[0], scale=scale, quality=100, cpu=cpu)
    difference = np.abs(grey(body) - expected.clip(0, 255))
    assert difference.mean() < 0.5
    assert difference.max() < 3


def sharpened(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """-1 around 32, divided by 24, fraction cut."""
    around = np.pad(pixels.astype(int), 1, mode="edge")
    height, width = pixels.shape
    total = sum(around[y : y + height, x : x + width] for y in range(3) for x in range(3))
    return np.clip((33 * pixels.astype(int) - total) // 24, 0, 255)


@pytest.mark.parametrize("size", [(1, 1), (9, 1), (1, 17), (16, 16), (47, 33), (130, 64)])
def test_grey_is_sharpened_by_the_mild_kernel(cpu: str, size: tuple[int, int]) -> None:
    data = encoded(Image.open(SAMPLES / "fig.jpg").convert("L").resize(size))
    body = resized(data, *size, sharpen=_engine.Sharpening(), quality=100, cpu=cpu)
    assert np.abs(grey(body) - sharpened(grey(data))).max() <= 2


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("full_chroma", [False, True])
def test_both_levels_sharpen_alike(cpu: str, subsampling: str, full_chroma: bool) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (123, 217, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), subsampling=SUBSAMPLINGS[subsampling])
    one, other = (
        resized(data, 101, 55, sharpen=_engine.Sharpening(), full_chroma=full_chroma, cpu=level)
        for level in (cpu, "scalar")
    )
    assert one == other


@settings(max_examples=40, deadline=None)
@given(
    corners=st.tuples(*[st.integers(0, 130)] * 4),
    subsampling=st.sampled_from(sorted(SUBSAMPLINGS)),
    restart=st.sampled_from([0, 2]),
)
def test_what_lies_outside_the_area_is_passed_over(
    corners: tuple[int, int, int, int], subsampling: str, restart: int
) -> None:
    (left, right), (top, bottom) = sorted(corners[:2]), sorted(corners[2:])
    noise = np.random.default_rng(1).integers(0, 256, (131, 131, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), subsampling=SUBSAMPLINGS[subsampling], restart_marker_blocks=restart)
    box = (left, top, right + 1, bottom + 1)
    size = (right + 1 - left, bottom + 1 - top)
    options = {"box": box, "full_chroma": True}
    own, reference = (resized(data, *size, reference=other, **options) for other in (False, True))
    assert own == reference
    if subsampling == "4:4:4":
        pixels = Image.fromarray(decoded(data)).crop(box)
        assert np.abs(decoded(own).astype(int) - np.asarray(pixels)).mean() < 8


@pytest.mark.parametrize("restart", [1, 3, 40])
def test_restart_intervals_are_followed(restart: int) -> None:
    data = encoded(smooth(401, 303), restart_marker_blocks=restart)
    assert resized(data, 401, 303) == resized(data, 401, 303, reference=True)


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    quality=st.integers(1, 100),
    alike=st.sampled_from(ALIKE),
    seed=st.integers(0, 2**32 - 1),
)
def test_noise_of_any_size_decodes_to_the_samples_of_libjpeg(
    size: tuple[int, int], quality: int, alike: tuple[int, str], seed: int
) -> None:
    (width, height), (scale, subsampling) = size, alike
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), quality=quality, subsampling=SUBSAMPLINGS[subsampling])
    options = {"scale": scale, "full_chroma": True}
    assert resized(data, *size, **options) == resized(data, *size, reference=True, **options)


def wide_values() -> bytes:
    """Two grey blocks. The second begins on a byte with a DC of 13 bits and an AC of 12 behind codes of 16: more than
    the 56 bits that one refill is sure to give.
    """

    def segment(marker: int, payload: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload

    def bits_of(length: int, value: int, size: int) -> str:
        """The one code of that length, ones and a zero, and what follows it."""
        return "1" * (length - 1) + "0" + f"{value:0{size}b}"

    one_of_each_length = bytes([1] * 16)
    dc, ac = bytes([*range(13), 14, 15, 13]), bytes([*range(11), 0x11, 0x12, 0x13, 0x14, 12])
    bits = bits_of(13, 2045, 12) + bits_of(2, 1, 1) * 2 + "0"  # -2050, 1, 1
    bits += bits_of(16, 4100, 13) + bits_of(16, 2048, 12) + bits_of(3, 3, 2) * 61 + "0"
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    return (
        b"\xff\xd8"
        + segment(0xDB, bytes([0, *[1] * 64]))
        + segment(0xC0, struct.pack(">BHHB", 8, 8, 16, 1) + bytes([1, 0x11, 0]))
        + segment(0xC4, b"\0" + one_of_each_length + dc)
        + segment(0xC4, b"\x10" + one_of_each_length + ac)
        + segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
        + data
        + b"\xff\xd9"
    )


def test_values_wider_than_those_of_8_bit_samples_are_left_to_libjpeg() -> None:
    box, wide = (0, 0, 16, 8), wide_values()
    own, reference = (small(wide, box, reference=one) for one in (False, True))
    assert own == reference


def with_code_of_ones(data: bytes) -> bytes:
    """The first Huffman table, which optimised coding leaves one code short of complete, completed by a symbol."""
    at = data.index(b"\xff\xc4")
    bits = bytearray(data[at + 5 : at + 21])
    symbols = data[at + 21 : at + 21 + sum(bits)]
    bits[max(length for length in range(16) if bits[length])] += 1
    other = next(symbol for symbol in range(12) if symbol not in symbols)
    segment = data[at + 4 : at + 5] + bits + symbols + bytes([other])
    return data[: at + 2] + struct.pack(">H", 2 + len(segment)) + segment + data[at + 21 + len(symbols) :]


def with_sampling(data: bytes, factors: int) -> bytes:
    """The first component's factors changed in the frame header."""
    at = data.index(b"\xff\xc0") + 11
    return data[:at] + bytes([factors]) + data[at + 1 :]


FLAT = encoded(Image.new("RGB", (96, 96), (128, 128, 128)), subsampling=0, optimize=True)


@pytest.mark.parametrize(
    "broken", [with_code_of_ones(encoded(smooth(64, 64), optimize=True)), with_sampling(FLAT, 0x44)]
)
def test_headers_that_libjpeg_refuses_are_refused(broken: bytes) -> None:
    side = Image.open(io.BytesIO(broken)).size[0]
    for reference in (False, True):
        with pytest.raises(_engine.EngineError, match="damaged"):
            small(broken, (0, 0, side, side), reference=reference)


def test_markers_are_written_and_kept_whole() -> None:
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 5) + b"hello"
    body = resized(encoded(smooth(64, 64)), 32, 32, metadata=comment)
    assert Image.open(io.BytesIO(body)).info["comment"] == b"hello"


@pytest.mark.parametrize("markers", [b"\xff", b"\xff\xfe\x00\x01", b"\xff\xfe\x00\x09abc", b"\xff\xda\x00\x02", b"a"])
def test_broken_markers_are_refused(markers: bytes) -> None:
    with pytest.raises(ValueError, match="segment"):
        resized(encoded(smooth(64, 64)), 32, 32, metadata=markers)


def test_other_colour_models_are_left_to_the_general_path() -> None:
    with pytest.raises(_engine.EngineError, match="unsupported"):
        resized(encoded(smooth(64, 64).convert("CMYK")), 32, 32)


@pytest.mark.parametrize("kept", [0.01, 0.3, 0.9, 0.99])
def test_a_truncated_file_is_damaged(kept: float) -> None:
    data = encoded(smooth(401, 303))
    with pytest.raises(_engine.EngineError, match="damaged"):
        small(data[: int(len(data) * kept)], (0, 0, 401, 303))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_flipped_bytes_do_no_harm_and_both_decoders_agree(flips: list[tuple[int, int]], progressive: bool) -> None:
    data = bytearray(encoded(smooth(97, 75), progressive=progressive))
    for at, value in flips:
        data[at % len(data)] = value
    answers = []
    for reference in (False, True):
        try:
            answers.append(small(bytes(data), (0, 0, 97, 75), reference=reference))
        except (_engine.EngineError, ValueError) as error:
            answers.append(repr(error).encode())
    assert answers[0] == answers[1]


def test_the_deadline_stops_it() -> None:
    with pytest.raises(_engine.EngineError, match="timeout"):
        resized(encoded(smooth(401, 303)), 40, 30, deadline=time.monotonic() - 1)


def test_an_output_beyond_its_limit_is_refused() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    with pytest.raises(_engine.EngineError, match="too-large"):
        resized(encoded(Image.fromarray(noise)), 600, 600, output_limit=100_000)


NAN = float("nan")


@pytest.mark.parametrize(
    "arguments",
    [
        {"width": 0},
        {"height": 70000},
        {"scale": 5},
        {"chroma_scale": 7},
        {"options": {"quality": 0}},
        {"options": {"lossless": True}},
        {"source": "bmp"},
        {"area": (0, 0, 31, 64)},
        {"area": (0, 0, 64.5, 64), "box": (0, 0, 64, 64)},
        {"kernel": "best"},
        {"box": (0, 0, 65, 64)},
        {"box": (-1, 0, 64, 64)},
        {"box": (9, 0, 9, 64)},
        {"box": (0, NAN, 64, 64)},
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, object]) -> None:
    options = {"source": "jpeg", "sink": "jpeg", "width": 9, "height": 9, "box": (0, 0, 64, 64), **arguments}
    with pytest.raises(
        ValueError, match=r"width|height|scale is|quality is|box must|kernel|no option|the engine reads"
    ):
        _engine.run(encoded(smooth(64, 64)), **options)  # type: ignore[arg-type]  # options by name
