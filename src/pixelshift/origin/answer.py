"""What the origins behind HTTP make of an answer."""

import hashlib
import re

from pixelshift.errors import OriginError
from pixelshift.net.date import parse_date
from pixelshift.net.reply import Reply
from pixelshift.origin.base import BROKEN_BODY_CODE, Original

ABSENT = "there is no such original"
_METADATA_PREFIX = "x-amz-meta-"
_RETRY_AFTER_LIMIT_S = 120
_RETRY_AFTER_S = 2
_LONGEST_AGE_S = 2**31


def read_original(reply: Reply, body_limit_bytes: int) -> Original:
    """Reads the body of a 200.

    A weak ETag may stand for other bytes, so the body's hash takes its place.

    :raises OriginError: ``ImageRetrieval::CannotRetrieveImage``: broken off or too slow.
    :raises TooLargeError: more than ``body_limit_bytes``.
    """
    try:
        body = reply.read(body_limit_bytes)
    except OriginError as error:
        raise OriginError(
            error.message,
            code=BROKEN_BODY_CODE,
            status=error.status,
            detail=error.detail,
            retry_after_s=error.retry_after_s,
        ) from error
    etag = reply.header("etag") or ""
    strong = etag.strip('"') if not etag.startswith("W/") else ""
    return Original(
        body=body,
        etag=strong or hashlib.sha256(body).hexdigest(),
        content_type=reply.header("content-type"),
        cache_control=reply.list_header("cache-control"),
        last_modified=parse_date(reply.header("last-modified")),
        expires=reply.header("expires"),
        age_s=_age_s(reply),
        metadata={
            name.removeprefix(_METADATA_PREFIX): value
            for name, value in reply.headers()
            if name.startswith(_METADATA_PREFIX)
        },
    )


def read_confirmation(reply: Reply, known: Original) -> Original:
    """Reads a 304: what it names replaces what was known, what it leaves out stands."""
    said = Original(
        body=b"",
        etag=known.etag,
        cache_control=reply.list_header("cache-control") or known.cache_control,
        last_modified=parse_date(reply.header("last-modified")) or known.last_modified,
        expires=reply.header("expires") or known.expires,
        age_s=_age_s(reply),
    )
    return known.confirmed(said)


def conditional(known: Original | None) -> dict[str, str]:
    """Returns the header that asks for anything but the known version."""
    return {"If-None-Match": f'"{known.etag}"'} if known is not None else {}


def outage(reply: Reply, detail: str) -> OriginError:
    """Words an answer that is neither the object nor its absence: 503 where the origin asks for patience, else 502."""
    text = reply.header("retry-after") or ""
    named_s = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else _RETRY_AFTER_S
    busy = reply.status in (429, 503)
    return OriginError(
        "the origin is busy" if busy else "the origin failed",
        status=503 if busy else 502,
        detail=detail,
        retry_after_s=min(named_s, _RETRY_AFTER_LIMIT_S),
    )


def _age_s(reply: Reply) -> int:
    """The Age that caches on the way have counted.

    What is not one plain number counts as too old: RFC 9111 (5.1) would ignore it, cache-tests does not, and asking
    once more is the smaller mistake.
    """
    age = reply.list_header("age")
    if age is None:
        return 0
    return min(int(age), _LONGEST_AGE_S) if re.fullmatch(r"[0-9]{1,19}", age.strip()) else _LONGEST_AGE_S
