"""Lambda's Extensions and Telemetry APIs on loopback, which AWS's emulator has only half of.

Written from "Using the Lambda Extensions API" and "Lambda Telemetry API" in the Lambda developer guide: an extension
registers, then asks for events; telemetry is collected in order, sent by size or time, sent again until it is taken
(at least once), and dropped with a ``platform.logsDropped`` where the subscriber holds it up for too long. SHUTDOWN
carries a deadline, at which the sandbox kills.
"""

import http.client
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

IDENTIFIER = "0b7f1c2e-0000-4000-8000-a1b2c3d4e5f6"
_TYPES = {"platform", "function", "extension"}
_SEND_S = 10.0


class Sandbox(ThreadingHTTPServer):
    """One sandbox with one external extension."""

    daemon_threads = True

    def __init__(self, *, collected_bytes: int = 25 * 1024 * 1024) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.registered: list[str] | None = None
        self.subscription: dict[str, Any] | None = None
        self.failures: list[tuple[str, str, dict[str, Any]]] = []
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.waiting = threading.Semaphore(0)
        """Released each time the extension asks for the next event."""
        self.refusals = 0
        """Deliveries that were answered otherwise than by 200."""
        self.dropped = 0
        self._collected_bytes = collected_bytes
        self._changed = threading.Condition()
        self._collected: list[bytes] = []
        self._size = 0
        self._unreported = 0
        self._closed = False
        self._count = 0
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def invoke(self, logs: list[Any], *, time_s: float = 10.0) -> str:
        """One invocation with what the function prints, told of as Lambda does; returns its id."""
        self._count += 1
        name = f"request-{self._count}"
        self.events.put(
            {
                "eventType": "INVOKE",
                "deadlineMs": int((time.time() + time_s) * 1000),
                "requestId": name,
                "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:pictures",
                "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1"},
            }
        )
        self.tell("platform.start", {"requestId": name, "version": "$LATEST"})
        for record in logs:
            self.tell("function", record)
        self.tell("platform.runtimeDone", {"requestId": name, "status": "success", "metrics": {"durationMs": 4.2}})
        metrics = {"durationMs": 4.2, "billedDurationMs": 5, "memorySizeMB": 512, "maxMemoryUsedMB": 90}
        self.tell("platform.report", {"requestId": name, "status": "success", "metrics": metrics})
        return name

    def shut_down(self, reason: str = "spindown", *, time_s: float = 2.0) -> float:
        """Says that the end is near; the moment, on the clock of :func:`time.time`, at which the sandbox kills."""
        end_s = time.time() + time_s
        self.events.put({"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": int(end_s * 1000)})
        return end_s

    def tell(self, kind: str, record: Any) -> None:
        """Collects one event, or drops it where too much is collected already."""
        event = {"time": _now(), "type": kind, "record": record}
        text = json.dumps(event).encode()
        with self._changed:
            if self._size + len(text) > self._collected_bytes:
                self.dropped += 1
                self._unreported += 1
                return
            self._collect(text)

    def _collect(self, text: bytes) -> None:
        self._collected.append(text)
        self._size += len(text)
        self._changed.notify_all()

    def _send(self) -> None:
        while not self._closed:
            batch = self._batch()
            if batch and not self._deliver(batch):
                self.refusals += 1
                time.sleep(0.05)
                continue
            with self._changed:
                del self._collected[: len(batch)]
                self._size -= sum(len(text) for text in batch)
                if self._unreported and batch:
                    dropped = {"reason": "Consumer seems to have fallen behind", "droppedRecords": self._unreported}
                    self._unreported = 0
                    event = {"time": _now(), "type": "platform.logsDropped", "record": dropped}
                    self._collect(json.dumps(event).encode())

    def _batch(self) -> list[bytes]:
        """What is to be sent now: so many, so much, or whatever has waited so long."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.subscription and self._collected, 0.1):
                return []
            assert self.subscription is not None
            bounds = self.subscription["buffering"]
            full = lambda: len(self._collected) >= bounds["maxItems"] or self._size >= bounds["maxBytes"]  # noqa: E731
            self._changed.wait_for(full, bounds["timeoutMs"] / 1000)
            batch, size = [], 0
            for text in self._collected[: bounds["maxItems"]]:
                size += len(text)
                if batch and size > bounds["maxBytes"]:
                    break
                batch.append(text)
            return batch

    def _deliver(self, batch: list[bytes]) -> bool:
        assert self.subscription is not None
        target = urlsplit(self.subscription["destination"]["URI"])
        connection = http.client.HTTPConnection("127.0.0.1", target.port or 80, timeout=_SEND_S)
        try:
            body = b"[" + b",".join(batch) + b"]"
            connection.request("POST", target.path or "/", body, {"Content-Type": "application/json"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def close(self) -> None:
        self._closed = True
        self.shutdown()
        self._sender.join(_SEND_S + 1)
        self.server_close()


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Sandbox

    def do_POST(self) -> None:
        body = json.loads(self._body())
        if self.path == "/2020-01-01/extension/register":
            self._register(body)
        elif self.path in ("/2020-01-01/extension/init/error", "/2020-01-01/extension/exit/error"):
            self.server.failures.append((self.path, self.headers["Lambda-Extension-Function-Error-Type"], body))
            self._say(202, {"status": "OK"})
        else:
            self._say(404, {})

    def do_PUT(self) -> None:
        body = json.loads(self._body())
        bounds = body["buffering"]
        good = (
            self.path == "/2022-07-01/telemetry"
            and self.headers["Lambda-Extension-Identifier"] == IDENTIFIER
            and self.server.registered is not None
            and body["schemaVersion"] in ("2022-07-01", "2022-12-13", "2025-01-29")
            and set(body["types"]) <= _TYPES
            and 1000 <= bounds["maxItems"] <= 10_000
            and 262_144 <= bounds["maxBytes"] <= 1_048_576
            and 25 <= bounds["timeoutMs"] <= 30_000
            and body["destination"]["protocol"] == "HTTP"
        )
        if not good:
            self._say(400, {"errorType": "ValidationError"})
            return
        self.server.subscription = body
        self.server.tell("platform.telemetrySubscription", {"name": "x", "state": "Subscribed", "types": body["types"]})
        self._say(200, "OK")

    def do_GET(self) -> None:
        if self.path != "/2020-01-01/extension/event/next" or self.headers["Lambda-Extension-Identifier"] != IDENTIFIER:
            self._say(403, {"errorType": "Extension.UnknownExtensionIdentifier"})
            return
        self.server.waiting.release()
        self._say(200, self.server.events.get())

    def _register(self, body: dict[str, Any]) -> None:
        if not self.headers["Lambda-Extension-Name"] or not set(body["events"]) <= {"INVOKE", "SHUTDOWN"}:
            self._say(400, {"errorType": "InvalidEventType"})
            return
        self.server.registered = body["events"]
        answer = {"functionName": "pictures", "functionVersion": "$LATEST", "handler": "h", "accountId": "123456789012"}
        self._say(200, answer, {"Lambda-Extension-Identifier": IDENTIFIER})

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _say(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps quiet."""


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@contextmanager
def sandbox(**options: Any) -> Iterator[Sandbox]:
    """A sandbox, listening."""
    made = Sandbox(**options)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
