"""Responses in the shape that Lambda's HTTP triggers expect."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, TypedDict

from pixelshift.delivery.message import HttpResponse

_PIECE_BYTES = 64 * 1024
_TEXT_TYPES = ("application/json", "text/")


def proxy_response(response: HttpResponse, *, multiple_values: bool = False) -> dict[str, Any]:
    """A proxy response: text as it is, everything else in base64.

    ``multiple_values``: an ALB with multi-value headers reads lists only.
    """
    is_text = (response.header("Content-Type") or "").startswith(_TEXT_TYPES) or not response.body
    reply: dict[str, Any] = {
        "statusCode": response.status,
        "body": response.body.decode() if is_text else b64encode(response.body).decode("ascii"),
        "isBase64Encoded": not is_text,
    }
    if multiple_values:
        reply["multiValueHeaders"] = {name: [value] for name, value in response.headers}
    else:
        reply["headers"] = dict(response.headers)
    return reply


class Prelude(TypedDict):
    """What a streamed answer begins with."""

    statusCode: int
    headers: dict[str, str]


def prelude(response: HttpResponse) -> Prelude:
    """Status and headers of a streamed answer; its body follows as it is, never in base64."""
    return {"statusCode": response.status, "headers": dict(response.headers)}


def pieces(body: bytes) -> Iterator[memoryview]:
    """A body in pieces that fit a socket's buffer, without copying it."""
    view = memoryview(body)
    for start in range(0, len(view), _PIECE_BYTES):
        yield view[start : start + _PIECE_BYTES]
