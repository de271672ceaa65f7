"""Two roads to a result, one plan: the native call and the steps on arrays give the same picture."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from pixelshift.edits.types import (
    Colour,
    Crop,
    Edit,
    Encode,
    Fit,
    Flip,
    Flop,
    Format,
    Greyscale,
    Kernel,
    Overlay,
    Position,
    Resize,
    Rotate,
    Sharpen,
    ToFormat,
)
from pixelshift.errors import InvalidRequestError, TimeLimitError, TooLargeError
from pixelshift.imaging import exif, explain
from pixelshift.imaging import overlay as overlay_module
from pixelshift.imaging.base import Assets, Output
from pixelshift.imaging.codecs import Bounds, codec
from pixelshift.imaging.deadline import Deadline
from pixelshift.imaging.header import read_header
from pixelshift.imaging.icc import srgb_profile
from pixelshift.imaging.metadata import Metadata
from pixelshift.imaging.picture import Picture
from pixelshift.imaging.plan import plan
from pixelshift.imaging.run import run
from pixelshift.limits import Limits
from pixelshift.value import replace
from tests.support import pictures, png_files

SOURCE = pictures.encoded(pictures.gradient(401, 299), "JPEG", quality=95)
NEAREST = Kernel.NEAREST
STREAMED: list[list[Edit]] = [
    [],
    [Resize(100)],
    [Resize(10)],
    [Resize(50, 120)],
    [Resize(50, 120, position=Position.NORTHWEST)],
    [Resize(50, 120, focal_point=(0.9, 0.1))],
    [Resize(100, 100, fit=Fit.INSIDE)],
    [Resize(100, 200, fit=Fit.FILL)],
    [Crop(33, 17, 200, 101)],
    [Crop(33, 17, 200, 101), Resize(60)],
    [Resize(900, without_enlargement=True)],
    [Sharpen()],
    [Resize(100), Sharpen()],
    [Sharpen(2.0)],
    [Resize(100), Sharpen(0.7)],
    [Crop(33, 17, 200, 101), Resize(60), Sharpen(1.0, m2=4.0)],
    [Crop(33, 17, 200, 101), Resize(60), Sharpen()],
    [Encode(Format.JPEG, (("quality", 40), ("progressive", True)))],
]
EXACT = Encode(Format.JPEG, (("quality", 100), ("chromaSubsampling", "4:4:4")))


@pytest.mark.parametrize("edits", STREAMED, ids=repr)
def test_both_roads_give_the_same_picture(edits: list[Edit]) -> None:
    exact = edits if any(isinstance(edit, Encode) for edit in edits) else [*edits, EXACT]
    planned = plan(exact, read_header(SOURCE), Output(), Limits())
    assert planned.stream is not None
    fast, slow = run(planned, SOURCE), run(replace(planned, stream=None), SOURCE)
    assert list(fast.timings_ms) == ["stream"]
    assert (fast.width, fast.height) == (slow.width, slow.height) == planned.size
    one, other = pictures.decoded(fast.body), pictures.decoded(slow.body)
    assert one.shape == other.shape
    # Sharpening amplifies what rounding differs by.
    assert np.abs(one.astype(int) - other).mean() < (1.25 if planned.stream.sharpen else 1)


@pytest.mark.parametrize(
    "edits",
    [
        [Resize(900)],
        [Resize(100, 100, fit=Fit.CONTAIN, background=Colour(9, 9, 9, 0.5))],
        [Resize(100, 50, position=Position.ENTROPY)],
        [Greyscale()],
        [Rotate(30), Resize(100)],
        [Resize(100, kernel=NEAREST)],
        [ToFormat(Format.GIF)],
        [Encode(Format.PNG, (("palette", True),)), ToFormat(Format.PNG)],
        [Resize(100), Crop(0, 0, 10, 10)],
    ],
    ids=repr,
)
def test_what_the_native_call_cannot_do_goes_step_by_step(edits: list[Edit]) -> None:
    assert plan(edits, read_header(SOURCE), Output(), Limits()).stream is None


def test_nearest_shows_pixels_of_the_reduced_jpeg() -> None:
    """Upstream decodes 401 pixels as 200 and takes of these (contract 5.3)."""
    nearest = plan([Resize(100, kernel=NEAREST), ToFormat(Format.PNG)], read_header(SOURCE), Output(), Limits())
    with Image.open(io.BytesIO(SOURCE)) as reduced:
        reduced.draft("RGB", (200, 149))
        known = {tuple(pixel) for pixel in np.asarray(reduced).reshape(-1, 3).tolist()}
    shown = pictures.decoded(run(nearest, SOURCE).body)
    assert shown.shape[:2] == (75, 100)
    assert {tuple(pixel) for pixel in shown.reshape(-1, 3).tolist()} <= known


def test_nearest_after_a_turn_of_a_png_goes_step_by_step() -> None:
    file = pictures.encoded(PIXELS[..., :3], "PNG")
    assert plan([Rotate(90), Resize(20, kernel=NEAREST)], read_header(file), Output(), Limits()).stream is None
    assert plan([Resize(20, kernel=NEAREST)], read_header(file), Output(), Limits()).stream is not None


RED = Colour(230, 20, 40)
PLACED: list[list[Edit]] = [
    [Resize(100, 100, fit=Fit.CONTAIN)],
    [Resize(101, 163, fit=Fit.CONTAIN, background=RED, position=Position.NORTH)],
    [Resize(163, 51, fit=Fit.CONTAIN, background=RED, position=Position.EAST)],
    [Resize(163, 51, fit=Fit.CONTAIN, background=RED, position=Position.WEST), Rotate(90)],
    [Rotate(270), Resize(99, 53, fit=Fit.CONTAIN, background=RED)],
    [Crop(33, 17, 201, 101), Resize(63, 57, fit=Fit.CONTAIN, background=RED), Sharpen(1.0)],
    [Resize(100, 97, fit=Fit.CONTAIN, background=RED), Overlay("b", "k", left="7", top="3")],
]


@pytest.mark.parametrize("chroma", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("edits", PLACED, ids=repr)
def test_both_roads_place_a_jpeg_alike(edits: list[Edit], chroma: str) -> None:
    finest = Encode(Format.JPEG, (("quality", 100), ("chromaSubsampling", chroma)))
    planned = plan([*edits, finest], read_header(SOURCE), Output(), Limits())
    assert planned.stream is not None
    fast, slow = (run(one, SOURCE, assets=MARKED) for one in (planned, replace(planned, stream=None)))
    assert list(fast.timings_ms) == ["stream"]
    one, other = pictures.decoded(fast.body), pictures.decoded(slow.body)
    assert one.shape == other.shape == (planned.size.height, planned.size.width, 3)
    assert np.abs(one.astype(int) - other).mean() < 1.25


@pytest.mark.parametrize("edits", PLACED[:5], ids=repr)
def test_both_roads_place_a_png_to_the_bit(edits: list[Edit]) -> None:
    file = pictures.encoded(PIXELS[..., :3].repeat(3, 0).repeat(3, 1), "PNG")
    planned = plan(edits, read_header(file), Output(), Limits())
    assert planned.stream is not None
    fast, slow = run(planned, file), run(replace(planned, stream=None), file)
    assert list(fast.timings_ms) == ["stream"]
    assert np.abs(pictures.decoded(fast.body).astype(int) - pictures.decoded(slow.body)).max() <= (Rotate(270) in edits)


TURNED: list[list[Edit]] = [
    [Flip()],
    [Rotate(90)],
    [Flip(), Resize(100)],
    [Flop(), Resize(51, 120)],
    [Rotate(90), Resize(101, 57)],
    [Resize(101, 57), Rotate(270)],
    [Rotate(180), Flop(), Resize(50, 120, position=Position.NORTHWEST)],
    [Resize(50, 120, focal_point=(0.9, 0.1)), Rotate(90), Flip()],
    [Rotate(None), Crop(33, 17, 201, 101), Resize(63)],
    [Rotate(None), Crop(33, 17, 201, 101)],
    [Crop(33, 17, 201, 101), Rotate(270), Resize(63)],
    [Crop(33, 17, 201, 101), Resize(63), Flip(), Sharpen()],
    [Resize(40), Rotate(90), Flop(), Sharpen(1.0)],
]


@pytest.mark.parametrize("edits", TURNED, ids=repr)
@pytest.mark.parametrize("orientation", [1, 4, 6, 7])
def test_both_roads_turn_a_jpeg_alike(edits: list[Edit], orientation: int) -> None:
    file = pictures.encoded(
        pictures.gradient(401, 299), "JPEG", quality=95, exif=b"Exif\0\0" + exif.small_block(orientation)
    )
    assert read_header(file).orientation == orientation
    planned = plan([*edits, EXACT], read_header(file), Output(auto_orient=True), Limits())
    assert planned.stream is not None
    fast, slow = run(planned, file), run(replace(planned, stream=None), file)
    assert list(fast.timings_ms) == ["stream"]
    one, other = pictures.decoded(fast.body), pictures.decoded(slow.body)
    assert one.shape == other.shape == (planned.size.height, planned.size.width, 3)
    assert np.abs(one.astype(int) - other).mean() < (1.25 if planned.stream.sharpen else 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "edits", [[], [Resize(100)], [Resize(50, 121)], [Crop(33, 17, 201, 101), Resize(63)]], ids=repr
)
def test_every_orientation_is_set_upright_on_both_roads(edits: list[Edit], orientation: int) -> None:
    """Of pictures without loss the pixels are the same."""
    large = PIXELS[..., :3].repeat(3, 0).repeat(3, 1)
    file = pictures.encoded(large, "PNG", exif=exif.small_block(orientation))
    planned = plan(edits, read_header(file), Output(auto_orient=True), Limits())
    assert planned.stream is not None
    fast, slow = run(planned, file), run(replace(planned, stream=None), file)
    assert list(fast.timings_ms) == ["stream"]
    difference = np.abs(pictures.decoded(fast.body).astype(int) - pictures.decoded(slow.body))
    # Turned before it is cut, the general path adds up in another order.
    assert difference.max() <= (1 if Crop in map(type, edits) else 0)
    assert difference.mean() < 0.01
    assert Image.open(io.BytesIO(fast.body)).getexif().get(0x112, 1) == 1


def mark() -> NDArray[np.uint8]:
    pixels = np.random.default_rng(5).integers(0, 256, (31, 43, 4), dtype=np.uint8)
    pixels[8:20, :, 3] = 0
    pixels[:, 30:, 3] = 255
    return pixels


MARKED = Assets(
    overlays={
        ("b", "k"): pictures.encoded(mark(), "PNG"),
        ("b", "grey"): pictures.encoded(mark()[..., 0], "PNG"),
        ("b", "jpeg"): pictures.encoded(pictures.gradient(40, 20), "JPEG"),
    }
)


@pytest.mark.parametrize("chroma", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize(
    "edits",
    [
        [Overlay("b", "k")],
        [Resize(101), Overlay("b", "k", left="7", top="3")],
        [Resize(100), Overlay("b", "k", left="-5", top="-7", alpha=30)],
        [Resize(100), Overlay("b", "k", left="1000000000000", top="3")],
        [Resize(100), Overlay("b", "k", left="-3p", top="-1p", width_ratio=40)],
        [Resize(100), Overlay("b", "k", gravity=Position.SOUTHEAST, height_ratio=90, width_ratio=90)],
        [Crop(33, 17, 201, 101), Resize(63), Sharpen(), Overlay("b", "k", left="11p")],
        [Resize(100), Overlay("b", "grey", alpha=60)],
        [Resize(100), Overlay("b", "jpeg", top="50")],
    ],
    ids=repr,
)
def test_both_roads_lay_an_overlay_alike(edits: list[Edit], chroma: str) -> None:
    finest = Encode(Format.JPEG, (("quality", 100), ("chromaSubsampling", chroma)))
    planned = plan([*edits, finest], read_header(SOURCE), Output(), Limits())
    assert planned.stream is not None
    fast, slow = (run(one, SOURCE, assets=MARKED) for one in (planned, replace(planned, stream=None)))
    assert list(fast.timings_ms) == ["stream"]
    one, other = pictures.decoded(fast.body), pictures.decoded(slow.body)
    assert one.shape == other.shape
    assert np.abs(one.astype(int) - other).mean() < (1.25 if planned.stream.sharpen else 1)


@pytest.mark.parametrize(
    "edits",
    [
        [Overlay("b", "k", blend="multiply")],
        [Overlay("b", "k", tile=True)],
        [Overlay("b", "k", premultiplied=True)],
        [Overlay("b", "k"), ToFormat(Format.PNG)],
        [Overlay("b", "k"), ToFormat(Format.WEBP)],
    ],
    ids=repr,
)
def test_other_overlays_go_step_by_step(edits: list[Edit]) -> None:
    assert plan(edits, read_header(SOURCE), Output(), Limits()).stream is None


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
def test_overlays_on_other_pictures_go_step_by_step(mode: str) -> None:
    file = pictures.encoded(np.asarray(Image.fromarray(PIXELS).convert(mode)), "PNG")
    edits = [Resize(60), Overlay("b", "k"), ToFormat(Format.JPEG)]
    assert plan(edits, read_header(file), Output(), Limits()).stream is None


@pytest.mark.parametrize(
    ("overlay", "code"),
    [
        (Overlay("b", "nowhere"), "OverlayImageException"),
        (Overlay("b", "broken"), "OverlayImageException"),
        (Overlay("b", "k", width_ratio=0), "OverlayImageException"),
        (Overlay("b", "large"), "BadRequest"),
        (Overlay("b", "k", top="xp"), "InvalidParameter"),
    ],
)
def test_overlays_are_refused_alike_on_both_roads(overlay: Overlay, code: str) -> None:
    large = pictures.encoded(pictures.gradient(61, 4), "PNG")
    assets = Assets(overlays={**MARKED.overlays, ("b", "broken"): b"nothing", ("b", "large"): large})
    planned = plan([Resize(60), overlay], read_header(SOURCE), Output(), Limits())
    assert planned.stream is not None
    for one in (planned, replace(planned, stream=None)):
        with pytest.raises(InvalidRequestError) as caught:
            run(one, SOURCE, assets=assets)
        assert caught.value.code == code


@pytest.mark.parametrize("format_", [Format.JPEG, Format.PNG])
def test_of_two_broken_files_the_overlay_is_named(format_: Format) -> None:
    broken = SOURCE[: SOURCE.index(b"\xff\xda")]
    for overlay, code in (
        (Overlay("b", "nowhere"), "OverlayImageException"),
        (Overlay("b", "k"), "InstantiationError"),
    ):
        planned = plan([Resize(60), overlay, ToFormat(format_)], read_header(broken), Output(), Limits())
        with pytest.raises(InvalidRequestError) as caught:
            run(planned, broken, assets=MARKED)
        assert caught.value.code == code


def test_an_overlay_is_decoded_once_where_a_damaged_picture_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = SOURCE[:-2000]
    planned = plan([Resize(60), Overlay("b", "k")], read_header(cut), Output(), Limits())
    assert planned.stream is not None
    made: list[int] = []
    prepared = overlay_module.prepared
    monkeypatch.setattr(overlay_module, "prepared", lambda *all_: made.append(1) or prepared(*all_))
    result = run(planned, cut, assets=MARKED)
    assert {"stream", "decode"} <= set(result.timings_ms)
    assert len(made) == 1


PIXELS = np.random.default_rng(3).integers(0, 256, (101, 149, 4), dtype=np.uint8)
PIXELS[20:60, 30:90] = (200, 30, 90, 255)
PIXELS[:, 100:] = PIXELS[:, 100:101]
PNGS = {
    "rgba": pictures.encoded(PIXELS, "PNG"),
    "rgb": pictures.encoded(PIXELS[..., :3], "PNG"),
    "grey": pictures.encoded(PIXELS[..., 0], "PNG"),
    "16 bits and a key": png_files.sample(png_files.RGB, 16, (90, 70), transparent=True).file,
    "palette": png_files.sample(png_files.PALETTE, 4, (90, 70), transparent=True).file,
    "grey with alpha": png_files.sample(png_files.GREY_ALPHA, 8, (90, 70)).file,
}
LOSSLESS: dict[Format, Edit] = {
    Format.PNG: ToFormat(Format.PNG),
    Format.WEBP: Encode(Format.WEBP, (("exact", True), ("lossless", True))),
}


@pytest.mark.parametrize(
    "edits", [[Resize(40)], [Crop(3, 5, 60, 50), Resize(30, 20)], [Resize(31, 44, kernel=NEAREST)]]
)
@pytest.mark.parametrize("format_", LOSSLESS)
@pytest.mark.parametrize("source", PNGS)
def test_both_roads_give_the_same_pixels_of_a_png(source: str, format_: Format, edits: list[Edit]) -> None:
    file = PNGS[source]
    planned = plan([*edits, LOSSLESS[format_]], read_header(file), Output(), Limits())
    fast, slow = run(planned, file), run(replace(planned, stream=None), file)
    assert list(fast.timings_ms) == ["stream"]
    one, other = pictures.decoded(fast.body), pictures.decoded(slow.body)
    assert one.shape == other.shape == (planned.size.height, planned.size.width, one.shape[2])
    assert np.array_equal(one, other)
    if format_ is Format.PNG:
        assert fast.body == slow.body


@pytest.mark.parametrize("format_", [Format.JPEG, Format.WEBP])
@pytest.mark.parametrize("source", PNGS)
def test_both_roads_give_the_same_picture_of_a_png(source: str, format_: Format) -> None:
    file = PNGS[source]
    planned = plan([Resize(40), Encode(format_, (("quality", 95),))], read_header(file), Output(), Limits())
    fast, slow = run(planned, file), run(replace(planned, stream=None), file)
    assert list(fast.timings_ms) == ["stream"]
    difference = rgb(fast.body).astype(int) - rgb(slow.body)
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("format_", [Format.PNG, Format.WEBP])
def test_both_roads_give_the_same_picture_of_a_jpeg(format_: Format) -> None:
    finest: Edit = Encode(format_, (("quality", 100),)) if format_ is Format.WEBP else ToFormat(format_)
    planned = plan([Resize(100), finest], read_header(SOURCE), Output(), Limits())
    fast, slow = run(planned, SOURCE), run(replace(planned, stream=None), SOURCE)
    assert list(fast.timings_ms) == ["stream"]
    assert np.abs(rgb(fast.body).astype(int) - rgb(slow.body)).mean() < 1.5


def rgb(body: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))


@pytest.mark.parametrize("edits", [[], [Crop(3, 5, 60, 50)], [Resize(149)]])
def test_faint_colours_stay_where_no_size_changes(edits: list[Edit]) -> None:
    file = PNGS["rgba"]
    planned = plan(edits, read_header(file), Output(), Limits())
    assert planned.stream is None
    left, top = (3, 5) if Crop in map(type, edits) else (0, 0)
    shown = pictures.decoded(run(planned, file).body)
    assert np.array_equal(shown, PIXELS[top : top + shown.shape[0], left : left + shown.shape[1]])


@pytest.mark.parametrize("format_", [Format.JPEG, Format.PNG, Format.WEBP])
def test_metadata_travels_on_both_roads(format_: Format) -> None:
    block, xmp = exif.small_block(6, software="here"), b"<x:xmpmeta>text</x:xmpmeta>"
    file = pictures.encoded(PIXELS[..., :3], "PNG", exif=block, icc_profile=srgb_profile(), pnginfo=text(xmp))
    planned = plan([Resize(40), ToFormat(format_)], read_header(file), Output(), Limits())
    for one in (planned, replace(planned, stream=None)):
        info = Image.open(io.BytesIO(run(one, file).body)).info
        assert info["icc_profile"] == srgb_profile()
        assert exif.without_prefix(info["exif"]) == block
        assert info["xmp"] == xmp


def text(xmp: bytes) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
    return info


def test_a_damaged_png_is_shown_as_far_as_it_goes() -> None:
    file = PNGS["rgb"][: len(PNGS["rgb"]) // 2]
    result = run(plan([Resize(149, 101, fit=Fit.FILL)], read_header(file), Output(), Limits()), file)
    shown = pictures.decoded(result.body)
    assert np.array_equal(shown[:30], PIXELS[:30, :, :3])
    assert not shown[-10:].any()


def test_a_profile_other_than_srgb_takes_the_road_that_converts() -> None:
    display_p3 = srgb_profile().replace(b"\x00\x00\x6f\xa2", b"\x00\x00\x83\xdf", 1)
    # What was tried in vain took its time, too.
    for profile, road in ((srgb_profile(), ["stream"]), (display_p3, ["stream", "decode", "edit", "encode"])):
        source = pictures.encoded(pictures.gradient(64, 48), "JPEG", icc_profile=profile)
        result = run(plan([Resize(32)], read_header(source), Output(), Limits()), source)
        assert list(result.timings_ms) == road


def test_a_damaged_file_is_still_shown() -> None:
    cut = SOURCE[: len(SOURCE) * 2 // 3]
    result = run(plan([Resize(100)], read_header(cut), Output(), Limits()), cut)
    assert (result.width, result.height) == (100, 75)
    top = pictures.decoded(result.body)[5, 50].astype(int)
    whole = run(plan([Resize(100)], read_header(SOURCE), Output(), Limits()), SOURCE)
    assert np.abs(top - pictures.decoded(whole.body)[5, 50]).max() < 12


def test_a_result_over_the_byte_limit_is_refused_on_both_roads() -> None:
    planned = plan([Resize(300)], read_header(SOURCE), Output(), Limits(output_bytes=1_000))
    for one in (planned, replace(planned, stream=None)):
        with pytest.raises(TooLargeError):
            run(one, SOURCE)


def test_time_limits_hold_on_both_roads() -> None:
    for edits in ([Resize(300)], [Resize(300), Overlay("b", "k")]):
        planned = plan(edits, read_header(SOURCE), Output(), Limits())
        for one in (planned, replace(planned, stream=None)):
            with pytest.raises(TimeLimitError):
                run(one, SOURCE, assets=MARKED, deadline=Deadline(-1.0))


@pytest.mark.parametrize("format_", [Format.PNG, Format.WEBP])
def test_native_encoders_stop_at_their_bounds(format_: Format) -> None:
    picture = Picture([pictures.gradient(64, 48)], Metadata())
    with pytest.raises(TimeLimitError):
        codec(format_).encode(picture, {}, Bounds(1 << 20, Deadline(-1.0)))
    with pytest.raises(TooLargeError):
        codec(format_).encode(picture, {}, Bounds(99))


def test_the_plan_says_so() -> None:
    assert "one native call" in str(explain(SOURCE, {"resize": {"width": 100}}))
    assert "one native call" not in str(explain(SOURCE, {"resize": {"width": 1000}}))


def test_the_hot_path_imports_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(SOURCE)
    code = (
        "import sys; from pathlib import Path; from pixelshift.imaging import edit;"
        "edit(Path(sys.argv[1]).read_bytes(), {'resize': {'width': 100}});"
        "print(sorted({'numpy', 'PIL', 'boto3', 'fastapi', 'pydantic', 'numba', 'regex'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.jpg")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
