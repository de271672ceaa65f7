"""A device's state as a small head and immutable chunks of its values: a batch never writes its segment again.

A head holds the detector without its values, and the unsealed end of the log; a chunk is 512 values (4 KiB and its
gaps). The values of the running segment are always the last ones of the log, so the two parts together are the state.
"""

import json
import struct
import zlib
from array import array
from collections.abc import Sequence
from typing import Any

from pixelshift.changepoint import state as detector_state
from pixelshift.changepoint.parameters import Parameters
from pixelshift.changepoint.state import Snapshot
from pixelshift.errors import InternalError, InvalidRequestError
from pixelshift.streams.device import CHUNK_POINTS, Chunk, DeviceState, Log, Tally
from pixelshift.value import contents, replace

VERSION = 1
_GAP = struct.Struct("<QQ")


def encode_head(state: DeviceState) -> bytes:
    """The head of a state; equal states give equal bytes."""
    snapshot = detector_state.decode(state.detector)
    record = {
        "format": VERSION,
        "parameters": snapshot.parameters.as_dict(),
        "settings": state.settings,
        "last_seq": None if state.last_seq is None else str(state.last_seq),
        "last_number": state.last_number,
        "position": state.position,
        "base": state.base,
        "pending": state.pending,
        "segment": [snapshot.start, len(snapshot.values), snapshot.alarmed],
        "log": [state.log.start, [value.hex() for value in state.log.values], state.log.gaps],
        "tally": contents(state.tally),
    }
    text = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()
    return zlib.compress(text, 6)


def chunk_range(head: bytes) -> tuple[int, int]:
    """Numbers of the chunks that the state behind this head is made of: from the first up to, not with, the second."""
    record = _record(head)
    end = record["log"][0] // CHUNK_POINTS
    return min(_begin(record) // CHUNK_POINTS, end), end


def decode(device_id: str, head: bytes, chunks: Sequence[Chunk]) -> DeviceState:
    """The state of a head and the chunks that :func:`chunk_range` names.

    :raises InvalidRequestError: damaged bytes, or those of a newer release.
    """
    record = _record(head)
    try:
        start, texts, gaps = record["log"]
        log = Log(start, tuple(map(float.fromhex, texts)), tuple((int(a), int(b)) for a, b in gaps))
        state = DeviceState(
            device_id,
            _detector(record, log, chunks),
            record["settings"],
            None if record["last_seq"] is None else int(record["last_seq"]),
            record["last_number"],
            record["position"],
            record["base"],
            record["pending"],
            log,
            Tally(**record["tally"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(str(error)) from error
    return state


def _detector(record: dict[str, Any], log: Log, chunks: Sequence[Chunk]) -> bytes:
    start, count, alarmed = record["segment"]
    begin = log.end - count
    values, gaps = array("d"), []
    expected = begin // CHUNK_POINTS
    for chunk in [*chunks, None]:
        at = log.start if chunk is None else chunk.number * CHUNK_POINTS
        if chunk is not None and chunk.number != expected:
            raise ValueError("a chunk is missing")
        expected += 1
        values.extend((log.values if chunk is None else chunk.values)[max(0, begin - at) :])
        # What was missing before the segment's first value is in the position at which it starts.
        gaps += [(o - begin, missing) for o, missing in (log.gaps if chunk is None else chunk.gaps) if o > begin]
    if len(values) != count:
        raise ValueError("a chunk is missing")
    position = record["position"] - record["base"]
    return detector_state.encode(
        Snapshot(Parameters(**record["parameters"]), position, start, gaps, values, bool(alarmed))
    )


def encode_chunk(chunk: Chunk) -> bytes:
    """A chunk with its checksum."""
    gaps = b"".join(_GAP.pack(*gap) for gap in chunk.gaps)
    body = struct.pack("<HQI", VERSION, chunk.number, len(chunk.gaps)) + gaps + array("d", chunk.values).tobytes()
    return body + struct.pack("<I", zlib.crc32(body))


def decode_chunk(data: bytes) -> Chunk:
    """What :func:`encode_chunk` wrote.

    :raises InvalidRequestError: damaged bytes, or those of a newer release.
    """
    try:
        version, number, count = struct.unpack_from("<HQI", data)
        if version != VERSION:
            raise _unknown(version)
        body, checksum = data[:-4], data[-4:]
        if zlib.crc32(body) != int.from_bytes(checksum, "little"):
            raise _damaged("a chunk's checksum does not match")
        at = struct.calcsize("<HQI") + count * _GAP.size
        gaps = tuple((a, b) for a, b in _GAP.iter_unpack(body[at - count * _GAP.size : at]))
        return Chunk(number, tuple(array("d", body[at:])), gaps)
    except (struct.error, ValueError) as error:
        raise _damaged(str(error)) from error


def without_duplicates(state: DeviceState) -> bytes:
    """The head of a state whatever was delivered twice, for comparing two runs."""
    return encode_head(replace(state, tally=replace(state.tally, duplicates=0)))


def _record(head: bytes) -> dict[str, Any]:
    try:
        record = json.loads(zlib.decompress(head))
    except (ValueError, zlib.error) as error:
        raise _damaged("its head cannot be read") from error
    if not isinstance(record, dict) or record.get("format") != VERSION:
        raise _unknown(record.get("format") if isinstance(record, dict) else None)
    return record


def _begin(record: dict[str, Any]) -> int:
    try:
        start, values, _ = record["log"]
        return int(start + len(values) - record["segment"][1])
    except (KeyError, TypeError, ValueError) as error:
        raise InternalError("a device's head contradicts itself", detail=str(error)) from error


def _unknown(version: object) -> InvalidRequestError:
    return InvalidRequestError(
        f"the device's state has version {version!r}, this release reads version {VERSION}: deploy the release that "
        "wrote it",
        code="UnknownStateVersion",
    )


def _damaged(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"the device's state is damaged: {reason}", code="DamagedState")
