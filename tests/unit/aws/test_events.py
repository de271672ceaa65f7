import json
from typing import Any

import pytest

from pixelshift.aws.events import read_event, wants_multiple_values
from pixelshift.aws.reply import proxy_response
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.errors import InvalidRequestError

# The same request, "/fit-in/10x10/ä b%25.png?x=1 2&x=3", as every trigger delivers it by AWS's documentation.
RAW = "/fit-in/10x10/%C3%A4%20b%2525.png"
DECODED = "/fit-in/10x10/ä b%25.png"

REST = {
    "resource": "/{proxy+}",
    "path": RAW,
    "httpMethod": "GET",
    "headers": {"Accept": "image/webp", "X-Two": "b"},
    "multiValueHeaders": {"Accept": ["image/webp"], "X-Two": ["a", "b"]},
    "queryStringParameters": {"x": "3"},
    "multiValueQueryStringParameters": {"x": ["1 2", "3"]},
    "requestContext": {"stage": "image", "path": f"/image{RAW}", "requestId": "r"},
    "body": None,
    "isBase64Encoded": False,
}
HTTP_1 = {
    "version": "1.0",
    "path": f"/prod{DECODED}",
    "httpMethod": "GET",
    "headers": {"accept": "image/webp"},
    "queryStringParameters": {"x": "3"},
    "multiValueQueryStringParameters": {"x": ["1 2", "3"]},
    "requestContext": {"stage": "prod", "domainName": "id.execute-api.eu-west-1.amazonaws.com"},
}
HTTP_2 = {
    "version": "2.0",
    "rawPath": f"/prod{DECODED}",
    "rawQueryString": "x=1%202&x=3",
    "headers": {"accept": "image/webp"},
    "queryStringParameters": {"x": "1 2,3"},
    "requestContext": {
        "stage": "prod",
        "domainName": "id.execute-api.eu-west-1.amazonaws.com",
        "http": {"method": "GET", "path": f"/prod{DECODED}"},
    },
}
FUNCTION_URL = {
    "version": "2.0",
    "rawPath": RAW,
    "rawQueryString": "x=1+2&x=3",
    "headers": {"accept": "image/webp"},
    "requestContext": {
        "stage": "$default",
        "domainName": "id.lambda-url.eu-west-1.on.aws",
        "http": {"method": "GET", "path": RAW},
    },
}
ALB = {
    "requestContext": {"elb": {"targetGroupArn": "arn:x"}},
    "httpMethod": "GET",
    "path": RAW,
    "queryStringParameters": {"x": "3"},
    "headers": {"accept": "image/webp"},
    "body": "",
    "isBase64Encoded": False,
}
ALB_MULTIPLE = {
    "requestContext": {"elb": {"targetGroupArn": "arn:x"}},
    "httpMethod": "GET",
    "path": RAW,
    "multiValueQueryStringParameters": {"x": ["1%202", "3"]},
    "multiValueHeaders": {"accept": ["image/webp"]},
}
EVENTS = {
    "rest": REST,
    "http-1": HTTP_1,
    "http-2": HTTP_2,
    "function-url": FUNCTION_URL,
    "alb": ALB,
    "alb-multi": ALB_MULTIPLE,
}


@pytest.mark.parametrize("name", EVENTS)
def test_every_trigger_yields_the_same_request(name: str) -> None:
    request = read_event(json.loads(json.dumps(EVENTS[name])))
    assert (request.method, request.path) == ("GET", RAW)
    assert request.parameters() == {"x": "3"}
    assert request.headers["accept"] == "image/webp"
    assert request.behind_load_balancer == name.startswith("alb")


@pytest.mark.parametrize("name", ["http-2", "function-url", "alb-multi"])
def test_repeated_parameters_are_decoded_and_kept_in_order(name: str) -> None:
    assert read_event(EVENTS[name]).query == (("x", "1 2"), ("x", "3"))


def test_repeated_headers_are_joined() -> None:
    assert read_event(REST).headers["x-two"] == "a, b"


def test_values_of_a_load_balancer_are_decoded_once() -> None:
    event = ALB | {"queryStringParameters": {"expires%20": "a%2520b"}}
    assert read_event(event).query == (("expires ", "a%20b"),)


def test_values_of_a_rest_api_arrive_decoded_and_stay_as_they_are() -> None:
    assert read_event(REST | {"queryStringParameters": {"a": "%20+"}}).query == (("a", "%20+"),)


@pytest.mark.parametrize(
    "path", ["/eyJrZXkiOiJhLmpwZyJ9", "/eyJrZXkiOiJhL2I/Yz0+In0=", "/a+b=/c,d;e(1).jpg", "/s3:b/a.jpg"]
)
def test_a_path_that_needs_no_escape_survives_every_trigger(path: str) -> None:
    for event in (REST | {"path": path}, HTTP_1 | {"path": path}, HTTP_2 | {"rawPath": path}, ALB | {"path": path}):
        assert read_event(event).path.replace("%3F", "?") == path


def test_only_a_whole_first_segment_is_a_stage() -> None:
    assert read_event(HTTP_2 | {"rawPath": "/production/a.jpg"}).path == "/production/a.jpg"
    assert read_event(HTTP_2 | {"rawPath": "/prod"}).path == ""


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({}, "RequestTypeError"),
        ({"Records": []}, "RequestTypeError"),
        ({"path": None, "httpMethod": "GET"}, "RequestTypeError"),
        (REST | {"queryStringParameters": {"width": 5}}, "QueryParameterParsingError"),
        (REST | {"queryStringParameters": {"width": None}}, "QueryParameterParsingError"),
        (FUNCTION_URL | {"rawQueryString": "&".join("a=1" for _ in range(300))}, "InvalidParameter"),
        *(
            (REST | {name: "x"}, "RequestTypeError")
            for name in ("headers", "multiValueHeaders", "queryStringParameters", "requestContext")
        ),
        (FUNCTION_URL | {"requestContext": {"http": "x"}}, "RequestTypeError"),
    ],
)
def test_what_is_no_picture_request_is_a_400(event: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_event(event)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_nulls_where_a_trigger_sends_nothing_are_nothing() -> None:
    event = {"httpMethod": "GET", "path": "/a", "headers": None, "queryStringParameters": None, "requestContext": None}
    assert read_event(event) == HttpRequest("GET", "/a", (), {})


def test_pictures_are_base64_and_errors_are_text() -> None:
    picture = proxy_response(HttpResponse(200, (("Content-Type", "image/png"),), b"\x89"))
    error = proxy_response(HttpResponse(404, (("Content-Type", "application/json"),), b"{}"))
    empty = proxy_response(HttpResponse(304, (("ETag", '"a"'),)))
    assert (picture["body"], picture["isBase64Encoded"]) == ("iQ==", True)
    assert (error["body"], error["isBase64Encoded"], error["headers"]) == (
        "{}",
        False,
        {"Content-Type": "application/json"},
    )
    assert (empty["body"], empty["isBase64Encoded"], empty["statusCode"]) == ("", False, 304)


def test_a_load_balancer_with_multi_value_headers_gets_lists() -> None:
    assert [wants_multiple_values(EVENTS[name]) for name in ("rest", "alb", "alb-multi")] == [False, False, True]
    reply = proxy_response(HttpResponse(200, (("A", "1"),)), multiple_values=True)
    assert (reply["multiValueHeaders"], "headers" in reply) == ({"A": ["1"]}, False)
