"""Kinesis events of an event source mapping, and the answer that names the first record that is to come again."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pixelshift.errors import InvalidRequestError
from pixelshift.store.raw import RawRecord


def read_records(event: Mapping[str, Any]) -> list[RawRecord]:
    """The records of an event, in its order; the partition key is the device.

    :raises InvalidRequestError: no event of a Kinesis stream.
    """
    try:
        return [_record(record["kinesis"]) for record in event["Records"]]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise InvalidRequestError("this is no event of a Kinesis stream", detail=repr(error)) from error


def _record(record: Mapping[str, Any]) -> RawRecord:
    arrived = record.get("approximateArrivalTimestamp")
    return RawRecord(
        str(record["partitionKey"]),
        int(record["sequenceNumber"]),
        base64.b64decode(record["data"], validate=True),
        float(arrived) if isinstance(arrived, int | float) else None,
    )


def by_device(records: Iterable[RawRecord]) -> dict[str, list[RawRecord]]:
    """Records of each device in their order; devices in that of their first record."""
    groups: dict[str, list[RawRecord]] = {}
    for record in records:
        groups.setdefault(record.device_id, []).append(record)
    return groups


def answer(failed: Sequence[RawRecord]) -> dict[str, list[dict[str, str]]]:
    """The answer under ``ReportBatchItemFailures``: Lambda delivers everything from the lowest number on again."""
    if not failed:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": str(min(record.seq for record in failed))}]}
