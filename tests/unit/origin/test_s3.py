"""The S3 origin: addressing, whose fault a refusal is, what is tried again, what an object brings along."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from pixelshift.errors import NotFoundError, OriginError, SettingsError
from pixelshift.net.dial import Endpoint
from pixelshift.net.http import HttpClient, Request
from pixelshift.net.sigv4 import Credentials
from pixelshift.origin.base import Original
from pixelshift.origin.s3 import S3Origin, S3Settings
from tests.support.http_server import RawServer, Seen, raw_server, reply
from tests.support.s3_stub import S3Stub, s3_error


@contextmanager
def stubbed(pauses: tuple[float, ...] = ()) -> Iterator[tuple[S3Stub, RawServer, S3Origin]]:
    stub = S3Stub()
    with raw_server(stub) as server, HttpClient() as client:
        settings = S3Settings(endpoint_url=server.url, retry_pauses_s=pauses)
        yield stub, server, S3Origin(settings, lambda: Credentials("AKID", "secret", "token"), client)


def fetch(origin: S3Origin, key: str = "k", bucket: str = "bucket") -> Original:
    return origin.fetch(bucket, key, body_limit_bytes=100_000, timeout_s=10)


def test_all_that_the_contract_passes_on_comes_along() -> None:
    with stubbed() as (stub, _, origin):
        stub.put(
            "bucket",
            "k",
            b"body",
            Content_Type="image/webp",
            Cache_Control="max-age=60,private",
            Expires="Wed, 21 Oct 2026 07:28:00 GMT",
            Last_Modified="Tue, 02 Jan 2024 03:04:05 GMT",
            x_amz_meta_Author="someone",
        )
        original = fetch(origin)
    assert original.content_type == "image/webp"
    assert original.cache_control == "max-age=60,private"
    assert original.expires == "Wed, 21 Oct 2026 07:28:00 GMT"
    assert original.last_modified == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert original.metadata == {"author": "someone"}
    assert original.etag == "841a2d689ad86bd1611447453c22c6fc"


@pytest.mark.parametrize(
    "key", ["/lead.jpg", "//two.jpg", "a//b.jpg", "a/./b", "a/../b", "end/", ".", "..", "\n", "\x7f"]
)
def test_keys_that_clients_like_to_tidy_up_arrive_as_they_are(key: str) -> None:
    with stubbed() as (stub, _, origin):
        stub.put("bucket", key, b"exactly this")
        assert fetch(origin, key).body == b"exactly this"


def test_requests_are_signed_and_carry_the_session_token() -> None:
    with stubbed() as (stub, server, origin):
        stub.put("bucket", "k", b"")
        fetch(origin)
        headers = server.seen[0].headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert "x-amz-security-token" in headers["authorization"]
    assert headers["x-amz-security-token"] == "token"


def test_without_credentials_requests_go_unsigned() -> None:
    stub = S3Stub()
    stub.put("bucket", "k", b"public")
    with raw_server(stub) as server, HttpClient() as client:
        assert fetch(S3Origin(S3Settings(endpoint_url=server.url), lambda: None, client)).body == b"public"
        assert "authorization" not in server.seen[0].headers


def test_a_known_version_is_confirmed_without_its_body() -> None:
    with stubbed() as (stub, _, origin):
        stub.put("bucket", "k", b"body")
        label = Original(b"", etag=fetch(origin).etag)
        assert origin.fetch("bucket", "k", body_limit_bytes=9, timeout_s=9, known=label).body == b""


def test_a_confirmation_brings_the_headers_that_the_object_has_by_now() -> None:
    with stubbed() as (stub, _, origin):
        stub.put("bucket", "k", b"body", Cache_Control="max-age=5", Expires="Fri, 15 Jan 2027 08:00:00 GMT")
        known = fetch(origin)
        stub.put("bucket", "k", b"body", Cache_Control="max-age=6", Age="7")
        latest = origin.fetch("bucket", "k", body_limit_bytes=9, timeout_s=9, known=known)
    assert (latest.body, latest.cache_control, latest.expires) == (b"body", "max-age=6", known.expires)
    assert (known.age_s, latest.age_s) == (0, 7)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *[(403, code) for code in ("AccessDenied", "AllAccessDisabled", "InvalidObjectState")],
        *[(404, code) for code in ("NoSuchKey", "NoSuchBucket")],
        *[(400, code) for code in ("KeyTooLongError", "InvalidBucketName")],
        (405, "MethodNotAllowed"),
    ],
)
def test_missing_or_forbidden_is_not_found(status: int, code: str) -> None:
    with stubbed() as (stub, _, origin):
        stub.failures = [s3_error(status, code)]
        with pytest.raises(NotFoundError):
            fetch(origin)


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        *[(403, code, 502) for code in ("SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed")],
        *[(400, code, 502) for code in ("ExpiredToken", "Other")],
        *[(status, "InternalError", 502) for status in (206, 301, 500, 502, 504)],
        (503, "SlowDown", 503),
        (429, "TooManyRequests", 503),
    ],
)
def test_all_else_is_an_outage(status: int, code: str, result: int) -> None:
    with stubbed() as (stub, _, origin):
        stub.failures = [s3_error(status, code)]
        with pytest.raises(OriginError) as caught:
            fetch(origin)
    assert caught.value.status == result


def test_a_named_patience_is_passed_on_within_reason() -> None:
    for named, passed in (("30", 30), ("99999", 120), ("soon", 2)):
        with stubbed() as (stub, _, origin):
            stub.failures = [s3_error(503, "SlowDown", Retry_After=named)]
            with pytest.raises(OriginError) as caught:
                fetch(origin)
        assert caught.value.retry_after_s == passed


def test_passing_trouble_is_tried_again_and_the_callers_mistake_is_not() -> None:
    with stubbed(pauses=(0.0, 0.0)) as (stub, server, origin):
        stub.put("bucket", "k", b"at last")
        stub.failures = [s3_error(503, "SlowDown"), s3_error(500, "InternalError")]
        assert fetch(origin).body == b"at last"
        assert len(server.seen) == 3
        stub.failures = [s3_error(404, "NoSuchKey")]
        with pytest.raises(NotFoundError):
            fetch(origin)
        assert len(server.seen) == 4
        stub.failures = [s3_error(503, "SlowDown")] * 3
        with pytest.raises(OriginError):
            fetch(origin)
        assert len(server.seen) == 7


def test_a_body_that_breaks_off_has_the_contracts_code() -> None:
    def answer(connection: socket.socket, _seen: Seen) -> None:
        connection.sendall(reply(200, b"half", {"Content-Length": "8"}).replace(b"Content-Length: 4\r\n", b""))
        connection.shutdown(socket.SHUT_RDWR)

    with raw_server(answer) as server, HttpClient() as client:
        origin = S3Origin(S3Settings(endpoint_url=server.url, retry_pauses_s=()), lambda: None, client)
        with pytest.raises(OriginError) as caught:
            fetch(origin)
    assert (caught.value.status, caught.value.code) == (502, "ImageRetrieval::CannotRetrieveImage")


def test_a_bucket_in_another_region_is_found_once_and_remembered() -> None:
    def answer(connection: socket.socket, seen: Seen) -> None:
        at_home = "/eu-west-3/s3/aws4_request" in seen.headers["authorization"]
        moved = s3_error(400, "AuthorizationHeaderMalformed", x_amz_bucket_region="eu-west-3")
        connection.sendall(reply(200, b"found") if at_home else moved)

    with raw_server(answer) as server, HttpClient() as client:
        settings = S3Settings(region="us-east-1", endpoint_url=server.url, retry_pauses_s=())
        origin = S3Origin(settings, lambda: Credentials("AKID", "secret"), client)
        assert fetch(origin).body == b"found"
        assert fetch(origin).body == b"found"
        assert len(server.seen) == 3


def test_a_region_that_is_none_is_not_followed() -> None:
    with stubbed() as (stub, server, origin):
        stub.failures = [s3_error(301, "PermanentRedirect", x_amz_bucket_region="evil.test/x")]
        with pytest.raises(OriginError):
            fetch(origin)
        assert len(server.seen) == 1


class Recorder(HttpClient):
    """Notes where a request would have gone."""

    def open(self, endpoint: Endpoint, request: Request, **_: object) -> None:  # type: ignore[override]  # never returns
        raise LookupError(f"{endpoint.tls} {endpoint.authority} {request.target}")


@pytest.mark.parametrize(
    ("region", "endpoint_url", "bucket", "place"),
    [
        ("eu-central-1", None, "my-bucket", "True my-bucket.s3.eu-central-1.amazonaws.com /k"),
        ("eu-central-1", None, "my.bucket", "True s3.eu-central-1.amazonaws.com /my.bucket/k"),
        ("cn-north-1", None, "my-bucket", "True my-bucket.s3.cn-north-1.amazonaws.com.cn /k"),
        ("us-east-1", "https://minio.test:9000/prefix/", "my-bucket", "True minio.test:9000 /prefix/my-bucket/k"),
        ("us-east-1", "http://[::1]:9000", "My_Bucket", "False [::1]:9000 /My_Bucket/k"),
    ],
)
def test_requests_go_where_the_bucket_is(region: str, endpoint_url: str | None, bucket: str, place: str) -> None:
    origin = S3Origin(S3Settings(region, endpoint_url, ()), lambda: Credentials("AKID", "secret"), Recorder())
    with pytest.raises(LookupError) as caught:
        fetch(origin, bucket=bucket)
    assert caught.value.args == (place,)


def test_an_endpoint_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError):
        S3Origin(S3Settings(endpoint_url="http://user:password@host"), lambda: None)


def test_the_origin_on_lambdas_path_imports_nothing_heavy() -> None:
    script = "import sys, pixelshift.origin.s3, pixelshift.secret.aws; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    heavy = {
        "boto3",
        "botocore",
        "numpy",
        "PIL",
        "pydantic",
        "fastapi",
        "numba",
        "asyncio",
        "requests",
        "urllib3",
        "httpx",
    }
    assert heavy.isdisjoint(done.stdout.split())


def test_tls_is_verified_against_the_systems_trust() -> None:
    context = HttpClient()._context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
