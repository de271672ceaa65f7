"""HTTP/1.1 requests whose answer is bounded in size, time and rate, on connections that are kept for the next one.

No redirect is followed, no cookie kept, no proxy asked.
"""

import os
import re
import select
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from pixelshift.net.dial import AddressCheck, Endpoint, any_address, connect
from pixelshift.net.reply import TOKEN, VALUE, Budget, Pace, Reply, Source, transport_errors
from pixelshift.value import field, frozen

_IDLE_S = 15.0
_TARGET = r"[!-~]+"


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
        if not re.fullmatch(TOKEN, self.method) or not re.fullmatch(_TARGET, self.target):
            raise ValueError("not a request line")
        if not all(re.fullmatch(TOKEN, name) and re.fullmatch(VALUE, value) for name, value in headers.items()):
            raise ValueError("not a header field")
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


class _Connection:
    """One socket to one endpoint."""

    def __init__(self, plain: socket.socket, endpoint: Endpoint, tls: ssl.SSLContext | None, timeout_s: float) -> None:
        self._socket = plain
        self.idle_since_s = 0.0
        if tls is not None:
            plain.settimeout(timeout_s)
            self._socket = tls.wrap_socket(plain, server_hostname=endpoint.host, suppress_ragged_eofs=False)

    def ask(self, message: bytes, method: str, budget: Budget) -> Reply:
        """Sends a request and reads the head of its answer."""
        self._socket.settimeout(budget.left_s())
        self._socket.sendall(message)
        return Reply(Source(self._socket, budget), method)

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
        self._finish(kind is None and self._reply.is_over())


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
        budget = Budget(timeout_s, body_limit_bytes, self._pace)
        message = request.encode(endpoint)
        with transport_errors("the origin does not answer as it should"):
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
        self, connection: _Connection, endpoint: Endpoint, request: Request, message: bytes, budget: Budget
    ) -> Exchange:
        try:
            reply = connection.ask(message, request.method, budget)
        except BaseException:
            connection.close()
            raise
        return Exchange(reply, lambda sound: self._give_back(connection, endpoint, sound))

    def _connect(self, endpoint: Endpoint, budget: Budget) -> _Connection:
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
