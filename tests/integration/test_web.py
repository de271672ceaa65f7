"""The HTTP service as a client meets it: a real server, real sockets, real render processes."""

import io
import json
import logging
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from openapi_spec_validator import validate
from PIL import Image
from prometheus_client import CollectorRegistry

from pixelshift.environment import load
from pixelshift.web import protocol
from pixelshift.web.app import Operations, create_app
from pixelshift.web.image import Patience
from pixelshift.web.log import JsonLog
from pixelshift.web.observe import Observer, RequestIds, redacted
from pixelshift.web.protocol import BoundedProtocol
from pixelshift.wiring import image_service

TOKEN = "open sesame"


class Server(uvicorn.Server):
    def __init__(self, app: Any, **more: Any) -> None:
        http = partial(BoundedProtocol, at_once=app.at_once)
        options: dict[str, Any] = {"http": http, "ws": "none", "log_config": None, "access_log": False, **more}
        super().__init__(uvicorn.Config(app, host="127.0.0.1", port=0, timeout_graceful_shutdown=2, **options))
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class House:
    def __init__(self, folder: Path, **environment: str) -> None:
        settings = load(
            {
                "PIXELSHIFT_ORIGIN": "folder",
                "PIXELSHIFT_FOLDER": str(folder),
                "PIXELSHIFT_WORKERS": "1",
                "PIXELSHIFT_ADMIN_TOKEN": TOKEN,
                **environment,
            }
        )
        self.service = image_service(settings, {"PATH": "/usr/bin:/bin"})
        self.log = io.StringIO()
        registry = CollectorRegistry()
        observer = Observer(registry, JsonLog(self.log, logging.INFO))
        self.app = create_app(
            Operations(
                self.service.delivery,
                self.service.is_ready,
                self.service.close,
                registry,
                observer,
                patience=Patience(piece_s=0.5),
                admin_token=settings.web.admin_token,
                metrics=settings.web.metrics,
            )
        )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    @contextmanager
    def serving(self, **options: Any) -> Iterator[int]:
        server = Server(self.app, **options)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert server.ready.wait(30)
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    Image.linear_gradient("L").convert("RGB").save(folder / "a.jpg")
    (folder / "large.jpg").write_bytes((folder / "a.jpg").read_bytes().ljust(48 * 1024 * 1024, b"\0"))
    return folder


@pytest.fixture(scope="module")
def house(folder: Path) -> House:
    return House(folder)


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[httpx.Client]:
    with house.serving() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


def test_a_picture_comes_with_an_id_timings_and_its_length(client: httpx.Client) -> None:
    response = client.get("/64x32/filters:blur(6):format(png)/a.jpg", headers={"X-Request-Id": "abc-1"})
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
    assert response.headers["x-request-id"] == "abc-1"
    stages = [part.partition(";")[0] for part in response.headers["server-timing"].split(", ")]
    assert stages == ["cache", "fetch", "decode", "edit", "encode"]
    assert int(response.headers["content-length"]) == len(response.content)


def test_a_hundred_clients_at_once_are_answered_by_one_rendering(client: httpx.Client) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: client.get("/63x31/a.jpg"), range(100)))
    assert {one.status_code for one in answers} == {200}
    assert len({one.content for one in answers}) == 1
    statuses = {one.headers["cache-status"].split("; ttl")[0] for one in answers}
    assert statuses <= {"Pixelshift; fwd=uri-miss; stored", "Pixelshift; hit"}


def test_a_head_and_a_condition_are_answered_without_a_body(client: httpx.Client) -> None:
    whole = client.get("/64x32/a.jpg")
    head = client.head("/64x32/a.jpg")
    again = client.get("/64x32/a.jpg", headers={"If-None-Match": whole.headers["etag"]})
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(whole.content)), b"")
    assert (again.status_code, again.content, "content-length" in again.headers) == (304, b"", False)


