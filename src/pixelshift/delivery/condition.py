"""Conditional and range requests over a whole representation (RFC 9110, 13 and 14)."""

import re
from collections.abc import Mapping

from pixelshift.delivery.representation import HeaderMap
from pixelshift.net.date import parse_date

_ETAG = r'(?:W/)?"[^"]*"'
_RANGE = r"(?i)bytes\s*=\s*(\d{0,19})-(\d{0,19})"
_HEADER_BYTES = 8192


def is_not_modified(request: Mapping[str, str], headers: HeaderMap) -> bool:
    """Whether the client's copy still stands: If-None-Match decides where it is sent, else If-Modified-Since."""
    if (wanted := request.get("if-none-match")) is not None:
        return _matches(wanted, headers.find("ETag"))
    since, modified = parse_date(request.get("if-modified-since")), parse_date(headers.find("Last-Modified"))
    return since is not None and modified is not None and modified <= since


def selected_range(request: Mapping[str, str], headers: HeaderMap, size: int) -> slice | None:
    """The one byte range to send, ``None`` to send everything, an empty slice for 416.

    Several ranges, other units and broken syntax are ignored, which the protocol allows.
    """
    match = re.fullmatch(_RANGE, request.get("range", "").strip())
    if match is None or match[0].endswith("=-") or not _range_applies(request.get("if-range"), headers):
        return None
    first, last = match.groups()
    if not first:
        return None if not last else slice(max(0, size - int(last)), size if int(last) else 0)
    if last and int(last) < int(first):
        return None
    return slice(int(first), min(size, int(last) + 1) if last else size)


def _range_applies(validator: str | None, headers: HeaderMap) -> bool:
    """If-Range: strong comparison of tags, exact comparison of dates."""
    if validator is None:
        return True
    if validator.startswith(('"', "W/")):
        return validator == headers.find("ETag") and not validator.startswith("W/")
    instant = parse_date(validator)
    return instant is not None and instant == parse_date(headers.find("Last-Modified"))


def _matches(wanted: str, etag: str | None) -> bool:
    """Weak comparison, as If-None-Match asks."""
    if len(wanted) > _HEADER_BYTES:
        return False
    if wanted.strip() == "*":
        return True
    return etag is not None and etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in re.findall(_ETAG, wanted)}
