"""HTTP/1.1 requests whose answer is bounded in size, time and rate, on connections that are kept for the next one.

The head of an answer is parsed by :mod:`http.client` and then checked again for whatever two readers could take
differently (RFC 9112 6.3 and 11.2). Nothing is decompressed, no redirect followed, no cookie kept, no proxy asked.
"""

import http.client
import io
import os
import re
import select
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from pixelshift.errors import OriginError, TooLargeError
from pixelshift.net.dial import AddressCheck, Endpoint, any_address, connect
from pixelshift.value import field, frozen

ERROR_BODY_BYTES = 64 * 1024
_PIECE_BYTES = 256 * 1024
_HEAD_BYTES = 1024 * 1024
_IDLE_S = 15.0
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 5.6.2
_TARGET = re.compile(r"[!-~]+")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")  # RFC 9110 5.5
_LENGTH = re.compile(r"[0-9]{1,15}")


@frozen
class Pace:
    """How slow an answer may be: after ``grace_s`` it must have brought ``floor_bytes_per_s`` on average."""

    grace_s: float = 10.0
    floor_bytes_per_s: float = 16 * 1024


@frozen
class Request:
    """One request; ``target`` is in origin form and already percent-encoded."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encode(self, endpoint: Endpoint) -> bytes:
        """Returns the bytes of head and body.

        :raises ValueError: a part that would change the framing; ours to prevent before this point.
        """
        headers = {"Host": endpoint.authority, "Accept-Encoding": "identity", **self.headers}
        if self.body or self.method in ("POST", "PUT"):
            headers["Content-Length"] = str(len(self.body))
        if not _TOKEN.fullmatch(self.method) or not _TARGET.fullmatch(self.target):
            raise ValueError("not a request line")
        if not all(_TOKEN.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers.items()):
            raise ValueError("not a header field")
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


class _Budget:
    """Time and bytes that one exchange has left."""

    def __init__(self, timeout_s: float, raw_limit_bytes: int, pace: Pace) -> None:
        self._started_s = time.monotonic()
        self._deadline_s = self._started_s + timeout_s
        self._raw_limit_bytes = raw_limit_bytes
        self._pace = pace
        self._received_bytes = 0

    def left_s(self) -> float:
        """Seconds that the next byte may take.

        :raises TimeoutError: none.
        """
        earned_s = self._pace.grace_s + self._received_bytes / self._pace.floor_bytes_per_s
        now_s = time.monotonic()
        if now_s >= self._deadline_s:
            raise TimeoutError("the deadline has passed")
        if now_s >= self._started_s + earned_s:
            raise TimeoutError("the rate is below the floor")
        return min(self._deadline_s, self._started_s + earned_s) - now_s

    def take(self, count: int) -> None:
        """Books received bytes, framing and all.

        :raises http.client.HTTPException: far more than head, limit and sensible framing come to.
        """
        self._received_bytes += count
        if self._received_bytes > self._raw_limit_bytes:
            raise http.client.HTTPException("more framing than content")


class _Reader(io.RawIOBase):
    """Reads a socket, asking the budget before each piece."""

    def __init__(self, connection: socket.socket, budget: _Budget) -> None:
        self._connection = connection
        self._budget = budget
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer is wider
        self._connection.settimeout(self._budget.left_s())
        count = self._connection.recv_into(buffer)
        self.ended = count == 0
        self._budget.take(count)
        return count


class _Stream:
    """What :class:`http.client.HTTPResponse` needs of a socket."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, 64 * 1024)


class Reply:
    """An answer whose head has arrived."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.status = response.status
        _check_framing(response)

    def header(self, name: str) -> str | None:
        """Returns the first value of a header; one with control characters counts as absent."""
        value = self._response.headers.get(name)
        return value if value is not None and _VALUE.fullmatch(value) else None

    def list_header(self, name: str) -> str | None:
        """Returns all values of a header that is a list, as one line of it (RFC 9110, 5.3)."""
        values = [value for value in self._response.headers.get_all(name, ()) if _VALUE.fullmatch(value)]
        return ", ".join(values) if values else None

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yields names in lower case with their values."""
        for name, value in self._response.headers.items():
            if _VALUE.fullmatch(value):
                yield name.lower(), value

    @property
    def complete(self) -> bool:
        """Whether the connection can carry another request."""
        return self._response.isclosed() and not self._response.will_close

    def read(self, limit_bytes: int) -> bytes:
        """Reads the whole body.

        :raises TooLargeError: longer than ``limit_bytes``, by its header or as it comes.
        :raises OriginError: broken off, or too slow.
        """
        declared = self._response.length
        if declared is not None and declared > limit_bytes:
            raise _too_large(limit_bytes)
        with _transport_errors("the origin broke off"):
            if declared is not None:
                return self._response.read()
            return self._read_undeclared(limit_bytes)

    def read_start(self, count: int = ERROR_BODY_BYTES) -> bytes:
        """Reads what there is of a short body, at most ``count`` bytes: for error documents."""
        with _transport_errors("the origin broke off"):
            return self._response.read(count)

    def _read_undeclared(self, limit_bytes: int) -> bytes:
        pieces = bytearray()
        while piece := self._response.read(_PIECE_BYTES):
            pieces += piece
            if len(pieces) > limit_bytes:
                raise _too_large(limit_bytes)
        return bytes(pieces)