def test_health_readiness_metrics_and_the_document_are_not_pictures(client: httpx.Client) -> None:
    for _ in range(2):
        client.get("/65x32/filters:blur(6):format(png)/a.jpg")
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    metrics = client.get("/metrics").text
    assert 'pixelshift_image_requests_total{cache="hit",status="200"}' in metrics
    assert 'pixelshift_image_stage_seconds_count{stage="decode"}' in metrics
    assert 'id="NoSuchKey"' in client.get("/-/errors").text


def test_the_document_is_valid_and_describes_every_route(client: httpx.Client) -> None:
    document = client.get("/-/openapi.json").json()
    validate(document)
    assert {"/{request}", "/healthz", "/readyz", "/-/purge"} <= set(document["paths"])
    example = document["components"]["schemas"]["ImageRequest"]["example"] | {"key": "a.jpg"}
    answer = client.get("/" + b64encode(json.dumps(example).encode()).decode())
    assert str(answer.status_code) in document["paths"]["/{request}"]["get"]["responses"]
    assert Image.open(io.BytesIO(answer.content)).width == 200
    answers = [one for path in document["paths"].values() for operation in path.values()
               for status, one in operation["responses"].items() if status[0] in "45" and status != "416"]  # fmt: skip
    assert {one["content"]["application/json"]["schema"]["$ref"] for one in answers} == {"#/components/schemas/Error"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/none.jpg", 404, "NoSuchKey"),
        ("POST", "/a.jpg", 405, "MethodNotAllowed"),
        ("GET", "/a.bmp", 400, "RequestTypeError"),
        ("GET", "/-/none", 404, "NoSuchKey"),
        ("GET", "/-/purge", 405, "MethodNotAllowed"),
        ("POST", "/-/purge", 401, "Unauthorized"),
        ("DELETE", "/healthz", 405, "MethodNotAllowed"),
    ],
)
def test_every_error_is_json_with_a_link_that_works(
    client: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path, content=b"{")
    error = answer.json()
    assert (answer.status_code, error["status"], error["code"]) == (status, status, code)
    assert error["message"]
    page, _, anchor = error["docs"].partition("#")
    assert f'id="{anchor}"' in client.get(page).text


def test_metrics_can_be_closed(folder: Path) -> None:
    house = House(folder, PIXELSHIFT_METRICS="off")
    with house.serving() as port:
        assert httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 404


def test_purging_needs_the_token_and_then_makes_the_next_picture_anew(client: httpx.Client) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert "hit" in [client.get("/62x31/a.jpg") for _ in range(2)][1].headers["cache-status"]
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN[:-1]}):
        refused = client.post("/-/purge", json={"everything": True}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "Unauthorized")
    assert client.post("/-/purge", json={}, headers=bearer).status_code == 400
    assert client.post("/-/purge", content=b"{", headers=bearer).json()["code"] == "InvalidParameter"
    assert client.post("/-/purge", json={"prefix": 1}, headers=bearer).json()["message"].startswith("prefix: ")
    assert client.post("/-/purge", content=b" " * 20_000, headers=bearer).status_code == 413
    # Who may not ask learns nothing of what could be asked.
    assert {client.post("/-/purge", content=body).status_code for body in (b"", b"{", b" " * 20_000)} == {401}
    assert client.post("/-/purge", json={"source": "a", "prefix": "b"}, headers=bearer).status_code == 400
    assert client.post("/-/purge", json={"source": "pictures/a.jpg"}, headers=bearer).json()["purged"] >= 1
    assert "fwd=uri-miss" in client.get("/62x31/a.jpg").headers["cache-status"]
    assert client.post("/-/purge", json={"everything": True}, headers=bearer).status_code == 200


def test_without_a_configured_token_purging_is_closed(folder: Path) -> None:
    house = House(folder, PIXELSHIFT_ADMIN_TOKEN="")
    with house.serving() as port:
        response = httpx.post(
            f"http://127.0.0.1:{port}/-/purge", json={"everything": True}, headers={"Authorization": "Bearer"}
        )
        assert response.status_code == 401


