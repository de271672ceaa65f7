"""Which tests say something about us. The service is the origin of what it sends, made from pictures in a store."""

from tests.cache_suite.definitions import Definition

TAG = "etag"
CARRIED = frozenset({"cache-control", "expires"})
"""What is sent on as the store has it; Last-Modified is too, written anew."""
_EXPECTED = CARRIED | {TAG, "age", "last-modified"}
_ASKED = frozenset({
    "if-none-match", "if-modified-since", "if-range", "range", "cache-control", "pragma", "authorization",
})  # fmt: skip
_VALIDATORS = frozenset({"if-none-match", "if-modified-since"})
_STATUSES = frozenset({200, 304, 404, 500, 502, 503, 504})


def reason_against(definition: Definition) -> str | None:
    """Why a test cannot be played here; ``None`` where it can."""
    if definition.for_browsers:
        return "for browsers"
    for request in definition.requests:
        if reason := _reason(request):
            return reason
    if _status(definition.requests[0]) != 200:
        return "what a store answers instead of a picture becomes an error of our own"
    first = {header[0].lower() for header in definition.requests[0].get("response_headers", ())}
    if "cache-control" not in first:
        return "a picture without Cache-Control gets max-age=31536000 (contract, 7.1)"
    return None


def _reason(request: dict[str, object]) -> str | None:
    """What one request has that has no meaning here."""
    asked = {str(name).lower() for name, *_ in _headers(request, "request_headers")}
    sent = {str(name).lower() for name, *_ in _headers(request, "response_headers")}
    expected = {str(header if isinstance(header, str) else header[0]).lower()
                for member in ("expected_response_headers", "expected_response_headers_missing")
                for header in _headers(request, member)}  # fmt: skip
    if request.get("request_method", "GET") not in {"GET", "HEAD"}:
        return "only GET and HEAD are answered"
    if request.get("request_method") == "HEAD":
        return "a HEAD is answered from the picture; no HEAD reaches a store"
    forwarded = {str(header[0]).lower() for header in _headers(request, "expected_request_headers")}
    if asked - _ASKED or forwarded - _VALIDATORS or (forwarded and asked):
        return "what a client sends does not reach a store"
    if "query_arg" in request:
        return "query parameters that mean nothing are passed over"
    if _status(request) not in _STATUSES:
        return "a store's other answers are no pictures"
    if sent & {"vary", "content-type", "content-encoding", "content-location", "location"}:
        return "a store is always asked in one way; its other headers are not passed on"
    if expected - _EXPECTED:
        return "a store's other headers are not passed on, and Warning is obsolete (RFC 9111)"
    return None


def _status(request: dict[str, object]) -> int:
    status = request.get("response_status")
    return int(status[0]) if isinstance(status, list) else 200


def _headers(request: dict[str, object], member: str) -> list[list[object]]:
    found = request.get(member)
    return found if isinstance(found, list) else []
