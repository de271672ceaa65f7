"""Conditional, range and HEAD requests against RFC 9110, sections 13 to 15."""

from datetime import UTC, datetime

import pytest

from pixelshift.delivery.finish import Answer, Cors, cors_headers, finish
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.representation import Representation

BODY = bytes(range(100))
MODIFIED = "Tue, 02 Jan 2024 03:04:05 GMT"
HEADERS = {"Content-Type": "image/png", "ETag": '"tag"', "Last-Modified": MODIFIED, "Cache-Control": "max-age=5"}


def ask(method: str = "GET", **headers: str) -> HttpResponse:
    request = HttpRequest(
        method, "/a", headers={name.replace("_", "-").lower(): text for name, text in headers.items()}
    )
    return finish(Answer(Representation(200, HEADERS, BODY)), request, Cors())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": '"tag"'}, 304),
        ({"If_None_Match": 'W/"tag"'}, 304),
        ({"If_None_Match": '"other", W/"tag"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_None_Match": "tag"}, 200),
        ({"If_None_Match": ""}, 200),
        ({"If_None_Match": '"other"', "If_Modified_Since": MODIFIED}, 200),
        ({"If_Modified_Since": MODIFIED}, 304),
        ({"If_Modified_Since": "Wed, 03 Jan 2024 00:00:00 GMT"}, 304),
        ({"If_Modified_Since": "Mon, 01 Jan 2024 00:00:00 GMT"}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_None_Match": '"tag"', "Range": "bytes=0-1"}, 304),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_decide_between_200_and_304(method: str, headers: dict[str, str], status: int) -> None:
    assert ask(method, **headers).status == status


def test_a_304_carries_validators_and_freshness_but_no_body_and_no_type() -> None:
    response = ask(If_None_Match="*")
    assert response.body == b""
    assert response.header("Content-Type") is None
    assert [response.header(name) for name in ("ETag", "Cache-Control", "Last-Modified")] == [
        '"tag"',
        "max-age=5",
        MODIFIED,
    ]


@pytest.mark.parametrize(
    ("range_", "content_range", "body"),
    [
        ("bytes=0-0", "bytes 0-0/100", BODY[:1]),
        ("bytes=10-19", "bytes 10-19/100", BODY[10:20]),
        ("bytes=90-", "bytes 90-99/100", BODY[90:]),
        ("bytes=90-500", "bytes 90-99/100", BODY[90:]),
        ("bytes=-5", "bytes 95-99/100", BODY[95:]),
        ("bytes=-500", "bytes 0-99/100", BODY),
        ("BYTES=0-4", "bytes 0-4/100", BODY[:5]),
    ],
)
def test_one_range_is_served_as_206(range_: str, content_range: str, body: bytes) -> None:
    response = ask(Range=range_)
    assert (response.status, response.header("Content-Range"), response.body) == (206, content_range, body)


@pytest.mark.parametrize("range_", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_beyond_the_end_is_416_with_the_length(range_: str) -> None:
    response = ask(Range=range_)
    assert (response.status, response.header("Content-Range"), response.body) == (416, "bytes */100", b"")


@pytest.mark.parametrize("range_", ["bytes=5-2", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes", ""])
def test_ranges_that_cannot_be_read_or_are_several_get_everything(range_: str) -> None:
    response = ask(Range=range_)
    assert (response.status, response.body) == (200, BODY)


@pytest.mark.parametrize(
    ("validator", "status"),
    [('"tag"', 206), ('W/"tag"', 200), ('"old"', 200), (MODIFIED, 206), ("Mon, 01 Jan 2024 00:00:00 GMT", 200)],
)
def test_if_range_compares_strongly(validator: str, status: int) -> None:
    assert ask(Range="bytes=0-1", If_Range=validator).status == status


def test_head_has_the_headers_of_get_with_its_length_and_no_body() -> None:
    head, whole = ask("HEAD", Range="bytes=0-1"), ask()
    assert (head.status, head.body, head.header("Content-Length")) == (200, b"", "100")
    assert set(whole.headers) <= set(head.headers)


@pytest.mark.parametrize(
    ("cors", "request_", "credentials", "origin"),
    [
        (Cors(), HttpRequest("GET", "/"), "true", None),
        (Cors(), HttpRequest("GET", "/", behind_load_balancer=True), None, None),
        (Cors(True, "https://x"), HttpRequest("GET", "/", headers={"origin": "https://x"}), "true", "https://x"),
        (Cors(True, "*"), HttpRequest("GET", "/", headers={"origin": "https://x"}), None, "*"),
    ],
)
def test_credentials_are_never_allowed_to_everyone(
    cors: Cors, request_: HttpRequest, credentials: str | None, origin: str | None
) -> None:
    headers = cors_headers(cors, request_)
    assert headers.get("Access-Control-Allow-Credentials") == credentials
    assert headers.get("Access-Control-Allow-Origin") == origin


def test_a_link_with_an_end_is_cached_no_longer_than_that() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    response = finish(
        Answer(Representation(200, HEADERS, BODY), age_s=9),
        HttpRequest("GET", "/"),
        Cors(),
        datetime(2030, 1, 1, 0, 1, 30, tzinfo=UTC),
        now,
    )
    assert (response.header("Cache-Control"), response.header("Age")) == ("max-age=90,public", None)