def test_every_request_is_one_log_line_without_secrets(house: House, client: httpx.Client) -> None:
    client.get("/none.jpg?signature=deadbeef&width=5", headers={"X-Request-Id": "log-me"})
    client.get("/metrics")  # which first settles what is pending
    lines = [line for line in house.lines() if line["request_id"] == "log-me"]
    assert len(lines) == 1
    line = lines[0]
    assert (line["status"], line["code"], line["target"]) == (404, "NoSuchKey", "/none.jpg?signature=REDACTED&width=5")


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "ä", 'a"b', "a\\nb"])
def test_an_id_that_could_forge_a_log_line_is_replaced(sent: str) -> None:
    name = RequestIds().name(sent)
    assert name != sent
    assert len(name) == 32


def test_long_targets_are_cut_in_logs() -> None:
    assert len(redacted("/" + "a" * 10_000)) == 1024


def exchange(port: int, data: bytes) -> bytes:
    """Sends and reads to the end; a server that closes while we still write has answered too."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        received = b""
        try:
            connection.sendall(data)
            while piece := connection.recv(65536):
                received += piece
        except (BrokenPipeError, ConnectionResetError):
            pass
        return received


def test_a_head_that_never_ends_is_cut_off(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_HEAD_S", 600.0)  # so that its length alone can end it
    endless = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 40_000
    answer = exchange(client.base_url.port or 0, endless)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("size", [70_000, 200_000])
def test_a_large_head_is_refused_though_its_end_came_with_it(client: httpx.Client, size: int) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: %b\r\n\r\n"
    port = client.base_url.port or 0
    answer = exchange(port, head % (b"a" * size))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
    assert exchange(port, head % (b"a" * 60_000)).startswith(b"HTTP/1.1 200")


def test_trailers_have_an_end(client: httpx.Client) -> None:
    head = b"POST /-/purge HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=20) as connection:
        connection.sendall(head)
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent < 16 << 20:
                sent += connection.send(b"X-A: b\r\n" * 4000)
    assert sent < 16 << 20


def test_many_small_requests_in_one_piece_are_no_large_head(client: httpx.Client) -> None:
    ask = b"GET /healthz HTTP/1.1\r\nHost: a\r\n%b\r\n"
    last = ask % b"Connection: close\r\n"
    assert exchange(client.base_url.port or 0, ask % b"" * 3000 + last).count(b"HTTP/1.1 200 OK") == 3001


def test_a_body_is_not_part_of_the_head(client: httpx.Client) -> None:
    body = b" " * 200_000
    head = f"POST /-/purge HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    assert client.base_url.port
    assert exchange(client.base_url.port, head.encode() + body).startswith(b"HTTP/1.1 4")
    assert b" 431 " not in exchange(client.base_url.port, head.encode() + body)[:30]


def test_who_connects_and_does_not_ask_is_cut_off(house: House, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_HEAD_S", 0.05)
    with House(folder).serving() as port:
        assert exchange(port, b"") == b""
        assert exchange(port, b"GET /a.jpg HT") == b""
        assert b"HTTP/1.1 200" in exchange(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


def test_who_stops_reading_is_cut_off_and_nobody_else_is(client: httpx.Client) -> None:
    port = client.base_url.port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.sendall(b"GET /large.jpg HTTP/1.1\r\nHost: x\r\n\r\n")
        deadline = time.monotonic() + 20
        while "requests_under_way 0.0" not in client.get("/metrics").text:
            assert time.monotonic() < deadline
    whole = client.get("/large.jpg")
    assert (whole.status_code, len(whole.content)) == (200, 48 * 1024 * 1024)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/" + "a" * 20_000 + ".jpg", 414),
        ("/a.jpg?" + "&".join(f"x{number}=1" for number in range(300)), 400),
        ("/%00.jpg", 404),
        ("/..%2f..%2fetc%2fpasswd.jpg", 404),
        ("/a.jpg?width=%ff%fe", 400),
        ("//a.jpg", 200),
    ],
)
def test_odd_targets_get_clear_answers(client: httpx.Client, target: str, status: int) -> None:
    head = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    answer = exchange(client.base_url.port or 0, head)
    assert int(answer.split(b" ", 2)[1]) == status
    if status >= 400:
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status
