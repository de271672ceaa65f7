"""One table row for each row of the contract's sections 3.2 to 3.10."""

from collections.abc import Mapping

import pytest

from pixelshift.edits import types as e
from pixelshift.edits.parse import parse_edits
from pixelshift.edits.types import Colour, Fit, Format, Kernel, Position
from pixelshift.errors import PixelshiftError
from pixelshift.limits import Limits

RED = Colour(255, 0, 0)
IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
OVERLAY = {"bucket": "b", "key": "k.png"}


def parse(edits: Mapping[str, object]) -> tuple[e.Edit, ...]:
    return parse_edits(edits, Limits())


ACCEPTED: list[tuple[str, object, e.Edit | None]] = [
    # 3.2 resize
    ("resize", {}, e.Resize()),
    ("resize", 100, e.Resize(width=100)),
    ("resize", {"width": 100.4, "height": "50.6"}, e.Resize(width=100, height=51)),
    ("resize", {"width": "99.9"}, e.Resize(width=100)),
    ("resize", {"width": 0.5}, e.Resize(width=1)),
    ("resize", {"width": None, "height": 5, "fit": None}, e.Resize(height=5)),
    ("resize", {"width": 100, "height": 100, "ratio": 0.5}, e.Resize(50, 50, Fit.INSIDE)),
    ("resize", {"width": 5, "ratio": 0.5}, e.Resize(width=3, fit=Fit.INSIDE)),
    ("resize", {"height": 1, "ratio": 0.001}, e.Resize(height=1, fit=Fit.INSIDE)),
    ("resize", {"ratio": "0.25"}, e.Resize(fit=Fit.INSIDE, ratio=0.25)),
    ("resize", {"ratio": 2, "fit": "fill"}, e.Resize(fit=Fit.FILL, ratio=2.0)),
    ("resize", {"ratio": 0, "width": 4}, e.Resize(width=4)),
    *(("resize", {"fit": fit.value}, e.Resize(fit=fit)) for fit in Fit),
    *(("resize", {"kernel": kernel.value}, e.Resize(kernel=kernel)) for kernel in Kernel),
    *(("resize", {"position": position.value}, e.Resize(position=position)) for position in Position),
    ("resize", {"position": "center"}, e.Resize()),
    ("resize", {"position": "left bottom"}, e.Resize(position=Position.SOUTHWEST)),
    ("resize", {"position": 0}, e.Resize()),
    ("resize", {"position": 3}, e.Resize(position=Position.SOUTH)),
    ("resize", {"position": 5}, e.Resize(position=Position.NORTHEAST)),
    ("resize", {"position": 8.0}, e.Resize(position=Position.NORTHWEST)),
    ("resize", {"position": 16}, e.Resize(position=Position.ENTROPY)),
    ("resize", {"position": 17}, e.Resize(position=Position.ATTENTION)),
    ("resize", {"gravity": "north"}, e.Resize(position=Position.NORTH)),
    ("resize", {"strategy": "entropy", "gravity": "north"}, e.Resize(position=Position.ENTROPY)),
    ("resize", {"position": "top", "gravity": "nonsense"}, e.Resize(position=Position.NORTH)),
    ("resize", {"strategy": 7, "gravity": "nonsense"}, e.Resize()),
    ("resize", {"focalPoint": {"x": 0.25, "y": 1}}, e.Resize(focal_point=(0.25, 1.0))),
    ("resize", {"background": {"r": 255, "g": 0, "b": 0, "alpha": 0.5}}, e.Resize(background=Colour(255, 0, 0, 0.5))),
    (
        "resize",
        {"withoutEnlargement": True, "withoutReduction": True, "fastShrinkOnLoad": False},
        e.Resize(without_enlargement=True, without_reduction=True, fast_shrink_on_load=False),
    ),
    # 3.3 crop and extract
    ("crop", {"left": 0, "top": 1.0, "width": 2, "height": 3}, e.Crop(0, 1, 2, 3)),
    ("extract", {"left": 0, "top": 1, "width": 2, "height": 3}, e.Crop(0, 1, 2, 3, "extract")),
    # 3.4 overlayWith
    ("overlayWith", OVERLAY, e.Overlay("b", "k.png")),
    ("overlayWith", {**OVERLAY, "alpha": "100", "wRatio": 25, "hRatio": "0"}, e.Overlay("b", "k.png", 100, 25, 0)),
    ("overlayWith", {**OVERLAY, "alpha": "101", "wRatio": "33.3", "hRatio": -1}, e.Overlay("b", "k.png")),
    (
        "overlayWith",
        {**OVERLAY, "alpha": "0.5", "wRatio": True, "hRatio": 5.0},
        e.Overlay("b", "k.png", height_ratio=5),
    ),
    (
        "overlayWith",
        {**OVERLAY, "options": {"left": "10.7", "top": -20}},
        e.Overlay("b", "k.png", left="10", top="-20"),
    ),
    (
        "overlayWith",
        {**OVERLAY, "options": {"left": "33p", "top": "-5p"}},
        e.Overlay("b", "k.png", left="33p", top="-5p"),
    ),
    ("overlayWith", {**OVERLAY, "options": {"left": 3.9, "top": "p"}}, e.Overlay("b", "k.png", left="3")),
    ("overlayWith", {**OVERLAY, "options": {"left": None, "top": None}}, e.Overlay("b", "k.png")),
    (
        "overlayWith",
        {
            **OVERLAY,
            "options": {"blend": "color-dodge", "tile": True, "gravity": 4, "premultiplied": True, "density": 72},
        },
        e.Overlay(
            "b", "k.png", gravity=Position.WEST, blend="colour-dodge", tile=True, premultiplied=True, density=72.0
        ),
    ),
    ("overlayWith", {**OVERLAY, "options": {"input": "/etc/passwd"}}, e.Overlay("b", "k.png")),
    # 3.5 smartCrop
    ("smartCrop", True, e.SmartCrop()),
    ("smartCrop", {"faceIndex": "1", "padding": "10"}, e.SmartCrop(1, 10.0)),
    ("smartCrop", {"padding": -200}, e.SmartCrop(0, -200.0)),
    *(("smartCrop", value, None) for value in (False, None, 5, "yes")),
    # 3.6 roundCrop
    ("roundCrop", True, e.RoundCrop()),
    ("roundCrop", {"rx": 50, "ry": "20.5", "top": 0, "left": -3}, e.RoundCrop(50.0, 20.5, None, 0.0)),
    ("roundCrop", {"rx": 0, "ry": -1, "left": None}, e.RoundCrop()),
    *(("roundCrop", value, None) for value in (False, None)),
    # 3.7 contentModeration
    ("contentModeration", True, e.ContentModeration()),
    (
        "contentModeration",
        {"minConfidence": 90, "blur": 4.2, "moderationLabels": ["Smoking"]},
        e.ContentModeration(90.0, 5.0, ("Smoking",)),
    ),
    ("contentModeration", {"blur": 0}, e.ContentModeration(blur=0.0)),
    ("contentModeration", False, None),
    # 3.8
    ("animated", True, e.Animated(True)),
    ("animated", False, e.Animated(False)),
    ("animated", None, e.Animated(False)),
    ("stripExif", True, e.StripExif()),
    ("stripExif", "true", None),
    ("stripIcc", True, e.StripIcc()),
    ("stripIcc", 1, None),
    # 3.9, in the contract's order
    ("rotate", 90, e.Rotate(90.0)),
    ("rotate", -90, e.Rotate(270.0)),
    ("rotate", 450, e.Rotate(90.0)),
    ("rotate", 12.5, e.Rotate(12.5)),
    ("rotate", -1e-20, e.Rotate(0.0)),
    ("rotate", None, e.Rotate(None, strips=True)),
    ("rotate", "auto", e.Rotate(None)),
    *(("flip", value, e.Flip()) for value in (True, None, 0, "", {})),
    ("flip", False, None),
    *(("flop", value, e.Flop()) for value in (True, None, "no")),
    ("flop", False, None),
    ("affine", [[1, 0.3], [0.1, 0.7]], e.Affine((1.0, 0.3, 0.1, 0.7))),
    ("affine", [1, 0, 0, 2], e.Affine((1.0, 0.0, 0.0, 2.0))),
    ("sharpen", None, e.Sharpen()),
    ("sharpen", True, e.Sharpen()),
    ("sharpen", False, None),
    ("sharpen", 2, e.Sharpen(2.0)),
    ("sharpen", 10, e.Sharpen(10.0)),
    ("sharpen", 10.1, e.Sharpen(0.5)),  # as sharp 0.34.2, for all that it lets numbers reach 10,000
    ("sharpen", 10_000, e.Sharpen(0.5)),
    ("sharpen", {"sigma": 2, "m1": 0, "y3": 5}, e.Sharpen(2.0, m1=0.0, y3=5.0)),
    ("blur", None, e.Blur()),
    ("blur", True, e.Blur()),
    ("blur", False, None),
    ("blur", 0.3, e.Blur(0.3)),
    ("blur", {"sigma": 5, "precision": "float", "minAmplitude": 0.1}, e.Blur(5.0, "float", 0.1)),
    ("median", None, e.Median(3)),
    ("median", 4, e.Median(4)),
    ("convolve", {"width": 3, "height": 3, "kernel": [1] * 9}, e.Convolve(3, 3, (1.0,) * 9, 9.0)),
    ("convolve", {"width": 3, "height": 3, "kernel": [-1, 0, 1] * 3}, e.Convolve(3, 3, (-1.0, 0.0, 1.0) * 3, 1.0)),
    (
        "convolve",
        {"width": 3, "height": 3, "kernel": [2] * 9, "scale": 4, "offset": 7},
        e.Convolve(3, 3, (2.0,) * 9, 4.0, 7.0),
    ),
    (
        "convolve",
        {"width": 3, "height": 3, "kernel": [2] * 9, "scale": 4.5, "offset": "x"},
        e.Convolve(3, 3, (2.0,) * 9, 18.0),
    ),
    ("flatten", True, e.Flatten()),
    ("flatten", {}, e.Flatten()),
    ("flatten", {"background": "red"}, e.Flatten(RED)),
    ("flatten", False, None),
    ("unflatten", True, e.Unflatten()),
    ("gamma", None, e.Gamma(2.2)),
    ("gamma", 1.5, e.Gamma(1.5)),
    ("negate", True, e.Negate()),
    ("negate", {}, e.Negate()),
    ("negate", {"alpha": False}, e.Negate(alpha=False)),
    ("negate", False, None),
    ("normalise", False, e.Normalise()),
    ("normalize", {"lower": 5, "upper": 90}, e.Normalise(5.0, 90.0)),
    ("clahe", {"width": 3, "height": 5}, e.Clahe(3, 5)),
    ("clahe", {"width": 3, "height": 5, "maxSlope": 0}, e.Clahe(3, 5, 0)),
    ("threshold", None, e.Threshold(128)),
    ("threshold", True, e.Threshold(128)),
    ("threshold", 255, e.Threshold(255)),
    ("threshold", 0, None),
    ("threshold", False, None),
    ("linear", 1.5, e.Linear((1.5,), (0.0,))),
    ("linear", None, None),
    ("recomb", IDENTITY, e.Recomb(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))),
    ("modulate", {"brightness": 1.2, "hue": -90}, e.Modulate(brightness=1.2, hue=270)),
    ("modulate", {"saturation": 0, "lightness": -5}, e.Modulate(saturation=0.0, lightness=-5.0)),
    ("tint", "red", e.Tint(RED)),
    ("tint", {"r": 25.5, "g": 51, "b": -3}, e.Tint(Colour(26, 51, 0))),
    ("greyscale", 1, e.Greyscale()),
    ("grayscale", None, e.Greyscale()),
    ("greyscale", False, None),
    ("extend", 10, e.Extend(10, 10, 10, 10)),
    (
        "extend",
        {"top": 1, "right": 2, "background": "red", "extendWith": "mirror"},
        e.Extend(top=1, right=2, background=RED, extend_with="mirror"),
    ),
    ("trim", None, e.Trim()),
    ("trim", {}, e.Trim()),
    (
        "trim",
        {"threshold": 0, "background": "red", "lineArt": True, "margin": 4},
        e.Trim(threshold=0.0, background=RED, line_art=True, margin=4),
    ),
    ("extractChannel", 4, e.ExtractChannel(4)),
    ("extractChannel", "green", e.ExtractChannel(1)),
    ("extractChannel", "alpha", e.ExtractChannel(-1)),
    *(("bandbool", name, e.Bandbool(name)) for name in ("and", "or", "eor")),  # type: ignore[arg-type] # a plain text
    ("removeAlpha", True, e.RemoveAlpha()),
    ("ensureAlpha", None, e.EnsureAlpha()),
    ("ensureAlpha", 0.5, e.EnsureAlpha(0.5)),
    ("pipelineColorspace", "rgb16", e.PipelineColourspace("rgb16")),
    ("toColourspace", "b-w", e.ToColourspace("b-w")),
    ("toColorspace", "ultraviolet", None),
    # 3.10
    ("jpeg", None, e.Encode(Format.JPEG)),
    (
        "jpeg",
        {"quality": 10, "optimizeCoding": False, "chromaSubsampling": "4:4:4", "unknown": 1},
        e.Encode(Format.JPEG, (("chromaSubsampling", "4:4:4"), ("optimiseCoding", False), ("quality", 10))),
    ),
    (
        "jpeg",
        {"mozjpeg": True, "overshootDeringing": False},
        e.Encode(
            Format.JPEG,
            (
                ("optimiseScans", True),
                ("overshootDeringing", False),
                ("progressive", True),
                ("quantisationTable", 3),
                ("trellisQuantisation", True),
            ),
        ),
    ),
    ("jpeg", {"quality": 5, "force": False}, e.Encode(Format.JPEG, (("force", False), ("quality", 5)))),
    ("png", {"compressionLevel": 9}, e.Encode(Format.PNG, (("compressionLevel", 9),))),
    ("png", {"colors": 16}, e.Encode(Format.PNG, (("colours", 16), ("palette", True)))),
    ("webp", {"lossless": True, "delay": 100}, e.Encode(Format.WEBP, (("delay", (100,)), ("lossless", True)))),
    ("gif", {"delay": [10, 20], "loop": 0}, e.Encode(Format.GIF, (("delay", (10, 20)), ("loop", 0)))),
    ("avif", {"bitdepth": 10, "effort": 0}, e.Encode(Format.AVIF, (("bitdepth", 10), ("effort", 0)))),
    ("tiff", {"compression": "lzw"}, e.Encode(Format.TIFF, (("compression", "lzw"),))),
    ("tif", {"quality": 1}, e.Encode(Format.TIFF, (("quality", 1),))),
    ("heif", {"compression": "av1", "quality": 3}, e.Encode(Format.AVIF, (("quality", 3),))),
    ("toFormat", "jpg", e.ToFormat(Format.JPEG, "jpg")),
    ("toFormat", "PNG", e.ToFormat(Format.PNG)),
    ("toFormat", "tif", e.ToFormat(Format.TIFF)),
    ("toFormat", {"id": "raw"}, e.ToFormat(Format.RAW)),
]


