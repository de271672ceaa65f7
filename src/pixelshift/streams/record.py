"""The payload of a device's record: a JSON object with ``value``, and ``time``, ``seq`` and ``device`` if it likes."""

import json
from math import isfinite
from typing import Any

from pixelshift.streams.device import Arrival

PAYLOAD_BYTES = 64 * 1024
_KPL = b"\xf3\x89\x9a\xc2"


def read_record(device_id: str, seq: int, data: bytes) -> Arrival:
    """One record as an arrival; what cannot be read becomes one with a ``fault``, which says why."""
    try:
        return _read(device_id, seq, data)
    except (ValueError, RecursionError) as error:
        return Arrival(seq, None, fault=str(error)[:200] or "nested too deep")


def _read(device_id: str, seq: int, data: bytes) -> Arrival:
    if len(data) > PAYLOAD_BYTES:
        raise ValueError(f"the payload is larger than {PAYLOAD_BYTES:,} bytes")
    if data.startswith(_KPL):
        raise ValueError("records aggregated by the Kinesis Producer Library are not read: switch aggregation off")
    record: Any = json.loads(data, parse_constant=_no_constant)
    if not isinstance(record, dict):
        raise ValueError("the payload is no JSON object")  # noqa: TRY004  a fault of the data, not of a type
    if "value" not in record:
        raise ValueError("no value")
    if str(record.get("device", device_id)) != device_id:
        raise ValueError("the payload names another device than the partition key")
    number, time = record.get("seq"), record.get("time")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or abs(number) >= 1 << 62):
        raise ValueError("seq is no whole number below 2^62")
    if time is not None and (isinstance(time, bool) or not isinstance(time, str | int | float)):
        raise ValueError("time is neither text nor a number")
    return Arrival(seq, _value(record["value"]), None if time is None else str(time)[:64], number)


def _value(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("value is no number")  # noqa: TRY004  a fault of the data
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("value is too large") from None
    if not isfinite(number):
        raise ValueError("value is too large")
    return number


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON: send null for no value")
