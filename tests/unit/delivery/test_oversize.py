"""Bodies that a face cannot send."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from pixelshift.delivery.oversize import Oversize
from pixelshift.errors import OriginError
from pixelshift.value import replace
from tests.support.delivering import PNG, House, get, picture


@dataclass
class FakeShelf:
    """Keeps what is laid on it."""

    laid: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    lives_s: list[int] = field(default_factory=list)
    failure: OriginError | None = None

    def put(self, key: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float) -> None:
        assert deadline_s > time.monotonic()
        if self.failure:
            raise self.failure
        self.laid[key] = (body, dict(headers))

    def link(self, key: str, *, life_s: int) -> str:
        self.lives_s.append(life_s)
        return f"https://shelf.example/{key}?life={life_s}"


@pytest.fixture
def shelf() -> FakeShelf:
    return FakeShelf()


def _house(shelf: FakeShelf | None, **facts: str) -> House:
    objects = {("b", "a.png"): picture(PNG * 10, **facts)}
    return House(objects, oversize=Oversize(len(PNG), shelf, "big/"), cached=False)


def test_a_body_within_the_limit_is_sent_as_it_is(shelf: FakeShelf) -> None:
    house = _house(shelf)
    house.origin.objects["b", "a.png"] = picture(PNG)
    assert house.service.handle(get("/a.png")).status == 200
    assert not shelf.laid


@pytest.mark.parametrize("path", ["/a.png", "/10x10/a.png"], ids=["passed through", "rendered"])
def test_a_larger_one_is_laid_down_and_answered_by_a_link(shelf: FakeShelf, path: str) -> None:
    response = _house(shelf).service.handle(get(path))
    ((key, (body, headers)),) = shelf.laid.items()
    assert (response.status, response.body) == (302, b"")
    assert response.header("Location") == f"https://shelf.example/{key}?life=900"
    assert key.startswith("big/")
    assert len(body) > len(PNG)
    assert headers == {"Content-Type": "image/png", "Cache-Control": "max-age=31536000,public"}
    assert response.header("Cache-Control") == "max-age=300,public"
    for header in ("ETag", "Content-Type", "Last-Modified"):
        assert response.header(header) is None


def test_the_same_picture_lies_under_the_same_key_and_another_under_another(shelf: FakeShelf) -> None:
    house = _house(shelf)
    for path in ("/a.png", "/a.png", "/10x10/a.png", "/10x11/a.png"):
        house.service.handle(get(path))
    assert len(shelf.laid) == 3


@pytest.mark.parametrize(
    ("of_picture", "of_redirect"),
    [
        ("max-age=20", "max-age=20,public"),
        ("max-age=20, s-maxage=10", "max-age=10,public"),
        ("max-age=4000", "max-age=300,public"),
        ("private, max-age=20", "no-store"),
        ("no-store", "no-store"),
        ("no-cache", "no-store"),
        ("max-age=broken", "max-age=0,public"),
    ],
)
def test_the_redirect_is_kept_no_longer_than_the_picture_may_be(
    shelf: FakeShelf, of_picture: str, of_redirect: str
) -> None:
    response = _house(shelf, cache_control=of_picture).service.handle(get("/a.png"))
    assert response.header("Cache-Control") == of_redirect


@pytest.mark.parametrize(("link_s", "cache_s"), [(900, 300), (60, 300), (61, 10), (43_200, 43_200)])
def test_no_cache_sends_anybody_to_a_link_that_has_ended(shelf: FakeShelf, link_s: int, cache_s: int) -> None:
    house = _house(shelf)
    oversize = Oversize(len(PNG), shelf, link_s=link_s, cache_s=cache_s)
    studio = replace(house.service._rooms.studio, oversize=oversize)  # the house has no such key
    made = studio.produce(house.service._admit(get("/a.png")), time.monotonic() + 5)
    kept_s = int(made.headers["Cache-Control"].removeprefix("max-age=").removesuffix(",public"))
    assert shelf.lives_s == [link_s]
    assert kept_s <= min(cache_s, link_s * 2 / 3)


def test_a_url_that_ends_soon_gives_no_link_that_outlives_it(shelf: FakeShelf) -> None:
    ends = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + 90))
    response = _house(shelf).service.handle(get(f"/a.png?expires={ends}"))
    assert response.status == 302
    assert 80 <= shelf.lives_s[0] <= 90
    assert response.header("Cache-Control") in {f"max-age={life * 2 // 3},public" for life in shelf.lives_s}


def test_without_a_shelf_it_is_refused_as_upstream_does() -> None:
    response = _house(None).service.handle(get("/a.png"))
    assert (response.status, json.loads(response.body)["code"]) == (413, "TooLargeImageException")


def test_a_shelf_that_fails_is_our_failure_and_kept_by_no_cache(shelf: FakeShelf) -> None:
    shelf.failure = OriginError("the bucket refuses the object", detail="secret detail")
    response = _house(shelf).service.handle(get("/a.png"))
    assert (response.status, response.header("Cache-Control")) == (502, "no-store")
    assert b"secret" not in response.body


def test_drawings_never_leave_their_cage(shelf: FakeShelf) -> None:
    house = _house(shelf)
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><title>" + b"x" * 200 + b"</title></svg>"
    house.origin.objects["b", "a.svg"] = replace(picture(drawing), content_type="image/svg+xml")
    response = house.service.handle(get("/a.svg"))
    assert (response.status, shelf.laid) == (413, {})
