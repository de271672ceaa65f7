import base64
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pixelshift.aws.detector import DetectorHandler
from pixelshift.aws.replay import ReplayHandler
from pixelshift.errors import NotFoundError, OverloadedError
from pixelshift.store.raw import RawRecord
from pixelshift.streams.detection import Detection
from pixelshift.streams.device_service import DeviceOutbox, DeviceService
from pixelshift.streams.outbox import Retry
from pixelshift.value import replace
from tests.support.devices import BASE, ListSink, MemoryDeviceStore
from tests.support.series import shifted


class Context:
    def __init__(self, left_ms: int = 60_000) -> None:
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


class ListQueue:
    def __init__(self) -> None:
        self.sent: list[tuple[str, int, dict[str, int | str]]] = []
        self.error: OverloadedError | None = None

    def send(self, body: str, *, delay_s: int = 0, attributes: Mapping[str, int | str] | None = None) -> None:
        if self.error:
            raise self.error
        self.sent.append((body, delay_s, dict(attributes or {})))


def _event(rows: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "kinesis": {
                    "partitionKey": device,
                    "sequenceNumber": str(BASE + i),
                    "data": base64.b64encode(data).decode(),
                    "approximateArrivalTimestamp": 1.5,
                }
            }
            for i, (device, data) in enumerate(rows)
        ]
    }


def _value(value: float) -> bytes:
    return json.dumps({"value": value}).encode()


def _handler() -> tuple[DetectorHandler, MemoryDeviceStore, ListQueue, ListSink]:
    store, queue, sink = MemoryDeviceStore(), ListQueue(), ListSink()
    handler = DetectorHandler(DeviceService(store, Detection()), queue, DeviceOutbox(store, sink))
    return handler, store, queue, sink


def test_changes_are_stored_and_told_once_however_often_a_batch_comes() -> None:
    handler, store, _, sink = _handler()
    event = _event([("d", _value(v)) for v in shifted()])
    assert handler(event, Context()) == {"batchItemFailures": []}
    assert handler(event, Context()) == {"batchItemFailures": []}
    assert sorted(sink.ids) == sorted(store.events)
    assert sink.ids


@pytest.mark.parametrize("poisoned", [{0}, {90}, {179}, set(range(180))])
def test_poison_goes_to_its_queue_and_blocks_nothing(poisoned: set[int]) -> None:
    handler, store, queue, _ = _handler()
    rows = [("d", b"\xff" if i in poisoned else _value(v)) for i, v in enumerate(shifted())]
    assert handler(_event(rows), Context()) == {"batchItemFailures": []}
    letters = [json.loads(body) for body, _, _ in queue.sent]
    assert [int(letter["seq"]) - BASE for letter in letters] == sorted(poisoned)
    state = DeviceService(store, Detection()).state("d")
    assert state is not None
    assert (state.tally.poison, state.position, state.last_seq) == (len(poisoned), 180, BASE + 179)


@pytest.mark.parametrize("failing", range(3))
def test_a_throttled_device_comes_again_from_its_first_record_and_others_go_on(failing: int) -> None:
    handler, store, _, _ = _handler()
    devices = ["a", "b", "c"]
    real = store.commit
    store.commit = lambda c: _throttle() if c.device_id == devices[failing] else real(c)  # type: ignore[method-assign]  # the fault
    rows = [(devices[i % 3], _value(1.0)) for i in range(9)]
    assert handler(_event(rows), Context()) == {"batchItemFailures": [{"itemIdentifier": str(BASE + failing)}]}
    assert sorted(store.heads) == sorted(set(devices) - {devices[failing]})


def _throttle() -> bool:
    raise OverloadedError("throttled")


def test_poison_that_cannot_be_put_aside_comes_again() -> None:
    handler, store, queue, _ = _handler()
    queue.error = OverloadedError("throttled")
    assert handler(_event([("d", b"?")]), Context()) == {"batchItemFailures": [{"itemIdentifier": str(BASE)}]}
    assert not store.heads


def test_a_payload_too_long_for_any_queue_is_told_without_it_and_blocks_nothing() -> None:
    handler, store, queue, _ = _handler()
    assert handler(_event([("d", b"x" * 1_000_000), ("d", _value(1.0))]), Context()) == {"batchItemFailures": []}
    ((body, _, _),) = queue.sent
    assert len(body) < 262_144
    assert (json.loads(body)["seq"], json.loads(body)["data"]) == (str(BASE), None)
    assert store.heads
    replay, raw = _replay()
    assert replay({"Records": [{"messageId": "m", "body": body}]}, None) == {"batchItemFailures": []}
    assert not raw.kept  # what the recorder kept must not be lost to an empty one
    assert "larger than" in str(replay.people.sent[0][2]["reason"])  # type: ignore[attr-defined]  # the test's queue


def test_a_device_is_not_begun_when_time_is_up() -> None:
    handler, store, _, _ = _handler()
    assert handler(_event([("d", _value(1.0))]), Context(500))["batchItemFailures"]
    assert not store.heads


