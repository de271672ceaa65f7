"""Our edge cache as it is deployed, in front of an origin that a test controls: Varnish of Debian, docker/cache."""

import http.client
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.emulators import free_port, installed, running

CACHE = Path(__file__).parents[2] / "docker" / "cache"
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
"""What that browser accepts for a picture."""


@dataclass
class Origin:
    """Answers with ``body`` and counts; ``status`` and ``wait_s`` are what a test makes of it."""

    cache_control: str = "public, max-age=60"
    vary: str = "Accept"
    body: bytes = b"picture"
    status: int = 200
    wait_s: float = 0.0
    is_gone: bool = False
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, target and Accept of every request."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """For a server of the standard library."""
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with origin.lock:
                    origin.seen.append((self.command, self.path, self.headers.get("Accept", "")))
                if origin.is_gone:
                    self.close_connection = True
                    return
                time.sleep(origin.wait_s)
                etag = f'"{hash(origin.body)}"'
                match = self.headers.get("If-None-Match") == etag and origin.status == 200
                self.send_response(304 if match else origin.status)
                self.send_header("Cache-Control", origin.cache_control if origin.status == 200 else "no-store")
                if origin.vary:
                    self.send_header("Vary", origin.vary)
                self.send_header("ETag", etag)
                self.send_header("Content-Length", "0" if match else str(len(origin.body)))
                self.end_headers()
                if not match and self.command == "GET":
                    self.wfile.write(origin.body)

            do_HEAD = do_GET  # noqa: N815  the base class's name

            def log_message(self, *_: object) -> None: ...

        return Handler


@dataclass(frozen=True)
class Answer:
    """What the edge said."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Edge:
    """One running cache."""

    port: int
    origin: Origin
    server: ThreadingHTTPServer | None = None

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """One request; ``_`` in a header's name stands for ``-``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            body = response.read()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
        finally:
            connection.close()

    def lose_origin(self) -> None:
        """The origin's port answers no more, nor do connections that are open."""
        assert self.server is not None
        self.origin.is_gone = True
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def edge(folder: Path, origin_port: int, *, purgers: str = '"127.0.0.1";') -> Iterator[int]:
    """Varnish with docker/cache/edge.vcl; yields its port."""
    varnishd = shutil.which("varnishd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    installed("Varnish", varnishd)
    assert varnishd
    shutil.copy(CACHE / "edge.vcl", folder)
    backend = f'backend origin {{ .host = "127.0.0.1"; .port = "{origin_port}"; .connect_timeout = 1s; }}\n'
    (folder / "origin.vcl").write_text(f"{backend}acl purgers {{ {purgers} }}\n")
    port = free_port()
    command = [varnishd, "-F", "-j", "none", "-n", str(folder / "work"), "-a", f"127.0.0.1:{port}"]
    command += ["-f", str(folder / "edge.vcl"), "-p", f"vcl_path={folder}", "-s", "malloc,64m", "-T", "none"]
    with running(command, port, cwd=folder):
        yield port


@contextmanager
def edge_and_origin(folder: Path, origin: Origin | None = None, **options: str) -> Iterator[Edge]:
    """Both; the origin listens on loopback."""
    made = origin or Origin()
    server = ThreadingHTTPServer(("127.0.0.1", 0), made.handler())
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with edge(folder, server.server_address[1], **options) as port:
            yield Edge(port, made, server)
    finally:
        server.shutdown()
        server.server_close()


def compiles(folder: Path) -> subprocess.CompletedProcess[str]:
    """Whether the configuration as it is shipped compiles; the backend's name need not resolve to anything."""
    varnishd = shutil.which("varnishd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    installed("Varnish", varnishd)
    text = (CACHE / "origin.vcl").read_text().replace('"service"', '"127.0.0.1"')
    (folder / "origin.vcl").write_text(text)
    command = [str(varnishd), "-C", "-j", "none", "-f", str(CACHE / "edge.vcl"), "-p", f"vcl_path={folder}"]
    return subprocess.run([*command, "-n", str(folder / "check")], capture_output=True, text=True, check=False)
