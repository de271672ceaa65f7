"""The store behind the service: answers as a test's definition says, and remembers what it was asked."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DATES = frozenset({"date", "expires", "last-modified", "if-modified-since", "if-unmodified-since"})
FULL, CONFIRMED, ABORTED, OTHER, UNASKED = "full", "confirmed", "aborted", "other", "not asked whether it stands"


@dataclass
class Answered:
    """What the store did about one request."""

    number: int
    """Of the client's request that was being played, from 0."""
    how: str
    headers: Mapping[str, str]


@dataclass
class Script:
    """One test being played: its requests, and which of them is under way."""

    requests: list[dict[str, Any]]
    body: bytes
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    current: int = 0
    answered: list[Answered] = field(default_factory=list)

    def during(self, number: int) -> list[Answered]:
        return [one for one in self.answered if one.number == number]


class Store(ThreadingHTTPServer):
    """An S3 by name only: objects are scripts, keyed by the first part of their path below the bucket."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.scripts: dict[str, Script] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def do_GET(self) -> None:
        """Answers by the script, as the suite's own server would."""
        script = self.server.scripts[self.path.split("/")[2].partition(".")[0]]
        number = script.current
        wanted = script.requests[number]
        status, how = self._status(script, wanted, number)
        headers = {name.lower(): value for name, value in self.headers.items()}
        script.answered.append(Answered(number, how, headers))
        if how == ABORTED:
            self.close_connection = True
            return
        body = b"" if status in {204, 304} else (wanted.get("response_body") or "").encode() or script.body
        self.send_response(status)
        for name, value in sent_headers(script, wanted):
            self.send_header(name, value)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _status(self, script: Script, wanted: dict[str, Any], number: int) -> tuple[int, str]:
        if wanted.get("disconnect"):
            return 0, ABORTED
        if str(wanted.get("expected_type", "")).endswith("validated"):
            before = dict(sent_headers(script, script.requests[number - 1]))
            tag, date = before.get("ETag"), before.get("Last-Modified")
            same_tag = tag is not None and self.headers.get("If-None-Match") == tag
            same_date = date is not None and self.headers.get("If-Modified-Since") == date
            return (304, CONFIRMED) if same_tag or same_date else (200, UNASKED)
        status = int(wanted.get("response_status", [200])[0])
        return status, FULL if status == 200 else OTHER

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as the base class names it
        """Keeps quiet."""


def sent_headers(script: Script, wanted: dict[str, Any]) -> list[tuple[str, str]]:
    """The headers of a scripted answer; numbers in the place of dates count from the test's beginning."""
    rfc850 = wanted.get("rfc850date", ())
    return [
        (name, http_date(script, value, rfc850=name.lower() in rfc850) if _is_date(name, value) else str(value))
        for name, value, *_ in wanted.get("response_headers", ())
    ]


def http_date(script: Script, seconds: int, *, rfc850: bool = False) -> str:
    """So many seconds after the test's beginning."""
    instant = script.began + timedelta(seconds=seconds)
    return instant.strftime("%A, %d-%b-%y %H:%M:%S GMT") if rfc850 else format_datetime(instant, usegmt=True)


def _is_date(name: str, value: object) -> bool:
    return name.lower() in DATES and isinstance(value, int)
