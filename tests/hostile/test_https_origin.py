"""Nobody makes the HTTPS origin talk to a host, address, port or scheme that the operator has not allowed."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import pytest

from pixelshift.errors import NotFoundError, OriginError, PixelshiftError, SettingsError
from pixelshift.net.address import is_public
from pixelshift.net.dial import any_address
from pixelshift.net.http import HttpClient
from pixelshift.origin.base import Original
from pixelshift.origin.https import HttpsOrigin, HttpsSettings
from tests.support.certificate import server_and_client_contexts
from tests.support.http_server import RawServer, Seen, raw_server, reply, say

HOST = "pictures.test"
Names = dict[str, list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Host names and what they resolve to, one list for each time of asking; numbers resolve to themselves."""
    table: dict[str, list[str]] = {}
    genuine = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
        if host in table:
            answers = table[host]
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
            return [entry for address in addresses.split() for entry in genuine(address, port, type=socket.SOCK_STREAM)]
        if host.endswith(".test"):
            raise socket.gaierror("unknown")
        return genuine(host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return table


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return server_and_client_contexts(tmp_path_factory.mktemp("tls"), HOST)


class Visit:
    """An origin whose only allowance beyond the defaults is the loopback port of one server."""

    def __init__(self, server: RawServer, contexts: tuple[ssl.SSLContext, ssl.SSLContext], **changes: Any) -> None:
        base = changes.pop("base", f"https://{HOST}:{server.port}/base/")
        check = changes.pop("check", any_address)
        ports = changes.pop("ports", frozenset({server.port}))
        settings = HttpsSettings({"b": base}, ports=ports, **changes)
        self.client = HttpClient(check=check, tls=contexts[1])
        self.origin = HttpsOrigin(settings, self.client)

    def fetch(self, key: str = "a.jpg") -> Original:
        with self.client:
            return self.origin.fetch("b", key, body_limit_bytes=1000, timeout_s=10)


@pytest.fixture
def serve(
    names: Names, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> Callable[..., AbstractContextManager[tuple[RawServer, Callable[..., Visit]]]]:
    names[HOST] = ["127.0.0.1"]

    @contextmanager
    def opened(answer: Any) -> Iterator[tuple[RawServer, Callable[..., Visit]]]:
        with raw_server(answer, contexts[0]) as server:
            yield server, lambda **changes: Visit(server, contexts, **changes)

    return opened


def test_a_listed_host_is_asked_by_name_over_tls(serve: Any) -> None:
    with serve(say(reply(200, b"picture", {"Content-Type": "image/png", "ETag": '"v1"'}))) as (server, visit):
        original = visit().fetch("dir/a b.jpg")
    assert (original.body, original.content_type, original.etag) == (b"picture", "image/png", "v1")
    (seen,) = server.seen
    assert seen.target == "/base/dir/a%20b.jpg"
    assert seen.headers["host"] == f"{HOST}:{server.port}"
    assert not {"authorization", "cookie", "x-forwarded-for"} & set(seen.headers)


def test_a_certificate_for_another_name_is_refused(serve: Any, names: Names) -> None:
    names["other.test"] = ["127.0.0.1"]
    with serve(say(reply(200, b"x"))) as (server, visit):
        with pytest.raises(OriginError):
            visit(base=f"https://other.test:{server.port}/").fetch()
        assert server.seen == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "64:ff9b::7f00:1"],
)
def test_a_name_that_points_inside_is_not_dialled(serve: Any, names: Names, address: str) -> None:
    names[HOST] = [address]
    with serve(say(reply(200, b"secret"))) as (server, visit):
        with pytest.raises(OriginError) as caught:
            visit(check=is_public).fetch()
        assert server.connections == 0
    assert address not in caught.value.message


def test_a_name_that_changes_its_mind_after_the_check_gains_nothing(
    serve: Any, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[str] = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        raise ConnectionRefusedError

    names[HOST] = ["8.8.8.8", "127.0.0.1", "127.0.0.1"]
    with serve(say(reply(200, b"secret"))) as (server, visit):
        monkeypatch.setattr(socket, "create_connection", dial)
        with pytest.raises(OriginError):
            visit(check=is_public).fetch()
        assert server.connections == 0
    assert dialled == ["8.8.8.8"]


def test_of_a_mixed_answer_only_the_public_addresses_are_dialled(
    serve: Any, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[str] = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        raise ConnectionRefusedError

    names[HOST] = ["127.0.0.1 1.1.1.1 169.254.169.254 9.9.9.9"]
    with serve(say(b"")) as (_, visit):
        monkeypatch.setattr(socket, "create_connection", dial)
        with pytest.raises(OriginError):
            visit(check=is_public).fetch()
    assert dialled == ["1.1.1.1", "9.9.9.9"]


def redirects(*locations: str) -> Callable[[socket.socket, Seen], None]:
    """Sends one redirect after another, then the picture."""
    left = list(locations)

    def answer(connection: socket.socket, _seen: Seen) -> None:
        if left:
            connection.sendall(reply(302, b"", {"Location": left.pop(0)}))
        else:
            connection.sendall(reply(200, b"arrived"))

    return answer


def test_redirects_on_listed_hosts_are_followed_within_their_number(serve: Any) -> None:
    with serve(redirects("/elsewhere", "next?x=1", "./last")) as (server, visit):
        assert visit().fetch().body == b"arrived"
        assert [seen.target for seen in server.seen] == ["/base/a.jpg", "/elsewhere", "/next?x=1", "/last"]
    with serve(redirects(*["/again"] * 4)) as (server, visit):
        with pytest.raises(OriginError):
            visit().fetch()
        assert len(server.seen) == 4


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.test:{port}/x",
        "https://127.0.0.1:{port}/x",
        "https://[::1]:{port}/x",
        "https://169.254.169.254/latest/meta-data/",
        "http://{host}:{port}/x",
        "https://{host}/x",  # another port
        "https://{host}:22/x",
        "https://user@{host}:{port}/x",
        "https://user:pass@{host}:{port}/x",
        "https://{host}:{port}@evil.test/x",
        "https://evil.test\\@{host}:{port}/x",
        "https:\\\\{host}:{port}\\x",
        "https://{host}:{port}/a b",
        "https://{host}:{port}/ä",
        "https://{host}.evil.test:{port}/x",
        "https://evil.test#@{host}:{port}/",
        "https://{host}:99999/x",
        "https://[::1/x",
        "//evil.test/x",
        "file:///etc/passwd",
        "gopher://{host}:{port}/x",
        "ftp://{host}/x",
        "data:image/png;base64,AAAA",
        "",
        "/" + "x" * 5000,
    ],
)
def test_a_redirect_that_leaves_what_is_allowed_is_refused(serve: Any, names: Names, location: str) -> None:
    names["evil.test"] = names[f"{HOST}.evil.test"] = ["127.0.0.1"]
    with serve(lambda connection, seen: connection.sendall(reply(302, b"", {"Location": target[0]}))) as (
        server,
        visit,
    ):
        target = [location.format(host=HOST, port=server.port).encode().decode("latin-1")]
        with pytest.raises(OriginError):
            visit().fetch()
        assert server.connections == len(server.seen) == 1