@pytest.mark.parametrize(("name", "value", "expected"), ACCEPTED, ids=lambda part: str(part)[:50])
def test_an_argument_of_the_contract_is_accepted(name: str, value: object, expected: e.Edit | None) -> None:
    assert parse({name: value}) == (() if expected is None else (expected,))


REFUSED: list[tuple[str, object, int, str]] = [
    *(
        ("resize", {side: value}, 400, "InvalidResizeException")
        for side in ("width", "height")
        for value in (0, -5, 0.4, "", False, True, 1e10, 10**400, float("inf"))
    ),
    ("resize", {"width": 2_000_000_000, "ratio": 1000}, 400, "InvalidResizeException"),
    *(
        ("resize", value, 400, "InvalidParameter")
        for value in (
            None, True, "100", [], {"ratio": -1}, {"ratio": True}, {"ratio": "x"},
            {"background": "auto"}, {"focalPoint": {"x": 2, "y": 0}}, {"focalPoint": {"x": 0.5}}, {"focalPoint": 1},
        )
    ),
    *(
        ("crop", value, 400, "Crop::AreaOutOfBounds")
        for value in (
            None, 5, {}, {"left": 0.5, "top": 0, "width": 1, "height": 1},
            {"left": "0", "top": 0, "width": 1, "height": 1}, {"left": -1, "top": 0, "width": 1, "height": 1},
            {"left": 0, "top": 0, "width": 0, "height": 1}, {"left": 0, "top": 0, "width": 1},
            {"left": None, "top": 0, "width": 1, "height": 1}, {"left": True, "top": 0, "width": 1, "height": 1},
        )
    ),
    ("extract", {"left": 0, "top": 0, "width": 0, "height": 1}, 400, "InvalidParameter"),
    ("overlayWith", {"key": "k"}, 403, "ImageBucket::CannotAccessBucket"),
    ("overlayWith", {"bucket": None, "key": "k"}, 403, "ImageBucket::CannotAccessBucket"),
    ("overlayWith", {"bucket": "b"}, 400, "OverlayImageException"),
    ("overlayWith", {"bucket": "b", "key": "\ud800"}, 400, "OverlayImageException"),
    ("overlayWith", "logo.png", 400, "InvalidParameter"),
    *(
        ("overlayWith", {**OVERLAY, "options": options}, 400, "InvalidParameter")
        for options in (
            5, {"blend": "mix"}, {"tile": 1}, {"gravity": "entropy"}, {"gravity": 9}, {"premultiplied": "x"},
            {"density": 0}, {"raw": {}}, {"text": {}}, {"create": {}}, {"limitInputPixels": False}, {"failOn": "none"},
        )
    ),
    *(
        ("smartCrop", {"faceIndex": index}, 400, "SmartCrop::FaceIndexOutOfRange")
        for index in (-1, 0.5, "x", float("inf"))
    ),
    ("smartCrop", {"padding": "x"}, 400, "SmartCrop::PaddingOutOfBounds"),
    ("roundCrop", {"rx": '5" /><image'}, 400, "InvalidParameter"),
    ("roundCrop", {"rx": True}, 400, "InvalidParameter"),
    ("contentModeration", {"minConfidence": 101}, 400, "InvalidParameter"),
    ("contentModeration", {"blur": "x"}, 400, "InvalidParameter"),
    ("contentModeration", {"moderationLabels": "Smoking"}, 400, "InvalidParameter"),
    ("contentModeration", {"moderationLabels": ["x"] * 101}, 400, "InvalidParameter"),
    *(("animated", value, 400, "InstantiationError") for value in ("true", 1, {})),
    *(  # docs/design/upstream-answers.md
        (name, value, 500, "ProcessingFailure")
        for name, values in {
            "resize": (
                {"fit": "bad"}, {"position": "auto"}, {"position": 9}, {"position": True}, {"kernel": "gauss"},
                {"withoutEnlargement": "yes"}, {"width": "abc"}, {"height": "abc"}, {"width": {}},
            ),
            "linear": ([1, 2, 3],),
            "trim": (5, True),
            "boolean": (True, ["x", "and"]),
        }.items()
        for value in values
    ),
    ("toFormat", "heif", 400, "UnsupportedOutputImageFormatException"),
    ("toFormat", "auto", 400, "UnsupportedOutputImageFormatException"),
    ("toFormat", None, 400, "UnsupportedOutputImageFormatException"),
    ("heif", {}, 400, "UnsupportedOutputImageFormatException"),
    ("heif", {"compression": "hevc"}, 400, "UnsupportedOutputImageFormatException"),
    *(
        (name, value, 400, "InvalidParameter")
        for name, values in {
            "rotate": ("90", True, [], float("nan"), 1e10),
            "affine": (None, [1, 2, 3], [[1, 2], [2, 4]], [[1, "x"], [0, 1]], [0, 0, 0, 0]),
            "sharpen": ("1", 0, 10_001, {}, {"sigma": 11}, {"sigma": 1, "m1": -1}),
            "blur": (0, 0.29, 1001, "5", {}, {"sigma": 0.1}, {"sigma": 1, "precision": "exact"}),
            "median": (0, 2.5, True, 53, "3"),
            "convolve": (
                None, {}, {"width": 2, "height": 3, "kernel": [1] * 6}, {"width": 3, "height": 3, "kernel": [1] * 8},
                {"width": 3, "height": 3, "kernel": ["1"] * 9}, {"width": 103, "height": 103, "kernel": [1]},
            ),
            "flatten": ("white", 1, {"background": "nope"}),
            "gamma": (0.9, 3.1, True),
            "negate": ({"alpha": "no"},),
            "normalise": ({"lower": 50, "upper": 50}, {"lower": -1}, {"upper": 101}),
            "clahe": (None, {"width": 3}, {"width": 0, "height": 3}, {"width": 3, "height": 3, "maxSlope": 101}),
            "threshold": (-1, 256, 1.5, "128", {}),
            "linear": ("2",),
            "recomb": (None, [[1]], [[1, 0], [0, 1]], [*IDENTITY, [1, 1, 1]], [[1, 0, "x"], [0, 1, 0], [0, 0, 1]]),
            "modulate": (None, 1, {"brightness": -1}, {"saturation": -1}, {"hue": 0.5}, {"lightness": "x"}),
            "tint": (None, "nope", {"r": 1}),
            "extend": (0, 1.5, True, 10_001, None, {"top": -1}, {"extendWith": "wrap"}),
            "trim": ("5", {"threshold": -1}, {"lineArt": 1}, {"margin": 0.5}),
            "extractChannel": (None, 5, -1, "x"),
            "bandbool": (None, "xor"),
            "ensureAlpha": (True, 2),
            "toColourspace": (None, 5),
            "joinChannel": ("/etc/passwd",),
            "jpeg": (5, {"quality": 0}, {"quality": 80.5}, {"chromaSubsampling": "4:2:2"}, {"progressive": 1}),
            "png": ({"compressionLevel": 10}, {"colours": 1}, {"dither": 2}),
            "webp": ({"effort": 7}, {"preset": "x"}, {"delay": [-1]}, {"delay": [1] * 10_001}),
            "avif": ({"bitdepth": 9}, {"effort": 10}),
            "tiff": ({"compression": "zip"}, {"bitdepth": 3}),
        }.items()
        for value in values
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "status", "code"), REFUSED, ids=lambda part: str(part)[:50])
def test_an_argument_outside_the_contract_is_refused(name: str, value: object, status: int, code: str) -> None:
    with pytest.raises(PixelshiftError) as caught:
        parse({name: value})
    assert (caught.value.status, caught.value.code) == (status, code)


