import base64
import hashlib
import hmac
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelshift.errors import ForbiddenError, OriginError, SettingsError
from pixelshift.notify.base import Message
from pixelshift.notify.stream import FileSink, StreamSink
from pixelshift.notify.webhook import WebhookSink
from tests.support.http_server import RawServer

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def message(number: int = 1) -> Message:
    name = f"cpu:1:{number}:change"
    return Message(name, "cpu", "change", json.dumps({"id": name, "offset": number}).encode())


class Receiver:
    """A webhook receiver that answers with what it was told to."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.server = RawServer(lambda connection, _: connection.sendall(self.answer))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.close()


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[WebhookSink]:
    made = WebhookSink(f"{receiver.server.url}/hook?team=a", SECRET, clock=lambda: 1_700_000_000.5)
    yield made
    made.close()


def test_a_webhook_is_posted_with_a_signature_that_a_receiver_can_check(receiver: Receiver, sink: WebhookSink) -> None:
    sink.send(message())
    (seen,) = receiver.server.seen
    headers = {name.lower(): value for name, value in seen.headers.items()}
    assert (seen.method, seen.target, seen.body) == ("POST", "/hook?team=a", message().body)
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("cpu:1:1:change", "1700000000")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + seen.body
    digest = hmac.digest(base64.b64decode(SECRET[6:]), signed, hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_the_signature_is_that_of_the_published_example() -> None:
    # The worked example of the Standard Webhooks specification.
    from pixelshift.notify.webhook import sign

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == expected


@pytest.mark.parametrize("status", [b"500 Broken", b"429 Slow Down", b"404 Not Found", b"301 Moved"])
def test_other_answers_are_to_be_tried_again(status: bytes, receiver: Receiver, sink: WebhookSink) -> None:
    receiver.answer = b"HTTP/1.1 " + status + b"\r\nRetry-After: 90\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(OriginError) as caught:
        sink.send(message())
    assert caught.value.retry_after_s == 90
    assert len(receiver.server.seen) == 1


def test_gone_means_never_again(receiver: Receiver, sink: WebhookSink) -> None:
    receiver.answer = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(ForbiddenError, match="410"):
        sink.send(message())


def test_a_receiver_that_is_not_there_is_to_be_tried_again(receiver: Receiver, sink: WebhookSink) -> None:
    receiver.server.close()
    with pytest.raises(OriginError):
        sink.send(message())


@pytest.mark.parametrize("url", ["ftp://a/b", "nonsense", "http://user:pass@a/"])
def test_an_url_that_cannot_be_posted_to_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsError):
        WebhookSink(url, SECRET)


@pytest.mark.parametrize("secret", ["short", "whsec_!!!", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_weak_secret_is_refused_at_once(secret: str) -> None:
    with pytest.raises(SettingsError, match="secret"):
        WebhookSink("http://a/", secret)


def test_a_stream_gets_one_line_for_each_message() -> None:
    out = io.BytesIO()
    sink = StreamSink(out)
    sink.send(message(1))
    sink.send(message(2))
    assert out.getvalue() == message(1).body + b"\n" + message(2).body + b"\n"
    out.close()
    with pytest.raises(OriginError):
        sink.send(message(3))


def test_a_file_holds_each_event_once_though_it_is_sent_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    for numbers in ([1, 2, 2], [2, 3], [1, 2, 3, 4]):
        sink = FileSink(path)
        for number in numbers:
            sink.send(message(number))
        sink.close()
    assert path.read_bytes() == b"".join(message(n).body + b"\n" for n in (1, 2, 3, 4))


@pytest.mark.parametrize("cut", range(1, 45, 4))
def test_half_a_line_left_by_a_crash_is_written_whole_on_the_next_try(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(message(1).body + b"\n" + message(2).body[:cut])
    sink = FileSink(path)
    sink.send(message(2))
    sink.close()
    assert path.read_bytes() == message(1).body + b"\n" + message(2).body + b"\n"


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.ndjson"
    sink = FileSink(path)
    sink.send(message(1))
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: real(file, data[:7]))
        with pytest.raises(OriginError):
            sink.send(message(2))
    assert path.read_bytes() == message(1).body + b"\n"
    sink.send(message(2))
    sink.close()
    assert path.read_bytes() == message(1).body + b"\n" + message(2).body + b"\n"


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot write events"):
        FileSink(tmp_path)
