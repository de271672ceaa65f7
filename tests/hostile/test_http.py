"""Servers that lie, stall, drip, flood or leave: each meets its limit, as the origin's error and never as a hang."""

import http.client
import io
import multiprocessing
import socket
import threading
import time
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.errors import OriginError, SettingsError, TooLargeError
from pixelshift.net.dial import AddressCheck, Endpoint, connect, parse_endpoint
from pixelshift.net.http import HttpClient, Request
from pixelshift.net.reply import Pace
from tests.support.http_server import Answer, RawServer, Seen, raw_server, reply, say

LIMIT = 10_000


def get(server: RawServer, client: HttpClient | None = None, *, timeout_s: float = 10, limit: int = LIMIT) -> bytes:
    with client or HttpClient(idle_limit=0) as opened:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)
        request = Request("GET", "/a")
        with opened.open(endpoint, request, body_limit_bytes=limit, timeout_s=timeout_s) as answer:
            return answer.read(limit)


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


@pytest.mark.parametrize(
    "message",
    [
        reply(200, b"body"),
        chunked(b"bo", b"dy"),
        b"HTTP/1.0 200 OK\r\n\r\nbody",
        b"HTTP/1.1 100 Continue\r\n\r\n" + reply(200, b"body"),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 16 + reply(200, b"body"),
        b"HTTP/1.1 200\r\nContent-Length:\t4 \r\n\r\nbody",
        b"HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n04 ;a=b\r\nbody\r\n0\r\nX: trailer\r\n\r\n",
    ],
)
def test_every_framing_of_the_same_body_is_the_same_body(message: bytes) -> None:
    with raw_server(say(message, then_close=True)) as server:
        assert get(server) == b"body"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 9999 X\r\n\r\n",
        b"HTTP/1.1 20 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\nbody",
        reply(200, b"bod", {"Content-Length": "4"}),
        reply(200, b"body", {"Content-Length": "-4"}),
        reply(200, b"body", {"Content-Length": "+4"}),
        reply(200, b"body", {"Content-Length": "4, 4"}),
        reply(200, b"body", {"Content-Length": "0x4"}),
        reply(200, b"body", {"Content-Length": "٤".encode().decode("latin-1")}),
        reply(200, b"body", {"content-length": "5"}),  # two of them
        reply(200, b"body", {"Transfer-Encoding": "chunked"}),  # both kinds
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 4\r\n\r\nbody",
        chunked(b"body", end=b""),
        chunked(b"body", end=b"zz\r\n"),
        chunked(b"body", end=b"0x0\r\n\r\n"),
        chunked(b"body", end=b"-0\r\n\r\n"),
        chunked(b"body", end=b"0_0\r\n\r\n"),
        chunked(b"body", end=b"0\r\n"),
        chunked(b"body", end=b"0\r\nno colon here\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbody\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n 4\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\n Content-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\n: 4\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nX\x00: y\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 17 + reply(200, b"body"),
        chunked(b"body", end=b"0\n\r\n"),
        chunked(b"body", end=b"0;a\nb\r\n\r\n"),
        chunked(b"body", end=b"0;a\rb\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_an_answer_that_is_cut_off_or_ambiguous_is_the_origins_failure(message: bytes) -> None:
    with raw_server(say(message, then_close=True)) as server, pytest.raises(OriginError) as caught:
        get(server)
    assert caught.value.status in (502, 503)


def flood(head: bytes, piece: bytes) -> Answer:
    def answer(connection: socket.socket, _seen: Seen) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10\r\n" + b"x" * 16 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", b"x" * 1000),
    ],
)
def test_an_endless_body_ends_at_the_limit(head: bytes, piece: bytes) -> None:
    with raw_server(flood(head, piece)) as server, pytest.raises(TooLargeError):
        get(server)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"T: y\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 5000 + b"\r\nx\r\n"),
    ],
)
def test_endless_framing_ends_too(head: bytes, piece: bytes) -> None:
    with raw_server(flood(head, piece)) as server, pytest.raises((OriginError, TooLargeError)) as caught:
        get(server, timeout_s=60)
    assert caught.value.status in (502, 413)  # 503 would be the deadline


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n", reply(200, b"x" * 99, {"Content-Length": "100"})])
def test_a_server_that_falls_silent_meets_the_deadline(sent: bytes) -> None:
    silence = threading.Event()

    def answer(connection: socket.socket, _seen: Seen) -> None:
        connection.sendall(sent)
        silence.wait(30)

    with raw_server(answer) as server:
        with pytest.raises(OriginError) as caught:
            get(server, timeout_s=0.2)
        silence.set()
    assert caught.value.status == 503
    assert caught.value.retry_after_s is not None


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_drips_meets_the_pace_long_before_the_deadline(head: bytes) -> None:
    sent: list[None] = []

    def answer(connection: socket.socket, _seen: Seen) -> None:
        connection.sendall(head)
        while not server.closing.wait(0.01):
            connection.sendall(b"x")
            sent.append(None)

    with raw_server(answer) as server:
        client = HttpClient(idle_limit=0, pace=Pace(grace_s=0.2, floor_bytes_per_s=100_000))
        with pytest.raises(OriginError) as caught:
            get(server, client, timeout_s=5)
    assert caught.value.status == 503
    assert len(sent) < 200  # 5 s would have brought 500


