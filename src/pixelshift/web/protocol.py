"""HTTP/1.1 with request heads that are bounded in size and in time, which uvicorn leaves to a proxy."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD_BYTES = 64 * 1024
_HEAD_S = 10.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


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
        self._defaults: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
        self._framing_bytes = 0
        self._piece_bytes = 0
        self._in_head = True
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Starts the clock: who connects must also ask."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what is neither body nor a whole head: of those that are under way, and of trailers."""
        self._piece_bytes = len(data)
        self._framing_bytes += len(data)
        super().data_received(data)
        if self._framing_bytes > _HEAD_BYTES and not self.transport.is_closing():
            self._refuse()
        elif self._in_head and self._head_timer is None and not self.transport.is_closing():
            self._start_clock()

    def on_message_begin(self) -> None:
        """A new head begins; what ASGI needs beside it is laid out where ASGI is to answer."""
        self._in_head, self._framing_bytes = True, 0
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """The head has arrived."""
        self._in_head = False
        self._stop_clock()
        self._is_answered = self._is_refused() or self._answer_at_once()
        self._framing_bytes = 0
        if not self._is_answered:
            self._unset_keepalive_if_required()  # which an answer at once to what came just before has started
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

    def _lay_out(self) -> None:
        """Has uvicorn begin the message whose head has come."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)  # the list that the scope holds

    def _is_refused(self) -> bool:
        """Whether a head that ends in the bytes at hand is too large; only with many of them need it be measured."""
        if self._framing_bytes + self._piece_bytes <= _HEAD_BYTES:
            return False
        if not self.transport.is_closing():
            lines = sum(len(name) + len(value) + len(b": \r\n") for name, value in self.headers)
            if len(self.url) + lines <= _HEAD_BYTES:
                return False
            self._refuse()
        return True

    def _refuse(self) -> None:
        """Closes; says why where that cannot become a part of another answer."""
        if self._is_free():
            self.transport.write(_TOO_LARGE)
        self.transport.close()

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
        """Whether this is a GET without a body by a client that stays."""
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

    def _start_clock(self) -> None:
        self._head_timer = self.loop.call_later(_HEAD_S, self._give_up)

    def _stop_clock(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
