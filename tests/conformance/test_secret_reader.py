"""What every reader of secrets promises: on our strict stand-in and on moto's server."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from pixelshift.errors import OriginError
from pixelshift.net.http import HttpClient
from pixelshift.net.sigv4 import Credentials
from pixelshift.secret.aws import SecretsManager
from pixelshift.secret.base import SecretReader
from tests.support.http_server import Seen, raw_server, reply
from tests.support.moto_server import moto_server


@dataclass
class Safe:
    """A reader, and the means to put a secret's next version there."""

    reader: SecretReader
    put: Callable[[str, str], None]


def _strict() -> Iterator[Safe]:
    versions: dict[str, list[tuple[str, float]]] = {}

    def answer(connection: socket.socket, seen: Seen) -> None:
        asked = json.loads(seen.body)
        kept = versions.get(asked["SecretId"], [])
        number = {"AWSCURRENT": 1, "AWSPREVIOUS": 2}[asked["VersionStage"]]
        assert seen.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        assert seen.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
        if number > len(kept):
            refusal = json.dumps({"__type": "ResourceNotFoundException", "Message": "none"}).encode()
            connection.sendall(reply(400, refusal))
            return
        text, created_s = kept[-number]
        document = {"Name": asked["SecretId"], "SecretString": text, "CreatedDate": created_s}
        connection.sendall(reply(200, json.dumps(document).encode()))

    def put(name: str, text: str) -> None:
        versions.setdefault(name, []).append((text, datetime.now(UTC).timestamp()))

    with raw_server(answer) as server, HttpClient() as client:
        credentials = Credentials("AKID", "secret")
        yield Safe(SecretsManager("us-east-1", lambda: credentials, endpoint_url=server.url, client=client), put)


def _moto() -> Iterator[Safe]:
    with moto_server() as url, HttpClient() as client:
        keys = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret"}
        service = boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=url, **keys)
        known: set[str] = set()

        def put(name: str, text: str) -> None:
            if name in known:
                service.put_secret_value(SecretId=name, SecretString=text)
            else:
                service.create_secret(Name=name, SecretString=text)
                known.add(name)

        credentials = Credentials("AKID", "secret")
        yield Safe(SecretsManager("us-east-1", lambda: credentials, endpoint_url=url, client=client), put)
        service.close()


SAFES = {"strict": _strict, "moto": _moto}


@pytest.fixture(params=SAFES)
def safe(request: pytest.FixtureRequest) -> Iterator[Safe]:
    yield from SAFES[request.param]()


def test_the_current_version_comes_with_its_date(safe: Safe) -> None:
    safe.put("keys", '{"KEY": "ä"}')
    version = safe.reader.read("keys")
    assert version is not None
    assert version.text == '{"KEY": "ä"}'
    assert version.created_at is not None
    assert abs(version.created_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_rotated_secret_has_a_previous_version(safe: Safe) -> None:
    safe.put("keys", "one")
    assert safe.reader.read("keys", "previous") is None
    safe.put("keys", "two")
    current, previous = safe.reader.read("keys"), safe.reader.read("keys", "previous")
    assert current is not None
    assert previous is not None
    assert (current.text, previous.text) == ("two", "one")


def test_a_secret_that_is_not_there_is_none(safe: Safe) -> None:
    assert safe.reader.read("missing") is None


@pytest.mark.parametrize(
    "message",
    [
        reply(400, b'{"__type": "AccessDeniedException"}'),
        reply(500, b""),
        reply(200, b""),
        reply(200, b"[]"),
        reply(200, b'{"SecretBinary": "AAAA"}'),
        reply(200, b'{"SecretString": 5}'),
        reply(200, b"[" * 100_000),
        b"",
    ],
)
def test_a_keeper_that_fails_is_an_outage(message: bytes) -> None:
    def answer(connection: socket.socket, _seen: Seen) -> None:
        connection.sendall(message)
        connection.shutdown(socket.SHUT_RDWR)

    with raw_server(answer) as server, HttpClient(idle_limit=0) as client:
        reader = SecretsManager("us-east-1", lambda: Credentials("a", "b"), endpoint_url=server.url, client=client)
        with pytest.raises(OriginError):
            reader.read("keys")


@pytest.mark.parametrize("date", ["null", '"yesterday"', "1e400", "-1", "1e300"])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    body = f'{{"SecretString": "x", "CreatedDate": {date}}}'.encode()
    with raw_server(lambda connection, _: connection.sendall(reply(200, body))) as server, HttpClient() as client:
        reader = SecretsManager("us-east-1", lambda: Credentials("a", "b"), endpoint_url=server.url, client=client)
        version = reader.read("keys")
    assert version is not None
    assert version.created_at is None


def test_without_credentials_nothing_is_sent() -> None:
    with raw_server(lambda *_: None) as server, HttpClient() as client:
        reader = SecretsManager("us-east-1", lambda: None, endpoint_url=server.url, client=client)
        with pytest.raises(OriginError):
            reader.read("keys")
        assert server.connections == 0
