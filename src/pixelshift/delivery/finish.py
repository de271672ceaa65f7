"""Fitting a representation to the client who asked: CORS, expiry, conditions, ranges, HEAD, and what caches tell."""

from collections.abc import Mapping
from datetime import datetime

from pixelshift.delivery.condition import is_not_modified, selected_range
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.representation import HeaderMap, Representation
from pixelshift.request.expiry import seconds_left
from pixelshift.value import field, frozen

_NOT_IN_304 = (
    "Content-Type",
    "Content-Security-Policy",
    "Content-Disposition",
    "X-Content-Type-Options",
    "Accept-Ranges",
)


@frozen
class Cors:
    """Who may read answers from scripts; ``origin`` is sent where ``enabled``."""

    enabled: bool = False
    origin: str = "*"


@frozen
class Answer:
    """A representation with what the cache knows of it."""

    made: Representation
    age_s: int | None = None
    """How long ago it was made, where it was stored."""
    cache_status: str | None = None
    """The value of Cache-Status (RFC 9211); ``None`` without a cache."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)


def finish(
    answer: Answer, request: HttpRequest, cors: Cors, expires: datetime | None = None, now: datetime | None = None
) -> HttpResponse:
    """The response to send. ``now`` is needed where ``expires`` is given."""
    made = answer.made
    headers = HeaderMap(made.headers)
    for name, value in cors_headers(cors, request).items():
        headers[name] = value
    if expires is not None and now is not None and made.status == 200:
        headers["Cache-Control"] = f"max-age={seconds_left(expires, now)},public"
    elif answer.age_s is not None:
        headers["Age"] = str(answer.age_s)
    if answer.cache_status is not None:
        headers["Cache-Status"] = answer.cache_status
    if answer.timings_ms:
        headers["Server-Timing"] = ", ".join(f"{name};dur={ms:.1f}" for name, ms in answer.timings_ms.items())
    status, body = made.status, made.body
    if status == 200:
        status, body = _conditioned(request, headers, body)
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(body))
        body = b""
    return HttpResponse(status, headers.pairs(), body, _facts(answer))


def cors_headers(cors: Cors, request: HttpRequest) -> dict[str, str]:
    """The headers of contract 7.1.

    Browsers refuse credentials together with ``*``; a script's request is therefore told of no credentials there.
    """
    headers = {"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "Content-Type, Authorization"}
    anyone = cors.enabled and cors.origin == "*"
    if not request.behind_load_balancer and not (anyone and "origin" in request.headers):
        headers["Access-Control-Allow-Credentials"] = "true"
    if cors.enabled:
        headers["Access-Control-Allow-Origin"] = cors.origin
    return headers


def _conditioned(request: HttpRequest, headers: HeaderMap, body: bytes) -> tuple[int, bytes]:
    """Status and body of a 200 after the request's conditions; edits the headers to match."""
    if is_not_modified(request.headers, headers):
        for name in _NOT_IN_304:
            headers.discard(name)
        return 304, b""
    chosen = selected_range(request.headers, headers, len(body)) if request.method == "GET" else None
    if chosen is None:
        return 200, body
    if chosen.start >= chosen.stop:
        headers["Content-Range"] = f"bytes */{len(body)}"
        headers["Content-Type"] = "application/octet-stream"
        return 416, b""
    headers["Content-Range"] = f"bytes {chosen.start}-{chosen.stop - 1}/{len(body)}"
    return 206, body[chosen]


def _facts(answer: Answer) -> dict[str, object]:
    facts: dict[str, object] = {"timings_ms": dict(answer.timings_ms)}
    if answer.cache_status is not None:
        facts["cache"] = answer.cache_status
    if (error := answer.made.error) is not None:
        facts |= {"code": error.code, "detail": error.detail or error.message}
    return facts
