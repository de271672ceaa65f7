"""Pictures in memory that are answered from where the request's head is read: the same answers as by way of ASGI."""

import io
import json
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest
from PIL import Image

from pixelshift.delivery.message import HttpRequest, HttpResponse
from tests.integration.test_web import House, exchange

PATH = "/a.png?width=40"
CHANGING = {"age", "cache-status", "date", "server-timing", "x-request-id"}


class Counted:
    """A house whose requests that go the long way are counted."""

    def __init__(self, house: House, client: httpx.Client, port: int, patch: pytest.MonkeyPatch) -> None:
        self.house, self.client, self.port = house, client, port
        self.begun = 0
        begin = house.service.delivery.begin

        def counting(request: HttpRequest) -> object:
            self.begun += 1
            return begin(request)

        patch.setattr(house.service.delivery, "begin", counting)

    def get(self, path: str = PATH, method: str = "GET", **headers: str) -> tuple[httpx.Response, bool]:
        """The response and whether it came at once."""
        before = self.begun
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, path, headers=sent), self.begun == before


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    Image.linear_gradient("L").save(tmp_path / "a.png")
    house = House(tmp_path, PIXELSHIFT_LOG_LEVEL="info", AUTO_WEBP="Yes")
    with house.serving() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield Counted(house, client, port, monkeypatch)


def lasting(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in CHANGING}


def test_the_answer_at_once_is_the_one_by_way_of_asgi(counted: Counted) -> None:
    assert [counted.get()[1] for _ in range(3)] == [False, True, True]
    quick, slow = counted.get(), counted.get(Content_Length="0")
    assert (quick[1], slow[1]) == (True, False)
    assert (quick[0].status_code, quick[0].content) == (200, slow[0].content)
    assert lasting(quick[0]) == lasting(slow[0])
    assert quick[0].headers.keys() == slow[0].headers.keys()
    assert quick[0].headers["cache-status"].startswith("Pixelshift; hit; ttl=")
    assert quick[0].headers["x-request-id"] != slow[0].headers["x-request-id"]


def test_what_else_a_request_says_is_still_heard(counted: Counted) -> None:
    whole = [counted.get()[0] for _ in range(3)][-1]
    etag = whole.headers["etag"]
    assert counted.get(If_None_Match=etag)[0].status_code == 304
    part, _ = counted.get(Range="bytes=0-9")
    assert (part.status_code, part.content) == (206, whole.content[:10])
    head, at_once = counted.get(method="HEAD")
    assert (head.status_code, head.content, head.headers["content-length"], at_once) == (
        200,
        b"",
        str(len(whole.content)),
        False,
    )
    assert not counted.get(Origin="https://example.org")[1]
    assert counted.get(Accept="image/webp")[0].headers["content-type"] == "image/webp"
    named, at_once = counted.get(X_Request_Id="mine")
    assert (named.headers["x-request-id"], at_once) == ("mine", True)
    assert counted.get(method="POST")[0].status_code == 405


def test_each_accept_header_has_its_own_answer(counted: Counted) -> None:
    for _ in range(3):
        kinds = [counted.get(Accept=accept)[0].headers["content-type"] for accept in ("image/webp", "image/png")]
        assert kinds == ["image/webp", "image/png"]
    assert counted.get(Accept="image/webp")[1]


def test_a_purge_ends_it(counted: Counted) -> None:
    for _ in range(3):
        before, _ = counted.get()
    counted.house.service.delivery.purge(source="pictures/a.png")
    after, at_once = counted.get()
    assert not at_once
    assert "miss" in after.headers["cache-status"]
    assert after.content == before.content


def test_a_picture_that_changed_while_it_was_answered_has_its_own_length(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = counted.house.service.delivery
    begin = delivery.begin
    settled(begin(HttpRequest("GET", "/a.png", (("width", "40"),))))

    def overtaken(request: HttpRequest) -> object:
        answer = begin(request)
        Image.effect_noise((256, 256), 90).save(tmp_path / "a.png")
        delivery.purge(source="pictures/a.png")
        settled(begin(request))
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "begin", overtaken)
        before, _ = counted.get(Accept="*/*")
    after, _ = counted.get(Accept="*/*")
    assert len(after.content) != len(before.content)
    assert int(after.headers["content-length"]) == len(after.content)
    assert Image.open(io.BytesIO(after.content)).width == 40


