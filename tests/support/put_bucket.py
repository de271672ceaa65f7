"""A bucket on loopback that keeps what is PUT, and fails as it is told."""

import gzip
import json
import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.http_server import Seen, reply


@dataclass
class PutBucket:
    """Call it as the answer of a RawServer."""

    objects: dict[str, bytes] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Statuses for the next requests; 0 breaks the connection off after the object was kept."""
    always: int = 200

    def __call__(self, connection: socket.socket, seen: Seen) -> None:
        assert seen.method == "PUT"
        assert seen.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
        status = self.failures.pop(0) if self.failures else self.always
        key = unquote(seen.target)
        self.puts.append(key)
        if status in (0, 200):
            kept = self.objects.setdefault(key, seen.body)
            assert kept == seen.body, "the same key with other bytes"
        if status:
            connection.sendall(reply(status, b"", {}))
        else:
            connection.shutdown(socket.SHUT_RDWR)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Every line of a kind, in the order of its key."""
        bodies = [body for key, body in sorted(self.objects.items()) if f"/{kind}/date=" in key]
        return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]
