"""How an entry lies on disk: magic, BLAKE2b-128 of all that follows, length of the head, head as JSON, body."""

import hashlib
import json
import struct
from typing import Any

from pixelshift.cache.base import Entry

_MAGIC = b"PXSC\x01\n"
_DIGEST_BYTES = 16
_LENGTH = struct.Struct("<I")
_START = len(_MAGIC) + _DIGEST_BYTES


def encode(key: str, entry: Entry) -> bytes:
    """Returns the record of an entry under its key."""
    head = json.dumps(
        {
            "key": key,
            "status": entry.status,
            "headers": entry.headers,
            "times": [entry.stored_at_s, entry.fresh_until_s, entry.stale_until_s],
            "tags": entry.tags,
            "extra": dict(entry.extra),
        }
    ).encode()
    payload = b"".join([_LENGTH.pack(len(head)), head, entry.body])
    return _MAGIC + _digest(payload) + payload


def decode(key: str, record: bytes) -> Entry | None:
    """Returns the entry, or ``None`` for a record that is damaged, foreign, or another key's."""
    view = memoryview(record)
    if len(view) < _START + _LENGTH.size or view[: len(_MAGIC)] != _MAGIC:
        return None
    payload = view[_START:]
    if _digest(payload) != view[len(_MAGIC) : _START]:
        return None
    (head_bytes,) = _LENGTH.unpack_from(payload)
    body_at = _LENGTH.size + head_bytes
    try:
        head: Any = json.loads(bytes(payload[_LENGTH.size : body_at]))
        if head["key"] != key:
            return None
        stored_at_s, fresh_until_s, stale_until_s = map(float, head["times"])
        return Entry(
            body=bytes(payload[body_at:]),
            status=int(head["status"]),
            headers=tuple((str(name), str(value)) for name, value in head["headers"]),
            stored_at_s=stored_at_s,
            fresh_until_s=fresh_until_s,
            stale_until_s=stale_until_s,
            tags=tuple(map(str, head["tags"])),
            extra={str(name): str(value) for name, value in head["extra"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _digest(payload: bytes | memoryview) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).digest()
