"""One suite for every store of devices: the one in memory that the simulator uses, and DynamoDB in two emulators."""

import threading
from collections.abc import Callable, Iterator

import pytest

from pixelshift.errors import PixelshiftError
from pixelshift.net.boto import AwsClient, AwsSettings
from pixelshift.store.device import DeviceCommit, DeviceStore, StoredEvent, StoredHead
from pixelshift.store.dynamodb import DeviceTables, DynamoDeviceStore
from pixelshift.value import replace
from tests.support.cloud import REGION, Cloud
from tests.support.devices import MemoryDeviceStore
from tests.support.emulators import ministack
from tests.support.moto_server import moto_server

Make = Callable[[str], DeviceStore]


@pytest.fixture(
    scope="module",
    params=[
        "memory",
        pytest.param("moto", marks=pytest.mark.moto),
        pytest.param("ministack", marks=pytest.mark.ministack),
    ],
)
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes a store of its own for a test, by the test's name."""
    if request.param == "memory":
        yield lambda _: MemoryDeviceStore()
        return
    server = moto_server() if request.param == "moto" else ministack(tmp_path_factory.mktemp("ministack"))
    with pytest.MonkeyPatch.context() as patch, server as url:
        patch.setenv("AWS_ACCESS_KEY_ID", "AKID")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        cloud = Cloud({"": url})
        client = AwsClient("dynamodb", AwsSettings(REGION, url))

        def made(name: str) -> DeviceStore:
            return DynamoDeviceStore(
                client, DeviceTables(*(cloud.table(f"{name}-{kind}") for kind in ("state", "changes", "outbox")))
            )

        yield made
        client.close()


@pytest.fixture
def store(make: Make, request: pytest.FixtureRequest) -> DeviceStore:
    return make(f"t{abs(hash(request.node.name)) % 10**8}")


def _event(number: int, device: str = "d") -> StoredEvent:
    return StoredEvent(device, f"{number:08d}#change", f"{device}:{number}", "change", '{"offset": 1}')


FIRST = DeviceCommit("d", 0, b"one", {0: b"chunk 0"}, (), (_event(1), _event(2)))


def test_a_device_that_is_not_there_has_no_head_and_no_chunks(store: DeviceStore) -> None:
    assert store.head("d") is None
    assert store.chunks("d", 0, 5) == []
    assert store.outgoing(None, 10) == []


def test_a_commit_is_there_whole(store: DeviceStore) -> None:
    assert store.commit(FIRST)
    assert store.head("d") == StoredHead(1, b"one")
    assert store.chunks("d", 0, 1) == [b"chunk 0"]
    assert store.outgoing("d", 10) == [_event(1), _event(2)]


@pytest.mark.parametrize("version", [0, 2, 7])
def test_a_commit_on_another_version_is_not_there_at_all(store: DeviceStore, version: int) -> None:
    assert store.commit(FIRST)
    late = DeviceCommit("d", version, b"two", {1: b"chunk 1"}, (0,), (_event(3),))
    assert not store.commit(late)
    assert store.head("d") == StoredHead(1, b"one")
    assert store.chunks("d", 0, 9) == [b"chunk 0"]
    assert store.outgoing("d", 10) == [_event(1), _event(2)]


def test_a_commit_whose_answer_was_lost_is_refused_when_it_comes_again(store: DeviceStore) -> None:
    assert store.commit(FIRST)
    assert not store.commit(FIRST)
    assert len(store.outgoing("d", 10)) == 2


def test_one_of_many_writers_wins(store: DeviceStore) -> None:
    won: list[int] = []

    def write(number: int) -> None:
        try:
            if store.commit(DeviceCommit("d", 0, bytes([number]), {}, (), (_event(number),))):
                won.append(number)
        except PixelshiftError:
            pass  # busy, which is a loss too

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.head("d") == StoredHead(1, bytes(won))
    assert store.outgoing(None, 100) == [_event(won[0])]


def test_chunks_come_in_order_and_without_those_that_were_dropped(store: DeviceStore) -> None:
    chunks = {number: bytes([number]) * 4_000 for number in range(12)}
    assert store.commit(DeviceCommit("d", 0, b"h", chunks))
    assert store.chunks("d", 0, 12) == list(chunks.values())
    assert store.chunks("d", 3, 5) == [chunks[3], chunks[4]]
    assert store.chunks("d", 5, 5) == []
    assert store.commit(DeviceCommit("d", 1, b"h", {}, (0, 1, 2)))
    assert store.chunks("d", 0, 12) == list(chunks.values())[3:]


def test_the_largest_step_fits_one_transaction(store: DeviceStore) -> None:
    events = [_event(number) for number in range(40)]
    chunks = dict.fromkeys(range(8), b"c" * 4200)
    assert store.commit(DeviceCommit("d", 0, b"h" * 12_000, chunks, (), events))
    assert store.commit(DeviceCommit("d", 1, b"h" * 12_000, {8: b"c"}, tuple(range(8)), ()))
    assert len(store.outgoing("d", 100)) == 40


def test_the_outbox_keeps_a_devices_order_and_forgets_what_was_sent(store: DeviceStore) -> None:
    assert store.commit(DeviceCommit("d", 0, b"h", {}, (), [_event(n) for n in (1, 2, 10)]))
    assert store.commit(DeviceCommit("e", 0, b"h", {}, (), [_event(5, "e")]))
    assert [event.id for event in store.outgoing("d", 2)] == ["d:1", "d:2"]
    assert {event.id for event in store.outgoing(None, 100)} == {"d:1", "d:2", "d:10", "e:5"}
    store.sent(_event(1))
    store.sent(_event(1))
    store.bury(_event(2), "too large")
    assert [event.id for event in store.outgoing("d", 9)] == ["d:10"]
    assert sorted(event.id for event in store.outgoing(None, 9)) == ["d:10", "e:5"]


def test_devices_are_apart(store: DeviceStore) -> None:
    assert store.commit(FIRST)
    assert store.commit(replace(FIRST, device_id="e", events=(_event(1, "e"),)))
    assert store.commit(DeviceCommit("d", 1, b"two"))
    assert store.head("e") == StoredHead(1, b"one")
