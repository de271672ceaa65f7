"""docker/compose.yaml, up: the service behind the edge cache, as a user of it meets them; `make test-container`."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.support.cloud import wait_for
from tests.support.compose import Project, project
from tests.support.edge import CHROME, Edge, Origin
from tests.support.function_process import ROOT

pytestmark = pytest.mark.container


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with project(tmp_path_factory.mktemp("compose")) as made:
        yield made


@pytest.fixture
def edge(up: Project) -> Edge:
    """Its origin is the service in its own container, not the one that other tests give it."""
    made = Edge(up.port, Origin())
    wait_for(lambda: _answers(made))
    return made


def _answers(edge: Edge) -> bool:
    try:
        return edge.ask("/healthz").status == 200
    except OSError:
        return False


def test_the_file_is_one_that_compose_takes(up: Project) -> None:
    up.compose("config", "--quiet")
    assert sorted(up.compose("config", "--services").split()) == ["edge", "service"]


@pytest.mark.parametrize(("accept", "kind"), [(CHROME, "AVIF"), ("image/webp", "WEBP"), ("image/png,*/*", "JPEG")])
def test_the_picture_of_the_files_first_lines_comes_in_the_clients_format(edge: Edge, accept: str, kind: str) -> None:
    said = [edge.ask("/fit-in/300x300/mountains.jpg", Accept=accept) for _ in range(2)]
    assert [answer.status for answer in said] == [200, 200]
    picture = Image.open(io.BytesIO(said[0].body))
    assert (picture.format, max(picture.size)) == (kind, 300)
    assert [answer.headers["x-cache"] for answer in said] == ["MISS", "HIT"]
    assert said[0].body == said[1].body


def test_a_hundred_clients_are_one_request_to_the_service(edge: Edge) -> None:
    before = _requests(edge)
    with ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(lambda _: edge.ask("/fit-in/211x211/dogs.jpg", Accept="image/webp"), range(100)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert _requests(edge) - before == 1


def _requests(edge: Edge) -> float:
    lines = edge.ask("/metrics").body.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("pixelshift_image_requests_total{"))


def test_a_purge_from_the_projects_network_is_seen(edge: Edge) -> None:
    assert edge.ask("/fit-in/77x77/dogs.jpg").headers["x-cache"] == "MISS"
    assert edge.ask("/fit-in/77x77/dogs.jpg").headers["x-cache"] == "HIT"
    assert edge.ask("/fit-in/77x77/dogs.jpg", "PURGE").status == 200
    assert edge.ask("/fit-in/77x77/dogs.jpg").headers["x-cache"] == "MISS"


def test_both_run_without_privileges_on_file_systems_that_cannot_be_written(up: Project) -> None:
    for service, user in (("service", "10001:10001"), ("edge", "vcache")):
        found = up.inspect(service)
        assert found["Config"]["User"] == user
        assert found["HostConfig"]["ReadonlyRootfs"] is True
        assert not found["EffectiveCaps"]
        assert found["HostConfig"]["Memory"] > 0


def test_pictures_are_read_from_the_samples_and_from_nowhere_else(up: Project, edge: Edge) -> None:
    mounts = [(mount["Source"], mount["Destination"], mount["RW"]) for mount in up.inspect("service")["Mounts"]]
    assert (str(ROOT / "samples"), "/pictures", False) in mounts
    assert edge.ask("/mountains.jpg").body == (ROOT / "samples" / "mountains.jpg").read_bytes()
    assert edge.ask("/absent.jpg").status == 404


def test_while_the_service_is_gone_kept_pictures_are_served(up: Project, edge: Edge) -> None:
    """Last, for it stops the service."""
    assert edge.ask("/fit-in/99x99/dogs.jpg").status == 200
    up.compose("stop", "--timeout", "5", "service")
    kept = edge.ask("/fit-in/99x99/dogs.jpg")
    assert (kept.status, kept.headers["x-cache"]) == (200, "HIT")
    gone = edge.ask("/fit-in/98x98/dogs.jpg")
    assert (gone.status, gone.headers["cache-control"]) == (503, "no-store")
    up.compose("start", "service")
