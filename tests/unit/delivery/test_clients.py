"""How much one client may have: the arithmetic of accounts, and what the service makes of it."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.delivery.clients import ClientLimits, Clients, Place, network_of
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.errors import OverloadedError
from pixelshift.value import replace
from tests.support.delivering import PNG, House, Original, get


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def admitted(clients: Clients, address: str, times: int) -> list[Place]:
    places = []
    for _ in range(times):
        with suppress(OverloadedError):
            places.append(clients.admit(address))
    return places


def test_so_many_at_once_and_no_more_until_one_is_done() -> None:
    clients = Clients(ClientLimits(at_once=2))
    places = admitted(clients, "192.0.2.1", 5)
    assert len(places) == 2
    assert len(admitted(clients, "192.0.2.2", 5)) == 2  # somebody else has a share of their own
    places[0].leave()
    assert len(admitted(clients, "192.0.2.1", 5)) == 1


def test_a_rate_is_earned_second_by_second_up_to_the_burst() -> None:
    clock = Clock()
    clients = Clients(ClientLimits(per_second=2.0, burst=5), clock)
    assert len(admitted(clients, "a", 9)) == 5
    clock.now_s += 1.0
    assert len(admitted(clients, "a", 9)) == 2
    clock.now_s += 1e9
    assert len(admitted(clients, "a", 9)) == 5


def test_retry_after_is_when_there_is_room_again() -> None:
    clock = Clock()
    clients = Clients(ClientLimits(per_second=0.25, burst=1), clock)
    clients.admit("a")
    with pytest.raises(OverloadedError) as caught:
        clients.admit("a")
    assert (caught.value.status, caught.value.code, caught.value.retry_after_s) == (429, "TooManyRequests", 4)
    clock.now_s += 4.0
    clients.admit("a")


def test_what_cost_nothing_is_given_back() -> None:
    clients = Clients(ClientLimits(at_once=1, per_second=0.001, burst=1), Clock())
    for _ in range(10):
        clients.admit("a").give_back()


@given(addresses=st.lists(st.integers(0, 30).map(str), max_size=200), limit=st.integers(1, 8))
def test_accounts_are_bounded_and_no_one_under_way_is_forgotten(addresses: list[str], limit: int) -> None:
    clients = Clients(ClientLimits(at_once=3, remembered=limit))
    kept: dict[str, int] = {}
    for number, address in enumerate(addresses):
        for place in admitted(clients, address, 1):
            if number % 3:
                place.leave()
            else:
                kept[address] = kept.get(address, 0) + 1
        assert len(clients) <= limit + len(kept)
    for address, held in kept.items():
        assert len(admitted(clients, address, 3)) == 3 - held


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", "unknown"),
        ("x" * 1000, "x" * 64),
    ],
)
def test_an_ipv6_network_is_one_client(address: str, network: str) -> None:
    assert network_of(address) == network


SHELF = {("b", "a.png"): Original(PNG, etag="e", content_type="image/png")}


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def asked(path: str, client: str) -> HttpRequest:
    return replace(get(path), client=client)


def wait(begun: HttpResponse | Future[HttpResponse]) -> HttpResponse:
    return begun if isinstance(begun, HttpResponse) else begun.result(timeout=20)


def test_beyond_its_share_a_client_is_told_to_wait_while_others_are_served(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, clients=ClientLimits(at_once=2), executor=threads)
    house.renderer.gate.clear()
    begun = [house.service.begin(asked(f"/{side}x9/a.png", "192.0.2.1")) for side in (1, 2)]
    refused = wait(house.service.begin(asked("/3x9/a.png", "192.0.2.1")))
    assert (refused.status, json.loads(refused.body)["code"]) == (429, "TooManyRequests")
    assert (refused.header("Retry-After"), refused.header("Cache-Control")) == ("1", "no-store")
    begun.append(house.service.begin(asked("/3x9/a.png", "192.0.2.2")))
    house.renderer.gate.set()
    assert [wait(one).status for one in begun] == [200, 200, 200]
    assert wait(house.service.begin(asked("/4x9/a.png", "192.0.2.1"))).status == 200


def test_stored_and_shared_pictures_are_free(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, clients=ClientLimits(per_second=0.001, burst=1), executor=threads)
    house.renderer.gate.clear()
    first = house.service.begin(asked("/1x9/a.png", "192.0.2.1"))
    shared = [house.service.begin(asked("/1x9/a.png", "192.0.2.2")) for _ in range(5)]
    house.renderer.gate.set()
    assert {wait(one).status for one in (first, *shared)} == {200}
    assert [wait(house.service.begin(asked("/1x9/a.png", "192.0.2.1"))).status for _ in range(5)] == [200] * 5
    assert wait(house.service.begin(asked("/2x9/a.png", "192.0.2.2"))).status == 200
    assert wait(house.service.begin(asked("/3x9/a.png", "192.0.2.1"))).status == 429


def test_a_failed_picture_leaves_its_place(threads: ThreadPoolExecutor) -> None:
    house = House(SHELF, clients=ClientLimits(at_once=1), executor=threads)
    house.renderer.failure = ZeroDivisionError()
    statuses = [wait(house.service.begin(asked(f"/{side}x9/a.png", "192.0.2.1"))).status for side in range(1, 6)]
    assert statuses == [500] * 5
