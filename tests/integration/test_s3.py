"""The S3 origin against a server that is not ours: moto, filled by boto3."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from pixelshift.errors import NotFoundError, TooLargeError
from pixelshift.net.http import HttpClient
from pixelshift.net.sigv4 import Credentials
from pixelshift.origin.base import Original
from pixelshift.origin.s3 import S3Origin, S3Settings
from tests.support.moto_server import moto_server

BUCKET = "real-pictures"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with moto_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def s3(url: str) -> Iterator[Any]:
    keys = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=url, **keys)
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


@pytest.fixture
def origin(url: str) -> Iterator[S3Origin]:
    with HttpClient() as client:
        settings = S3Settings(endpoint_url=url, retry_pauses_s=())
        yield S3Origin(settings, lambda: Credentials("AKID", "secret"), client)


def fetch(origin: S3Origin, key: str, **changes: Any) -> Original:
    return origin.fetch(BUCKET, key, **{"body_limit_bytes": 10**6, "timeout_s": 20, **changes})


@pytest.mark.parametrize(
    "key", ["plain.jpg", "a b+c%20d.jpg", "dir/ä ü/名.png", "q?x=1&y#z", "~()*!'.webp", "a//b", "end/"]
)
def test_what_boto3_stored_under_a_key_is_what_that_key_reads(s3: Any, origin: S3Origin, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    assert fetch(origin, key).body == key.encode()


def test_the_headers_that_boto3_set_come_along(s3: Any, origin: S3Origin) -> None:
    stored = s3.put_object(
        Bucket=BUCKET,
        Key="headers",
        Body=b"x",
        ContentType="image/avif",
        CacheControl="no-cache",
        Expires=datetime(2030, 1, 2, tzinfo=UTC),
        Metadata={"colour": "red"},
    )
    original = fetch(origin, "headers")
    assert original.content_type == "image/avif"
    assert original.cache_control == "no-cache"
    assert original.expires is not None
    assert "2030" in original.expires
    assert original.metadata == {"colour": "red"}
    assert original.etag == stored["ETag"].strip('"')
    assert original.last_modified is not None
    assert abs(original.last_modified - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_version_that_still_stands_is_confirmed(s3: Any, origin: S3Origin) -> None:
    s3.put_object(Bucket=BUCKET, Key="standing", Body=b"1")
    known = fetch(origin, "standing")
    assert fetch(origin, "standing", known=known) == known
    s3.put_object(Bucket=BUCKET, Key="standing", Body=b"2")
    assert fetch(origin, "standing", known=known).body == b"2"


def test_absence_and_excess_are_told_apart(s3: Any, origin: S3Origin) -> None:
    with pytest.raises(NotFoundError):
        fetch(origin, "missing")
    with pytest.raises(NotFoundError):
        origin.fetch("no-such-bucket", "k", body_limit_bytes=9, timeout_s=9)
    s3.put_object(Bucket=BUCKET, Key="large", Body=b"x" * 1001)
    with pytest.raises(TooLargeError):
        fetch(origin, "large", body_limit_bytes=1000)
