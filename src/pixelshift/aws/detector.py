"""Change points of devices: ``pixelshift.aws.detector:handler``, fed by a Kinesis stream.

What cannot be read goes to a queue with its reason and leaves a gap; what fails for the moment is delivered again.
"""

import base64
import json
import logging
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from pixelshift.aws.kinesis import answer, by_device, read_records
from pixelshift.errors import PixelshiftError
from pixelshift.store.raw import RawRecord
from pixelshift.stream_wiring import stream_parts
from pixelshift.streams.device import Arrival
from pixelshift.streams.device_service import DeviceOutbox, DeviceService
from pixelshift.streams.record import read_record

_MARGIN_S = 2.0
"""Kept back from Lambda's deadline: a device is not begun that may not be finished."""

LETTER_DATA_BYTES = 128 * 1024
"""Of a record that a letter quotes: as base64 it fits into any queue's 256 KiB. The raw store has the others."""

_log = logging.getLogger(__name__)


class Context(Protocol):
    """The part of a Lambda context that we use."""

    def get_remaining_time_in_millis(self) -> int: ...


class Queue(Protocol):
    """Where letters wait that nobody can read."""

    def send(self, body: str, *, delay_s: int = 0, attributes: Mapping[str, int | str] | None = None) -> None: ...


class DetectorHandler:
    """Groups by device, sorts out poison, pushes, and sends what came of it."""

    def __init__(self, service: DeviceService, poison: Queue, outbox: DeviceOutbox | None) -> None:
        self._service = service
        self._poison = poison
        self._outbox = outbox

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Answers with the first record that is to be delivered again."""
        deadline_s = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _MARGIN_S
        failed: list[RawRecord] = []
        for device_id, records in by_device(read_records(event)).items():
            if time.monotonic() >= deadline_s:
                failed += records
                continue
            try:
                self._device(device_id, records)
            except PixelshiftError as error:
                _log.warning("%s", json.dumps({"device": device_id, "code": error.code, "detail": error.detail}))
                failed += records
        return answer(failed)

    def _device(self, device_id: str, records: Sequence[RawRecord]) -> None:
        arrivals = [read_record(device_id, record.seq, record.data) for record in records]
        for record, arrival in zip(records, arrivals, strict=True):
            if arrival.fault is not None:
                # Before the state moves past it: a crash in between sends the letter twice, never not at all.
                self._poison.send(letter(record, arrival))
        if self._service.push(device_id, arrivals) and self._outbox is not None:
            self._send(device_id)

    def _send(self, device_id: str) -> None:
        """At once where that works; what stays in the outbox is sent by `pixelshift.aws.outbox`."""
        assert self._outbox is not None
        try:
            self._outbox.drain(device_id)
        except PixelshiftError as error:
            _log.warning("%s", json.dumps({"device": device_id, "outbox": error.code, "detail": error.detail}))


def letter(record: RawRecord, arrival: Arrival) -> str:
    """What the queue gets of a record that cannot be read; (device, seq) is its identity.

    ``data`` is null where it is too long for a queue, which would refuse the letter and so stop the shard.
    """
    is_quoted = len(record.data) <= LETTER_DATA_BYTES
    return json.dumps(
        {
            "kind": "poison",
            "device": record.device_id,
            "seq": str(record.seq),
            "reason": arrival.fault,
            "arrived_at_s": record.arrived_at_s,
            "data": base64.b64encode(record.data).decode() if is_quoted else None,
        }
    )


@cache
def _function() -> DetectorHandler:
    parts = stream_parts()
    return DetectorHandler(parts.service(), parts.poison(), parts.outbox())


def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The Lambda entry point; settings are read at the first event."""
    return _function()(event, context)
