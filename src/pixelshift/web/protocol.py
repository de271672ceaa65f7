"""HTTP/1.1 with request heads that are bounded in size and in time, which uvicorn leaves to a proxy."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_HEAD_BYTES = 64 * 1024
_HEAD_S = 10.0
_LINGER_S = 30.0
"""What a client has not read so long after the end is dropped with its connection."""
_TOO_LARGE = b"431 Request Header Fields Too Large"
_BAD_REQUEST = b"400 Bad Request"
_OTHER_VERSION = b"505 HTTP Version Not Supported"
_REFUSAL = b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


AtOnce = Callable[[bytes, list[tuple[bytes, bytes]]], tuple[bytes, bytes] | None]
"""From a GET's target and headers to the headers, as sent, and the body of its 200; ``None`` leaves it to ASGI."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request head or trailers grow beyond 64 KiB, or whose head takes longer than 10 s.

    What ``at_once`` answers is written from where its head was read, without the task and the messages of ASGI: for a
    picture in memory these cost more than all the rest.
    """

    def __init__(self, *arguments: Any, at_once: AtOnce | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._at_once = at_once
        self._is_answered = False
        self._running: RequestResponseCycle | None = None
        self._defaults: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
        self._framing_bytes = 0
        self._piece_bytes = 0
        self._in_head = True
        self._due_s: float | None = None
        self._clock: asyncio.TimerHandle | None = None
        self._rings_s = inf
        self._is_ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Starts the clock: who connects must also ask."""
        super().connection_made(transport)
        self._allow(_HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock, and tells the answer under way; uvicorn tells the last one that was asked for."""
        super().connection_lost(exc)
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
        if self._clock is not None:
            self._clock.cancel()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's: whether the transport stays open
        """Lets who will ask no more have the answers that are under way, and then closes."""
        if self._is_free() or self.cycle.more_body:
            self._end()
            return True  # it is closing, with what it has to send
        self.cycle.keep_alive = False  # the last one's, and so after all others
        return True

    def data_received(self, data: bytes) -> None:
        """Counts what is neither body nor a whole head: of those that are under way, and of trailers."""
        self._piece_bytes = len(data)
        self._framing_bytes += len(data)
        if not self._in_head:
            self._due_s = None  # the end of a rest
        super().data_received(data)
        if self._framing_bytes > _HEAD_BYTES and not self.transport.is_closing():
            self._refuse(_TOO_LARGE)
        elif self._due_s is None and (self._in_head or self._is_free()) and not self.transport.is_closing():
            self._allow(_HEAD_S)

    def on_message_begin(self) -> None:
        """A new head begins; what ASGI needs beside it is laid out where ASGI is to answer."""
        self._in_head, self._framing_bytes = True, 0
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """The head has arrived."""
        self._in_head, self._due_s = False, None
        self._is_answered = self._is_too_large() or self._answer_at_once() or self._is_foreign()
        self._framing_bytes = 0
        if not self._is_answered:
            self._lay_out()
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Leaves out what nobody reads."""
        self._framing_bytes = 0
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Ends what is not over already."""
        self._framing_bytes = 0
        if not self._is_answered:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's; ours has no body
        """Refuses what is no HTTP; uvicorn would do so within the answer under way."""
        self._refuse(_BAD_REQUEST)

    def on_response_complete(self) -> None:
        """Goes on with what came meanwhile, or waits; as uvicorn, but by a clock that is not set for each request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._due_s is None:
            self._allow(self.timeout_keep_alive)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _lay_out(self) -> None:
        """Has uvicorn begin the message whose head has come."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)  # the list that the scope holds

    def _is_too_large(self) -> bool:
        """Refuses a head that is; one that ends in the bytes at hand need be measured with many of them only."""
        if self._framing_bytes + self._piece_bytes <= _HEAD_BYTES:
            return False
        if not self.transport.is_closing():
            lines = sum(len(name) + len(value) + len(b": \r\n") for name, value in self.headers)
            if len(self.url) + lines <= _HEAD_BYTES:
                return False
            self._refuse(_TOO_LARGE)
        return True

    def _is_foreign(self) -> bool:
        """Refuses what is not HTTP/1, and what comes behind a refusal; a line without a version is HTTP/0.9."""
        if self.transport.is_closing():
            return True
        version = self.parser.get_http_version()
        if version in ("1.1", "1.0"):
            return False
        self._refuse(_BAD_REQUEST if version == "0.9" else _OTHER_VERSION)
        return True

    def _refuse(self, status: bytes) -> None:
        """Closes; says why where that cannot become a part of another answer."""
        if self._is_free() and not self.transport.is_closing():
            self.transport.write(_REFUSAL % status)
        self._end()

    def _answer_at_once(self) -> bool:
        if self._at_once is None or not self._is_plain() or not self._is_idle():
            return False
        answer = self._at_once(self.url, self.headers)
        if answer is None:
            return False
        head, body = answer
        if self._defaults[0] is not self.server_state.default_headers:  # another list for each second's Date
            lines = [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
            self._defaults = self.server_state.default_headers, b"HTTP/1.1 200 OK\r\n" + b"".join(lines)
        self.transport.writelines([b"%b%b\r\n" % (self._defaults[1], head), body])
        self.on_response_complete()
        return True

    def _is_plain(self) -> bool:
        """Whether this is a GET by a client that stays; should it have a body, nobody reads that."""
        parser = self.parser
        return (
            parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def _is_idle(self) -> bool:
        """Whether nothing is under way on this connection, and not too much on all of them."""
        return (
            self._is_free()
            and self.transport.get_write_buffer_size() == 0
            and not self.transport.is_closing()
            and (self.limit_concurrency is None or len(self.connections) < self.limit_concurrency)
        )

    def _is_free(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _allow(self, seconds: float) -> None:
        """Gives the client so long for what it owes: a head, another request, or reading to the end.

        One clock serves all requests of a connection, as most of them end before it rings.
        """
        self._due_s = self.loop.time() + seconds
        if self._due_s < self._rings_s:
            self._set_clock(self._due_s)

    def _set_clock(self, at_s: float) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._rings_s, self._clock = at_s, self.loop.call_at(at_s, self._ring)

    def _ring(self) -> None:
        self._rings_s, self._clock = inf, None
        now_s = self.loop.time()
        if self._due_s is not None and self._due_s > now_s:
            self._set_clock(self._due_s)
        elif self._is_ending:
            self.transport.abort()
        elif self._due_s is not None or self.transport.is_closing():
            self._end()
        else:
            self._set_clock(now_s + _LINGER_S)  # an answer is under way, whose end may be the connection's

    def _end(self) -> None:
        """Closes, which waits for the client to read what was written; but not for ever."""
        self._is_ending = True
        self.transport.close()
        self._allow(_LINGER_S)
