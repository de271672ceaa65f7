"""The events of every HTTP trigger for the same request, in the shapes that AWS documents."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote


def rest(path: str, query: str = "", method: str = "GET", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """API Gateway, REST API: the query comes decoded."""
    pairs = parse_qsl(query)
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": dict(headers or {}),
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in pairs} or None,
        "requestContext": {"stage": "prod", "httpMethod": method, "apiId": "a1"},
        "isBase64Encoded": False,
    }


def http_1(path: str, query: str = "", method: str = "GET", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """API Gateway, HTTP API, payload 1.0: as REST, but the path comes decoded."""
    return {**rest(unquote(path), query, method, headers), "version": "1.0"}


def http_2(path: str, query: str = "", method: str = "GET", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """API Gateway, HTTP API, payload 2.0: the path comes decoded."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": {
            "domainName": "a1.execute-api.us-east-1.amazonaws.com",
            "stage": "$default",
            "http": {"method": method, "path": unquote(path)},
        },
        "isBase64Encoded": False,
    }


def function_url(
    path: str, query: str = "", method: str = "GET", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A function URL: payload 2.0, the path as it was sent."""
    event = http_2(path, query, method, headers)
    event["rawPath"] = path
    event["requestContext"]["domainName"] = "u1.lambda-url.us-east-1.on.aws"
    return event


def load_balancer(
    path: str, query: str = "", method: str = "GET", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An ALB: path and query come as they were sent."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/t/1"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {name: value for name, _, value in pairs},
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "body": "",
        "isBase64Encoded": False,
    }


SHAPES: Mapping[str, Callable[..., dict[str, Any]]] = {
    "REST": rest,
    "HTTP 1.0": http_1,
    "HTTP 2.0": http_2,
    "function URL": function_url,
    "ALB": load_balancer,
}


def body_of(answer: Mapping[str, Any]) -> bytes:
    """The bytes that a client would get of a proxy response."""
    if answer["isBase64Encoded"]:
        return base64.b64decode(answer["body"], validate=True)
    return str(answer["body"]).encode()


def edits_path(bucket: str, key: str, edits: Mapping[str, Any]) -> str:
    """The path of a base64 request."""
    request = json.dumps({"bucket": bucket, "key": key, "edits": edits})
    return "/" + base64.b64encode(request.encode()).decode()
