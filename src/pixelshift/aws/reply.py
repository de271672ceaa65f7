"""Responses in the shape that Lambda's HTTP triggers expect."""

from base64 import b64encode
from typing import Any

from pixelshift.delivery.message import HttpResponse

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
