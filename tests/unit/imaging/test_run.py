"""What each step does to pixels, against plain NumPy; and what is refused."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelshift.edits import types as edits
from pixelshift.edits.types import Colour, Edit, Encode, Fit, Format, Kernel, Position
from pixelshift.errors import InvalidRequestError, OriginError, TimeLimitError, TooLargeError
from pixelshift.imaging import edit, explain, read_header, resize
from pixelshift.imaging.base import Assets, Output
from pixelshift.imaging.deadline import Deadline
from pixelshift.imaging.plan import plan
from pixelshift.imaging.run import run
from pixelshift.limits import Limits
from tests.support import pictures

Pixels = NDArray[np.uint8]
NOISE = np.random.default_rng(5).integers(0, 256, (30, 40, 3), dtype=np.uint8)
PNG = pictures.encoded(NOISE, "PNG")


def name_of(value: object) -> str | None:
    """A name that is the same in every process; functions are numbered instead."""
    return None if callable(value) and not isinstance(value, tuple | list) else repr(value)


def result(*listed: Edit, source: bytes = PNG, assets: Assets | None = None) -> Pixels:
    return pictures.decoded(edit(source, [*listed, edits.ToFormat(Format.PNG)], assets=assets).body)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([edits.Flip()], lambda p: p[::-1]),
        ([edits.Flop()], lambda p: p[:, ::-1]),
        ([edits.Rotate(90)], lambda p: np.rot90(p, -1)),
        ([edits.Rotate(-90)], np.rot90),
        ([edits.Rotate(540)], lambda p: np.rot90(p, 2)),
        ([edits.Rotate(90), edits.Flip()], lambda p: np.rot90(p[::-1], -1)),
        ([edits.Crop(3, 4, 10, 20)], lambda p: p[4:24, 3:13]),
        ([edits.Rotate(90), edits.Crop(3, 4, 10, 20)], lambda p: np.rot90(p, -1)[4:24, 3:13]),
        ([edits.Crop(3, 4, 10, 20), edits.Rotate(90)], lambda p: np.rot90(p[4:24, 3:13], -1)),
        ([edits.Crop(3, 4, 30, 20), edits.Crop(1, 2, 5, 6, "extract")], lambda p: p[6:12, 4:9]),
        ([edits.Resize(40, 30), edits.Crop(0, 0, 9, 9), edits.Crop(1, 2, 5, 6, "extract")], lambda p: p[2:8, 1:6]),
        ([edits.Extend(1, 2, 3, 4, extend_with="copy")], lambda p: np.pad(p, ((1, 2), (3, 4), (0, 0)), "edge")),
        ([edits.Extend(1, 2, 3, 4, extend_with="repeat")], lambda p: np.pad(p, ((1, 2), (3, 4), (0, 0)), "wrap")),
        ([edits.Extend(9, 9, 9, 9, extend_with="mirror")], lambda p: np.pad(p, ((9, 9), (9, 9), (0, 0)), "symmetric")),
        ([edits.Extend(1, 1, 1, 1)], lambda p: np.pad(p, ((1, 1), (1, 1), (0, 0)))),
        ([edits.Negate()], lambda p: 255 - p),
        ([edits.ExtractChannel(1)], lambda p: np.repeat(p[..., 1:2], 3, axis=2)),
        ([edits.Resize(20, 30, fit=Fit.COVER)], lambda p: p[:, 10:30]),
        ([edits.Resize(20, 30, position=Position.EAST)], lambda p: p[:, 20:]),
        ([edits.Resize(20, 30, position=Position.EAST), edits.Flop()], lambda p: p[:, ::-1][:, 20:]),
        ([edits.Resize(20, 30, focal_point=(0.25, 0))], lambda p: p[:, :20]),
        ([edits.Resize(40, 50, fit=Fit.CONTAIN)], lambda p: np.pad(p, ((10, 10), (0, 0), (0, 0)))),
        ([edits.Resize(20, 15, fit=Fit.FILL, kernel=Kernel.NEAREST)], lambda p: p[1::2, 1::2]),
    ],
    ids=name_of,
)  # fmt: skip
def test_geometry_moves_pixels_where_they_belong(listed: list[Edit], expected: Callable[[Pixels], Pixels]) -> None:
    assert np.array_equal(result(*listed), expected(NOISE))


def test_a_cut_listed_before_the_resize_cuts_the_source_and_after_it_the_result() -> None:
    cut, scale = edits.Crop(0, 0, 10, 10), edits.Resize(20, 15)
    assert result(cut, scale).shape == (15, 20, 3)
    assert np.array_equal(result(scale, cut), result(scale)[:10, :10])


def test_a_clear_background_gives_alpha() -> None:
    contained = result(edits.Resize(40, 32, fit=Fit.CONTAIN, background=Colour(1, 2, 3, 0.5)))
    assert contained[0, 0].tolist() == [1, 2, 3, 128]
    assert result(edits.Extend(1, 0, 0, 0, background=Colour(9, 8, 7, 0)))[0, 0].tolist() == [9, 8, 7, 0]


def test_alpha_goes_over_black_where_the_format_has_none() -> None:
    source = pictures.encoded(np.full((8, 8, 4), (200, 100, 50, 128), np.uint8), "PNG")
    body = edit(source, [edits.ToFormat(Format.JPEG)]).body
    assert np.abs(pictures.decoded(body)[4, 4].astype(int) - (100, 50, 25)).max() <= 1


# Edges


def boxed(alpha: bool = False) -> Pixels:
    pixels = np.full((50, 60, 4 if alpha else 3), 255, np.uint8)
    pixels[10:30, 20:45, :3] = (10, 200, 30)
    return pixels


def test_trim_keeps_what_differs_by_more_than_the_threshold() -> None:
    source = pictures.encoded(boxed(), "PNG")
    assert result(edits.Trim(), source=source).shape == (20, 25, 3)
    assert result(edits.Trim(threshold=245), source=source).shape == (50, 60, 3)
    assert result(edits.Trim(threshold=244), source=source).shape == (20, 25, 3)
    assert result(edits.Trim(margin=3), source=source).shape == (26, 31, 3)
    assert result(edits.Trim(background=Colour(10, 200, 30)), source=source).shape == (50, 60, 3)


def test_trim_overlooks_specks_unless_the_picture_is_line_art() -> None:
    dotted = boxed()
    dotted[44:46, 2:4] = 0  # four of nine at most: less than a median needs
    source = pictures.encoded(dotted, "PNG")
    assert result(edits.Trim(), source=source).shape == (20, 25, 3)
    assert result(edits.Trim(line_art=True), source=source).shape == (36, 43, 3)


def test_trim_sees_alpha_and_not_the_colours_under_clear_pixels() -> None:
    pixels = boxed(alpha=True)
    pixels[..., 3] = 0
    assert result(edits.Trim(), source=pictures.encoded(pixels, "PNG")).shape == (50, 60, 4)
    pixels[5:40, 22:30, 3] = 255
    assert result(edits.Trim(), source=pictures.encoded(pixels, "PNG")).shape == (35, 8, 4)


def test_an_ellipse_is_cut_out_with_soft_edges() -> None:
    source = pictures.encoded(np.full((30, 40, 3), 77, np.uint8), "PNG")
    out = result(edits.RoundCrop(), source=source)
    assert out.shape == (30, 30, 4)
    y, x = np.mgrid[:30, :30] + 0.5
    distance = np.hypot(x - 15, y - 15)
    assert (out[distance < 14][:, 3] == 255).all()
    assert (out[distance > 16] == 0).all()
    assert out[..., 3].sum() / 255 == pytest.approx(np.pi * 15**2, rel=0.01)


def test_what_follows_an_ellipse_starts_from_its_result() -> None:
    source = pictures.encoded(np.full((30, 40, 3), 77, np.uint8), "PNG")
    assert result(edits.RoundCrop(rx=10, ry=5), edits.Resize(40), source=source).shape == (20, 40, 4)
    assert result(edits.Resize(20), edits.RoundCrop(), source=source).shape == (15, 16, 4)


# Overlays

RED = pictures.encoded(np.full((4, 6, 3), (255, 0, 0), np.uint8), "PNG")


def overlaid(*listed: Edit, base: bytes = PNG, overlay: bytes = RED, **options: Any) -> Pixels:
    assets = Assets(overlays={("b", "k"): overlay})
    return result(*listed, edits.Overlay("b", "k", **options), source=base, assets=assets)


def test_an_overlay_is_laid_out_on_the_final_canvas_wherever_it_is_listed() -> None:
    assets = Assets(overlays={("b", "k"): RED})
    overlay, scale = edits.Overlay("b", "k", left="-0p", top="100p", width_ratio=50), edits.Resize(20)
    one, other = (result(*listed, assets=assets) for listed in ([overlay, scale], [scale, overlay]))
    assert np.array_equal(one, other)
    out = overlaid(edits.Resize(20), left="-1", top="2")
    assert [out[2, x, :3].tolist() == [255, 0, 0] for x in (12, 13, 18, 19)] == [False, True, True, False]


def test_a_faded_overlay_lets_the_base_through() -> None:
    white = pictures.encoded(np.full((30, 40, 3), 255, np.uint8), "PNG")
    assert overlaid(base=white, alpha=50, left="0", top="0")[0, 0].tolist() == [255, 128, 128, 255]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"width_ratio": 0}, "OverlayImageException"),
        ({"width_ratio": 1}, "OverlayImageException"),
        ({"overlay": b"nothing"}, "OverlayImageException"),
        ({"overlay": pictures.encoded(pictures.gradient(41, 2), "PNG")}, "BadRequest"),
        ({"left": "1e999"}, "InvalidParameter"),
        ({"top": "xp"}, "InvalidParameter"),
    ],
)
def test_overlays_that_cannot_be_laid_are_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        overlaid(**options)
    assert caught.value.code == code


def test_a_missing_overlay_is_a_400() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        result(edits.Overlay("b", "missing"))
    assert caught.value.code == "OverlayImageException"


# Faces and labels


def test_without_a_provider_smart_crop_keeps_what_draws_the_eye() -> None:
    pixels = np.full((60, 200, 3), 90, np.uint8)
    pixels[20:40, 150:170] = np.random.default_rng(1).integers(0, 256, (20, 20, 3))
    out = result(edits.SmartCrop(), source=pictures.encoded(pixels, "PNG"))
    assert out.shape[1] < 100
    assert np.ptp(out) > 200


def test_moderation_without_a_provider_is_a_refusal_rather_than_a_pass() -> None:
    with pytest.raises(InvalidRequestError, match="nothing that could look"):
        result(edits.ContentModeration())


def test_a_moderator_that_fails_fails_a_still_and_passes_over_an_animation() -> None:
    def fail(image: bytes, confidence: float) -> list[str]:
        raise OriginError("down")

    with pytest.raises(OriginError) as caught:
        result(edits.ContentModeration(), assets=Assets(find_labels=fail))
    assert (caught.value.status, caught.value.code) == (500, "Rekognition::DetectModerationLabelsError")
    frames = pictures.animation("GIF", [(255, 0, 0), (0, 255, 0)], duration=100)
    assert edit(frames, [edits.ContentModeration()], assets=Assets(find_labels=fail)).pages == 2


def test_a_later_blur_never_weakens_the_moderations() -> None:
    found = Assets(find_labels=lambda image, confidence: ["Violence"])
    moderated = result(edits.ContentModeration(), assets=found)
    assert np.array_equal(result(edits.ContentModeration(), edits.Blur(0.3), assets=found), moderated)
    assert np.array_equal(result(edits.Blur(60.0), edits.ContentModeration(), assets=found), result(edits.Blur(60.0)))


def test_animations_are_moderated_by_their_first_frame() -> None:
    frames = pictures.animation("GIF", [(255, 0, 0), (0, 255, 0)], duration=100)
    asked: list[bytes] = []
    assets = Assets(find_labels=lambda image, confidence: asked.append(image) or [])  # type: ignore[func-returns-value]
    assert edit(frames, [edits.ContentModeration()], assets=assets).pages == 2
    assert len(asked) == 1


def test_providers_get_a_picture_of_bounded_size() -> None:
    seen: list[bytes] = []
    assets = Assets(find_faces=lambda image: seen.append(image) or [])  # type: ignore[func-returns-value]
    result(edits.SmartCrop(), source=pictures.encoded(pictures.gradient(4000, 500), "PNG"), assets=assets)
    assert Image.open(io.BytesIO(seen[0])).size == (1920, 240)


# Animations


@pytest.mark.parametrize("format_", ["GIF", "WEBP"])
@pytest.mark.parametrize("target", [Format.GIF, Format.WEBP])
def test_frames_delays_and_plays_survive_any_change_between_formats(format_: str, target: Format) -> None:
    loops = {"GIF": 2, "WEBP": 3}
    source = pictures.animation(
        format_, [(255, 0, 0), (0, 255, 0), (0, 0, 255)], duration=[100, 200, 300], loop=loops[format_]
    )
    done = edit(source, [edits.Resize(30), edits.Flip()], output=target)
    assert (done.format, done.width, done.height, done.pages) == (target, 30, 20, 3)
    picture = Image.open(io.BytesIO(done.body))
    assert picture.info["loop"] == loops[target.name]
    for index, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
        picture.seek(index)
        picture.load()
        assert picture.info["duration"] == 100 * (index + 1)
        assert np.abs(np.array(picture.convert("RGB"))[10, 15].astype(int) - colour).max() <= 6


def test_clear_pixels_of_animations_stay_clear() -> None:
    frames = np.zeros((2, 20, 20, 4), np.uint8)
    frames[0, 2:10], frames[1, 10:], frames[:, 2:, 5:8] = (255, 0, 0, 255), (0, 0, 255, 255), (0, 255, 0, 0)
    frames[:, 0, 0] = (9, 9, 9, 255)
    body = io.BytesIO()
    first, second = (Image.fromarray(frame) for frame in frames)
    first.save(body, "WEBP", save_all=True, append_images=[second], duration=100, lossless=True)
    picture = Image.open(io.BytesIO(edit(body.getvalue(), [], output=Format.GIF).body))
    for index, frame in enumerate(frames):
        picture.seek(index)
        assert np.array_equal(np.array(picture.convert("RGBA"))[..., 3], frame[..., 3])


def test_the_first_frame_is_a_choice() -> None:
    frames = pictures.animation("GIF", [(255, 0, 0), (0, 255, 0)], duration=100)
    assert edit(frames, [edits.Animated(False)]).pages == 1
    assert edit(frames, [edits.Animated(False), edits.Rotate(90)]).width == 40


@pytest.mark.parametrize(
    "refused",
    [
        edits.Trim(),
        edits.Affine((1, 0, 0, 1)),
        edits.Extend(1, extend_with="copy"),
        edits.Resize(10, 30, position=Position.ENTROPY),
    ],
)
def test_what_frames_cannot_have_is_refused(refused: Edit) -> None:
    frames = pictures.animation("GIF", [(255, 0, 0), (0, 255, 0)], duration=100)
    with pytest.raises(InvalidRequestError):
        edit(frames, [refused])


# Encoders


@pytest.mark.parametrize("format_", [f for f in Format if f not in {Format.SVG, Format.RAW}])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_format_takes_every_number_of_channels(format_: Format, channels: int) -> None:
    source = pictures.encoded(pictures.gradient(20, 10, 4), "PNG")
    make: dict[int, list[Edit]] = {
        1: [edits.ExtractChannel(0)], 2: [edits.ToColourspace("b-w")], 3: [edits.RemoveAlpha()], 4: []
    }  # fmt: skip
    done = edit(source, [*make[channels], edits.ToFormat(format_)])
    picture = Image.open(io.BytesIO(done.body))
    assert (picture.format, picture.size) == (format_.name, (20, 10))


def test_raw_is_samples_and_nothing_else() -> None:
    assert edit(PNG, [edits.ToFormat(Format.RAW)]).body == NOISE.tobytes()


@pytest.mark.parametrize(
    ("encode", "check"),
    [
        (Encode(Format.PNG, (("colours", 4),)), lambda p: p.mode == "P" and len(p.getcolors()) <= 4),
        (Encode(Format.PNG, (("palette", True),)), lambda p: p.mode == "P"),
        (Encode(Format.JPEG, (("progressive", True),)), lambda p: p.info.get("progressive") == 1),
        (Encode(Format.WEBP, (("lossless", True),)), lambda p: np.array_equal(np.array(p), NOISE)),
        (Encode(Format.TIFF, (("compression", "lzw"),)), lambda p: np.array_equal(np.array(p), NOISE)),
        (Encode(Format.TIFF, (("compression", "none"), ("xres", 10.0))), lambda p: round(p.info["dpi"][0]) == 254),
        (Encode(Format.GIF, (("colours", 8),)), lambda p: len(p.getcolors()) <= 8),
        (Encode(Format.AVIF, (("quality", 90),)), lambda p: p.size == (40, 30)),
    ],
    ids=name_of,
)
def test_encoder_options_have_their_effect_and_name_the_format(
    encode: Encode, check: Callable[[Image.Image], bool]
) -> None:
    done = edit(PNG, [encode])
    picture = Image.open(io.BytesIO(done.body))
    assert picture.format == done.format.name == encode.format.name
    assert check(picture)


def test_sixteen_bit_grey_keeps_its_high_byte() -> None:
    grey = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    for format_ in ("PNG", "TIFF"):
        body = io.BytesIO()
        Image.fromarray(grey).save(body, format_)
        assert np.array_equal(result(source=body.getvalue())[..., 0], grey >> 8)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "TIFF"])
def test_a_file_cut_short_shows_what_arrived(format_: str) -> None:
    data = pictures.encoded(np.tile(NOISE, (8, 8, 1)), format_)
    out = result(source=data[: len(data) // 2])
    assert out.shape == (240, 320, 3)
    assert np.ptp(out[:40]) > 200


# Limits


@pytest.mark.parametrize(
    ("listed", "limits", "error"),
    [
        ([], Limits(source_pixels=1199), InvalidRequestError),
        ([edits.Resize(101)], Limits(output_side_px=100), TooLargeError),
        ([edits.Resize(100)], Limits(output_pixels=7499), TooLargeError),
        ([edits.Extend(100, 0, 0, 0)], Limits(output_side_px=100), TooLargeError),
        ([edits.Rotate(45), edits.Resize(100)], Limits(output_side_px=60), TooLargeError),
        ([edits.Resize(10_000, 1, position=Position.ATTENTION)], Limits(output_pixels=10**7), TooLargeError),
        ([edits.Median(51)], Limits(cost=1e6), TooLargeError),
        ([edits.Blur(1000)], Limits(cost=1e6), TooLargeError),
        ([edits.ToFormat(Format.AVIF), Encode(Format.AVIF, (("effort", 9),))], Limits(cost=1e8), TooLargeError),
        ([edits.Crop(35, 0, 10, 10)], Limits(), InvalidRequestError),
        ([edits.Crop(0, 0, 0, 10)], Limits(), InvalidRequestError),
    ],
    ids=name_of,
)
def test_what_is_too_much_is_refused_from_the_header_alone(
    listed: list[Edit], limits: Limits, error: type[Exception]
) -> None:
    with pytest.raises(error):
        plan(listed, read_header(PNG), Output(), limits)


def test_long_animations_are_refused() -> None:
    header = read_header(pictures.animation("GIF", [(n, 0, 0) for n in range(12)], duration=20))
    for limits in (Limits(frames=11), Limits(animation_pixels=60 * 40 * 12 - 1)):
        with pytest.raises(InvalidRequestError) as caught:
            plan([], header, Output(), limits)
        assert caught.value.code == "InstantiationError"
    assert plan([edits.Animated(False)], header, Output(), Limits(frames=1)).frames == 1


def test_a_size_that_only_pixels_tell_is_checked_before_it_is_made() -> None:
    thin = np.full((400, 400, 3), 255, np.uint8)
    thin[10:390, 200:204] = 0
    source = pictures.encoded(thin, "PNG")
    planned = plan([edits.Trim(), edits.Resize(400)], read_header(source), Output(), Limits())
    assert not planned.exact
    with pytest.raises(TooLargeError):
        run(planned, source)


def test_a_cut_outside_a_trimmed_picture_is_a_400() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        result(edits.Trim(), edits.Crop(0, 0, 50, 50), source=pictures.encoded(boxed(), "PNG"))
    assert caught.value.code == "Crop::AreaOutOfBounds"


def test_the_deadline_is_looked_at_between_steps() -> None:
    now = iter([0.0, *[1.0] * 2, *[9.0] * 100])
    planned = plan([edits.Blur(1), edits.Sharpen()], read_header(PNG), Output(), Limits())
    with pytest.raises(TimeLimitError):
        run(planned, PNG, deadline=Deadline(5.0, clock=lambda: next(now)))


# The public face


def test_a_plan_prints_itself() -> None:
    text = str(explain(PNG, {"resize": {"width": 20}, "rotate": 90, "extend": 5, "toFormat": "webp"}))
    assert text.splitlines()[:4] == [
        "decode PNG 40x30 -> 40x30",
        "resize (cover, lanczos3, turn 90 degrees) -> 15x20",
        "extend by 5,5,5,5 (background) -> 25x30",
        "encode WEBP",
    ]


def test_arrays_are_resized_by_the_same_kernels() -> None:
    assert resize(NOISE, 20, 15).shape == (15, 20, 3)
    assert np.array_equal(resize(NOISE, 20, 15), result(edits.Resize(20, 15, fit=Fit.FILL)))
    assert np.array_equal(resize(NOISE, 40, 30, kernel="mitchell"), NOISE)
    for wrong in (NOISE.astype(np.float32), NOISE[..., 0]):
        with pytest.raises(ValueError, match="uint8"):
            resize(wrong, 5, 5)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ValueError, match="at least 1"):
        resize(NOISE, 0, 5)


@pytest.mark.parametrize("quality", [75, 94, 100])
@pytest.mark.parametrize("progressive", [False, True])
def test_noise_is_written_as_jpeg_however_long_it_gets(quality: int, progressive: bool) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (301, 299, 3), dtype=np.uint8)
    options = (("quality", quality), ("chromaSubsampling", "4:4:4"), ("progressive", progressive))
    listed = [edits.Negate(), Encode(Format.JPEG, options), edits.ToFormat(Format.JPEG)]
    planned = plan(listed, read_header(file := pictures.encoded(noise, "PNG")), Output(), Limits())
    assert planned.stream is None
    result = pictures.decoded(run(planned, file).body)
    assert np.abs(result.astype(int) - (255 - noise)).mean() < (1 if quality == 100 else 20)
