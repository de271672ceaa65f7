"""Clients that say that they will ask no more, leave, or speak another HTTP or none, over real sockets."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pixelshift.web import protocol
from pixelshift.web.protocol import BoundedProtocol
from tests.integration.test_web import House, exchange

HEAD = "GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n"


class Served:
    """A house whose connections are counted when they are lost."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.lost = 0

    def wait_for_loss(self, count: int) -> None:
        end_s = time.monotonic() + 20
        while self.lost < count:
            assert time.monotonic() < end_s
            time.sleep(0.01)

    def ask(self, data: str, pause_s: float = 0.0) -> bytes:
        """Sends, ends its own side, and reads to the end of the other."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(data.encode())
            connection.shutdown(socket.SHUT_WR)
            time.sleep(pause_s)
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    Image.linear_gradient("L").save(folder / "a.png")
    Image.effect_noise((450, 450), 90).save(folder / "noise.png")
    (folder / "large.png").write_bytes((folder / "a.png").read_bytes().ljust(16 * 1024 * 1024, b"\0"))
    return folder


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    with House(folder).serving() as port:
        yield port


@pytest.fixture
def served(port: int, monkeypatch: pytest.MonkeyPatch) -> Served:
    one = Served(port)
    lose = BoundedProtocol.connection_lost

    def counting(self: BoundedProtocol, error: Exception | None) -> None:
        one.lost += 1
        lose(self, error)

    monkeypatch.setattr(BoundedProtocol, "connection_lost", counting)
    return one


@pytest.mark.parametrize("path", ["/a.png?width=31", "/none.png", "/healthz"])
def test_who_ends_its_side_is_answered_and_then_left(served: Served, path: str) -> None:
    """The first time by way of ASGI, then from the cache."""
    statuses = {served.ask(HEAD.format(path, "")).split(b"\r\n", 1)[0] for _ in range(3)}
    assert len(statuses) == 1
    assert statuses < {b"HTTP/1.1 200 OK", b"HTTP/1.1 404 Not Found"}
    served.wait_for_loss(3)


def test_a_large_answer_that_is_read_late_arrives_whole(served: Served) -> None:
    ask = HEAD.format("/noise.png", "")
    bodies = {served.ask(ask, pause_s=0.2).partition(b"\r\n\r\n")[2] for _ in range(3)}
    assert len(bodies) == 1
    assert len(bodies.pop()) > 180_000
    served.wait_for_loss(3)


def test_all_that_was_asked_before_is_answered(served: Served) -> None:
    asks = [HEAD.format(f"/a.png?width={width}", "") for width in (41, 42, 43)]
    received = served.ask("".join(asks))
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert received.count(b"IEND") == 3
    served.wait_for_loss(1)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "GET /a.png HT",
        "POST /-/purge HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
        HEAD.format("/x", "")[:-2],
    ],
)
def test_who_ends_within_a_request_is_left_at_once(served: Served, data: str) -> None:
    assert b" 200 " not in served.ask(data)
    served.wait_for_loss(1)


def test_who_ends_and_does_not_read_is_left_in_time(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time for a piece the answer ends, and then the connection, with what the kernel never took."""
    monkeypatch.setattr(protocol, "_HEAD_S", 0.2)  # when the clock of a new connection rings first
    monkeypatch.setattr(protocol, "_LINGER_S", 0.2)
    connections = [socket.create_connection(("127.0.0.1", served.port), timeout=20) for _ in range(5)]
    for connection in connections:
        connection.sendall(HEAD.format("/large.png", "").encode())
        connection.shutdown(socket.SHUT_WR)
    served.wait_for_loss(5)
    for connection in connections:
        connection.close()


def test_a_connection_rests_between_requests_and_not_longer(folder: Path) -> None:
    with (
        House(folder).serving(timeout_keep_alive=1) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
    ):
        for _ in range(6):  # each well within the rest, all together beyond it
            connection.sendall(HEAD.format("/a.png?width=31", "").encode())
            assert b"HTTP/1.1 200" in connection.recv(65536)
            time.sleep(0.3)
        started_s = time.monotonic()
        assert connection.recv(1) == b""
        assert time.monotonic() - started_s < 10


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("GET /a.png", b"HTTP/1.1 400 Bad Request\r\n"),
        ("GET /a.png HTTP/0.9", b"HTTP/1.1 400 Bad Request\r\n"),
        ("GET /a.png HTTP/2.0", b"HTTP/1.1 505 HTTP Version Not Supported\r\n"),
        ("GET /a.png HTTP/1.0", b"HTTP/1.1 200 OK\r\n"),
        ("GET /a.png HTTP/9.9", b"HTTP/1.1 400 Bad Request\r\n"),
    ],
)
def test_another_http_is_told_so(served: Served, line: str, answer: bytes) -> None:
    behind = HEAD.format("/a.png", "")
    received = exchange(served.port, f"{line}\r\nHost: a\r\n\r\n{behind}".encode())
    assert received.startswith(answer)
    assert received.count(b"HTTP/1.1 ") == 1
    served.wait_for_loss(1)


GARBAGE = "no HTTP\r\n\r\n"


def test_what_is_no_http_is_told_so_but_never_in_the_place_of_an_answer(served: Served) -> None:
    assert exchange(served.port, GARBAGE.encode()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b" 400 " not in exchange(served.port, (HEAD.format("/noise.png?width=301", "") + GARBAGE).encode())
    served.wait_for_loss(2)


def test_an_answer_whose_client_has_gone_is_let_go(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Whichever of several requests it answers."""
    asks = [HEAD.format(f"/noise.png?width={width}", "") for width in (302, 303, 304)]
    exchange(served.port, ("".join(asks) + GARBAGE).encode())
    served.wait_for_loss(1)
    exchange(served.port, HEAD.format("/noise.png?width=302", "Connection: close\r\n").encode())  # made by now
    assert not [record for record in caplog.records if record.exc_info]
