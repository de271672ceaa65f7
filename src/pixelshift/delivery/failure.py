"""Errors as answers: JSON, or the fallback picture (contract, 7.3 and 7.4)."""

import json
import time
from collections.abc import Mapping

from pixelshift.delivery.media import media_type_of
from pixelshift.delivery.originals import Originals
from pixelshift.delivery.representation import HeaderMap, Representation
from pixelshift.errors import PixelshiftError
from pixelshift.net.date import http_date
from pixelshift.value import frozen

ALLOWED_METHODS = "GET, HEAD, OPTIONS"
_FALLBACK_TIME_S = 2.0


@frozen
class FallbackPicture:
    """The original that stands in for every failed request."""

    bucket: str
    key: str
    max_age_s: int
    body_limit_bytes: int | None = None
    """A larger one cannot be sent; the error goes out as JSON then."""


class Failures:
    """Turns errors into representations; never fails itself."""

    def __init__(self, originals: Originals, fallback: FallbackPicture | None, docs_url: str) -> None:
        self._originals = originals
        self._fallback = fallback
        self._docs_url = docs_url

    @property
    def answers_at_once(self) -> bool:
        """Whether :meth:`represent` needs nothing from outside."""
        return self._fallback is None

    def represent(self, error: PixelshiftError, cache_control: str | None = None) -> Representation:
        """The answer to a failed request, which asked for its own picture to be sent with ``cache_control``."""
        if self._fallback is None:
            return self.page(error)
        try:
            return self._picture(self._fallback, error, cache_control)
        except PixelshiftError:
            return self.page(error)

    def page(self, error: PixelshiftError) -> Representation:
        """The error as JSON: the contract's members in its order, then a link to what the docs say about it."""
        document = {**error.public(), "docs": f"{self._docs_url}#{error.code}"}
        headers = HeaderMap({"Content-Type": "application/json", "Cache-Control": error_cache_control(error.status)})
        return Representation(error.status, _with_hints(headers, error), json.dumps(document).encode(), error=error)

    def _picture(self, fallback: FallbackPicture, error: PixelshiftError, cache_control: str | None) -> Representation:
        # The request may have used its time up; the stand-in gets a little of its own.
        original = self._originals.fetch(fallback.bucket, fallback.key, deadline_s=time.monotonic() + _FALLBACK_TIME_S)
        if fallback.body_limit_bytes is not None and len(original.body) > fallback.body_limit_bytes:
            return self.page(error)
        headers = HeaderMap({"Content-Type": media_type_of(original)})
        headers["Cache-Control"] = original.cache_control or cache_control or f"max-age={fallback.max_age_s},public"
        if (modified := http_date(original.last_modified)) is not None:
            headers["Last-Modified"] = modified
        identity = (fallback.bucket, fallback.key, original.etag)
        return Representation(error.status, _with_hints(headers, error), original.body, (identity,), error=error)


def error_cache_control(status: int) -> str:
    """Client mistakes may be remembered for a moment; ours never, and nothing that holds for one client only."""
    return "no-store" if status >= 500 or status == 429 else "max-age=10,public"


def _with_hints(headers: HeaderMap, error: PixelshiftError) -> Mapping[str, str]:
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 405:
        headers["Allow"] = ALLOWED_METHODS
    return headers
