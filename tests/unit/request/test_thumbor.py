"""Tables for contract 1.4-1.6 and 4; typed edits are compared with those of the same edit map in JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from pixelshift.edits.parse import parse_edits
from pixelshift.edits.types import Crop, Encode, Format
from pixelshift.errors import PixelshiftError
from pixelshift.limits import Limits
from pixelshift.request.base import ImageRequest, RequestKind, RequestRules
from pixelshift.request.parse import parse_request, rekey_quality

RULES = RequestRules(buckets=("one", "two", "my.bkt"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(path: str, **query: str) -> ImageRequest:
    return parse_request(path, query.items(), RULES, NOW)


def refusal(path: str, **query: str) -> tuple[int, str]:
    with pytest.raises(PixelshiftError) as caught:
        read(path, **query)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("path", ["/a.jpg", "/a.JPEG", "/a.tif", "/x/a.svg", "/noext", "/dir.d/name", "/a.", "/.png"])
def test_an_image_ending_or_none_is_path_style(path: str) -> None:
    assert read(path).kind is RequestKind.THUMBOR


@pytest.mark.parametrize("path", ["/a.bmp", "/a.heic", "/a.jfif", "/a.ico", "/a.jp2", "/a.jpg%3Fx", "/a.jpg.exe"])
def test_another_ending_is_refused(path: str) -> None:
    assert refusal(path) == (400, "RequestTypeError")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/a.jpg", "a.jpg"),
        ("//a.jpg", "a.jpg"),
        ("/dir//a.jpg", "dir//a.jpg"),
        ("/a%20b%25.jpg", "a b%.jpg"),
        ("/a+b.jpg", "a+b.jpg"),
        ("/%C3%A9.jpg", "\u00e9.jpg"),
        ("/\u00e9.jpg", "\u00e9.jpg"),
        ("/a%2Fb.jpg", "a/b.jpg"),
        ("/200x300/a.jpg", "a.jpg"),
        ("/10x10/20x20/30x30/a.jpg", "a.jpg"),
        ("/x/200x300/a.jpg", "x/a.jpg"),
        ("/x/200x300", "x/200x300"),
        ("/1x2:3x4/a.jpg", "a.jpg"),
        ("/fit-in/fit-in/a.jpg", "a.jpg"),
        ("/FIT-IN/a.jpg", "FIT-IN/a.jpg"),
        ("/x/fit-in-y/a.jpg", "x/fit-in-y/a.jpg"),
        ("/fit-in.jpg", "fit-in.jpg"),
        ("/unsafe/a.jpg", "a.jpg"),
        ("/unsafe/200x300/a.jpg", "a.jpg"),
        ("/x/unsafe/a.jpg", "x/unsafe/a.jpg"),
        ("/unsafe", "unsafe"),
        ("/filters:flip()/a.jpg", "a.jpg"),
        ("/filters:flip/a.jpg", "a.jpg"),
        ("/filters:rotate(90/a.jpg", "a.jpg"),
        ("/dir/filters:grayscale()/a.jpg", "dir/a.jpg"),
        ("/a.jpg/filters:grayscale()", "a.jpg"),
        ("/filters:watermark(one,dir/logo(1).png,0,0,0)/a(1).jpg", "a(1).jpg"),
        ("/filters:blur(5):watermark(one,l.png,0,0,0)/filters:rotate(90)/b(2)/a.jpg", "b(2)/a.jpg"),
        ("/filters:x):watermark(one,d/l.png,0,0,0)/a.jpg", "a.jpg"),
        ("/filters:convolution(1;1/1,1)/a.jpg/b", None),
        ("/s3:two/a.jpg", "a.jpg"),
        ("/x/s3:two/y/a.jpg", "x/y/a.jpg"),
        ("/s3:nope/a.jpg", "s3:nope/a.jpg"),
        ("/s3:two", "s3:two"),
        ("/s3:myXbkt/a.jpg", "s3:myXbkt/a.jpg"),
    ],
)
def test_the_key_is_what_is_left_of_the_path(path: str, key: str | None) -> None:
    if key is None:
        assert refusal(path) == (400, "InvalidParameter")
    else:
        assert read(path).key == key


@pytest.mark.parametrize("path", ["/", "", "//", "/fit-in/", "/200x200/", "/filters:blur(5)"])
def test_a_path_without_a_key_is_not_found(path: str) -> None:
    assert refusal(path) == (404, "NoSuchKey")


@pytest.mark.parametrize("path", ["/%zz.jpg", "/%.jpg", "/%ff.jpg", "/a%2", "/%ed%a0%80.jpg", "/\ud800.jpg"])
def test_a_malformed_escape_is_refused(path: str) -> None:
    assert refusal(path) == (400, "DecodeRequest::CannotReadPath")


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("/a.jpg", "one"),
        ("/s3:two/a.jpg", "two"),
        ("/s3:my.bkt/a.jpg", "my.bkt"),
        ("/s3:nope/s3:two/a.jpg", "two"),
        ("/S3:two/a.jpg", "one"),
        ("/s3:one/s3:two/a.jpg", "one"),
    ],
)
def test_the_first_tag_of_an_allowed_bucket_chooses_it(path: str, bucket: str) -> None:
    assert read(path).bucket == bucket


OPTIONS: list[tuple[str, Mapping[str, object]]] = [
    ("200x300", {"resize": {"width": 200, "height": 300}}),
    ("200x0", {"resize": {"width": 200, "fit": "inside"}}),
    ("0x0", {"resize": {"fit": "inside"}}),
    ("0200x00", {"resize": {"width": 200, "fit": "inside"}}),
    ("100x100/50x50", {"resize": {"width": 100, "height": 100}}),
    ("fit-in", {"resize": {"fit": "inside"}}),
    ("fit-in/20x30", {"resize": {"width": 20, "height": 30, "fit": "inside"}}),
    ("20x30/fit-in", {"resize": {"width": 20, "height": 30, "fit": "inside"}}),
    ("10x20:110x220", {"crop": {"left": 10, "top": 20, "width": 100, "height": 200}}),
    (
        "9x8/1x2:3x5/1x1:9x9",
        {"crop": {"left": 1, "top": 2, "width": 2, "height": 3}, "resize": {"width": 9, "height": 8}},
    ),
    ("0x0:1234567x9", {}),
    ("filters:autojpg()", {"toFormat": "jpeg"}),
    ("filters:background_color(Red)", {"flatten": {"background": "red"}}),
    ("filters:background_color(0f08)", {"flatten": {"background": "#0f08"}}),
    ("filters:blur(5)", {"blur": 2.5}),
    ("filters:blur(5,3)", {"blur": 3}),
    ("filters:blur(,3)", {"blur": 3}),
    ("filters:blur(5,x)", {"blur": 2.5}),
    ("filters:blur(0)", {}),
    ("filters:blur(0.5)", {}),
    ("filters:blur()", {}),
    ("filters:convolution(1;2;1;2;4;2;1;2;1,3,false)", {"convolve": {"width": 3, "height": 3, "kernel": [1, 2, 1, 2, 4, 2, 1, 2, 1]}}),  # noqa: E501 - a table
    ("filters:equalize()", {"normalize": True}),
    ("filters:fill(blue)", {"resize": {"fit": "contain", "background": "blue"}}),
    ("fit-in/9x9/filters:fill(00f)", {"resize": {"width": 9, "height": 9, "fit": "contain", "background": "blue"}}),
    ("filters:fill(red):stretch()", {"resize": {"fit": "fill", "background": "red"}}),
    ("filters:focal_point(0.25,1)", {"resize": {"focalPoint": {"x": 0.25, "y": 1}}}),
    ("filters:format(JPG)", {"toFormat": "jpeg"}),
    ("filters:format(.png)", {"toFormat": "png"}),
    ("filters:format(tif)", {"toFormat": "tiff"}),
    ("filters:format(bmp)", {}),
    ("filters:format(webp):format(png)", {"toFormat": "webp"}),
    ("filters:grayscale()", {"grayscale": True}),
    ("filters:greyscale()", {}),
    ("filters:no_upscale()", {"resize": {"withoutEnlargement": True}}),
    ("9x9/filters:proportion(0.5)", {"resize": {"width": 4.5, "height": 4.5}}),
    ("9x0/filters:proportion(0.5)", {"resize": {"width": 5, "fit": "inside"}}),
    ("filters:proportion(0.5)", {"resize": {"ratio": 0.5}}),
    ("filters:proportion(0)", {"resize": {"ratio": 0.0}}),
    ("filters:quality(50)", {"jpeg": {"quality": 50}}),
    ("filters:quality(80.5)", {"jpeg": {"quality": 81}}),
    ("filters:quality(0)", {"jpeg": {"quality": 1}}),
    ("filters:quality(101)", {"jpeg": {"quality": 100}}),
    ("filters:quality(50):format(webp)", {"toFormat": "webp", "webp": {"quality": 50}}),
    ("filters:rgb(10,-20,130)", {"tint": {"r": 25.5, "g": -51, "b": 331.5}}),
    ("filters:rotate(450)", {"rotate": 450}),
    ("filters:rotate()", {"rotate": "auto"}),
    ("filters:sharpen(1,3,true)", {"sharpen": 2.5}),
    ("filters:stretch()", {"resize": {"fit": "fill"}}),
    ("fit-in/filters:stretch()", {"resize": {"fit": "inside"}}),
    ("filters:strip_exif():strip_icc():rotate(90)", {"rotate": 90, "stripExif": True, "stripIcc": True}),
    ("filters:upscale()", {"resize": {"fit": "inside"}}),
    (
        "filters:watermark(two,dir/l.png,10,-20p,50,25,30)",
        {"overlayWith": {"bucket": "two", "key": "dir/l.png", "alpha": 50, "wRatio": 25, "hRatio": 30, "options": {"left": "10", "top": "-20p"}}},  # noqa: E501 - a table
    ),
    ("filters:watermark(two,l.png,x,101p,0)", {"overlayWith": {"bucket": "two", "key": "l.png", "alpha": 0}}),
    ("filters:watermark(two,l.png)", {"overlayWith": {"bucket": "two", "key": "l.png"}}),
    ("filters:animated()", {"animated": True}),
    ("filters:animated(FALSE)", {"animated": False}),
    ("filters:smart_crop()", {"smartCrop": {}}),
    ("filters:smart_crop(1,10px)", {"smartCrop": {"faceIndex": 1, "padding": 10}}),
    ("filters:smart_crop(,10)", {"smartCrop": {"padding": 10}}),
    ("filters:nonsense(1)", {}),
    ("filters::", {}),
    ("filters:rotate%2890%29", {}),
    ("filters:blur(2)/filters:rotate(90)", {"blur": 1, "rotate": 90}),
]  # fmt: skip


@pytest.mark.parametrize(("options", "edits"), OPTIONS)
def test_options_become_edits(options: str, edits: Mapping[str, object]) -> None:
    request = read(f"/{options}/a.jpg")
    assert sorted(map(repr, request.edits)) == sorted(map(repr, parse_edits(edits, Limits())))
    assert (request.key, request.has_edits) == ("a.jpg", bool(edits))


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ("5x5:4x9", 400, "Crop::AreaOutOfBounds"),
        ("5x5:5x9", 400, "Crop::AreaOutOfBounds"),
        ("99999999999x5", 400, "InvalidResizeException"),
        ("4000000000x5", 400, "InvalidResizeException"),
        ("9" * 5000 + "x5", 400, "InvalidResizeException"),
        ("filters:()", 400, "InvalidParameter"),
        ("filters:format(a:b)", 400, "InvalidParameter"),
        ("filters:blur(x)", 400, "InvalidParameter"),
        ("filters:blur(3000)", 400, "InvalidParameter"),
        ("filters:background_color(auto)", 400, "InvalidParameter"),
        ("filters:fill()", 400, "InvalidParameter"),
        ("filters:convolution(1;2;1;2;4,3,false)", 400, "InvalidParameter"),
        ("filters:convolution(1;2;x,3)", 400, "InvalidParameter"),
        ("filters:convolution(1;2;3,0)", 400, "InvalidParameter"),
        ("filters:convolution(1)", 400, "InvalidParameter"),
        ("filters:focal_point(2,0)", 400, "InvalidParameter"),
        ("filters:format(heic)", 400, "UnsupportedOutputImageFormatException"),
        ("filters:proportion(x)", 400, "InvalidParameter"),
        ("filters:proportion(-1)", 400, "InvalidParameter"),
        ("filters:quality(x)", 400, "InvalidParameter"),
        ("filters:quality()", 400, "InvalidParameter"),
        ("filters:rgb(1,2)", 400, "InvalidParameter"),
        ("filters:rotate(abc)", 400, "InvalidParameter"),
        ("filters:sharpen(1)", 400, "InvalidParameter"),
        ("filters:watermark(three,l.png,0,0,0)", 403, "ImageBucket::CannotAccessBucket"),
        ("filters:watermark()", 403, "ImageBucket::CannotAccessBucket"),
        ("filters:watermark(one)", 400, "OverlayImageException"),
        ("filters:smart_crop(x)", 400, "SmartCrop::FaceIndexOutOfRange"),
        ("filters:smart_crop(0,x)", 400, "SmartCrop::PaddingOutOfBounds"),
        ("/".join(["filters:x()"] * 65), 400, "InvalidParameter"),
    ],
)
def test_bad_options_are_refused(options: str, status: int, code: str) -> None:
    assert refusal(f"/{options}/a.jpg") == (status, code)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/filters:quality(50)/p.png", (Encode(Format.PNG, (("palette", True), ("quality", 50))),)),
        ("/filters:quality(50)/noext", ()),
        ("/filters:quality(50)/a.JPG", ()),
        ("/filters:quality(50)/s.svg", ()),
    ],
)
def test_quality_goes_by_the_extension(path: str, expected: tuple[Encode, ...]) -> None:
    assert read(path).edits == expected


def test_quality_moves_to_the_format_that_is_written() -> None:
    request = read("/filters:quality(50)/p.gif")
    assert rekey_quality(request.edits, Format.WEBP) == (Encode(Format.WEBP, (("quality", 50),)),)
    assert rekey_quality(request.edits, Format.RAW) == request.edits
    assert rekey_quality((), Format.WEBP) == ()
    assert Encode(Format.WEBP, (("quality", 50),)) in read("/filters:quality(50)/p.png", format="webp").edits


QUERIES: list[tuple[dict[str, str], Mapping[str, object]]] = [
    ({"width": "100"}, {"resize": {"width": 100}}),
    ({"width": "100px", "height": " 7.9", "fit": "inside"}, {"resize": {"width": 100, "height": 7, "fit": "inside"}}),
    ({"width": "", "height": "0"}, {"resize": {}}),
    ({"format": "jpg"}, {"toFormat": "jpg"}),
    ({"format": "tif"}, {"toFormat": "tiff"}),
    ({"rotate": ""}, {"rotate": None}),
    ({"rotate": "-90.5deg"}, {"rotate": -90}),
    ({"flip": "yes", "flop": "0"}, {"flip": True, "flop": False}),
    ({"flip": "FALSE", "flop": ""}, {"flip": False, "flop": False}),
    ({"grayscale": "1"}, {"greyscale": True}),
    ({"greyscale": "true"}, {"greyscale": True}),
    ({"quality": "50", "signature": "x", "blur": "5"}, {}),
]


@pytest.mark.parametrize(("query", "edits"), QUERIES)
def test_query_parameters_become_edits(query: dict[str, str], edits: Mapping[str, object]) -> None:
    request = read("/a.jpg", **query)
    assert request.edits == parse_edits(edits, Limits())
    assert request.has_edits == bool(edits)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"width": "abc"}, "InvalidResizeException"),
        ({"height": "-5"}, "InvalidResizeException"),
        ({"width": "9" * 5000}, "InvalidResizeException"),
        ({"rotate": "abc"}, "InvalidParameter"),
        ({"format": "auto"}, "UnsupportedOutputImageFormatException"),
        ({"format": ""}, "UnsupportedOutputImageFormatException"),
        ({"expires": "soon"}, "ImageRequestExpiryFormat"),
    ],
)
def test_bad_query_parameters_are_refused(query: dict[str, str], code: str) -> None:
    assert refusal("/a.jpg", **query) == (400, code)


@pytest.mark.parametrize("fit", ["bad", ""])
def test_an_unknown_fit_fails_as_upstream_fails(fit: str) -> None:
    assert refusal("/a.jpg", fit=fit) == (500, "ProcessingFailure")


def test_crop_coordinates_count_in_a_file_name_too() -> None:
    request = read("/map1x2:3x5.jpg")
    assert (request.key, request.edits) == ("map1x2:3x5.jpg", (Crop(1, 2, 2, 3),))


def test_a_query_size_discards_the_resize_of_the_path() -> None:
    assert read("/fit-in/200x200/a.jpg", width="50").edits == parse_edits({"resize": {"width": 50}}, Limits())


def test_the_last_of_repeated_parameters_counts() -> None:
    request = parse_request("/a.jpg", [("width", "x"), ("width", "5")], RULES, NOW)
    assert request.edits == parse_edits({"resize": {"width": 5}}, Limits())


def test_an_expired_link_is_told_before_anything_else() -> None:
    assert refusal("/a.bmp", expires="20200101T000000Z") == (400, "ImageRequestExpired")
    assert read("/a.jpg", expires="20260101T000000Z").expires == NOW
