import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from pixelshift.delivery.caching import Ages
from pixelshift.delivery.failure import FallbackPicture
from pixelshift.delivery.finish import Cors
from pixelshift.delivery.gate import SignedGate
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.oversize import Oversize
from pixelshift.delivery.service import Policy
from pixelshift.edits.types import Format
from pixelshift.errors import InternalError, NotFoundError, OriginError
from pixelshift.request.signature import sign
from pixelshift.secret.rotation import FixedKeys
from tests.support.delivering import PNG, House, get, picture

SHELF = {("b", "a.png"): picture(), ("c", "k.png"): picture(etag="w1"), ("b", "o.png"): picture(etag="o1")}
OVERLAY = "/eyJrZXkiOiJhLnBuZyIsImVkaXRzIjp7Im92ZXJsYXlXaXRoIjp7ImJ1Y2tldCI6ImIiLCJrZXkiOiJvLnBuZyJ9fX0="


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def wait(begun: HttpResponse | Future[HttpResponse]) -> HttpResponse:
    return begun if isinstance(begun, HttpResponse) else begun.result(timeout=20)


def test_a_plain_key_passes_through_byte_for_byte_with_the_contracts_headers() -> None:
    stored = picture(last_modified=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), expires="Tue, 01 Jan 2030 00:00:00 GMT")
    response = House({("b", "a.png"): stored}, cached=False).service.handle(get("/a.png"))
    assert (response.status, response.body) == (200, PNG)
    assert dict(response.headers) | {"ETag": "", "Server-Timing": ""} == {
        "Cache-Control": "max-age=31536000,public",
        "Content-Type": "image/png",
        "Expires": "Tue, 01 Jan 2030 00:00:00 GMT",
        "Last-Modified": "Tue, 02 Jan 2024 03:04:05 GMT",
        "ETag": "",
        "Accept-Ranges": "bytes",
        "Access-Control-Allow-Methods": "GET",
        "Access-Control-Allow-Headers": "Content-Type, Authorization",
        "Access-Control-Allow-Credentials": "true",
        "Server-Timing": "",
    }


def test_a_hundred_simultaneous_requests_make_one_picture(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads)
    house.renderer.gate.clear()
    begun = [house.service.begin(get("/10x10/a.png")) for _ in range(100)]
    assert house.renderer.entered.acquire(timeout=20)
    house.renderer.gate.set()
    answers = [wait(one) for one in begun]
    assert len({one.body for one in answers}) == 1
    assert [one.status for one in answers] == [200] * 100
    assert len(house.renderer.jobs) == 1


def test_different_spellings_of_one_request_share_one_entry() -> None:
    house = House(SHELF)
    for path in ("/10x10/a.png", "/a.png?width=10&height=10", "/s3:b/10x10/a.png", "/10x10/%61.png"):
        assert house.service.handle(get(path)).status == 200
    assert len(house.renderer.jobs) == 1


def test_a_failure_is_given_to_everyone_who_waits_and_then_tried_anew(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads)
    house.renderer.failure = InternalError("broken", code="ProcessingFailure")
    house.renderer.gate.clear()
    begun = [house.service.begin(get("/10x10/a.png")) for _ in range(5)]
    assert house.renderer.entered.acquire(timeout=20)
    house.renderer.gate.set()
    assert [wait(one).status for one in begun] == [500] * 5
    house.renderer.failure = None
    assert wait(house.service.begin(get("/10x10/a.png"))).status == 200


def test_even_a_fault_of_ours_becomes_an_answer_without_its_details(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads)
    house.renderer.failure = ZeroDivisionError("secret detail")
    response = wait(house.service.begin(get("/10x10/a.png")))
    assert (response.status, json.loads(response.body)["code"]) == (500, "InternalError")
    assert b"secret" not in response.body
    assert "secret detail" in str(response.facts["detail"])


