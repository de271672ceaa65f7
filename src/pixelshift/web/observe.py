"""What operators see of the image service: one log line per request, and metrics."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pixelshift.delivery.message import HttpResponse

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECRETS = re.compile(r"((?:^|[?&])(?:signature|token|key|X-Amz-[A-Za-z-]+)=)[^&]*", re.IGNORECASE)
_TARGET_CHARACTERS = 1024
_STAGES = ("cache", "fetch", "decode", "edit", "encode", "stream")
"""``stream`` stands for the three before it where they run as one."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)


def request_id(sent: str | None) -> str:
    """The client's own id where it is harmless, else a new one."""
    return sent if sent is not None and _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def redacted(target: str) -> str:
    """A request target without what opens doors, and of bounded length."""
    return _SECRETS.sub(r"\1REDACTED", target)[:_TARGET_CHARACTERS]


class Observer:
    """Counts and logs requests. Labels come from closed sets, so clients cannot make series."""

    def __init__(self, registry: CollectorRegistry, log: structlog.typing.FilteringBoundLogger) -> None:
        self._log = log
        self._requests = Counter(
            "pixelshift_image_requests", "Image requests answered", ["status", "cache"], registry=registry
        )
        self._seconds = Histogram(
            "pixelshift_image_request_seconds", "From the request's head to its last byte", ["cache"],
            registry=registry, buckets=_SECONDS,
        )  # fmt: skip
        self._stage_seconds = Histogram(
            "pixelshift_image_stage_seconds", "Time in one stage of the work", ["stage"],
            registry=registry, buckets=_SECONDS,
        )  # fmt: skip
        self._bytes = Counter("pixelshift_image_sent_bytes", "Bodies sent", registry=registry)
        self._under_way = Gauge(
            "pixelshift_image_requests_under_way", "Image requests being answered", registry=registry
        )

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Counts a request while it is being answered."""
        self._under_way.inc()
        try:
            yield
        finally:
            self._under_way.dec()

    def record(self, method: str, target: str, name: str, response: HttpResponse, elapsed_s: float) -> None:
        """Notes one answered request."""
        cache = _cache_word(response.facts.get("cache"))
        self._requests.labels(str(response.status), cache).inc()
        self._seconds.labels(cache).observe(elapsed_s)
        self._bytes.inc(len(response.body))
        timings_ms = response.facts.get("timings_ms")
        timings = timings_ms if isinstance(timings_ms, dict) else {}
        for stage in _STAGES:
            if stage in timings:
                self._stage_seconds.labels(stage).observe(timings[stage] / 1000)
        facts = {key: response.facts[key] for key in ("code", "detail") if key in response.facts}
        report = self._log.error if response.status >= 500 else self._log.info
        report(
            "request",
            request_id=name,
            method=method,
            target=redacted(target),
            status=response.status,
            bytes=len(response.body),
            cache=cache,
            ms=round(elapsed_s * 1000, 2),
            **facts,
        )


def _cache_word(cache_status: object) -> str:
    """One of four words for a Cache-Status value."""
    if not isinstance(cache_status, str):
        return "none"
    if "; hit" in cache_status:
        return "stale" if "fwd=stale" in cache_status or "ttl=-" in cache_status else "hit"
    return "miss"
