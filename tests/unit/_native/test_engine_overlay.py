"""An overlay laid on the engine's rows, against the same picture laid on all of the pixels at once."""

import io
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pixelshift._native import _engine, available_levels
from pixelshift.imaging import compose

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT = 53, 47
FINEST = {"quality": 100, "full_chroma": True}
FAR = (1 << 30) - 1
AVAILABLE = available_levels()

sizes = st.tuples(st.integers(1, 70), st.integers(1, 70))
corners = st.tuples(st.integers(-75, 60), st.integers(-75, 60))


def base(width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.stack([40 + 150 * x, 60 + 120 * y, 200 - 80 * x * y], axis=2).round().astype(np.uint8)


def mark(size: tuple[int, int], seed: int = 0) -> Pixels:
    """Noise, of which a third is clear and a third opaque."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    pixels[..., 3] = np.clip(pixels[..., 3].astype(int) * 3 - 255, 0, 255)
    return pixels


def file_of(pixels: Pixels, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format_, **options)
    return buffer.getvalue()


def decoded(body: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(body)))


def made(file: bytes, source: str, sink: str, **options: Any) -> bytes:
    size = {"width": WIDTH, "height": HEIGHT, "box": (0, 0, WIDTH, HEIGHT)}
    return _engine.run(file, source=source, sink=sink, **{**size, **options})


PNG = file_of(base(), "PNG")
JPEGS = {name: file_of(base(), "JPEG", quality=98, subsampling=name) for name in ("4:4:4", "4:2:2", "4:2:0")}


@settings(max_examples=150, deadline=None)
@given(sizes, corners, st.sampled_from(AVAILABLE))
@example((1, 1), (WIDTH - 1, HEIGHT - 1), "scalar")
@example((70, 70), (-9, -11), "scalar")
def test_packed_rows_become_what_whole_pictures_become(size: tuple[int, int], at: tuple[int, int], cpu: Any) -> None:
    above = mark(size)
    body = made(PNG, "png", "png", overlay=above, overlay_at=at, cpu=cpu)
    assert np.array_equal(decoded(body), compose.watermark(base(), above, left=at[0], top=at[1]))


@settings(max_examples=100, deadline=None)
@given(sizes, corners, st.sampled_from(sorted(JPEGS)))
def test_planes_become_the_same_up_to_rounding(size: tuple[int, int], at: tuple[int, int], chroma: str) -> None:
    above, file = mark(size), JPEGS[chroma]
    plain = decoded(made(file, "jpeg", "png"))
    expected = compose.watermark(plain, above, left=at[0], top=at[1])
    actual = decoded(made(file, "jpeg", "png", overlay=above, overlay_at=at))
    # To YCbCr and back: half a level of luma, and 1.772 times half a level of chroma.
    assert np.abs(actual.astype(int) - expected).max() <= 2
    covered = np.zeros((HEIGHT, WIDTH), bool)
    left, top = max(at[0], 0), max(at[1], 0)
    covered[top : max(at[1] + size[1], 0), left : max(at[0] + size[0], 0)] = True
    assert np.array_equal(actual[~covered], plain[~covered])


@settings(max_examples=100, deadline=None)
@given(sizes, corners, st.sampled_from(sorted(JPEGS)), st.booleans())
@example((1, 70), (WIDTH - 1, 0), "4:2:0", False)
@example((70, 1), (0, HEIGHT - 1), "4:2:0", False)
def test_a_jpeg_is_what_the_whole_picture_gives(
    size: tuple[int, int], at: tuple[int, int], chroma: str, full_chroma: bool
) -> None:
    above, file, options = mark(size), JPEGS[chroma], {**FINEST, "full_chroma": full_chroma}
    whole = compose.watermark(decoded(made(file, "jpeg", "png")), above, left=at[0], top=at[1])
    expected = decoded(_engine.encode(whole, sink="jpeg", options=options)).astype(int)
    actual = decoded(made(file, "jpeg", "jpeg", options=options, overlay=above, overlay_at=at))
    difference = np.abs(actual - expected)
    assert difference.mean() < 1
    assert difference.max() <= 8


@pytest.mark.parametrize("full_chroma", [False, True])
@pytest.mark.parametrize("chroma", JPEGS)
@pytest.mark.parametrize("sharpen", [None, _engine.Sharpening()], ids=["plain", "sharpened"])
def test_both_levels_give_the_same_bytes(
    cpu: Any, chroma: str, full_chroma: bool, sharpen: _engine.Sharpening | None
) -> None:
    for size, at in (((33, 29), (5, 3)), ((70, 70), (-8, -9)), ((20, 20), (40, 40)), ((20, 20), (-25, 0))):
        options: dict[str, Any] = {"overlay": mark(size), "overlay_at": at, "sharpen": sharpen}
        options["options"] = {"full_chroma": full_chroma}
        one, other = (made(JPEGS[chroma], "jpeg", "jpeg", cpu=level, **options) for level in ("scalar", cpu))
        assert one == other


@pytest.mark.parametrize("at", [(FAR, 0), (-FAR, 0), (0, FAR), (0, -FAR), (WIDTH, 0), (0, HEIGHT), (-5, 0), (0, -5)])
def test_an_overlay_beside_the_picture_changes_nothing(at: tuple[int, int]) -> None:
    for sink, file, source in (("jpeg", JPEGS["4:2:0"], "jpeg"), ("png", PNG, "png")):
        assert made(file, source, sink, overlay=mark((5, 5)), overlay_at=at) == made(file, source, sink)


@pytest.mark.parametrize("pixels", [base()[..., 0], mark((WIDTH, HEIGHT))], ids=["grey", "alpha"])
def test_pictures_without_colour_or_with_alpha_are_left_to_the_general_path(pixels: Pixels) -> None:
    with pytest.raises(_engine.EngineError, match="unsupported"):
        made(file_of(pixels, "PNG"), "png", "jpeg", overlay=mark((5, 5)))


def test_the_deadline_stops_it() -> None:
    with pytest.raises(_engine.EngineError, match="timeout"):
        made(JPEGS["4:2:0"], "jpeg", "jpeg", overlay=mark((5, 5)), deadline=time.monotonic() - 1)


@pytest.mark.parametrize(
    "arguments",
    [
        {"overlay": mark((5, 5))[..., :3].copy()},
        {"overlay": mark((5, 5))[:, :, 0].copy()},
        {"overlay": mark((5, 5))[:, ::2]},
        {"overlay": mark((5, 5)).astype(np.uint16)},
        {"overlay": mark((5, 5))[:0]},
        {"overlay": mark((5, 5))[:, :0].copy()},
        {"overlay_at": (FAR + 1, 0)},
        {"overlay_at": (0, -FAR - 1)},
        {"overlay_at": (1 << 80, 0)},
        {"overlay_at": (1, 2, 3)},
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"overlay|dimensions|contiguous|dtype|unpack"):
        made(JPEGS["4:2:0"], "jpeg", "jpeg", **{"overlay": mark((5, 5)), **arguments})
