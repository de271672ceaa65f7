"""A detector as bytes: versioned, checksummed, self-describing.

Layout, little-endian::

    8   magic b"PXSCHPT\\n"
    2   version
    2   flags; bit 0: the last observation raised an alarm
    4   length of the parameters
    .   parameters, JSON
    8   next position          8   position of the first value of the segment
    4   number of gaps         4   number of values
    .   gaps: u32 index in the segment, u64 missing observations just before it
    .   values, float64
    4   CRC-32 of everything before

The statistic is not stored: it follows from the values.
"""

import json
import math
import struct
import sys
import zlib
from array import array
from typing import Any

from pixelshift.changepoint.parameters import NAMES, Parameters
from pixelshift.errors import InvalidRequestError
from pixelshift.value import frozen

MAGIC = b"PXSCHPT\n"
VERSION = 1
POSITION_LIMIT = 2**62
"""Positions of a state lie below: far enough from 2^63 that no stream counts past it."""
_HEAD = struct.Struct("<8sHHI")
_SEGMENT = struct.Struct("<QQII")
_GAP = struct.Struct("<IQ")
_CHECKSUM = struct.Struct("<I")


@frozen
class Snapshot:
    """What a detector must remember between two observations."""

    parameters: Parameters
    position: int
    """Position of the next observation."""
    start: int
    """Position of the first value of the segment."""
    gaps: list[tuple[int, int]]
    """Index of a value in the segment, and how many missing observations came just before it."""
    values: "array[float]"
    alarmed: bool


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as bytes; equal snapshots give equal bytes."""
    parameters = json.dumps(snapshot.parameters.as_dict(), separators=(",", ":"), sort_keys=True).encode()
    values = snapshot.values
    if sys.byteorder == "big":
        values = array("d", values)
        values.byteswap()
    body = b"".join(
        (
            _HEAD.pack(MAGIC, VERSION, int(snapshot.alarmed), len(parameters)),
            parameters,
            _SEGMENT.pack(snapshot.position, snapshot.start, len(snapshot.gaps), len(snapshot.values)),
            *(_GAP.pack(*gap) for gap in snapshot.gaps),
            values.tobytes(),
        )
    )
    return body + _CHECKSUM.pack(zlib.crc32(body))


def decode(data: bytes | bytearray | memoryview) -> Snapshot:
    """The snapshot; raises :class:`InvalidRequestError` on foreign, damaged, truncated or newer bytes."""
    data = bytes(data)
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        raise InvalidRequestError("this is not the state of a Pixelshift detector", code="ForeignState")
    _, version, flags, parameters_bytes = _HEAD.unpack_from(data)
    if version != VERSION:
        raise InvalidRequestError(
            f"the state has version {version}, this release reads version {VERSION}: "
            "restore it with the release that wrote it",
            code="UnknownStateVersion",
        )
    body, checksum = data[: -_CHECKSUM.size], data[-_CHECKSUM.size :]
    if zlib.crc32(body) != int.from_bytes(checksum, "little"):
        raise _damaged("its checksum does not match")
    try:
        return _parse(body, flags, parameters_bytes)
    except (struct.error, ValueError, TypeError, RecursionError, InvalidRequestError) as error:
        raise _damaged(str(error)) from error


def _parse(body: bytes, flags: int, parameters_bytes: int) -> Snapshot:
    at = _HEAD.size + parameters_bytes
    parameters = _parameters(json.loads(body[_HEAD.size : at]))
    position, start, gap_count, value_count = _SEGMENT.unpack_from(body, at)
    at += _SEGMENT.size
    end = at + gap_count * _GAP.size
    if len(body) != end + 8 * value_count:
        raise ValueError("its length does not match its counts")
    gaps: list[tuple[int, int]] = [(index, missing) for index, missing in _GAP.iter_unpack(body[at:end])]
    values = array("d", body[end:])
    if sys.byteorder == "big":
        values.byteswap()
    _check_positions(position, start, gaps, value_count)
    _check_values(values, parameters)
    return Snapshot(parameters, position, start, gaps, values, bool(flags & 1))


def _check_positions(position: int, start: int, gaps: list[tuple[int, int]], count: int) -> None:
    indices = [index for index, _ in gaps]
    ascending = all(left < right for left, right in zip([0, *indices], [*indices, count], strict=True) if count)
    if not ascending or position < start + count + sum(missing for _, missing in gaps) or position >= POSITION_LIMIT:
        raise ValueError("its positions contradict each other")


def _check_values(values: "array[float]", parameters: Parameters) -> None:
    if parameters.max_points is not None and len(values) > parameters.max_points:
        raise ValueError("it holds more values than max_points allows")
    if not all(map(math.isfinite, values)):
        raise ValueError("one of its values is not finite")


def _parameters(stored: Any) -> Parameters:
    if not isinstance(stored, dict) or set(stored) != set(NAMES):
        raise ValueError("its parameters are not those of this release")
    return Parameters(**stored)


def _damaged(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"the state of the detector is damaged: {reason}", code="DamagedState")
