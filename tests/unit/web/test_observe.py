"""Durations as Prometheus reads them, against the histogram of prometheus_client."""

import asyncio
import io
import json
import logging

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from pixelshift.web.log import JsonLog
from pixelshift.web.observe import Answered, Observer

NAME = "pixelshift_image_request_seconds"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(registry: CollectorRegistry, name: str) -> Samples:
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in registry.collect()
        if family.name == name
        for one in family.samples
        if not one.name.endswith("_created")
    }


def answered(elapsed_s: float, cache: str, **facts: object) -> Answered:
    return Answered(1.5, "GET", "/a.jpg", "name", 200, 10, {"cache": cache, **facts}, elapsed_s)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 60) | st.sampled_from(BOUNDS), st.sampled_from(["c; hit; ttl=9", "c; fwd=miss"])))
)
def test_durations_are_those_of_a_histogram(seen: list[tuple[float, str]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    observer = Observer(ours, JsonLog(io.StringIO(), logging.INFO))
    histogram = Histogram(NAME, "the same", ["cache"], registry=theirs, buckets=BOUNDS)

    async def record() -> None:
        for elapsed_s, cache in seen:
            observer.record(answered(elapsed_s, cache))
        observer.settle()

    asyncio.run(record())
    for elapsed_s, cache in seen:
        histogram.labels("hit" if "hit" in cache else "miss").observe(elapsed_s)
    assert samples(ours, NAME) == samples(theirs, NAME)


def test_one_line_tells_each_request_and_its_failure() -> None:
    out = io.StringIO()
    observer = Observer(CollectorRegistry(), JsonLog(out, logging.INFO))

    async def record() -> None:
        observer.record(answered(0.0123, "c; hit; ttl=9"))
        observer.record(answered(0.0, "c; fwd=miss", code="NoSuchKey", detail='a "b"'))
        observer.settle()

    asyncio.run(record())
    lasting = {"request_id": "name", "method": "GET", "target": "/a.jpg", "status": 200, "bytes": 10}
    said = {"event": "request", "level": "info", "timestamp": "1970-01-01T00:00:01.500000Z"}
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first == {**lasting, "cache": "hit", "ms": 12.3, **said}
    assert second == {**lasting, "cache": "miss", "ms": 0.0, "code": "NoSuchKey", "detail": 'a "b"', **said}
