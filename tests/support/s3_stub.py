"""A path-style S3 that keeps objects in a dictionary, strict about what it is asked."""

import hashlib
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.support.http_server import Seen, reply


@dataclass
class S3Stub:
    """Call it as the answer of a RawServer; ``failures`` are sent first, one for each request."""

    objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    failures: list[bytes] = field(default_factory=list)

    def put(self, bucket: str, key: str, body: bytes, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self.objects[bucket, key] = (body, {"ETag": f'"{etag}"', **named})

    def __call__(self, connection: socket.socket, seen: Seen) -> None:
        if self.failures:
            connection.sendall(self.failures.pop(0))
            return
        bucket, _, key = seen.target.removeprefix("/").partition("/")
        found = self.objects.get((bucket, unquote(key)))
        if seen.method != "GET" or not key or "?" in seen.target:
            connection.sendall(s3_error(400, "InvalidRequest"))
        elif found is None:
            connection.sendall(s3_error(404, "NoSuchKey"))
        elif seen.headers.get("if-none-match") == found[1]["ETag"]:
            named = "".join(f"{name}: {value}\r\n" for name, value in found[1].items())
            connection.sendall(f"HTTP/1.1 304 Not Modified\r\n{named}\r\n".encode())
        else:
            connection.sendall(reply(200, found[0], found[1]))


def s3_error(status: int, code: str, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    document = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>no</Message></Error>'
    return reply(status, document.encode(), {"Content-Type": "application/xml", **named})