def test_a_redirect_to_a_listed_host_that_points_inside_is_not_dialled(serve: Any, names: Names) -> None:
    names["cdn.test"] = ["10.1.2.3"]

    def only_this_server(address: str) -> bool:
        return address == "127.0.0.1"

    with serve(lambda connection, seen: connection.sendall(reply(301, b"", {"Location": target[0]}))) as (
        server,
        visit,
    ):
        target = [f"https://cdn.test:{server.port}/x"]
        with pytest.raises(OriginError, match="address"):
            visit(check=only_this_server, redirect_hosts=frozenset({"cdn.test"})).fetch()


@pytest.mark.parametrize(
    "key",
    ["../x", "a/../../x", "a/./b", "..\\x", "a\\..\\x", "/x", "//evil.test/x", "", "a//b", "x\0", "\ud800", "k" * 5000],
)
def test_no_key_leaves_its_base(serve: Any, key: str) -> None:
    with serve(say(reply(200, b"x"))) as (server, visit):
        with pytest.raises(NotFoundError):
            visit().fetch(key)
        assert server.seen == []


@pytest.mark.parametrize("key", ["@evil.test/", "?q", "#f", "%2e%2e/x", "%00", "a\r\nX: y", "https://evil.test/"])
def test_a_key_is_data_whatever_it_looks_like(serve: Any, key: str) -> None:
    with serve(say(reply(200, b"x"))) as (server, visit):
        try:
            visit().fetch(key)
        except PixelshiftError:
            assert server.seen == []
        for seen in server.seen:
            assert seen.target.startswith("/base/")
            assert "?" not in seen.target
            assert "x" not in seen.headers


@pytest.mark.parametrize(
    ("status", "kind", "result"),
    [
        *[(status, NotFoundError, 404) for status in (401, 403, 404, 410)],
        *[(status, OriginError, 503) for status in (429, 503)],
        *[(status, OriginError, 502) for status in (206, 304, 400, 418, 500, 502, 504)],
    ],
)
def test_each_status_is_absence_or_outage(serve: Any, status: int, kind: type[PixelshiftError], result: int) -> None:
    with serve(say(reply(status, b""))) as (_, visit), pytest.raises(kind) as caught:
        visit().fetch()
    assert caught.value.status == result


def test_a_compressed_answer_is_refused_rather_than_unpacked(serve: Any) -> None:
    with serve(say(reply(200, b"\x1f\x8b", {"Content-Encoding": "gzip"}))) as (_, visit), pytest.raises(OriginError):
        visit().fetch()


def test_a_weak_identity_is_replaced_by_the_bodys_own(serve: Any) -> None:
    with serve(say(reply(200, b"x", {"ETag": 'W/"1"'}))) as (_, visit):
        assert len(visit().fetch().etag) == 64


@pytest.mark.parametrize(
    "base",
    [
        "http://plain.test/",
        "https://u:p@h.test/",
        "https://h.test:8443/",
        "ftp://h.test/",
        "h",
        "https://[::1/",
        "https://-/",
    ],
)
def test_a_base_that_is_not_allowed_is_refused_at_the_start(base: str) -> None:
    with pytest.raises(SettingsError):
        HttpsOrigin(HttpsSettings({"b": base}))


def test_a_handshake_that_drips_meets_the_deadline(names: Names) -> None:
    names[HOST] = ["127.0.0.1"]
    closing = threading.Event()
    sent: list[None] = []

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB follows
            while not closing.wait(0.01):
                connection.sendall(b"x")
                sent.append(None)

    with socket.create_server(("127.0.0.1", 0)) as listener, HttpClient() as client:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        origin = HttpsOrigin(HttpsSettings({"b": f"https://{HOST}:{port}/"}, ports=frozenset({port})), client)
        with pytest.raises(OriginError) as caught:
            origin.fetch("b", "k", body_limit_bytes=9, timeout_s=0.3)
        closing.set()
        thread.join(10)
    assert caught.value.status == 503
    assert len(sent) < 300