def settled(begun: HttpResponse | Future[HttpResponse]) -> HttpResponse:
    return begun.result(30) if isinstance(begun, Future) else begun


def test_urls_that_name_their_end_are_looked_at_each_time(counted: Counted) -> None:
    path = PATH + "&expires=20990101T000000Z"
    assert not any(counted.get(path)[1] for _ in range(4))


def test_requests_in_one_packet_are_answered_in_order(counted: Counted) -> None:
    for _ in range(3):
        whole = counted.get()[0]
    ask = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
    last = f"{ask}Connection: close\r\n\r\n"
    received = exchange(counted.port, (f"{ask}\r\n" * 3 + last).encode())
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 4
    assert received.count(whole.content) == 4


def test_what_follows_in_the_same_packet_is_given_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.linear_gradient("L").save(tmp_path / "a.png")
    house = House(tmp_path)
    begin = house.service.delivery.begin

    def slowly(request: HttpRequest) -> object:
        answer = begin(request)
        if "range" not in request.headers:
            return answer
        later: Future[object] = Future()
        threading.Timer(1.0, later.set_result, [answer]).start()
        return later

    monkeypatch.setattr(house.service.delivery, "begin", slowly)
    with house.serving(timeout_keep_alive=0.2) as port:
        ask = f"GET {PATH} HTTP/1.1\r\nHost: a\r\n"
        for _ in range(3):
            exchange(port, f"{ask}Connection: close\r\n\r\n".encode())
        last = f"{ask}Range: bytes=0-9\r\nConnection: close\r\n\r\n"
        received = exchange(port, f"{ask}\r\n{last}".encode())
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 1
    assert received.count(b"HTTP/1.1 206 Partial Content\r\n") == 1


def test_a_header_that_the_request_names_is_sent_once(counted: Counted) -> None:
    body = {"key": "a.png", "headers": {"Age": "7", "Cache-Status": "mine", "Server-Timing": "x", "X-Mine": "y"}}
    path = "/" + b64encode(json.dumps(body).encode()).decode()
    answers = [counted.get(path) for _ in range(3)]
    assert [at_once for _, at_once in answers] == [False, True, True]
    for answer, _ in answers[1:]:
        assert answer.headers["x-mine"] == "y"
        for name in ("Age", "Cache-Status", "Server-Timing", "X-Mine", "Content-Length"):
            assert len(answer.headers.get_list(name)) == 1
        assert "mine" not in answer.headers["cache-status"]


def test_a_body_that_nobody_reads_does_not_become_the_next_request(counted: Counted) -> None:
    for _ in range(3):
        counted.get()
    smuggled = f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n"
    ask = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(smuggled)}\r\nConnection: close\r\n\r\n{smuggled}"
    assert exchange(counted.port, ask.encode()).count(b"HTTP/1.1 200 OK\r\n") == 1


def test_each_is_counted_and_logged(counted: Counted) -> None:
    for number in range(5):
        counted.get(X_Request_Id=f"n{number}")
    metrics = counted.client.get("/metrics").text
    assert 'pixelshift_image_requests_total{cache="hit",status="200"} 4.0' in metrics
    assert 'pixelshift_image_request_seconds_count{cache="hit"} 4.0' in metrics
    lines = [json.loads(line) for line in counted.house.log.getvalue().splitlines()]
    assert [line["request_id"] for line in lines] == [f"n{number}" for number in range(5)]
    assert {line["cache"] for line in lines[1:]} == {"hit"}


def test_lines_are_written_though_nobody_asks_again(counted: Counted) -> None:
    with socket.create_connection(("127.0.0.1", counted.port), timeout=20) as connection:
        connection.sendall(b"GET /none.png HTTP/1.1\r\nHost: a\r\nX-Request-Id: alone\r\nConnection: close\r\n\r\n")
        while connection.recv(65536):
            pass
    end_s = time.monotonic() + 20
    while "alone" not in counted.house.log.getvalue():
        assert time.monotonic() < end_s
        time.sleep(0.02)