def test_a_refusal_names_the_member_and_what_is_accepted() -> None:
    with pytest.raises(PixelshiftError, match=r"resize\.fit: expected one of cover, .*outside, got 'bad'"):
        parse({"resize": {"fit": "bad"}})


def test_edits_keep_the_order_of_the_request() -> None:
    assert parse({"rotate": 90, "resize": 5, "flip": True}) == (e.Rotate(90.0), e.Resize(width=5), e.Flip())


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({"grayscale": True, "greyscale": False}, ()),
        ({"greyscale": False, "grayscale": True}, (e.Greyscale(),)),
        ({"normalise": {"lower": 5}, "normalize": {"lower": 7}}, (e.Normalise(7.0),)),
        ({"toColourspace": "b-w", "toColorspace": "cmyk"}, (e.ToColourspace("cmyk"),)),
    ],
)
def test_two_spellings_are_one_operation_and_the_later_counts(edits: dict[str, object], expected: object) -> None:
    assert parse(edits) == expected


@pytest.mark.parametrize("name", ["composite", "withMetadata", "timeout", "__proto__", "constructor", "", "resize "])
def test_unknown_names_are_passed_over(name: str) -> None:
    assert parse({name: {"x": 1}, "flip": True}) == (e.Flip(),)


def test_limits_bound_the_number_of_edits_and_the_windows() -> None:
    tight = Limits(edit_count=2, median_side=5, convolution_side=3)
    assert parse_edits({"median": 5, "flip": True}, tight) == (e.Median(5), e.Flip())
    for edits in (
        {"a": 1, "b": 2, "c": 3},
        {"median": 6},
        {"convolve": {"width": 5, "height": 3, "kernel": [1] * 15}},
    ):
        with pytest.raises(PixelshiftError):
            parse_edits(edits, tight)
