"""Lambda's Runtime API on loopback, with what AWS's own emulator leaves out: response streaming with error trailers.

Written from "Using the Lambda runtime API" in the Lambda developer guide: one invocation at a time, every answer
checked for the invocation that it belongs to, 6 MB for a whole answer, streams as they come.
"""

import base64
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WHOLE_LIMIT_BYTES = 6 * 1024 * 1024 + 100
_INTEGRATION = "application/vnd.awslambda.http-integration-response"


@dataclass
class Answer:
    """What a runtime made of one invocation."""

    kind: str
    """``response``, ``error`` or ``init``."""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name."""
    pieces: list[bytes] = field(default_factory=list)
    arrived_s: list[float] = field(default_factory=list)
    """When each piece came, after the invocation was handed out."""
    trailers: dict[str, str] = field(default_factory=dict)
    status: int = 202
    """What the runtime was told about it."""

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def streamed(self) -> bool:
        return self.headers.get("lambda-runtime-function-response-mode") == "streaming"

    def integration(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body as a function URL reads them off a stream."""
        assert self.headers["content-type"] == _INTEGRATION
        prelude, body = self.body.split(bytes(8), 1)
        found = json.loads(prelude)
        assert set(found) <= {"statusCode", "headers", "cookies"}
        return found["statusCode"], found["headers"], body

    def failure(self) -> dict[str, Any]:
        """What was said in the trailers."""
        found = json.loads(base64.b64decode(self.trailers["lambda-runtime-function-error-body"]))
        assert isinstance(found, dict)
        return found


class RuntimeApi(ThreadingHTTPServer):
    """The API of one sandbox: events in by :meth:`invoke`, answers out."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.events: queue.Queue[tuple[str, bytes, float]] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.pending = ""
        self.handed_s = 0.0
        self._count = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def invoke(self, event: Any, *, time_s: float = 30.0) -> Answer:
        """Hands out one event and waits for what comes back."""
        self._count += 1
        deadline_ms = (time.time() + time_s) * 1000
        self.events.put((f"request-{self._count}", json.dumps(event).encode(), deadline_ms))
        return self.answers.get(timeout=time_s + 5)


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def do_GET(self) -> None:
        if self.path != "/2018-06-01/runtime/invocation/next":
            self._say(404)
            return
        name, event, deadline_ms = self.server.events.get()
        self.server.pending, self.server.handed_s = name, time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": name,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline_ms)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:pictures",
            "Lambda-Runtime-Trace-Id": f"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent={name};Sampled=1",
        }
        self._say(200, event, headers)

    def do_POST(self) -> None:
        if self.path == "/2018-06-01/runtime/init/error":
            self._take(Answer("init"))
            return
        base, _, kind = self.path.rpartition("/")
        if base != f"/2018-06-01/runtime/invocation/{self.server.pending}" or kind not in ("response", "error"):
            self.close_connection = True
            self._say(400, b'{"errorType":"InvalidRequestID"}')
            return
        self._take(Answer(kind))

    def _take(self, answer: Answer) -> None:
        answer.headers = {name.lower(): value for name, value in self.headers.items()}
        if answer.headers.get("transfer-encoding") == "chunked":
            self._read_chunks(answer)
        else:
            answer.pieces = [self.rfile.read(int(answer.headers["content-length"]))]
            answer.arrived_s = [time.monotonic() - self.server.handed_s]
        if not answer.streamed and len(answer.body) > WHOLE_LIMIT_BYTES:
            answer.status = 413
        self._say(answer.status)
        self.server.answers.put(answer)

    def _read_chunks(self, answer: Answer) -> None:
        while size := int(self.rfile.readline(), 16):
            answer.pieces.append(self.rfile.read(size))
            answer.arrived_s.append(time.monotonic() - self.server.handed_s)
            assert self.rfile.readline() == b"\r\n"
        declared = {name.strip().lower() for name in answer.headers.get("trailer", "").split(",")}
        while line := self.rfile.readline().strip().decode("latin-1"):
            name, _, value = line.partition(": ")
            assert name.lower() in declared, f"the trailer {name} was not announced"
            answer.trailers[name.lower()] = value

    def _say(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps quiet."""


@contextmanager
def runtime_api() -> Iterator[RuntimeApi]:
    """The API, listening."""
    api = RuntimeApi()
    thread = threading.Thread(target=api.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