class RawList:
    def __init__(self) -> None:
        self.kept: list[RawRecord] = []
        self.error: OverloadedError | None = None

    def keep(self, records: Sequence[RawRecord]) -> None:
        if self.error:
            raise self.error
        self.kept += records


def _replay(attempts: int = 8) -> tuple[ReplayHandler, RawList]:
    def gone(info: Mapping[str, Any]) -> list[RawRecord]:
        if info["shardId"] == "gone":
            raise NotFoundError("the stream no longer has these records")
        return [RawRecord("d", BASE, b"x")]

    raw = RawList()
    handler = ReplayHandler(raw, gone, ListQueue(), ListQueue(), Retry(attempts, 5.0, 1e9), random.Random(1))
    return handler, raw


def _letter(shard: str = "s", attempt: int = 0) -> dict[str, Any]:
    body = json.dumps({"KinesisBatchInfo": {"shardId": shard}})
    return {"messageId": "m", "body": body, "messageAttributes": {"attempt": {"stringValue": str(attempt)}}}


def test_a_lost_batch_is_kept_raw_and_people_hear_who_gave_it_up() -> None:
    handler, raw = _replay()
    letter = _letter()
    arn = "arn:aws:lambda:us-east-1:000000000000:function:detector:$LATEST"
    letter["body"] = json.dumps({**json.loads(letter["body"]), "requestContext": {"functionArn": arn}})
    assert handler({"Records": [letter, _letter()]}, None) == {"batchItemFailures": []}
    assert [record.seq for record in raw.kept] == [BASE, BASE]
    assert not handler.queue.sent  # type: ignore[attr-defined]  # the test's queues
    assert [attributes["reason"] for _, _, attributes in handler.people.sent] == [  # type: ignore[attr-defined]
        "detector gave up 1 records, which are kept raw",
        "a function gave up 1 records, which are kept raw",
    ]


def test_a_reason_is_text_that_a_queue_takes() -> None:
    handler, _ = _replay()
    letter = {"device": "d", "seq": "1", "data": "", "reason": "bad\x00\x1b[31m" + "x" * 999}
    handler({"Records": [{"messageId": "m", "body": json.dumps(letter)}]}, None)
    (_, _, attributes), *_ = handler.people.sent  # type: ignore[attr-defined]
    assert attributes["reason"].isprintable()
    assert len(attributes["reason"]) < 250


def _poison(**members: object) -> str:
    return json.dumps({"device": "d", "seq": "1", "data": "eA==", "reason": "no value", "arrived_at_s": 1.5} | members)


@pytest.mark.parametrize(
    "body",
    [
        *("", "[]", "{}", '{"data": "*"}', '{"KinesisBatchInfo": {"shardId": "gone"}}'),
        *(_poison(seq=seq) for seq in (float("inf"), float("nan"), "x", None)),
        *(_poison(arrived_at_s=moment) for moment in ("yesterday", float("nan"), [1])),
    ],
)
def test_what_no_attempt_will_mend_goes_to_people_at_once(body: str) -> None:
    handler, raw = _replay()
    assert handler({"Records": [{"messageId": "m", "body": body}]}, None) == {"batchItemFailures": []}
    assert [sent[0] for sent in handler.people.sent] == [body]  # type: ignore[attr-defined]
    assert not raw.kept


def test_delays_are_jittered_within_the_limit_of_sqs_and_the_last_attempt_goes_to_people() -> None:
    handler, raw = _replay()
    raw.error = OverloadedError("throttled")
    for attempt in range(8):
        handler({"Records": [_letter(attempt=attempt)] * 200}, None)
    delays = [(delay, attributes["attempt"]) for _, delay, attributes in handler.queue.sent]  # type: ignore[attr-defined]
    for attempt in range(1, 8):
        own = [delay for delay, number in delays if number == attempt]
        cap = 5 * 2**attempt
        assert len(own) == 200
        assert max(own) <= min(900, cap)
        if cap <= 900:
            assert cap * 0.42 < sum(own) / 200 < cap * 0.58
            assert min(own) < cap * 0.1
    assert len(handler.people.sent) == 200  # type: ignore[attr-defined]


def test_a_letter_that_cannot_be_passed_on_is_the_only_one_that_comes_again() -> None:
    class Picky(ListQueue):
        def send(self, body: str, *, delay_s: int = 0, attributes: Mapping[str, int | str] | None = None) -> None:
            if body == "{}":
                raise OverloadedError("throttled")
            super().send(body, delay_s=delay_s, attributes=attributes)

    handler, _ = _replay()
    handler = replace(handler, people=Picky())
    bad = {"messageId": "bad", "body": "{}"}
    assert handler({"Records": [_letter(), bad, _letter()]}, None) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(handler.people.sent) == 2  # type: ignore[attr-defined]  # the test's queue
