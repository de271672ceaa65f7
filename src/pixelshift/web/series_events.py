"""Server-sent events: what happens to series, while it happens, and from where a client left off."""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio.to_thread

from pixelshift.store.base import Head, Point
from pixelshift.streams.feed import Onlooker
from pixelshift.streams.outbox import public_event
from pixelshift.streams.service import SeriesService
from pixelshift.value import contents

BEAT_S = 15.0
"""A comment is sent when nothing else was for so long: proxies and clients then know that the line is alive."""
LOOK_S = 2.0
"""How often the log is read without being told: events of other processes come this way."""
GATHER_S = 0.1
"""Moves within this time go out together."""
PAGE = 200


def summary(head: Head) -> dict[str, Any]:
    """A series as lists show it."""
    return {
        "id": head.series_id,
        "position": head.position,
        "last_seq": head.last_seq,
        "last_value": head.last_value,
        "last_time": head.last_time,
        "updated_at": head.updated_at_s,
        "counts": contents(head.counts),
    }


def point_record(point: Point) -> list[Any]:
    """A point as charts take it: position, number, value, time."""
    return [point.position, point.seq, point.value, point.time]


async def stream(service: SeriesService, series_id: str | None, after_id: int) -> AsyncIterator[bytes]:
    """Events after ``after_id`` and all that follow; with ``points`` of one series, or ``moves`` of all.

    Ends when the client goes away, for the server then closes this generator, and when the feed ends.
    """
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(told.set)

    onlooker = service.feed.join(series_id, wake)
    try:
        yield b"retry: 2000\n\n"
        silent_s = 0.0
        while not service.feed.is_ended:
            said = False
            for message in _moves(onlooker):
                said = True
                yield message
            while True:
                read = partial(service.store.events, series_id, after_id=after_id, limit=PAGE)
                events = await anyio.to_thread.run_sync(read)
                for event in events:
                    said = True
                    after_id = event.id
                    yield _message(event.kind, public_event(event), event.id)
                if len(events) < PAGE:
                    break
            silent_s = 0.0 if said else silent_s + LOOK_S
            if silent_s >= BEAT_S:
                silent_s = 0.0
                yield b": still here\n\n"
            try:
                await asyncio.wait_for(told.wait(), LOOK_S)
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                continue
            told.clear()
    finally:
        service.feed.leave(onlooker)


def _moves(onlooker: Onlooker) -> list[bytes]:
    points, heads, dropped = onlooker.take()
    messages = []
    if points:
        messages.append(_message("points", {"points": [point_record(p) for p in points], "dropped": dropped}))
    if heads:
        messages.append(_message("moves", {"series": [summary(head) for head in heads], "dropped": dropped}))
    return messages


def _message(kind: str, record: dict[str, Any], number: int | None = None) -> bytes:
    place = "" if number is None else f"id: {number}\n"
    return f"{place}event: {kind}\ndata: {json.dumps(record, separators=(',', ':'))}\n\n".encode()