def test_beyond_the_queue_requests_are_turned_away_at_once(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, queue=2, executor=threads)
    house.renderer.gate.clear()
    begun = [house.service.begin(get(f"/{side}x9/a.png")) for side in (1, 2)]
    refused = wait(house.service.begin(get("/3x9/a.png")))
    assert (refused.status, refused.header("Retry-After"), json.loads(refused.body)["code"]) == (503, "1", "Overloaded")
    house.renderer.gate.set()
    assert [wait(one).status for one in begun] == [200, 200]
    assert wait(house.service.begin(get("/3x9/a.png"))).status == 200


def test_a_hit_is_answered_without_a_future_and_tells_its_age(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads)
    first = wait(house.service.begin(get("/10x10/a.png")))
    assert first.header("Cache-Status") == "Pixelshift; fwd=uri-miss; stored"
    house.now_s += 7
    second = house.service.begin(get("/10x10/a.png"))
    assert isinstance(second, HttpResponse)
    assert second.body == first.body
    assert second.header("Age") == "7"
    assert re.fullmatch(r"cache;dur=\d+\.\d", str(second.header("Server-Timing")))
    assert second.header("Cache-Status") == f"Pixelshift; hit; ttl={86_400 - 7}"


def test_a_stale_entry_whose_original_stands_is_renewed_without_rendering() -> None:
    house = House(SHELF, ages=Ages(max_ttl_s=10, stale_while_revalidate_s=0))
    house.service.handle(get("/10x10/a.png"))
    house.now_s += 11
    response = house.service.handle(get("/10x10/a.png"))
    assert response.header("Cache-Status") == "Pixelshift; hit; fwd=stale; fwd-status=304"
    assert (len(house.renderer.jobs), response.header("Age")) == (1, "0")
    house.now_s += 9
    assert "hit; ttl=1" in str(house.service.handle(get("/10x10/a.png")).header("Cache-Status"))


def test_a_renewed_entry_lives_by_the_headers_that_its_original_has_by_now() -> None:
    house = House({("b", "a.png"): picture(cache_control="max-age=10")}, ages=Ages(stale_while_revalidate_s=0))
    house.service.handle(get("/10x10/a.png"))
    house.now_s += 11
    house.origin.objects["b", "a.png"] = picture(cache_control="max-age=100", expires="soon")
    renewed = house.service.handle(get("/10x10/a.png"))
    assert (renewed.header("Cache-Control"), renewed.header("Expires")) == ("max-age=100", "soon")
    house.now_s += 99
    assert "hit; ttl=1" in str(house.service.handle(get("/10x10/a.png")).header("Cache-Status"))
    house.now_s += 2
    house.origin.objects["b", "a.png"] = picture(cache_control="no-store")
    assert house.service.handle(get("/10x10/a.png")).header("Cache-Control") == "no-store"
    assert "hit" not in str(house.service.handle(get("/10x10/a.png")).header("Cache-Status"))


def test_what_a_cache_before_us_has_had_is_older_by_as_much() -> None:
    house = House({("b", "a.png"): picture(cache_control="max-age=100", age_s=40)})
    house.service.handle(get("/10x10/a.png"))
    house.now_s += 5
    hit = house.service.handle(get("/10x10/a.png"))
    assert (hit.header("Age"), hit.header("Cache-Status")) == ("45", "Pixelshift; hit; ttl=55")


@pytest.mark.parametrize("changed", ["a.png", "o.png"])
def test_a_stale_entry_is_made_anew_when_the_picture_or_its_overlay_has_changed(changed: str) -> None:
    house = House(SHELF, ages=Ages(max_ttl_s=10, stale_while_revalidate_s=0))
    before = house.service.handle(get(OVERLAY))
    house.origin.objects["b", changed] = picture(etag="v2")
    house.now_s += 11
    after = house.service.handle(get(OVERLAY))
    assert (before.status, after.status, len(house.renderer.jobs)) == (200, 200, 2)
    assert before.header("ETag") != after.header("ETag")