def test_a_connection_that_comes_as_the_time_is_over_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    def late(endpoint: Endpoint, check: AddressCheck, _timeout_s: float) -> socket.socket:
        made.append(connect(endpoint, check, 10))
        time.sleep(0.3)
        return made[0]

    monkeypatch.setattr("pixelshift.net.http.connect", late)
    with raw_server(say(b"")) as server, pytest.raises(OriginError) as caught:
        get(server, timeout_s=0.2)
    assert caught.value.status == 503
    assert made[0].fileno() == -1


def test_a_refused_connection_is_the_origins_failure() -> None:
    with raw_server(say(b"")) as server:
        pass
    with pytest.raises(OriginError):
        get(server)


def test_a_name_that_does_not_resolve_is_the_origins_failure() -> None:
    with HttpClient() as client, pytest.raises(OriginError):
        client.open(
            Endpoint("no.such.name.invalid", 80, tls=False), Request("GET", "/"), body_limit_bytes=9, timeout_s=9
        )


def test_connections_are_kept_and_a_dead_one_is_replaced_unseen() -> None:
    with raw_server(say(reply(200, b"ok"))) as server, HttpClient() as client:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)

        def once() -> bytes:
            with client.open(endpoint, Request("GET", "/"), body_limit_bytes=9, timeout_s=9) as answer:
                return answer.read(9)

        assert [once(), once(), once()] == [b"ok"] * 3
        assert server.connections == 1
        for connection in client._idle:
            connection._socket.shutdown(socket.SHUT_RDWR)
        assert once() == b"ok"
        assert server.connections == 2


def test_a_connection_that_ends_just_as_it_is_used_again_is_replaced_unseen() -> None:
    """As keep-alive has it: closed by the other side while the next request was on its way."""

    def answer(connection: socket.socket, _seen: Seen) -> None:
        if len(server.seen) == 2:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(reply(200, b"ok"))

    with raw_server(answer) as server, HttpClient() as client:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)
        for _ in range(2):
            with client.open(endpoint, Request("GET", "/"), body_limit_bytes=9, timeout_s=9) as answered:
                assert answered.read(9) == b"ok"
        assert (len(server.seen), server.connections) == (3, 2)


@pytest.mark.parametrize(
    ("message", "stays"),
    [
        (reply(200, b"ok"), True),
        (chunked(b"o", b"k"), True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", True),
        (reply(200, b"ok", {"Connection": "x, Close"}), False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
        (reply(200, b"ok") + b"H", False),
    ],
)
def test_which_answers_leave_their_connection_for_another_request(message: bytes, stays: bool) -> None:
    with raw_server(say(message)) as server, HttpClient() as client:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)
        with client.open(endpoint, Request("GET", "/"), body_limit_bytes=9, timeout_s=9) as answer:
            answer.read(9)
        assert len(client._idle) == stays


def test_a_folded_value_is_one_and_its_lines_are_counted() -> None:
    head = b"HTTP/1.1 200 OK\r\nX-A: one\r\n\t two\r\nContent-Length: 0\r\n"
    for fold, sound in ((b"", True), (b" z\r\n" * 120, False)):
        with raw_server(say(head + fold + b"\r\n")) as server, HttpClient() as client:
            endpoint = Endpoint("127.0.0.1", server.port, tls=False)
            with (
                nullcontext() if sound else pytest.raises(OriginError),
                client.open(endpoint, Request("GET", "/"), body_limit_bytes=9, timeout_s=9) as answer,
            ):
                assert answer.header("x-a") == "one two"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_leaves_its_parents_connections_alone() -> None:
    with raw_server(say(reply(200, b"ok"))) as server, HttpClient() as client:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)

        def once() -> None:
            with client.open(endpoint, Request("GET", "/"), body_limit_bytes=9, timeout_s=9) as answer:
                assert answer.read(9) == b"ok"

        once()
        child = multiprocessing.get_context("fork").Process(target=once)
        child.start()
        child.join(20)
        assert child.exitcode == 0
        assert server.connections == 2
        once()
        assert server.connections == 2


