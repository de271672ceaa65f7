import json
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from pixelshift.edits.types import Flip, Format, Resize, ToFormat
from pixelshift.errors import PixelshiftError
from pixelshift.limits import Limits
from pixelshift.request.base import ImageRequest, RequestKind, RequestRules
from pixelshift.request.parse import parse_request, peek_headers

RULES = RequestRules(buckets=("one", "two"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def encode(body: object) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    return b64encode(text.encode()).decode()


def read(path: str, rules: RequestRules = RULES) -> ImageRequest:
    return parse_request(path, [], rules, NOW)


def read_body(**members: Any) -> ImageRequest:
    return read("/" + encode({"key": "a.jpg", **members}))


def refusal(path: str, rules: RequestRules = RULES) -> tuple[int, str]:
    with pytest.raises(PixelshiftError) as caught:
        read(path, rules)
    return caught.value.status, caught.value.code


# Its base64 has every oddity: padding, both letters that differ between the alphabets, all lengths by the tail.
BODIES = [{"key": "\u00ff\u00fe?>~" + tail} for tail in ("", "a", "ab")]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "form",
    [
        encode,
        lambda body: "/" + encode(body),
        lambda body: "/" + encode(body).rstrip("="),
        lambda body: "/" + urlsafe_b64encode(json.dumps(body).encode()).decode(),
        lambda body: "/" + urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("="),
        lambda body: "/" + encode(body).replace("=", "%3D").replace("+", "%2B").replace("/", "%2F"),
    ],
    ids=["bare", "standard", "unpadded", "url-safe", "url-safe unpadded", "escaped"],
)
def test_every_spelling_of_base64_is_read(body: dict[str, str], form: Any) -> None:
    request = read(form(body))
    assert (request.kind, request.key) == (RequestKind.DEFAULT, body["key"])


@pytest.mark.parametrize("text", ["null", "123", '"a.jpg"', "[1]", "true", "{}", '{"key":null}', '{"key":5}'])
def test_json_that_is_no_object_with_a_key_is_refused(text: str) -> None:
    assert refusal("/" + encode(text)) == (400, "DecodeRequest::CannotDecodeRequest")


@pytest.mark.parametrize("text", ["{key: 1}", '{"key":"a.jpg"', '{"key":NaN}', '{"key":"a\nb"}', "\ufeff{}", "hello"])
def test_base64_of_no_json_is_a_path(text: str) -> None:
    assert read("/" + encode(text)).kind is RequestKind.THUMBOR


def test_an_unpadded_number_is_a_path_as_upstream_has_it() -> None:
    assert read("/" + encode("1234").rstrip("=")).kind is RequestKind.THUMBOR


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused_before_it_is_parsed(opening: str) -> None:
    assert refusal("/" + encode(opening * 1000)) == (400, "DecodeRequest::CannotDecodeRequest")


def test_brackets_in_text_are_no_nesting() -> None:
    assert read_body(note="[" * 100 + '\\"' + "{" * 100).key == "a.jpg"


def test_siblings_are_no_nesting() -> None:
    assert read_body(note=[{}, []] * 50).key == "a.jpg"


def test_an_integer_of_any_length_is_a_number() -> None:
    path = "/" + encode('{"key":"a","edits":{"resize":{"width":' + "9" * 5000 + "}}}")
    assert refusal(path) == (400, "InvalidResizeException")


def test_a_letter_too_many_makes_it_a_path() -> None:
    assert read("/" + encode({"key": "a.jp"}) + "A").kind is RequestKind.THUMBOR


def test_a_url_beyond_the_limit_is_refused() -> None:
    assert refusal("/" + "a" * Limits().url_bytes) == (414, "RequestUriTooLong")


def test_the_last_of_repeated_members_counts() -> None:
    assert read("/" + encode('{"key":"a.jpg","key":"b.jpg"}')).key == "b.jpg"


def test_the_key_is_used_as_given() -> None:
    assert read_body(key="/a%20b/ c").key == "/a%20b/ c"


def test_a_key_with_half_a_character_is_refused() -> None:
    assert refusal("/" + encode('{"key":"\\ud800"}')) == (400, "DecodeRequest::CannotDecodeRequest")


def test_an_empty_key_is_not_found() -> None:
    assert refusal("/" + encode({"key": ""})) == (404, "NoSuchKey")


def test_the_bucket_is_the_first_or_an_allowed_one() -> None:
    assert read_body().bucket == "one"
    assert read_body(bucket="two").bucket == "two"


@pytest.mark.parametrize("bucket", ["three", None, 5, ["one"], "ONE", "one,two", ""])
def test_another_bucket_is_forbidden(bucket: object) -> None:
    assert refusal("/" + encode({"key": "a", "bucket": bucket})) == (403, "ImageBucket::CannotAccessBucket")


def test_without_buckets_nothing_is_served() -> None:
    for path in ("/" + encode({"key": "a"}), "/a.jpg"):
        assert refusal(path, RequestRules(buckets=())) == (400, "GetAllowedSourceBuckets::NoSourceBuckets")


@pytest.mark.parametrize("edits", [None, {}, [], "", 0, False])
def test_falsy_edits_are_none(edits: object) -> None:
    request = read_body(edits=edits)
    assert (request.edits, request.has_edits) == ((), False)


@pytest.mark.parametrize("edits", ["resize", 5, True, [1]])
def test_edits_of_another_type_are_refused(edits: object) -> None:
    assert refusal("/" + encode({"key": "a", "edits": edits})) == (400, "InvalidParameter")


def test_unknown_edits_still_mean_that_there_are_edits() -> None:
    request = read_body(edits={"composite": []})
    assert (request.edits, request.has_edits) == ((), True)


def test_an_overlay_from_a_bucket_that_is_not_allowed_is_forbidden() -> None:
    body = {"key": "a", "edits": {"overlayWith": {"bucket": "three", "key": "logo.png"}}}
    assert refusal("/" + encode(body)) == (403, "ImageBucket::CannotAccessBucket")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("jpg", Format.JPEG), ("jpeg", Format.JPEG), ("png", Format.PNG), ("webp", Format.WEBP), ("gif", Format.GIF),
        ("tif", Format.TIFF), ("tiff", Format.TIFF), ("avif", Format.AVIF), ("raw", Format.RAW),
        (None, None), ("", None), (0, None), (False, None),
    ],
)  # fmt: skip
def test_output_format_is_read_by_its_exact_name(name: object, expected: Format | None) -> None:
    assert read_body(outputFormat=name).output_format is expected


