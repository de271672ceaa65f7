"""One fetch for everyone who waits, and no more than the budget remembered."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pixelshift.errors import NotFoundError, OriginError
from pixelshift.origin.base import Original
from pixelshift.origin.shared import CachingOrigin, CoalescingOrigin


class SlowOrigin:
    """Counts fetches; each waits until it is let go."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str | None]] = []
        self.arrived = threading.Semaphore(0)
        self.go = threading.Event()
        self.error: Exception | None = None
        self.body = b"body"
        self.cache_control: str | None = None

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        self.calls.append((bucket, key, known.etag if known else None))
        self.arrived.release()
        assert self.go.wait(10)
        if self.error is not None:
            raise self.error
        if known is not None and known.etag == self.body.decode():
            return known
        return Original(self.body, etag=self.body.decode(), cache_control=self.cache_control)


def test_simultaneous_requests_for_one_original_make_one_fetch() -> None:
    inner = SlowOrigin()
    origin = CoalescingOrigin(inner)

    def fetch_once() -> Original:
        return origin.fetch("b", "k", body_limit_bytes=100, timeout_s=10)

    with ThreadPoolExecutor(6) as pool:
        waiters = [pool.submit(fetch_once) for _ in range(6)]
        tick = threading.Event()
        while origin.waiting() < 5:
            tick.wait(0.001)
        inner.go.set()
        originals = {id(waiter.result(10)) for waiter in waiters}
    assert len(inner.calls) == 1
    assert len(originals) == 1
    assert origin.waiting() == 0


def test_followers_hold_no_fetch_of_their_own_while_one_is_under_way() -> None:
    inner = SlowOrigin()
    origin = CoalescingOrigin(inner)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(origin.fetch, "b", "k", body_limit_bytes=9, timeout_s=10)
        assert inner.arrived.acquire(timeout=10)
        with pytest.raises(OriginError) as caught:
            origin.fetch("b", "k", body_limit_bytes=9, timeout_s=0.01)
        assert caught.value.retry_after_s is not None
        assert len(inner.calls) == 1
        inner.go.set()
        assert first.result(10).body == b"body"


def test_other_keys_and_other_limits_are_fetched_apart() -> None:
    inner = SlowOrigin()
    inner.go.set()
    origin = CoalescingOrigin(inner)
    for key, limit in (("a", 1), ("b", 1), ("a", 2)):
        origin.fetch("b", key, body_limit_bytes=limit, timeout_s=1)
    assert len(inner.calls) == 3


def test_a_failure_reaches_everyone_and_is_not_remembered() -> None:
    inner = SlowOrigin()
    inner.error = NotFoundError("no")
    inner.go.set()
    origin = CoalescingOrigin(inner)
    for _ in range(2):
        with pytest.raises(NotFoundError):
            origin.fetch("b", "k", body_limit_bytes=9, timeout_s=1)
    assert len(inner.calls) == 2


def test_each_waiter_gets_a_failure_of_its_own() -> None:
    inner = SlowOrigin()
    inner.error = OriginError("down", detail="d", retry_after_s=7)
    origin = CoalescingOrigin(inner)
    with ThreadPoolExecutor(2) as pool:
        waiters = [pool.submit(origin.fetch, "b", "k", body_limit_bytes=9, timeout_s=10) for _ in range(2)]
        tick = threading.Event()
        while origin.waiting() < 1:
            tick.wait(0.001)
        inner.go.set()
        errors = [waiter.exception(10) for waiter in waiters]
    assert errors[0] is not errors[1]
    for error in errors:
        assert isinstance(error, OriginError)
        assert (error.message, error.detail, error.retry_after_s) == ("down", "d", 7)


def caching(inner: SlowOrigin, budget: int = 100_000) -> tuple[CachingOrigin, list[float]]:
    inner.go.set()
    now = [0.0]
    return CachingOrigin(inner, budget, fresh_s=5, clock=lambda: now[0]), now


def fetch(origin: CachingOrigin, key: str = "k", known: Original | None = None) -> Original:
    return origin.fetch("b", key, body_limit_bytes=10_000_000, timeout_s=1, known=known)


def test_a_fresh_original_is_not_asked_for_again_and_a_stale_one_with_its_identity() -> None:
    inner = SlowOrigin()
    origin, now = caching(inner)
    first = fetch(origin)
    now[0] = 4.9
    assert fetch(origin) is first
    now[0] = 5.0
    assert fetch(origin) is first
    assert inner.calls == [("b", "k", None), ("b", "k", "body")]
    now[0] = 9.9
    assert fetch(origin) is first
    assert len(inner.calls) == 2


@pytest.mark.parametrize(
    ("cache_control", "asked"),
    [
        ("max-age=3600", [False, False, True]),  # no longer than our own five seconds
        ("max-age=2", [False, True, True]),
        ("max-age=0", [True, True, True]),
        ("no-cache, max-age=9", [True, True, True]),
        ("no-store", [True, True, True]),
        ("private", [True, True, True]),
        ("max-age=9, s-maxage=2", [False, True, True]),
    ],
)
def test_an_original_is_kept_no_longer_than_its_cache_control_allows(cache_control: str, asked: list[bool]) -> None:
    inner = SlowOrigin()
    inner.cache_control = cache_control
    origin, now = caching(inner)
    fetch(origin)
    for second, asks in zip((1.0, 2.5, 7.6), asked, strict=True):
        now[0], calls = second, len(inner.calls)
        fetch(origin)
        assert (len(inner.calls) > calls) is asks
    assert (origin.size_bytes() == 0) is (cache_control in {"no-store", "private"})


def test_a_changed_original_replaces_the_kept_one() -> None:
    inner = SlowOrigin()
    origin, now = caching(inner)
    fetch(origin)
    inner.body = b"other"
    now[0] = 6.0
    assert fetch(origin).body == b"other"
    assert fetch(origin).body == b"other"
    assert len(inner.calls) == 2


def test_an_original_that_is_gone_is_forgotten_and_one_that_fails_is_kept() -> None:
    inner = SlowOrigin()
    origin, now = caching(inner)
    fetch(origin)
    now[0] = 6.0
    inner.error = OriginError("down")
    with pytest.raises(OriginError):
        fetch(origin)
    assert origin.size_bytes() > 0
    inner.error = NotFoundError("gone")
    with pytest.raises(NotFoundError):
        fetch(origin)
    assert origin.size_bytes() == 0


def test_the_budget_holds_and_the_least_recently_used_go_first() -> None:
    inner = SlowOrigin()
    origin, _ = caching(inner, budget=25_000)
    inner.body = b"x" * 9_000
    for key in ("a", "b", "a", "c"):
        fetch(origin, key)
        assert origin.size_bytes() <= 25_000
    calls = len(inner.calls)
    fetch(origin, "a")
    assert len(inner.calls) == calls
    fetch(origin, "b")
    assert len(inner.calls) == calls + 1


def test_a_version_known_without_its_body_never_enters_the_memory() -> None:
    inner = SlowOrigin()
    origin, _ = caching(inner)
    label = Original(b"", etag="body")
    assert fetch(origin, known=label).body == b""
    assert fetch(origin).body == b"body"


def test_purges_forget_by_name_and_by_prefix() -> None:
    inner = SlowOrigin()
    origin, _ = caching(inner)
    for key in ("dir/a", "dir/b", "other"):
        fetch(origin, key)
    origin.forget("b", "other")
    origin.forget_prefix("b/dir/")
    assert origin.size_bytes() == 0