def _check_framing(response: http.client.HTTPResponse) -> None:
    headers = response.headers
    lengths = headers.get_all("content-length", [])
    codings = headers.get_all("transfer-encoding", [])
    sound = (
        not headers.defects
        and 200 <= response.status <= 599
        and len(lengths) + len(codings) <= 1
        and all(_LENGTH.fullmatch(length) for length in lengths)
        and all(coding.lower() == "chunked" for coding in codings)
    )
    if not sound:
        raise http.client.HTTPException("an ambiguous head")


def _too_large(limit_bytes: int) -> TooLargeError:
    return TooLargeError(f"the original is larger than {limit_bytes} bytes")


@contextmanager
def _transport_errors(message: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise OriginError("the origin is too slow", status=503, detail=str(error), retry_after_s=5) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OriginError(message, detail=f"{type(error).__name__}: {error}", retry_after_s=5) from error


class _Connection:
    """One socket to one endpoint."""

    def __init__(self, plain: socket.socket, endpoint: Endpoint, tls: ssl.SSLContext | None, timeout_s: float) -> None:
        self._socket = plain
        self.idle_since_s = 0.0
        if tls is not None:
            plain.settimeout(timeout_s)
            self._socket = tls.wrap_socket(plain, server_hostname=endpoint.host, suppress_ragged_eofs=False)

    def ask(self, message: bytes, method: str, budget: _Budget) -> Reply:
        """Sends a request and reads the head of its answer."""
        self._socket.settimeout(budget.left_s())
        self._socket.sendall(message)
        reader = _Reader(self._socket, budget)
        response = http.client.HTTPResponse(_Stream(reader), method=method)  # type: ignore[arg-type]  # makefile will do
        response.begin()
        if reader.ended:  # http.client takes the end of the stream for the end of the head
            raise http.client.HTTPException("the head is cut off")
        return Reply(response)

    def quiet(self) -> bool:
        """Whether nothing, not even an end, has arrived since the last answer."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        self._socket.close()


class Exchange:
    """One request under way, as a context: leaving it returns or closes the connection."""

    def __init__(self, reply: Reply, finish: Callable[[bool], None]) -> None:
        self._reply = reply
        self._finish = finish

    def __enter__(self) -> Reply:
        return self._reply

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(kind is None and self._reply.complete)


class HttpClient:
    """Sends requests, keeping at most ``idle_limit`` connections open between them. Thread-safe.

    ``check`` is asked about every address before it is dialled. ``tls`` overrides the system's trust.
    """

    def __init__(
        self,
        *,
        check: AddressCheck = any_address,
        tls: ssl.SSLContext | None = None,
        pace: Pace | None = None,
        idle_limit: int = 32,
    ) -> None:
        self._check = check
        self._tls = tls
        self._pace = pace or Pace()
        self._idle_limit = idle_limit
        self._idle: OrderedDict[_Connection, Endpoint] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def open(self, endpoint: Endpoint, request: Request, *, body_limit_bytes: int, timeout_s: float) -> Exchange:
        """Sends a request and waits for the head of its answer; use as a context.

        :raises OriginError: unreachable, broken off, too slow, or not HTTP.
        """
        budget = _Budget(timeout_s, _HEAD_BYTES + 2 * max(body_limit_bytes, ERROR_BODY_BYTES), self._pace)
        message = request.encode(endpoint)
        with _transport_errors("the origin does not answer as it should"):
            connection = self._take_idle(endpoint)
            if connection is not None:
                try:
                    return self._ask(connection, endpoint, request, message, budget)
                except (ConnectionError, ssl.SSLError):
                    pass  # closed by the other side while it was idle: once more on a new one
            return self._ask(self._connect(endpoint, budget), endpoint, request, message, budget)

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            idle, self._idle = list(self._idle), OrderedDict()
        for connection in idle:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self, connection: _Connection, endpoint: Endpoint, request: Request, message: bytes, budget: _Budget
    ) -> Exchange:
        try:
            reply = connection.ask(message, request.method, budget)
        except BaseException:
            connection.close()
            raise
        return Exchange(reply, lambda sound: self._give_back(connection, endpoint, sound))

    def _connect(self, endpoint: Endpoint, budget: _Budget) -> _Connection:
        tls = self._context() if endpoint.tls else None
        plain = connect(endpoint, self._check, budget.left_s())
        try:
            return _Connection(plain, endpoint, tls, budget.left_s())
        except BaseException:
            plain.close()
            raise

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                self._tls = ssl.create_default_context()
            return self._tls

    def _take_idle(self, endpoint: Endpoint) -> _Connection | None:
        oldest_s = time.monotonic() - _IDLE_S
        while True:
            with self._lock:
                if self._process != os.getpid():  # a fork: what the parent has open is the parent's
                    self._process, self._idle = os.getpid(), OrderedDict()
                match = next((item for item in reversed(self._idle) if self._idle[item] == endpoint), None)
                if match is None:
                    return None
                del self._idle[match]
            if match.idle_since_s >= oldest_s and match.quiet():
                return match
            match.close()

    def _give_back(self, connection: _Connection, endpoint: Endpoint, sound: bool) -> None:
        dropped = connection
        if sound and self._idle_limit > 0:
            connection.idle_since_s = time.monotonic()
            with self._lock:
                self._idle[connection] = endpoint
                if len(self._idle) <= self._idle_limit:
                    return
                dropped, _ = self._idle.popitem(last=False)
        dropped.close()
