"""Raw records as they came, for audit and for working them over again: in DynamoDB, in S3, or through Firehose."""

import base64
import json
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pixelshift.errors import OverloadedError
from pixelshift.net.boto import AwsClient
from pixelshift.value import frozen

SEQ_DIGITS = 64
_TRIES = 5


@frozen
class RawRecord:
    """One record of the stream, its payload untouched; (device, seq) is its identity."""

    device_id: str
    seq: int
    data: bytes
    arrived_at_s: float | None = None


class RawStore(Protocol):
    """Keeps raw records. Keeping one twice is the same as once, or (S3, Firehose) leaves a copy with the same identity.

    :raises OverloadedError: throttled; some of the records may have been kept.
    :raises OriginError: does not answer, or refuses.
    """

    def keep(self, records: Sequence[RawRecord]) -> None: ...


class DynamoRawStore:
    """Items of ``device`` and ``item`` (the padded number), payload in ``data``."""

    def __init__(self, client: AwsClient, table: str, *, pause: Callable[[float], None]) -> None:
        self._client = client
        self._table = table
        self._pause = pause

    def keep(self, records: Sequence[RawRecord]) -> None:
        # One batch must not name a key twice.
        distinct = list({(record.device_id, record.seq): record for record in records}.values())
        for i in range(0, len(distinct), 25):
            self._write([{"PutRequest": {"Item": _item(record)}} for record in distinct[i : i + 25]])

    def _write(self, requests: list[dict[str, Any]]) -> None:
        for attempt in range(_TRIES):
            answer = self._client.call("batch_write_item", RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not requests:
                return
            self._pause(random.uniform(0.0, 0.05 * 2**attempt))
        raise OverloadedError("dynamodb leaves raw records unwritten", retry_after_s=1)


class S3RawStore:
    """One object of JSON lines for each batch; a repeated batch writes the same object again."""

    def __init__(self, client: AwsClient, bucket: str, prefix: str = "events/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def keep(self, records: Sequence[RawRecord]) -> None:
        if not records:
            return
        first, last = min(record.seq for record in records), max(record.seq for record in records)
        key = f"{self._prefix}{first:0{SEQ_DIGITS}d}-{last:0{SEQ_DIGITS}d}.ndjson"
        body = b"".join(map(raw_line, records))
        self._client.call("put_object", Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson")


class FirehoseRawStore:
    """JSON lines into a delivery stream."""

    def __init__(self, client: AwsClient, stream: str) -> None:
        self._client = client
        self._stream = stream

    def keep(self, records: Sequence[RawRecord]) -> None:
        for i in range(0, len(records), 500):
            lines = [{"Data": raw_line(record)} for record in records[i : i + 500]]
            answer = self._client.call("put_record_batch", DeliveryStreamName=self._stream, Records=lines)
            if answer.get("FailedPutCount"):
                raise OverloadedError("firehose left records out", retry_after_s=1)


def raw_line(record: RawRecord) -> bytes:
    """A record as one line of JSON."""
    line = {
        "device": record.device_id,
        "seq": str(record.seq),
        "arrived_at_s": record.arrived_at_s,
        "data": base64.b64encode(record.data).decode(),
    }
    return json.dumps(line).encode() + b"\n"


def _item(record: RawRecord) -> dict[str, Any]:
    item: dict[str, Any] = {
        "device": {"S": record.device_id},
        "item": {"S": f"{record.seq:0{SEQ_DIGITS}d}"},
        "data": {"B": record.data},
    }
    if record.arrived_at_s is not None:
        item["arrived_at_s"] = {"N": repr(round(record.arrived_at_s, 3))}
    return item
