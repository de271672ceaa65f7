"""How Lambda hands a stream's records to a function: the rules of an event source mapping, for development and tests.

After AWS's documentation: a failed batch is tried again as a whole, or in halves, which uses up no retry; under
``ReportBatchItemFailures`` it goes on from the lowest number that the function names; what is too old or was tried too
often is told to the on-failure destination and left behind.
"""

import base64
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from typing import Any

from pixelshift.store.raw import RawRecord
from pixelshift.value import field, frozen, mutable

PAYLOAD_BYTES = 6 * 1024 * 1024
"""What one invocation may carry."""
_RECORD_BYTES = 400
"""What an event adds to each record, roughly."""
_PAUSES_S = (0.1, 10.0)

Invoke = Callable[[Mapping[str, Any]], Any]
"""Runs the function; an exception is its error."""
Tell = Callable[[Mapping[str, Any]], None]
"""Sends what was left behind to the on-failure destination."""


@frozen
class MappingOptions:
    """The properties of an ``AWS::Lambda::EventSourceMapping`` that matter for a stream; -1 is without end."""

    batch_size: int = 100
    window_s: float = 0.0
    parallel: int = 1
    bisect: bool = False
    retries: int = -1
    max_age_s: float = -1
    report_failures: bool = False
    start: str = "TRIM_HORIZON"

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "MappingOptions":
        """Reads the properties as a template states them."""
        return cls(
            batch_size=int(properties.get("BatchSize", 100)),
            window_s=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            parallel=int(properties.get("ParallelizationFactor", 1)),
            bisect=bool(properties.get("BisectBatchOnFunctionError", False)),
            retries=int(properties.get("MaximumRetryAttempts", -1)),
            max_age_s=float(properties.get("MaximumRecordAgeInSeconds", -1)),
            report_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", ()),
            start=str(properties.get("StartingPosition", "TRIM_HORIZON")),
        )


@mutable
class MappingCounts:
    """What one mapping did."""

    invocations: int = 0
    errors: int = 0
    delivered: int = 0
    """Records that the function took."""
    dropped: int = 0
    """Records that were left behind."""
    iterator_age_s: float = 0.0
    """Age of the last record of a batch as it was handed over; the greatest so far."""


@frozen
class Place:
    """The shard that records come from."""

    stream_arn: str
    shard_id: str


@mutable
class Delivery:
    """Hands batches of one shard to the function until they are taken or given up. One thread at a time."""

    options: MappingOptions
    place: Place
    invoke: Invoke
    tell: Tell | None = None
    counts: MappingCounts = field(default_factory=MappingCounts)
    stop: Event = field(default_factory=Event)
    clock: Callable[[], float] = time.time
    pause: Callable[[float], object] | None = None
    """In place of waiting for ``stop``."""

    def deliver(self, records: Sequence[RawRecord]) -> None:
        """One batch, in order."""
        todo: list[tuple[Sequence[RawRecord], int]] = [(records, 0)]
        pause_s = _PAUSES_S[0]
        while todo and not self.stop.is_set():
            batch, attempts = todo.pop()
            batch = self._young(batch, attempts)
            if not batch:
                continue
            done, error = self._try(batch)
            rest = batch[done:]
            if not rest:
                pause_s = _PAUSES_S[0]
            elif 0 <= self.options.retries <= attempts:
                self._drop(rest, attempts + 1, "RetryAttemptsExhausted", error)
            elif self.options.bisect and len(rest) > 1 and not done:
                half = len(rest) // 2
                todo += [(rest[half:], attempts), (rest[:half], attempts)]
            else:
                todo.append((rest, attempts + 1))
                self._wait(pause_s)
                pause_s = min(2 * pause_s, _PAUSES_S[1])

    def _try(self, batch: Sequence[RawRecord]) -> tuple[int, str]:
        """How many from the front were taken, and what the function said of the others."""
        self.counts.invocations += 1
        arrived = batch[-1].arrived_at_s
        if arrived is not None:
            self.counts.iterator_age_s = max(self.counts.iterator_age_s, self.clock() - arrived)
        try:
            answer = self.invoke(kinesis_event(self.place, batch))
        except Exception as error:
            self.counts.errors += 1
            return 0, f"{type(error).__name__}: {error}"
        done = _taken(answer, batch) if self.options.report_failures else len(batch)
        self.counts.delivered += done
        return done, "" if done == len(batch) else "the function named a failed record"

    def _young(self, batch: Sequence[RawRecord], attempts: int) -> Sequence[RawRecord]:
        if self.options.max_age_s < 0:
            return batch
        eldest = self.clock() - self.options.max_age_s
        count = next((i for i, record in enumerate(batch) if (record.arrived_at_s or eldest) >= eldest), len(batch))
        if count:
            self._drop(batch[:count], attempts, "RecordAgeExceeded", "")
        return batch[count:]

    def _drop(self, records: Sequence[RawRecord], attempts: int, condition: str, error: str) -> None:
        self.counts.dropped += len(records)
        if self.tell is not None:
            self.tell(self._letter(records, attempts, condition, error))

    def _letter(self, records: Sequence[RawRecord], attempts: int, condition: str, error: str) -> dict[str, Any]:
        first, last = records[0], records[-1]
        failed = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": error or None}
        return {
            "requestContext": {"condition": condition, "approximateInvokeCount": attempts},
            "responseContext": failed,
            "version": "1.0",
            "timestamp": _moment(self.clock()),
            "KinesisBatchInfo": {
                "shardId": self.place.shard_id,
                "startSequenceNumber": str(first.seq),
                "endSequenceNumber": str(last.seq),
                "approximateArrivalOfFirstRecord": _moment(first.arrived_at_s),
                "approximateArrivalOfLastRecord": _moment(last.arrived_at_s),
                "batchSize": len(records),
                "streamArn": self.place.stream_arn,
            },
        }

    def _wait(self, pause_s: float) -> None:
        if self.pause is not None:
            self.pause(pause_s)
        else:
            self.stop.wait(pause_s)


def kinesis_event(place: Place, records: Iterable[RawRecord]) -> dict[str, Any]:
    """Records as Lambda gives them to a function."""
    region = place.stream_arn.split(":")[3]
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.device_id,
                    "sequenceNumber": str(record.seq),
                    "data": base64.b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": record.arrived_at_s,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{place.shard_id}:{record.seq}",
                "eventName": "aws:kinesis:record",
                "awsRegion": region,
                "eventSourceARN": place.stream_arn,
            }
            for record in records
        ]
    }


def batches(records: Iterable[RawRecord], size: int) -> Iterable[list[RawRecord]]:
    """Cuts by number and by the bytes of an invocation."""
    batch: list[RawRecord] = []
    weight = 0
    for record in records:
        own = len(record.data) * 4 // 3 + _RECORD_BYTES
        if batch and (len(batch) == size or weight + own > PAYLOAD_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append(record)
        weight += own
    if batch:
        yield batch


def _taken(answer: Any, batch: Sequence[RawRecord]) -> int:
    """How many records from the front an answer leaves behind it; one that cannot be read takes none."""
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    if not failures:
        return len(batch)
    places = {str(record.seq): i for i, record in enumerate(batch)}
    if not isinstance(failures, Sequence) or not all(isinstance(failure, Mapping) for failure in failures):
        return 0
    named = [places.get(str(failure.get("itemIdentifier"))) for failure in failures]
    return min((place for place in named if place is not None), default=0) if None not in named else 0


def _moment(at_s: float | None) -> str | None:
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
