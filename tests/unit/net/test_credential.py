"""Credentials are found where the AWS tools look, renewed in time, and never waited for in vain."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pixelshift.errors import OriginError, SettingsError
from pixelshift.net.credential import BotocoreCredentials, ContainerCredentials, credential_source
from pixelshift.net.sigv4 import Credentials
from tests.support.http_server import RawServer, Seen, raw_server, reply, say


class Vendor:
    """A container endpoint whose answers a test sets."""

    def __init__(self) -> None:
        self.lifetime = timedelta(hours=1)
        self.down = False
        self.calls = 0

    def __call__(self, connection: socket.socket, _seen: Seen) -> None:
        self.calls += 1
        if self.down:
            connection.sendall(reply(500, b"{}"))
            return
        ends = (datetime.now(UTC) + self.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = {"AccessKeyId": f"AKID{self.calls}", "SecretAccessKey": "s", "Token": "t", "Expiration": ends}
        connection.sendall(reply(200, json.dumps(answer).encode()))


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def server(vendor: Vendor) -> Iterator[RawServer]:
    with raw_server(vendor) as opened:
        yield opened


def container(server: RawServer, **more: str) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/creds?x=1", **more}


def test_lambdas_variables_come_first(server: RawServer) -> None:
    variables = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"}
    assert credential_source({**container(server), **variables})() == Credentials("A", "S", "T")
    assert credential_source({**variables, "AWS_SESSION_TOKEN": ""})() == Credentials("A", "S", None)
    assert server.connections == 0


def test_a_containers_credentials_are_kept_until_shortly_before_their_end(server: RawServer, vendor: Vendor) -> None:
    source = credential_source(container(server, AWS_CONTAINER_AUTHORIZATION_TOKEN="ticket"))
    first = source()
    assert first is not None
    assert (first.access_key_id, first.session_token) == ("AKID1", "t")
    assert source() is first
    assert server.seen[0].target == "/creds?x=1"
    assert server.seen[0].headers["authorization"] == "ticket"
    vendor.lifetime = timedelta(minutes=4)
    source = credential_source(container(server))
    assert source() != source()


def test_the_authorization_file_is_read_at_every_renewal(server: RawServer, vendor: Vendor, tmp_path: Path) -> None:
    vendor.lifetime = timedelta(minutes=1)
    ticket = tmp_path / "ticket"
    source = credential_source(container(server, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(ticket)))
    for text in ("one", "two"):
        ticket.write_text(text + "\n")
        source()
    assert [seen.headers["authorization"] for seen in server.seen] == ["one", "two"]


def test_a_missing_authorization_file_is_an_outage(server: RawServer, tmp_path: Path) -> None:
    source = credential_source(container(server, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "none")))
    with pytest.raises(OriginError):
        source()


def test_an_outage_is_bridged_by_credentials_that_have_not_ended(server: RawServer, vendor: Vendor) -> None:
    vendor.lifetime = timedelta(minutes=2)
    source = credential_source(container(server))
    first = source()
    vendor.down = True
    assert source() is first
    vendor.down = False
    vendor.lifetime = timedelta(seconds=-5)
    expired = source()
    assert expired is not first
    vendor.down = True
    with pytest.raises(OriginError):
        source()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"AccessKeyId": "A"}', b'{"Code": "Failed"}', b"[" * 100_000])
def test_an_answer_without_credentials_is_an_outage(body: bytes) -> None:
    answer = say(reply(200, body))
    with raw_server(answer) as server, pytest.raises(OriginError):
        credential_source(container(server))()


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.test/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "creds",
        "http://[::1",
    ],
)
def test_a_container_address_that_leaves_the_machine_unprotected_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        credential_source({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})


def test_the_task_address_of_ecs_is_used_for_a_relative_path() -> None:
    source = credential_source({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x"})
    assert isinstance(source, ContainerCredentials)
    assert (source._endpoint.host, source._endpoint.port, source._target) == ("169.254.170.2", 80, "/v2/credentials/x")


def test_profiles_are_left_to_botocore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / "credentials"
    profile.write_text("[shop]\naws_access_key_id = PROFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_PROFILE", "shop")
    found = credential_source({"AWS_PROFILE": "shop"})()
    assert found == Credentials("PROFILE", "s")
    monkeypatch.delenv("AWS_PROFILE")
    assert credential_source({})() is None


def test_a_profile_that_does_not_exist_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(OriginError):
        BotocoreCredentials()()
