"""Lambda events of every HTTP trigger, as the one request that the service knows (contract, 1.1)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus

from pixelshift.delivery.message import HttpRequest
from pixelshift.errors import InvalidRequestError

Event = Mapping[str, Any]

_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_QUERY_FIELDS = 256


def read_event(event: Event, deadline_s: float | None = None) -> HttpRequest:
    """Reads an event of API Gateway (REST, or HTTP with payload 1.0 or 2.0), a function URL or an ALB.

    The path keeps its percent-encoding where the trigger does; one that arrives decoded is encoded again, so that
    decoding once is right for all.

    :raises InvalidRequestError: 400 for an event that carries no HTTP request, or a query value that is no text.
    """
    context = _object(event, "requestContext")
    if "rawPath" in event:
        return _payload_2(event, context, deadline_s)
    if not isinstance(event.get("path"), str):
        raise InvalidRequestError("The event carries no HTTP request.", code="RequestTypeError")
    path = event["path"]
    balancer = "elb" in context
    if event.get("version") == "1.0":
        path = quote(_without_stage(path, context), safe=_PATH_SAFE)
    return HttpRequest(
        method=str(event.get("httpMethod") or "GET").upper(),
        path=path,
        query=_query(event, encoded=balancer),
        headers=_headers(event),
        behind_load_balancer=balancer,
        deadline_s=deadline_s,
    )


def wants_multiple_values(event: Event) -> bool:
    """Whether the trigger reads only ``multiValueHeaders``: an ALB with multi-value headers switched on."""
    return is_load_balancer(event) and "headers" not in event and "multiValueHeaders" in event


def is_load_balancer(event: Event) -> bool:
    """Whether an Application Load Balancer sent the event."""
    context = event.get("requestContext")
    return isinstance(context, Mapping) and "elb" in context


def _payload_2(event: Event, context: Mapping[str, Any], deadline_s: float | None) -> HttpRequest:
    path = _without_stage(str(event["rawPath"]), context)
    if ".lambda-url." not in str(context.get("domainName", "")):
        path = quote(path, safe=_PATH_SAFE)  # an HTTP API delivers the path decoded, a function URL does not
    try:
        pairs = parse_qsl(str(event.get("rawQueryString") or ""), keep_blank_values=True, max_num_fields=_QUERY_FIELDS)
    except ValueError:
        raise InvalidRequestError("The query has too many parameters.") from None
    http = _object(context, "http")
    return HttpRequest(
        method=str(http.get("method") or "GET").upper(),
        path=path,
        query=tuple(pairs),
        headers=_headers(event),
        deadline_s=deadline_s,
    )


def _without_stage(path: str, context: Mapping[str, Any]) -> str:
    stage = context.get("stage")
    if not stage or stage == "$default":
        return path
    return path.removeprefix(f"/{stage}") if path == f"/{stage}" or path.startswith(f"/{stage}/") else path


def _query(event: Event, *, encoded: bool) -> tuple[tuple[str, str], ...]:
    """Pairs of the decoded map, or of the map of lists; an ALB leaves both encoded."""
    pairs: list[tuple[object, object]]
    if given := _object(event, "queryStringParameters"):
        pairs = list(given.items())
    else:
        lists = _object(event, "multiValueQueryStringParameters")
        pairs = [(name, value) for name, values in lists.items() for value in _values(values)]
    read = []
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidRequestError("A query value is not text.", code="QueryParameterParsingError")
        read.append((unquote_plus(name), unquote_plus(value)) if encoded else (name, value))
    return tuple(read)


def _headers(event: Event) -> dict[str, str]:
    """By lower-case name. Repeated ones are joined, which HTTP allows for every header that we read."""
    headers = {
        str(name).lower(): ", ".join(map(str, _values(values)))
        for name, values in _object(event, "multiValueHeaders").items()
    }
    for name, value in _object(event, "headers").items():
        if value is not None:
            headers.setdefault(str(name).lower(), str(value))
    return headers


def _object(event: Event, name: str) -> Mapping[str, Any]:
    """A member of the event that is a map; what a trigger leaves out or sends as null is an empty one."""
    value = event.get(name) or {}
    if not isinstance(value, Mapping):
        raise InvalidRequestError("The event carries no HTTP request.", code="RequestTypeError", detail=f"{name}")
    return value


def _values(values: object) -> list[object]:
    return values if isinstance(values, list) else [values]