def test_a_connection_with_bytes_nobody_asked_for_is_not_used_again() -> None:
    with raw_server(say(reply(200, b"ok") + reply(200, b"poison"))) as server, HttpClient() as client:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)
        for _ in range(3):
            with client.open(endpoint, Request("GET", "/"), body_limit_bytes=9, timeout_s=9) as answer:
                assert answer.read(9) == b"ok"


def test_a_body_left_unread_costs_its_connection() -> None:
    with raw_server(say(reply(200, b"x" * 5000))) as server, HttpClient() as client:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)
        for _ in range(2):
            with client.open(endpoint, Request("GET", "/"), body_limit_bytes=9999, timeout_s=9) as answer:
                assert answer.status == 200
        assert server.connections == 2


def test_header_values_with_control_characters_count_as_absent() -> None:
    message = reply(200, b"", {"Cache-Control": "a\x01b", "X-Two": "fine\tso"})
    with raw_server(say(message)) as server, HttpClient() as client:
        endpoint = Endpoint("127.0.0.1", server.port, tls=False)
        with client.open(endpoint, Request("GET", "/"), body_limit_bytes=9, timeout_s=9) as answer:
            assert answer.header("cache-control") is None
            assert answer.header("x-two") == "fine\tso"
            assert "cache-control" not in dict(answer.headers())


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a b"),
        Request("GET", "/a\r\nX: y"),
        Request("GET\r\n", "/"),
        Request("GET", "/", {"X": "a\r\nY: b"}),
        Request("GET", "/", {"X Y": "a"}),
        Request("GET", "/ä"),
    ],
)
def test_no_request_can_be_split(request_: Request) -> None:
    with pytest.raises(ValueError, match="not a"):
        request_.encode(Endpoint("h", 80, tls=False))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "ftp://h",
        "http://",
        "http://u@h",
        "http://u:p@h",
        "http://h?x",
        "http://h#x",
        "http://h:99999",
        "http://ä",
    ],
)
def test_an_endpoint_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        parse_endpoint(url)


class Bytes:
    """What :mod:`http.client` reads an answer from."""

    def __init__(self, message: bytes) -> None:
        self._message = message

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._message)


def read_by_the_standard_library(message: bytes) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(Bytes(message), method="GET")  # type: ignore[arg-type]  # makefile will do
    response.begin()
    # A 304 has no body whatever its head says (RFC 9112, 6.3); this library would read chunks.
    return response.status, b"" if response.status == 304 else response.read()


LINES = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 200 OK\r\n",
    b"HTTP/1.1 304 X\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"X: y\r\n",
    b"\r\n",
    b"\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"hello",
    b"\x00\xff",
    b" folded\r\n",
]
FRAMED = st.tuples(
    st.sampled_from(LINES[:4]),
    st.lists(st.sampled_from(LINES[4:9]), max_size=3, unique=True).map(b"".join),
    st.just(b"\r\n"),
    st.lists(st.sampled_from(LINES[9:]), max_size=6).map(b"".join),
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(FRAMED | st.lists(st.sampled_from(LINES), max_size=8).map(b"".join) | st.binary(max_size=60))
def test_whatever_bytes_come_back_the_outcome_is_our_error_or_what_the_standard_library_reads(message: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(message)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.MonkeyPatch.context() as patch, HttpClient() as client:
            patch.setattr("pixelshift.net.http.connect", lambda *_: ours)
            try:
                with client.open(
                    Endpoint("h", 80, tls=False), Request("GET", "/"), body_limit_bytes=LIMIT, timeout_s=5
                ) as answer:
                    found = answer.status, answer.read(LIMIT)
            except (OriginError, TooLargeError):
                return
    assert found == read_by_the_standard_library(message)
