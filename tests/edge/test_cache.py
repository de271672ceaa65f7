"""The edge cache of docker/compose.yaml, run: the same Varnish, the same configuration, another origin."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.cloud import wait_for
from tests.support.edge import CHROME, Edge, Origin, compiles, edge_and_origin

pytestmark = pytest.mark.varnish


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge_and_origin(tmp_path_factory.mktemp("edge")) as made:
        yield made


@pytest.fixture
def cache(shared: Edge) -> Edge:
    """Emptied, with an origin as new."""
    assert shared.ask("/", "BAN").status == 200
    shared.origin.__dict__.update({k: v for k, v in Origin().__dict__.items() if k not in {"lock", "seen"}})
    shared.origin.seen.clear()
    return shared


def test_the_shipped_configuration_compiles(tmp_path: Path) -> None:
    done = compiles(tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_hundred_clients_are_one_render(cache: Edge) -> None:
    cache.origin.wait_s = 0.5
    with ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(lambda _: cache.ask("/fit-in/300x300/a.jpg", Accept=CHROME), range(100)))
    assert {(answer.status, answer.body) for answer in answers} == {(200, b"picture")}
    assert len(cache.origin.seen) == 1


@pytest.mark.parametrize(
    ("accept", "asked"),
    [
        (CHROME, "image/avif,image/webp"),
        ("image/webp;q=0.9, image/avif", "image/avif,image/webp"),
        ("image/avif,*/*", "image/avif"),
        ("IMAGE/WEBP", "image/webp"),
        ("image/png,*/*;q=0.8", "image/*"),
        ("", "image/*"),
    ],
)
def test_the_origin_is_asked_in_four_forms(cache: Edge, accept: str, asked: str) -> None:
    cache.ask("/a.jpg", Accept=accept)
    assert cache.origin.seen == [("GET", "/a.jpg", asked)]


def test_clients_that_accept_the_same_share_a_picture_and_others_do_not(cache: Edge) -> None:
    for accept in [CHROME, "image/webp,image/avif", "image/webp", "image/webp,*/*", "*/*", "text/html"]:
        cache.ask("/a.jpg", Accept=accept)
    assert [accept for _, _, accept in cache.origin.seen] == ["image/avif,image/webp", "image/webp", "image/*"]
    assert cache.ask("/a.jpg", Accept="image/webp").headers["x-cache"] == "HIT"


def test_the_order_of_parameters_makes_no_second_picture(cache: Edge) -> None:
    assert cache.ask("/a.jpg?width=1&height=2").headers["x-cache"] == "MISS"
    assert cache.ask("/a.jpg?height=2&width=1").headers["x-cache"] == "HIT"
    assert cache.ask("/a.jpg?height=2&width=3").headers["x-cache"] == "MISS"


def test_a_client_cannot_make_the_edge_ask_again(cache: Edge) -> None:
    cache.ask("/a.jpg")
    answer = cache.ask("/a.jpg", Cache_Control="no-cache", Pragma="no-cache", Cookie="a=b")
    assert answer.headers["x-cache"] == "HIT"


@pytest.mark.parametrize("what", ["url", "path"])
def test_a_purge_is_seen_in_all_formats(cache: Edge, what: str) -> None:
    for accept in ("image/webp", "*/*"):
        cache.ask("/products/a.jpg?width=9", Accept=accept)
    cache.ask("/other/a.jpg")
    cache.origin.body = b"new"
    if what == "url":
        assert cache.ask("/products/a.jpg?width=9", "PURGE").status == 200
    else:
        assert cache.ask("/products/", "BAN").status == 200
    for accept in ("image/webp", "*/*"):
        assert cache.ask("/products/a.jpg?width=9", Accept=accept).body == b"new"
    assert cache.ask("/other/a.jpg").body == b"picture"


def test_a_path_to_ban_is_text_and_no_pattern(cache: Edge) -> None:
    cache.ask("/a.jpg")
    cache.ask("/.", "BAN")
    assert cache.ask("/a.jpg").headers["x-cache"] == "HIT"


def test_strangers_may_not_purge(tmp_path: Path) -> None:
    with edge_and_origin(tmp_path, purgers='"192.0.2.1";') as made:
        made.ask("/a.jpg")
        for method in ("PURGE", "BAN"):
            assert made.ask("/a.jpg", method).status == 403
        assert made.ask("/a.jpg").headers["x-cache"] == "HIT"


def test_a_picture_past_its_time_is_served_at_once_while_a_new_one_is_made(cache: Edge) -> None:
    cache.origin.cache_control = "public, max-age=1, stale-while-revalidate=30"
    cache.ask("/a.jpg")
    cache.origin.body, cache.origin.wait_s = b"new", 1.0
    time.sleep(1.2)
    answer = cache.ask("/a.jpg")
    assert (answer.body, answer.headers["x-cache"]) == (b"picture", "STALE")
    wait_for(lambda: cache.ask("/a.jpg").body == b"new")
    assert len(cache.origin.seen) == 2


def test_without_leave_a_picture_past_its_time_is_not_served_while_the_origin_answers(cache: Edge) -> None:
    cache.origin.cache_control = "public, max-age=1"
    cache.ask("/a.jpg")
    cache.origin.body = b"new"
    time.sleep(1.2)
    assert cache.ask("/a.jpg").body == b"new"


@pytest.mark.parametrize("status", [500, 503])
def test_while_the_origin_fails_old_pictures_are_served(cache: Edge, status: int) -> None:
    cache.origin.cache_control = "public, max-age=1, stale-if-error=60"
    cache.ask("/a.jpg")
    cache.origin.status = status
    time.sleep(1.2)
    for _ in range(3):
        answer = cache.ask("/a.jpg")
        assert (answer.status, answer.body, answer.headers["x-cache"]) == (200, b"picture", "STALE")
    missing = cache.ask("/b.jpg")
    assert (missing.status, missing.body) == (status, b"picture"), "the origin's own words where there is nothing old"
    cache.origin.status, cache.origin.body = 200, b"new"
    wait_for(lambda: cache.ask("/a.jpg").body == b"new")


def test_while_the_origin_is_gone_old_pictures_are_served_and_new_ones_are_503(tmp_path: Path) -> None:
    origin = Origin("public, max-age=1, stale-if-error=60")
    with edge_and_origin(tmp_path, origin) as made:
        made.ask("/a.jpg")
        made.lose_origin()
        time.sleep(1.2)
        for _ in range(2):
            assert (made.ask("/a.jpg").status, made.ask("/a.jpg").body) == (200, b"picture")
        gone = made.ask("/b.jpg")
        assert gone.status == 503
        assert gone.headers["cache-control"] == "no-store"


def test_a_failure_is_not_remembered(cache: Edge) -> None:
    cache.origin.status = 500
    assert cache.ask("/a.jpg").status == 500
    cache.origin.status = 200
    wait_for(lambda: cache.ask("/a.jpg").status == 200, 5)


def test_a_part_of_a_kept_picture_is_answered_by_the_edge(cache: Edge) -> None:
    cache.ask("/a.jpg")
    answer = cache.ask("/a.jpg", Range="bytes=1-3")
    assert (answer.status, answer.body, answer.headers["content-range"]) == (206, b"ict", "bytes 1-3/7")
    assert cache.ask("/a.jpg", Range="bytes=9-").status == 416
    assert len(cache.origin.seen) == 1


def test_a_part_of_a_new_picture_brings_the_whole_one(cache: Edge) -> None:
    assert cache.ask("/a.jpg", Range="bytes=0-0").body == b"p"
    assert cache.ask("/a.jpg").body == b"picture"
    assert len(cache.origin.seen) == 1


def test_a_client_that_has_the_picture_is_told_so_by_the_edge(cache: Edge) -> None:
    etag = cache.ask("/a.jpg").headers["etag"]
    assert cache.ask("/a.jpg", If_None_Match=etag).status == 304
    assert len(cache.origin.seen) == 1


def test_heads_are_answered_from_kept_pictures(cache: Edge) -> None:
    cache.ask("/a.jpg")
    answer = cache.ask("/a.jpg", "HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "7")
    assert len(cache.origin.seen) == 1


def test_what_the_cache_works_with_is_not_shown(cache: Edge) -> None:
    headers = cache.ask("/a.jpg").headers
    assert not [name for name in headers if name.startswith("x-edge") or name in {"via", "x-varnish"}]
