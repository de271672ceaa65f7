"""Batches of devices' records through :func:`pixelshift.streams.device.push` into a store, each effect once.

The store's condition on the head's version is the guarantee; the warm cache only saves reads. A batch that meets a
device kept warm costs one transaction and not one read; a cold one reads the head and the chunks of its segment once.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence

from pixelshift.changepoint import Detector
from pixelshift.errors import ForbiddenError, OriginError, OverloadedError
from pixelshift.notify.base import Message, Sink
from pixelshift.store.device import DeviceCommit, DeviceStore, StoredEvent, StoredHead
from pixelshift.streams.detection import Detection
from pixelshift.streams.device import Arrival, DeviceEvent, DeviceState, Step, new_device, push
from pixelshift.streams.device_state import chunk_range, decode, decode_chunk, encode_chunk, encode_head
from pixelshift.value import mutable

TRIES = 6
SEQ_DIGITS = 64
"""Kinesis numbers have up to 56; padded ones sort as numbers do."""
DROPPED = 9
"""Chunks that one step clears away at most: with 40 events, their outbox rows, 9 chunks and a head, 99 items."""


@mutable
class _Warm:
    version: int
    state: DeviceState
    detector: Detector
    chunks: tuple[int, int]


class DeviceService:
    """Use case of the detector. Thread-safe as long as one device is pushed by one thread at a time."""

    def __init__(self, store: DeviceStore, detection: Detection, *, warm_devices: int = 10_000) -> None:
        self._store = store
        self._detection = detection
        self._limit = warm_devices
        self._warm: OrderedDict[str, _Warm] = OrderedDict()
        self._lock = threading.Lock()

    def push(self, device_id: str, arrivals: Sequence[Arrival]) -> list[DeviceEvent]:
        """Takes a device's arrivals; returns the events that this call has stored.

        What was stored before an error stays: repeating the same call goes on from there.

        :raises OverloadedError: throttled, or others keep writing to this device.
        :raises OriginError: the store does not answer.
        """
        events: list[DeviceEvent] = []
        rest, tries = list(arrivals), TRIES
        while rest:
            warm = self._take(device_id) or self._load(device_id)
            step = push(warm.state, rest, self._detection, detector=warm.detector)
            if step.state.last_seq == warm.state.last_seq:
                self._keep(device_id, warm)
                return events  # nothing but repetitions, which are worth no write
            if self._commit(warm, step):
                rest, tries = rest[step.taken :], TRIES
                events += step.events
                continue
            tries -= 1
            if not tries:
                raise OverloadedError("others keep writing to this device", retry_after_s=1)
        return events

    def state(self, device_id: str) -> DeviceState | None:
        """What is stored of a device."""
        return self._load(device_id).state if self._store.head(device_id) else None

    def _commit(self, warm: _Warm, step: Step) -> bool:
        head = encode_head(step.state)
        first, end = chunk_range(head)
        dead = range(warm.chunks[0], min(first, warm.chunks[1]))
        sealed = {chunk.number: encode_chunk(chunk) for chunk in step.chunks if chunk.number >= first}
        events = [_stored(event) for event in step.events]
        commit = DeviceCommit(step.state.device_id, warm.version, head, sealed, dead[:DROPPED], events)
        if not self._store.commit(commit):
            return False
        self._keep(
            step.state.device_id,
            _Warm(warm.version + 1, step.state, step.detector, (min([first, *dead[DROPPED:]]), end)),
        )
        return True

    def _keep(self, device_id: str, warm: _Warm) -> None:
        with self._lock:
            self._warm[device_id] = warm
            while len(self._warm) > self._limit:
                self._warm.popitem(last=False)

    def _take(self, device_id: str) -> _Warm | None:
        """Out of the cache: only a step that was stored puts it back."""
        with self._lock:
            return self._warm.pop(device_id, None)

    def _load(self, device_id: str) -> _Warm:
        for _ in range(TRIES):
            head = self._store.head(device_id)
            if head is None:
                state = new_device(device_id, self._detection)
                return _Warm(0, state, Detector.from_bytes(state.detector), (0, 0))
            loaded = self._assemble(device_id, head)
            if loaded is not None:
                return loaded
        raise OverloadedError("a device moves faster than it can be read", retry_after_s=1)

    def _assemble(self, device_id: str, head: StoredHead) -> _Warm | None:
        first, end = chunk_range(head.body)
        chunks = [decode_chunk(data) for data in self._store.chunks(device_id, first, end)]
        if len(chunks) != end - first:
            return None  # somebody went on since the head was read
        state = decode(device_id, head.body, chunks)
        return _Warm(head.version, state, Detector.from_bytes(state.detector), (first, end))


class DeviceOutbox:
    """Carries events from the outbox to a sink, at least once each, those of a device in their order."""

    def __init__(self, store: DeviceStore, sink: Sink) -> None:
        self._store = store
        self._sink = sink

    def drain(self, device_id: str | None = None, limit: int = 100) -> tuple[int, int]:
        """Tries what is in the outbox, of one device or of all: how many were sent, how many devices must wait."""
        sent, blocked = 0, set()
        for event in self._store.outgoing(device_id, limit):
            if event.device_id in blocked:
                continue
            try:
                self._sink.send(Message(event.id, event.device_id, event.kind, event.body.encode()))
            except ForbiddenError as error:
                self._store.bury(event, error.message)
            except (OriginError, OverloadedError):
                blocked.add(event.device_id)
            else:
                self._store.sent(event)
                sent += 1
        return sent, len(blocked)


def _stored(event: DeviceEvent) -> StoredEvent:
    named = {"id": event.id, "device": event.device_id, "kind": event.kind, "seq": str(event.seq)}
    body = json.dumps({**named, **json.loads(event.body)})
    return StoredEvent(event.device_id, f"{event.seq:0{SEQ_DIGITS}d}#{event.kind}", event.id, event.kind, body)
