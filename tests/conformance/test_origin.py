"""What every origin promises, on every origin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pixelshift.errors import NotFoundError, TooLargeError
from pixelshift.net.http import HttpClient
from pixelshift.net.sigv4 import Credentials
from pixelshift.origin.base import Origin, Original
from pixelshift.origin.folder import FolderOrigin
from pixelshift.origin.https import HttpsOrigin, HttpsSettings
from pixelshift.origin.s3 import S3Origin, S3Settings
from pixelshift.origin.shared import CachingOrigin, CoalescingOrigin
from tests.support.http_server import raw_server
from tests.support.s3_stub import S3Stub

BUCKET = "pictures"
LIMIT = 1_000_000


@dataclass
class Place:
    """An origin, and the means to put something there."""

    origin: Origin
    put: Callable[[str, bytes], None]

    def fetch(self, key: str, *, bucket: str = BUCKET, limit: int = LIMIT, known: Original | None = None) -> Original:
        return self.origin.fetch(bucket, key, body_limit_bytes=limit, timeout_s=10, known=known)


def _folder(tmp_path: Path) -> Iterator[Place]:
    def put(key: str, body: bytes) -> None:
        path = tmp_path / BUCKET / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    (tmp_path / BUCKET).mkdir()
    yield Place(FolderOrigin(tmp_path), put)


def _s3(_tmp_path: Path) -> Iterator[Place]:
    stub = S3Stub()
    with raw_server(stub) as server, HttpClient() as client:
        settings = S3Settings(endpoint_url=server.url, retry_pauses_s=())
        origin = S3Origin(settings, lambda: Credentials("AKID", "secret"), client)
        yield Place(origin, lambda key, body: stub.put(BUCKET, key, body, Content_Type="image/jpeg"))


def _https(_tmp_path: Path) -> Iterator[Place]:
    objects = S3Stub()  # spoken to as a plain web server
    with raw_server(objects) as server, HttpClient() as client:
        base = f"{server.url}/{BUCKET}/"
        settings = HttpsSettings({BUCKET: base}, schemes=frozenset({"http"}), ports=frozenset({server.port}))
        yield Place(
            HttpsOrigin(settings, client), lambda key, body: objects.put(BUCKET, key, body, Content_Type="image/jpeg")
        )


def _shared(tmp_path: Path) -> Iterator[Place]:
    for place in _folder(tmp_path):
        caching = CachingOrigin(CoalescingOrigin(place.origin), 10_000_000, fresh_s=0)
        yield Place(caching, place.put)


PLACES = {"folder": _folder, "s3": _s3, "https": _https, "shared": _shared}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from PLACES[request.param](tmp_path)


def test_an_object_comes_back_byte_for_byte(place: Place) -> None:
    body = bytes(range(256)) * 300
    place.put("dir/a.jpg", body)
    original = place.fetch("dir/a.jpg")
    assert original.body == body
    assert original.content_type == "image/jpeg"


@pytest.mark.parametrize(
    "key",
    ["a b.jpg", "a+b.jpg", "a%20b.jpg", "ä/ü.jpg", "名前.jpg", "a?b#c.jpg", "a&b=c;d.jpg", "~'()!*.jpg", "a\\b.jpg"],
)
def test_a_key_with_awkward_characters_names_exactly_that_object(place: Place, key: str) -> None:
    place.put(key, b"wanted")
    assert place.fetch(key).body == b"wanted"


def test_keys_that_decode_to_one_another_stay_apart(place: Place) -> None:
    place.put("a b", b"space")
    place.put("a+b", b"plus")
    place.put("a%20b", b"escape")
    assert [place.fetch(key).body for key in ("a b", "a+b", "a%20b")] == [b"space", b"plus", b"escape"]


@pytest.mark.parametrize(
    "key", ["missing.jpg", "", "dir", "dir/", "../pictures/dir/a.jpg", "x\0y", "\ud800", "k" * 2000]
)
def test_what_is_not_there_or_cannot_be_a_key_is_not_found(place: Place, key: str) -> None:
    place.put("dir/a.jpg", b"x")
    with pytest.raises(NotFoundError) as caught:
        place.fetch(key)
    assert (caught.value.status, caught.value.code) == (404, "NoSuchKey")


@pytest.mark.parametrize("bucket", ["nowhere", "", ".", "..", "../pictures", "a/b", "x\0y", "pictures/dir"])
def test_a_bucket_that_is_none_is_not_found(place: Place, bucket: str) -> None:
    place.put("dir/a.jpg", b"x")
    with pytest.raises(NotFoundError):
        place.fetch("a.jpg", bucket=bucket)


def test_the_limit_is_the_largest_body_that_passes(place: Place) -> None:
    place.put("a.png", b"x" * 1000)
    assert len(place.fetch("a.png", limit=1000).body) == 1000
    with pytest.raises(TooLargeError):
        place.fetch("a.png", limit=999)


def test_an_empty_object_is_an_empty_body_with_an_identity(place: Place) -> None:
    place.put("empty", b"")
    original = place.fetch("empty")
    assert original.body == b""
    assert original.etag


def test_identity_stays_while_the_object_does_and_changes_with_it(place: Place) -> None:
    place.put("a.gif", b"one")
    first = place.fetch("a.gif")
    assert place.fetch("a.gif").etag == first.etag
    place.put("a.gif", b"other")
    second = place.fetch("a.gif", known=first)
    assert second.body == b"other"
    assert second.etag != first.etag


def test_a_known_original_that_still_stands_may_be_returned_itself(place: Place) -> None:
    place.put("a.webp", b"same")
    first = place.fetch("a.webp")
    again = place.fetch("a.webp", known=first)
    assert again.body == b"same"
    assert again.etag == first.etag