@pytest.mark.parametrize("name", ["bmp", "PNG", "heic", "heif", 5, ["png"]])
def test_another_output_format_is_refused(name: object) -> None:
    body = {"key": "a", "outputFormat": name}
    assert refusal("/" + encode(body)) == (400, "UnsupportedOutputImageFormatException")


@pytest.mark.parametrize(
    ("effort", "expected"),
    [(0, 0), (6, 6), (2.9, 2), (-0.5, 0), (7, 4), (-1, 4), (None, 0), ("3", 3), ("x", 4), ([], 4), (1e400, 4)],
)
def test_effort_is_cut_to_a_whole_number_or_becomes_four(effort: object, expected: int) -> None:
    text = json.dumps({"key": "a", "effort": effort}).replace("Infinity", "1e400")
    assert read("/" + encode(text)).webp_effort == expected


def test_no_effort_is_none() -> None:
    assert read_body().webp_effort is None


def test_headers_are_compared_without_letter_case_and_the_later_wins() -> None:
    request = read_body(headers={"Cache-Control": "no-store", "cache-control": "max-age=5", "ETag": 5, "X-A": None})
    assert request.headers == {"cache-control": "max-age=5", "etag": "5", "x-a": "null"}


def test_headers_of_the_deny_list_are_dropped() -> None:
    denied = (
        "Authorization Connection Server Transfer-Encoding Referrer-Policy Permissions-Policy WWW-Authenticate "
        "Proxy-Authenticate X-Api-Key Set-Cookie X-Frame-Options X-Content-Type-Options X-XSS-Protection "
        "Strict-Transport-Security Permissions-X X-Amz-Meta X-Amzn-Trace Access-Control-Allow-Origin "
        "Cross-Origin-Opener-Policy Content-Type Content-Disposition"
    )
    assert read_body(headers=dict.fromkeys(denied.split(), "x")).headers == {}


def test_an_operator_may_narrow_the_headers() -> None:
    path = "/" + encode({"key": "a", "headers": {"Cache-Control": "no-store", "Location": "/x"}})
    rules = RequestRules(buckets=("one",), response_headers=frozenset({"cache-control"}))
    assert read(path, rules).headers == {"cache-control": "no-store"}


@pytest.mark.parametrize(
    "headers",
    [
        "x", [1], 5, {"X-A": "a\r\nSet-Cookie: b"}, {"X-A": "a\nb"}, {"X-A": "\u0000"}, {"X-A": "\u20ac"},
        {"X-A": {}}, {"X-A": [1]}, {"X A": "b"}, {"": "b"}, {"X-A:": "b"}, {"\u00e9": "b"},
    ],
)  # fmt: skip
def test_headers_that_no_response_can_carry_are_refused(headers: object) -> None:
    assert refusal("/" + encode({"key": "a", "headers": headers})) == (400, "InvalidParameter")


def test_query_edits_replace_those_of_the_body_by_name() -> None:
    path = "/" + encode({"key": "a", "edits": {"resize": {"height": 9, "fit": "fill"}, "flip": True}})
    request = parse_request(path, [("width", "5"), ("format", "png")], RULES, NOW)
    assert request.edits == (Resize(width=5), Flip(), ToFormat(Format.PNG))


def test_peeking_at_headers_never_fails() -> None:
    assert peek_headers("/" + encode({"headers": {"Cache-Control": "no-store"}}), RULES) == {
        "cache-control": "no-store"
    }
    for path in ("/" + encode("null"), "/" + encode({"headers": 5}), "/a.jpg", "/" + encode("[" * 99), ""):
        assert peek_headers(path, RULES) == {}


def test_names_of_javascript_objects_are_plain_names() -> None:
    assert read_body(edits={"__proto__": {"x": 1}, "constructor": 1, "flip": True}).edits == (Flip(),)