def test_stale_while_revalidate_answers_at_once_and_renews_behind(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads, ages=Ages(max_ttl_s=10, stale_while_revalidate_s=5))
    first = wait(house.service.begin(get("/10x10/a.png")))
    house.origin.objects["b", "a.png"] = picture(etag="v2")
    house.now_s += 12
    house.renderer.gate.clear()
    stale = house.service.begin(get("/10x10/a.png"))
    assert isinstance(stale, HttpResponse)
    assert (stale.body, stale.header("Cache-Status")) == (first.body, "Pixelshift; hit; ttl=-2")
    house.renderer.gate.set()
    assert house.renderer.entered.acquire(timeout=20)
    assert house.renderer.entered.acquire(timeout=20)
    while (fresh := wait(house.service.begin(get("/10x10/a.png")))).body == first.body:
        pass
    assert len(house.renderer.jobs) == 2
    assert "b/a.png@v2" in fresh.body.decode()


def test_a_stale_entry_stands_in_while_the_origin_fails_but_not_when_the_original_is_gone() -> None:
    house = House(SHELF, ages=Ages(max_ttl_s=10, stale_while_revalidate_s=0, stale_if_error_s=100))
    first = house.service.handle(get("/10x10/a.png"))
    house.now_s += 11
    house.origin.failure = OriginError("away", retry_after_s=3)
    stale = house.service.handle(get("/10x10/a.png"))
    assert (stale.status, stale.body) == (200, first.body)
    assert stale.header("Cache-Status") == "Pixelshift; hit; fwd=stale; fwd-status=502; ttl=-1"
    house.now_s += 101
    gone = house.service.handle(get("/10x10/a.png"))
    assert (gone.status, gone.header("Retry-After"), gone.header("Cache-Control")) == (502, "3", "no-store")
    house.origin.failure = NotFoundError("gone")
    house.now_s -= 101
    assert house.service.handle(get("/10x10/a.png")).status == 404


def test_a_missing_original_is_remembered_for_ten_seconds() -> None:
    house = House(SHELF)
    for _ in range(3):
        response = house.service.handle(get("/none.png"))
        assert (response.status, response.header("Cache-Control")) == (404, "max-age=10,public")
    assert house.origin.reads == [("b", "none.png")]
    house.now_s += 11
    house.origin.objects["b", "none.png"] = picture()
    assert house.service.handle(get("/none.png")).status == 200


@pytest.mark.parametrize(
    ("purge", "survivors"),
    [
        ({"source": "b/a.png"}, {"/10x10/s3:c/k.png"}),
        ({"source": "b/o.png"}, {"/10x10/a.png", "/10x10/s3:c/k.png"}),
        ({"prefix": "b/"}, {"/10x10/s3:c/k.png"}),
        ({}, set()),
    ],
)
def test_purges_drop_what_was_made_from_an_original_a_prefix_or_anything(
    purge: dict[str, str], survivors: set[str]
) -> None:
    house = House(SHELF)
    paths = {"/10x10/a.png", "/10x10/s3:c/k.png", OVERLAY}
    for path in paths:
        assert house.service.handle(get(path)).status == 200
    assert house.service.purge(**purge) == len(paths) - len(survivors)
    hits = {path for path in paths if "; hit" in str(house.service.handle(get(path)).header("Cache-Status"))}
    assert hits == survivors


def test_a_picture_begun_before_a_purge_is_not_stored_after_it(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads)
    house.renderer.gate.clear()
    begun = house.service.begin(get("/10x10/a.png"))
    assert house.renderer.entered.acquire(timeout=20)
    house.service.purge()
    house.renderer.gate.set()
    assert wait(begun).status == 200
    assert wait(house.service.begin(get("/10x10/a.png"))).status == 200
    assert len(house.renderer.jobs) == 2


