"""What operators see of the image service: one log line per request, and metrics."""

import asyncio
import logging
import os
import re
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from itertools import accumulate, count
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from pixelshift.web.log import JsonLog, json_facts

_REQUEST_ID = r"[A-Za-z0-9._-]{1,64}"
_SECRETS = r"(?i)((?:^|[?&])(?:signature|token|key|X-Amz-[A-Za-z-]+)=)[^&]*"
_TARGET_CHARACTERS = 1024
_PENDING, _PENDING_S = 256, 0.1
"""So many requests are noted, for so long, before they are counted and logged."""
_STAGES = frozenset({"cache", "fetch", "decode", "edit", "encode", "stream"})
"""``stream`` stands for the three before it where they run as one."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)


class RequestIds:
    """Names requests: by the client's own id where it is harmless, else by a number no other process gives out."""

    def __init__(self) -> None:
        self._process = os.urandom(8).hex()
        self._numbers = count(1)

    def name(self, sent: str | None) -> str:
        """32 hexadecimal digits, or what was sent."""
        if sent is not None and re.fullmatch(_REQUEST_ID, sent):
            return sent
        return f"{self._process}{next(self._numbers):016x}"


def redacted(target: str) -> str:
    """A request target without what opens doors, and of bounded length."""
    return re.sub(_SECRETS, r"\1REDACTED", target)[:_TARGET_CHARACTERS]


class Answered(NamedTuple):
    """What is told of one request."""

    at_s: float
    method: str
    target: str
    """As :func:`redacted`."""
    name: str
    status: int
    size: int
    facts: Mapping[str, object]
    """The response's own."""
    elapsed_s: float


class Observer:
    """Counts and logs requests. Labels come from closed sets, so clients cannot make series.

    A picture from memory is served in less time than it takes to count it and write its line. Both are put off, a
    tenth of a second at most, and done for many requests at a time; not for what failed, which is told at once. Belongs
    to the event loop's thread.
    """

    def __init__(self, registry: CollectorRegistry, log: JsonLog) -> None:
        self._log = log
        self._pending: list[Answered] = []
        requests = Counter(
            "pixelshift_image_requests", "Image requests answered", ["status", "cache"], registry=registry
        )
        # Looking a child up by its labels costs more than counting with it.
        self._requests: Callable[[str, str], Counter] = cache(requests.labels)
        self._seconds = _Durations(
            "pixelshift_image_request_seconds", "From the request's head to its last byte", "cache"
        )
        self._stage_seconds = _Durations("pixelshift_image_stage_seconds", "Time in one stage of the work", "stage")
        registry.register(self._seconds)
        registry.register(self._stage_seconds)
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

    def record(self, answered: Answered) -> None:
        """Notes one answered request."""
        self._pending.append(answered)
        if answered.status >= 500 or len(self._pending) >= _PENDING:
            self.settle()
        elif len(self._pending) == 1:
            asyncio.get_running_loop().call_later(_PENDING_S, self.settle)

    def settle(self) -> None:
        """Counts and logs what was noted; to be called before metrics are read and at the end."""
        pending, self._pending = self._pending, []
        alike: Tally[tuple[int, str]] = Tally()
        events = []
        for one in pending:
            word = _cache_word(one.facts.get("cache"))
            alike[one.status, word] += 1
            self._seconds.add(word, one.elapsed_s)
            self._add_stages(one.facts.get("timings_ms"))
            events.append(_event(one, word))
        for (status, word), number in alike.items():
            self._requests(str(status), word).inc(number)
        self._bytes.inc(sum([one.size for one in pending]))
        self._log.write(events)

    def _add_stages(self, timings_ms: object) -> None:
        if isinstance(timings_ms, dict):
            for stage, taken_ms in timings_ms.items():
                if stage in _STAGES:
                    self._stage_seconds.add(stage, taken_ms / 1000)


class _Durations(Collector):
    """A histogram of seconds for each value of a label, filled by one thread.

    That of prometheus_client locks three times for each duration and is ten times as slow.
    """

    def __init__(self, name: str, documentation: str, label: str) -> None:
        self._name, self._documentation, self._label = name, documentation, label
        self._found: dict[str, tuple[list[int], list[float]]] = {}

    def add(self, word: str, seconds: float) -> None:
        """Counts one duration."""
        found = self._found.get(word)
        if found is None:
            found = self._found[word] = [0] * (len(_SECONDS) + 1), [0.0]
        counts, total = found
        counts[bisect_left(_SECONDS, seconds)] += 1
        total[0] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """As Prometheus reads it."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=[self._label])
        bounds = [*map(str, _SECONDS), "+Inf"]
        for word, (counts, total) in list(self._found.items()):
            family.add_metric([word], list(zip(bounds, accumulate(counts), strict=True)), total[0])
        yield family


def _event(answered: Answered, word: str) -> tuple[float, int, str, str]:
    """As the log takes it."""
    lasting = _lasting(answered.method, answered.target, answered.status, answered.size, word)
    facts = f'"request_id": {quoted(answered.name)}, {lasting}"ms": {answered.elapsed_s * 1000:.2f}, '
    if "code" in answered.facts or "detail" in answered.facts:
        facts += json_facts({key: answered.facts[key] for key in ("code", "detail") if key in answered.facts})
    return answered.at_s, logging.ERROR if answered.status >= 500 else logging.INFO, "request", facts


@lru_cache(maxsize=512)
def _lasting(method: str, target: str, status: int, size: int, word: str) -> str:
    """Facts that are the same each time a picture comes from the cache."""
    return json_facts({"method": method, "target": target, "status": status, "bytes": size, "cache": word})


def _cache_word(cache_status: object) -> str:
    """One of four words for a Cache-Status value."""
    if not isinstance(cache_status, str):
        return "none"
    if "; hit" in cache_status:
        return "stale" if "fwd=stale" in cache_status or "ttl=-" in cache_status else "hit"
    return "miss"
