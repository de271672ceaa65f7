"""Whatever is sent, parsers answer with a value or one of our errors; and what one side writes the other reads."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.edits.argument import PROCESSING_FAILURE, leading_integer, to_number
from pixelshift.edits.colour import parse_colour
from pixelshift.edits.parse import _ALIASES, _PARSERS, parse_edits
from pixelshift.edits.types import Colour
from pixelshift.errors import ForbiddenError, PixelshiftError, SettingsError
from pixelshift.limits import Limits
from pixelshift.request.base import ImageRequest, RequestKind, RequestRules
from pixelshift.request.expiry import format_expires, parse_expires
from pixelshift.request.filter import _FILTERS
from pixelshift.request.link import ImageLink, build_url
from pixelshift.request.parse import parse_request, peek_headers
from pixelshift.request.rewrite import compile_rewrite
from pixelshift.request.signature import sign, verify_signature

RULES = RequestRules(buckets=("one", "two"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)

# Unicode enough: ASCII with and without meaning, a digit that is none, beyond the first plane, half a character.
LETTERS = "aZ09 .%/+-_=&?:(){}\x00\u00e9\u0661\U0001f600"
words = st.text(alphabet=LETTERS + "\ud800", max_size=8)
keys = st.text(alphabet=LETTERS, min_size=1, max_size=12)

json_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | words
    | st.sampled_from(["100", "10p", "-5p", "red", "cover", "entropy", "north", "av1", "4:4:4", 10**400, -(10**400)])
)
members = st.sampled_from(
    [
        "width", "height", "left", "top", "right", "bottom", "fit", "position", "background", "kernel", "ratio",
        "sigma", "bucket", "key", "options", "alpha", "wRatio", "blend", "tile", "gravity", "rx", "ry", "faceIndex",
        "padding",
        "blur", "minConfidence", "moderationLabels", "lower", "upper", "quality", "effort", "compression", "scale",
        "offset", "r", "g", "b", "x", "y", "focalPoint", "delay", "loop", "id", "force", "mozjpeg", "threshold",
    ]
)  # fmt: skip
json_values = st.recursive(
    json_leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(members | words, inner, max_size=5),
    max_leaves=12,
)
edit_maps = st.dictionaries(st.sampled_from([*_PARSERS, *_ALIASES, "__proto__"]), json_values, max_size=4)

path_pieces = st.sampled_from(
    [
        "/", "//", "unsafe", "fit-in", "200x300", "0x0", "1x2:30x40", "9999999x1:2x2", "filters:", ":", "(", ")", ",",
        ";", "s3:", "one", "nope", "a.jpg", ".png", ".bmp", "%20", "%zz", "%ff", "%", "=", "+", "-", "_", "{",
        "\u00e9",
        "\ud800", "\x00", "1", "-1", "0.5", "red", "png", "x", "true", "10p", *_FILTERS,
    ]
)  # fmt: skip
paths = st.lists(path_pieces, max_size=20).map("".join) | words
parameters = st.lists(
    st.tuples(
        st.sampled_from(
            ["width", "height", "fit", "format", "rotate", "flip", "grayscale", "expires", "signature", "x"]
        ),
        st.sampled_from(["", "0", "100", "-1", "abc", "cover", "png", "20300101T000000Z", "\u0661"]) | words,
    ),
    max_size=4,
)


def is_answered(call: Callable[[], object]) -> bool:
    """True when the call returns or raises one of our errors about the client; other exceptions pass through."""
    try:
        call()
    except PixelshiftError as error:
        ours_to_answer = 400 <= error.status < 500 or error.code == PROCESSING_FAILURE
        return ours_to_answer and bool(error.code) and bool(error.message)
    return True


@given(edit_maps)
@settings(max_examples=150)
def test_any_edit_map_is_typed_or_refused(edits: dict[str, object]) -> None:
    assert is_answered(lambda: parse_edits(edits, Limits()))


@given(paths, parameters)
@settings(max_examples=150)
def test_any_path_and_query_is_a_request_or_refused(path: str, query: list[tuple[str, str]]) -> None:
    assert is_answered(lambda: parse_request(path, query, RULES, NOW))
    assert isinstance(peek_headers(path, RULES), dict)


filter_calls = st.builds(
    lambda name, arguments: f"{name}({','.join(arguments)})",
    st.sampled_from([*_FILTERS]),
    st.lists(
        st.sampled_from(["", "1", "-1", "0.5", "x", "1;2;3;4", "red", "10p", "one", "false", "1e400", "a(b)"]),
        max_size=5,
    ),
)


@given(st.lists(filter_calls, max_size=4))
@settings(max_examples=150)
def test_any_arguments_of_filters_are_typed_or_refused(calls: list[str]) -> None:
    assert is_answered(lambda: parse_request(f"/9x0/filters:{':'.join(calls)}/a.jpg", [], RULES, NOW))


@given(st.text(alphabet="filters:(),/abc019x.", max_size=60))
def test_a_rewritten_path_of_any_form_is_a_request_or_refused(path: str) -> None:
    rules = RequestRules(buckets=("one",), rewrite=compile_rewrite("/a(b)?/g", "$1/$&"))
    assert is_answered(lambda: parse_request("/" + path, [], rules, NOW))


@given(st.dictionaries(st.sampled_from(["bucket", "key", "edits", "outputFormat", "effort", "headers"]), json_values))
@settings(max_examples=150)
def test_any_body_is_a_request_or_refused(body: dict[str, object]) -> None:
    path = "/" + b64encode(json.dumps(body).encode()).decode()
    assert is_answered(lambda: parse_request(path, [], RULES, NOW))


@given(st.binary(max_size=60))
def test_base64_of_any_bytes_is_a_request_or_refused(data: bytes) -> None:
    assert is_answered(lambda: parse_request("/" + b64encode(data).decode(), [], RULES, NOW))


@given(keys, st.sampled_from(["standard", "url", "escaped"]))
def test_every_key_comes_back_from_every_spelling_of_base64(key: str, spelling: str) -> None:
    data = json.dumps({"key": key}).encode()
    path = {
        "standard": b64encode(data).decode(),
        "url": urlsafe_b64encode(data).decode().rstrip("="),
        "escaped": quote(b64encode(data).decode(), safe=""),
    }[spelling]
    request = parse_request("/" + path, [], RULES, NOW)
    assert (request.kind, request.key) == (RequestKind.DEFAULT, key)


@given(keys)
def test_a_key_that_is_escaped_whole_comes_back_from_a_path(key: str) -> None:
    segment = (
        quote(key, safe="").replace(".", "%2E").replace("-", "%2D").replace("x", "%78").replace("unsafe", "%75nsafe")
    )
    request = parse_request("/d/" + segment, [], RULES, NOW)
    if request.kind is RequestKind.THUMBOR:
        assert request.key == "d/" + key


@given(paths, parameters, st.binary(max_size=20), st.binary(max_size=20))
def test_what_is_signed_verifies_and_nothing_else_does(
    path: str, query: list[tuple[str, str]], key: bytes, other: bytes
) -> None:
    unsigned = [pair for pair in query if pair[0] != "signature"]
    signed = [*unsigned, ("signature", sign(path, unsigned, key))]
    verify_signature(path, signed, [other, key])
    verify_signature(path, list(reversed(signed)) if len(dict(signed)) == len(signed) else signed, [key])
    with pytest.raises(ForbiddenError):
        verify_signature(path + "x", signed, [key])
    with pytest.raises(ForbiddenError):
        verify_signature(path, [*signed, ("extra", "")], [key])


@given(st.datetimes(min_value=datetime(2026, 1, 2), timezones=st.just(UTC)))
def test_every_time_is_read_as_written(expires: datetime) -> None:
    assert parse_expires(format_expires(expires), NOW) == expires.replace(microsecond=0)


@given(st.text(alphabet="0123456789TZ-\u0662 ", min_size=14, max_size=18))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    assert is_answered(lambda: parse_expires(text, NOW))


@given(keys, st.binary(min_size=1), st.integers(1, 10**6))
def test_every_link_verifies_and_reads_back(key: str, signing_key: bytes, width: int) -> None:
    link = ImageLink(key, "two", {"resize": {"width": width}})
    url = urlsplit(build_url(link, expires=NOW + timedelta(hours=1), signing_key=signing_key))
    query = parse_qsl(url.query, strict_parsing=True)
    verify_signature(url.path, query, [signing_key])
    request = parse_request(url.path, query, RULES, NOW)
    assert isinstance(request, ImageRequest)
    assert (request.bucket, request.key) == ("two", key)


@given(st.text(alphabet="a1(|)[]^$*+?{},\\.-dwsbk<n>=!:iP/&~", max_size=14), st.text(alphabet="a$1&`'<n>", max_size=6))
@settings(max_examples=150)
def test_any_pattern_compiles_and_runs_or_is_refused(expression: str, substitution: str) -> None:
    try:
        rewrite = compile_rewrite(f"/{expression}/g", substitution)
    except SettingsError:
        return
    assert rewrite is None or is_answered(lambda: rewrite.apply("/a1a/nn-a"))


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_every_notation_of_a_colour_means_it(r: int, g: int, b: int) -> None:
    for notation in (
        f"#{r:02x}{g:02x}{b:02x}",
        f"{r:02X}{g:02X}{b:02X}",
        f"rgb({r},{g},{b})",
        {"r": r, "g": g, "b": b},
    ):
        assert parse_colour(notation) == Colour(r, g, b)


@given(json_values)
def test_any_value_is_a_colour_or_none(value: object) -> None:
    colour = parse_colour(value)
    assert colour is None or (min(colour.r, colour.g, colour.b, colour.alpha) >= 0 and colour.alpha <= 1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back_from_their_text(number: float) -> None:
    assert to_number(repr(number)) == number


@given(st.integers(-(10**14), 10**14), st.sampled_from(["", "px", ".9", "e5", " "]))
def test_a_leading_integer_is_read_whatever_follows(number: int, tail: str) -> None:
    assert leading_integer(f" {number}{tail}") == number