@pytest.mark.parametrize(
    ("accept", "format_", "type_"),
    [
        ("image/avif,image/webp,*/*", (Format.AVIF, Format.WEBP), "image/avif"),
        ("image/webp,image/avif;q=0", (Format.AVIF, Format.WEBP), "image/webp"),
        ("image/webp", (Format.AVIF,), "image/png"),
        ("*/*", (Format.AVIF, Format.WEBP), "image/png"),
        ("", (Format.WEBP,), "image/png"),
    ],
)
def test_the_format_follows_accept_and_says_so(accept: str, format_: tuple[Format, ...], type_: str) -> None:
    response = House(SHELF, Policy(offered=format_)).service.handle(get("/10x10/a.png", accept=accept))
    assert (response.header("Content-Type"), response.header("Vary")) == (type_, "Accept")


def test_an_explicit_format_does_not_vary() -> None:
    house = House(SHELF, Policy(offered=(Format.WEBP,)))
    response = house.service.handle(get("/10x10/a.png?format=png", accept="image/webp"))
    assert (response.header("Content-Type"), response.header("Vary")) == ("image/png", None)


def test_accepts_that_lead_to_one_format_share_one_entry() -> None:
    house = House(SHELF, Policy(offered=(Format.WEBP,)))
    for accept in ("image/webp", "text/html, image/webp;q=0.8", "image/webp,image/apng,*/*;q=0.5"):
        house.service.handle(get("/10x10/a.png", accept=accept))
    assert len(house.renderer.jobs) == 1


def test_signatures_come_before_everything_and_expiry_after_them() -> None:
    house = House(SHELF, gate=SignedGate(FixedKeys((b"old", b"new"))))
    past = "/a.png?expires=20000101T000000Z&signature="
    good = sign("/a.png", [("expires", "20000101T000000Z")], b"new")
    paths = ["/none.png", past + "00", past + good, "/a.png?signature=" + sign("/a.png", [], b"new")]
    answers = [house.service.handle(get(path)) for path in paths]
    codes = [json.loads(one.body)["code"] for one in answers[:3]]
    assert codes == ["AuthorizationQueryParametersError", "SignatureDoesNotMatch", "ImageRequestExpired"]
    assert answers[3].status == 200
    assert house.origin.reads == [("b", "a.png")]


def test_a_signature_seen_to_be_good_lets_the_next_one_be_checked_at_once(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads, gate=SignedGate(FixedKeys((b"key",))))
    signed = get("/a.png?signature=" + sign("/a.png", [], b"key"))
    first = house.service.begin(signed)
    assert isinstance(first, Future)
    assert wait(first).status == 200
    assert isinstance(house.service.begin(signed), HttpResponse)
    assert wait(house.service.begin(get("/a.png?signature=00"))).status == 403


def test_waiting_behind_a_first_signature_check_holds_no_thread() -> None:
    with ThreadPoolExecutor(2) as two_threads:
        house = House(SHELF, executor=two_threads, gate=SignedGate(FixedKeys((b"key",))))
        house.renderer.gate.clear()
        signed = get("/10x10/a.png?signature=" + sign("/10x10/a.png", [], b"key"))
        begun = [house.service.begin(signed) for _ in range(20)]
        assert house.renderer.entered.acquire(timeout=20)
        house.renderer.gate.set()
        assert [wait(one).status for one in begun] == [200] * 20
    assert len(house.renderer.jobs) == 1


def test_who_comes_after_a_purge_does_not_share_what_was_begun_before_it(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads)
    house.renderer.gate.clear()
    before = house.service.begin(get("/10x10/a.png"))
    assert house.renderer.entered.acquire(timeout=20)
    house.service.purge(source="b/a.png")
    house.origin.objects["b", "a.png"] = picture(etag="v2")
    after = house.service.begin(get("/10x10/a.png"))
    assert house.renderer.entered.acquire(timeout=20)
    house.renderer.gate.set()
    assert (b"@v1" in wait(before).body, b"@v2" in wait(after).body) == (True, True)


