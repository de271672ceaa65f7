"""The answer to one request, read from its connection within its bounds.

Only what RFC 9112 leaves no doubt about is read: whatever two readers could take differently (6.3, 11.2) ends the
exchange. Nothing is decompressed.
"""

import io
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pixelshift.errors import OriginError, TooLargeError
from pixelshift.value import frozen

ERROR_BODY_BYTES = 64 * 1024
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
"""RFC 9110, 5.6.2."""
VALUE = r"[\t -~\x80-\xff]*"
"""What a header's value may hold (RFC 9110, 5.5)."""
_HEAD_BYTES = 1024 * 1024
_PIECE_BYTES = 256 * 1024
_LINE_BYTES = 64 * 1024
_FIELD_LINES = 100
_INTERIM_ANSWERS = 16
_CRLF = b"\r\n"
_STATUS_LINE = rb"HTTP/1\.([0-9]) ([1-5][0-9]{2})(?: .*)?"
_LENGTH = r"[0-9]{1,15}"
_CHUNK_SIZE = rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t -~\x80-\xff]*)?"


class BrokenReplyError(Exception):
    """What came is no answer, or not one alone."""


@frozen
class Pace:
    """How slow an answer may be: after ``grace_s`` it must have brought ``floor_bytes_per_s`` on average."""

    grace_s: float = 10.0
    floor_bytes_per_s: float = 16 * 1024


class Budget:
    """Time and bytes that one exchange has left."""

    def __init__(self, timeout_s: float, body_limit_bytes: int, pace: Pace) -> None:
        self._started_s = time.monotonic()
        self._deadline_s = self._started_s + timeout_s
        self._raw_limit_bytes = _HEAD_BYTES + 2 * max(body_limit_bytes, ERROR_BODY_BYTES)
        self._pace = pace
        self.received_bytes = 0

    def left_s(self) -> float:
        """Seconds that the next byte may take.

        :raises TimeoutError: none.
        """
        earned_s = self._pace.grace_s + self.received_bytes / self._pace.floor_bytes_per_s
        now_s = time.monotonic()
        if now_s >= self._deadline_s:
            raise TimeoutError("the deadline has passed")
        if now_s >= self._started_s + earned_s:
            raise TimeoutError("the rate is below the floor")
        return min(self._deadline_s, self._started_s + earned_s) - now_s

    def take(self, count: int) -> None:
        """Books received bytes, framing and all.

        :raises BrokenReplyError: far more than head, limit and sensible framing come to.
        """
        self.received_bytes += count
        if self.received_bytes > self._raw_limit_bytes:
            raise BrokenReplyError("more framing than content")


class _Wire(io.RawIOBase):
    """A socket that asks the budget before each piece."""

    def __init__(self, connection: socket.socket, budget: Budget) -> None:
        self._connection = connection
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer is wider
        self._connection.settimeout(self._budget.left_s())
        count = self._connection.recv_into(buffer)
        self._budget.take(count)
        return count


