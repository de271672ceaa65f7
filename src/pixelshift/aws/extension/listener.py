"""The HTTP server that Lambda sends telemetry to."""

import json
import socketserver
import threading
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

Take = Callable[[Sequence[Mapping[str, Any]]], bool]
"""Takes one delivery; ``False``: not now."""

_DELIVERY_BYTES = 16 * 1024 * 1024
_IDLE_S = 60.0


class Listener(socketserver.ThreadingTCPServer):
    """Answers 200 once a delivery is kept, and 503 where there is no room: what is not kept is not acknowledged."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str, port: int, take: Take) -> None:
        super().__init__((host, port), _Delivery)
        self.take = take
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="telemetry", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begins to listen, on a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Delivery(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    server: Listener

    def do_POST(self) -> None:
        """Reads one delivery: an array of events."""
        body = self._body()
        if body is None:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            events = json.loads(body)
        except (ValueError, RecursionError):
            events = None
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        self._answer(HTTPStatus.OK if self.server.take(events) else HTTPStatus.SERVICE_UNAVAILABLE)

    def _body(self) -> bytes | None:
        """The request's body; ``None`` where it is larger than any delivery, or of unknown length."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9 or int(length) > _DELIVERY_BYTES:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing: a line here would come back as telemetry."""