def test_a_link_with_an_end_is_fresh_until_then_from_the_cache_too() -> None:
    house = House(SHELF)
    house.service.handle(get("/a.png"))
    house.now_s += 100
    response = house.service.handle(get("/a.png?expires=20991231T235959Z"))
    assert response.header("Cache-Control") == "max-age=31536000,public"
    assert response.header("Age") is None
    assert "hit" in str(response.header("Cache-Status"))


def test_the_fallback_picture_takes_the_errors_status_and_no_more() -> None:
    shelf = SHELF | {("f", "sorry.png"): picture(b"\x89PNG sorry")}
    house = House(shelf, fallback=FallbackPicture("f", "sorry.png", 60))
    response = house.service.handle(get("/none.png"))
    assert (response.status, response.body, response.header("Content-Type")) == (404, b"\x89PNG sorry", "image/png")
    assert response.header("Cache-Control") == "max-age=60,public"
    assert house.service.handle(get("/a.bmp")).status == 400
    del house.origin.objects["f", "sorry.png"]
    assert json.loads(house.service.handle(get("/other.png")).body)["code"] == "NoSuchKey"


def test_a_fallback_that_needs_reading_is_never_read_on_the_event_loop(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads, fallback=FallbackPicture("b", "a.png", 60))
    begun = house.service.begin(get("/a.bmp"))
    assert isinstance(begun, Future)
    assert (wait(begun).status, wait(begun).body) == (400, PNG)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_only_get_and_head_are_answered(method: str) -> None:
    response = House(SHELF).service.handle(get("/a.png", method))
    assert (response.status, response.header("Allow")) == (405, "GET, HEAD, OPTIONS")


def test_options_is_answered_for_preflights() -> None:
    response = House(SHELF, Policy(cors=Cors(True, "https://x.example"))).service.handle(get("/a.png", "OPTIONS"))
    assert (response.status, response.header("Access-Control-Allow-Origin")) == (204, "https://x.example")


def test_an_error_is_json_with_a_link_to_what_it_means() -> None:
    document = json.loads(House(SHELF).service.handle(get("/none.png")).body)
    assert list(document) == ["status", "code", "message", "docs"]
    assert document["docs"] == "/-/errors#NoSuchKey"


def test_a_prefix_is_taken_off_before_anything_reads_the_path() -> None:
    house = House(SHELF, Policy(path_prefix="/image"))
    assert [house.service.handle(get(path)).status for path in ("/image/a.png", "/a.png", "/imagea.png")] == [
        200,
        404,
        404,
    ]


def test_a_missing_overlay_is_the_clients_mistake() -> None:
    house = House({("b", "a.png"): picture()})
    response = house.service.handle(get(OVERLAY))
    assert (response.status, json.loads(response.body)["code"]) == (400, "OverlayImageException")


def test_a_face_with_a_limit_refuses_larger_bodies_and_larger_fallbacks() -> None:
    shelf = SHELF | {("f", "huge.png"): picture(PNG * 10)}
    house = House(shelf, oversize=Oversize(len(PNG) - 1), fallback=FallbackPicture("f", "huge.png", 60, len(PNG)))
    response = house.service.handle(get("/a.png"))
    assert (response.status, json.loads(response.body)["code"]) == (413, "TooLargeImageException")


def test_no_time_left_is_a_503_not_a_hang() -> None:
    house = House(SHELF, cached=False)
    late = HttpRequest("GET", "/a.png", deadline_s=time.monotonic() - 1)
    response = house.service.handle(late)
    assert (response.status, json.loads(response.body)["code"]) == (503, "TimeoutException")


def test_cancelling_one_waiter_leaves_the_others_their_answer(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, executor=threads)
    house.renderer.gate.clear()
    first, second = (house.service.begin(get("/10x10/a.png")) for _ in range(2))
    assert isinstance(first, Future)
    assert isinstance(second, Future)
    assert house.renderer.entered.acquire(timeout=20)
    assert first.cancel()
    house.renderer.gate.set()
    assert wait(second).status == 200
    assert first.cancelled()