class Source:
    """What a connection brings while one answer is read from it, by lines and by pieces."""

    def __init__(self, connection: socket.socket, budget: Budget) -> None:
        self._budget = budget
        self._before_bytes = budget.received_bytes
        self._read_bytes = 0
        self._stream = io.BufferedReader(_Wire(connection, budget), 64 * 1024)

    def line(self, end: bytes = b"\n") -> bytes:
        """The next line, without its end: a head's may be LF alone (RFC 9112, 2.2), a chunk's is CRLF.

        :raises ConnectionResetError: nothing came at all.
        :raises BrokenReplyError: it is cut off, or longer than 64 KiB, or ends otherwise.
        """
        line = self._stream.readline(_LINE_BYTES)
        if not line and not self._read_bytes:
            raise ConnectionResetError("closed without an answer")
        self._read_bytes += len(line)
        if not line.endswith(end):
            raise BrokenReplyError("a line is cut off, too long, or ends in LF alone")
        return line[: -2 if line.endswith(b"\r\n") else -1]

    def piece(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer at the end of the connection alone."""
        piece = self._stream.read(count)
        self._read_bytes += len(piece)
        return piece

    def is_dry(self) -> bool:
        """Whether all that arrived has been read."""
        return self._budget.received_bytes - self._before_bytes == self._read_bytes


class Reply:
    """An answer whose head has arrived.

    :raises BrokenReplyError: it is none, or ambiguous.
    """

    def __init__(self, source: Source, method: str) -> None:
        self._source = source
        version, self.status, self._fields = _read_head(source)
        lengths, codings = self._values("content-length"), self._values("transfer-encoding")
        sound = (
            len(lengths) + len(codings) <= 1
            and all(re.fullmatch(_LENGTH, length) for length in lengths)
            and all(version > 0 and coding.lower() == "chunked" for coding in codings)
        )
        if not sound:
            raise BrokenReplyError("an ambiguous head")
        options = {option.strip() for value in self._values("connection") for option in value.lower().split(",")}
        self._is_chunked = bool(codings)
        self._declared_bytes = int(lengths[0]) if lengths else None
        self._ended = method == "HEAD" or self.status in (204, 304) or self._declared_bytes == 0
        self._left_bytes = self._declared_bytes or 0  # of the body, or of its chunk at hand
        ends_with_connection = not (self._ended or self._is_chunked or lengths)
        self._stays = version > 0 and "close" not in options and not ends_with_connection

    def header(self, name: str) -> str | None:
        """Returns the first value of a header; one with control characters counts as absent."""
        value = next(iter(self._values(name)), None)
        return value if value is not None and re.fullmatch(VALUE, value) else None

    def list_header(self, name: str) -> str | None:
        """Returns all values of a header that is a list, as one line of it (RFC 9110, 5.3)."""
        values = [value for value in self._values(name) if re.fullmatch(VALUE, value)]
        return ", ".join(values) if values else None

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yields names in lower case with their values."""
        return ((name, value) for name, value in self._fields if re.fullmatch(VALUE, value))

    def is_over(self) -> bool:
        """Whether the connection can carry another request."""
        return self._ended and self._stays and self._source.is_dry()

    def read(self, limit_bytes: int) -> bytes:
        """Reads the whole body.

        :raises TooLargeError: longer than ``limit_bytes``, by its header or as it comes.
        :raises OriginError: broken off, or too slow.
        """
        if not self._ended and self._left_bytes > limit_bytes:
            raise _too_large(limit_bytes)
        with transport_errors("the origin broke off"):
            if self._declared_bytes is not None:
                return self._read(self._left_bytes)
            return self._read_undeclared(limit_bytes)

    def read_start(self, count: int = ERROR_BODY_BYTES) -> bytes:
        """Reads what there is of a short body, at most ``count`` bytes: for error documents."""
        with transport_errors("the origin broke off"):
            return self._read(count)

    def _values(self, name: str) -> list[str]:
        return [value for known, value in self._fields if known == name]

    def _read_undeclared(self, limit_bytes: int) -> bytes:
        pieces = bytearray()
        while piece := self._read(_PIECE_BYTES):
            pieces += piece
            if len(pieces) > limit_bytes:
                raise _too_large(limit_bytes)
        return bytes(pieces)

    def _read(self, count: int) -> bytes:
        """The next ``count`` bytes of the body; fewer at its end alone."""
        if self._ended:
            return b""
        if self._is_chunked:
            return self._read_chunks(count)
        if self._declared_bytes is None:
            piece = self._source.piece(count)
            self._ended = len(piece) < count
            return piece
        piece = self._read_left(count)
        self._ended = self._left_bytes == 0
        return piece

    def _read_chunks(self, count: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < count and not self._ended:
            if self._left_bytes == 0:
                self._begin_chunk()
                continue
            pieces += self._read_left(count - len(pieces))
            if self._left_bytes == 0 and self._source.line(_CRLF):
                raise BrokenReplyError("a chunk goes on beyond its size")
        return bytes(pieces)

    def _begin_chunk(self) -> None:
        found = re.fullmatch(_CHUNK_SIZE, self._source.line(_CRLF))
        if found is None:
            raise BrokenReplyError("not the size of a chunk")
        self._left_bytes = int(found[1], 16)
        if self._left_bytes == 0:
            _read_fields(self._source)  # trailers, which nobody asked for
            self._ended = True

    def _read_left(self, count: int) -> bytes:
        wanted = min(count, self._left_bytes)
        piece = self._source.piece(wanted)
        if len(piece) < wanted:
            raise BrokenReplyError(f"{self._left_bytes - len(piece)} bytes are missing")
        self._left_bytes -= wanted
        return piece


@contextmanager
def transport_errors(message: str) -> Iterator[None]:
    """Whatever goes wrong on the wire is the origin's failure, which ``message`` words.

    :raises OriginError: 503 where it is too slow, else 502.
    """
    try:
        yield
    except TimeoutError as error:
        raise OriginError("the origin is too slow", status=503, detail=str(error), retry_after_s=5) from error
    except (OSError, BrokenReplyError, ValueError) as error:
        raise OriginError(message, detail=f"{type(error).__name__}: {error}", retry_after_s=5) from error


def _read_head(source: Source) -> tuple[int, int, list[tuple[str, str]]]:
    """Minor version, status and fields; a few interim answers are passed over, but for the one that ends HTTP."""
    for _ in range(_INTERIM_ANSWERS + 1):
        found = re.fullmatch(_STATUS_LINE, source.line())
        if found is None:
            raise BrokenReplyError("not a status line")
        fields, status = _read_fields(source), int(found[2])
        if status == 101:
            raise BrokenReplyError("another protocol, which nobody asked for")
        if status >= 200:
            return int(found[1]), status, fields
    raise BrokenReplyError("too many interim answers")


def _read_fields(source: Source) -> list[tuple[str, str]]:
    """Names in lower case with their values, to the empty line; a value may hold anything but the end of its line."""
    fields: list[tuple[str, str]] = []
    for _ in range(_FIELD_LINES + 1):
        line = source.line().decode("latin-1")
        if not line:
            return fields
        name, colon, value = line.partition(":")
        if line[0] in " \t" and fields:  # a folded value goes on (RFC 9112, 5.2)
            name, value = fields.pop()
            value += " " + line.strip(" \t")
        elif not colon or not re.fullmatch(TOKEN, name):
            raise BrokenReplyError("not a header field")
        fields.append((name.lower(), value.strip(" \t")))
    raise BrokenReplyError("too many header fields")


def _too_large(limit_bytes: int) -> TooLargeError:
    return TooLargeError(f"the original is larger than {limit_bytes} bytes")
