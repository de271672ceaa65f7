"""Messages between the service and its render processes.

Each is a small JSON head and a body of bytes, both lengths first. A worker decodes hostile pictures, so nothing that it
sends is unpickled, and every length and type is checked; what the service sends it may trust.
"""

import json
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

_LENGTHS = struct.Struct("<IQ")
_HEAD_LIMIT_BYTES = 1024 * 1024


class ChannelClosedError(Exception):
    """The other side is gone."""


class ChannelBrokenError(Exception):
    """The other side sent something that is no message."""


class Channel:
    """One end of a connected stream socket. One user at a time."""

    def __init__(self, end: socket.socket, *, body_limit_bytes: int) -> None:
        self._end = end
        self._body_limit_bytes = body_limit_bytes

    def send(self, head: Mapping[str, Any], body: bytes = b"", *, deadline_s: float | None = None) -> None:
        """Sends one message.

        :raises ChannelClosedError: nobody reads it any more.
        :raises TimeoutError: past the deadline, on the clock of :func:`time.monotonic`.
        """
        text = json.dumps(head).encode()
        self._end.settimeout(_remaining_s(deadline_s))
        try:
            self._end.sendall(_LENGTHS.pack(len(text), len(body)) + text)
            self._end.sendall(body)
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    def receive(self, *, deadline_s: float | None = None) -> tuple[dict[str, Any], bytes]:
        """Waits for one message.

        :raises ChannelClosedError: the other side went away, between messages or within one.
        :raises ChannelBrokenError: what came is too large or no message.
        :raises TimeoutError: past the deadline.
        """
        head_bytes, body_bytes = _LENGTHS.unpack(self._read(_LENGTHS.size, deadline_s))
        if head_bytes > _HEAD_LIMIT_BYTES or body_bytes > self._body_limit_bytes:
            raise ChannelBrokenError(f"a message of {head_bytes} + {body_bytes} bytes")
        try:
            head = json.loads(self._read(head_bytes, deadline_s))
        except ValueError as error:
            raise ChannelBrokenError("a head that is no JSON") from error
        if not isinstance(head, dict):
            raise ChannelBrokenError("a head that is no object")
        return head, bytes(self._read(body_bytes, deadline_s))

    def close(self) -> None:
        """Lets the other side read the end."""
        self._end.close()

    def _read(self, size: int, deadline_s: float | None) -> bytearray:
        buffer = bytearray(size)
        view, filled = memoryview(buffer), 0
        while filled < size:
            self._end.settimeout(_remaining_s(deadline_s))
            try:
                count = self._end.recv_into(view[filled:])
            except TimeoutError:
                raise
            except OSError as error:
                raise ChannelClosedError(str(error)) from error
            if count == 0:
                raise ChannelClosedError("end of stream")
            filled += count
        return buffer


def _remaining_s(deadline_s: float | None) -> float | None:
    if deadline_s is None:
        return None
    remaining_s = deadline_s - time.monotonic()
    if remaining_s <= 0:
        raise TimeoutError("the deadline has passed")
    return remaining_s
