"""The picture service itself behind the edge cache, as docker/compose.yaml puts them together."""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import httpx
import pytest
import yaml
from PIL import Image

from tests.support.edge import CACHE, Edge, Origin, edge
from tests.support.emulators import free_port, running

pytestmark = pytest.mark.varnish

DOCKER = CACHE.parent
SAMPLES = DOCKER.parent / "samples"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Edge, str]]:
    """The edge, and the service's own address."""
    folder, port = tmp_path_factory.mktemp("service"), free_port()
    environment = COMPOSE["services"]["service"]["environment"]
    places = {"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": str(SAMPLES), "PIXELSHIFT_WORKERS": "1"}
    command = [sys.executable, "-m", "pixelshift", "serve", "--port", str(port)]
    with running(command, port, cwd=folder, **environment, **places):
        work = folder / "edge"
        work.mkdir()
        with edge(work, port) as edge_port:
            yield Edge(edge_port, Origin()), f"http://127.0.0.1:{port}"


def test_a_hundred_clients_of_one_picture_are_one_request_to_the_service(behind: tuple[Edge, str]) -> None:
    cache, service = behind
    before = httpx.get(f"{service}/metrics", timeout=30).text
    with ThreadPoolExecutor(100) as clients:
        answers = list(
            clients.map(lambda _: cache.ask("/fit-in/200x200/mountains.jpg", Accept="image/webp"), range(100))
        )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert Image.open(BytesIO(answers[0].body)).format == "WEBP"
    after = httpx.get(f"{service}/metrics", timeout=30).text
    assert _requests(after) - _requests(before) == 1


def _requests(metrics: str) -> float:
    """Picture requests that the service answered."""
    return sum(map(float, re.findall(r"^pixelshift_image_requests_total\{[^}]*\} (\S+)$", metrics, re.MULTILINE)))


@pytest.mark.parametrize(
    ("accept", "kind"), [("image/avif,image/webp", "AVIF"), ("image/webp", "WEBP"), ("image/png,*/*", "JPEG")]
)
def test_each_client_gets_the_format_that_it_accepts(behind: tuple[Edge, str], accept: str, kind: str) -> None:
    cache, _ = behind
    for _ in range(2):
        answer = cache.ask("/fit-in/100x100/dogs.jpg", Accept=accept)
        assert answer.status == 200
        assert Image.open(BytesIO(answer.body)).format == kind
    assert answer.headers["x-cache"] == "HIT"


def test_what_operates_the_service_is_never_kept(behind: tuple[Edge, str]) -> None:
    cache, _ = behind
    for path in ("/metrics", "/healthz"):
        assert cache.ask(path).status == 200
        assert cache.ask(path).headers["x-cache"] == "MISS"


def test_compose_names_what_is_there() -> None:
    services = COMPOSE["services"]
    backend = (CACHE / "origin.vcl").read_text()
    assert re.search(r'\.host = "(\w+)"', backend)[1] in services  # type: ignore[index]  # or the test fails, as it should
    dockerfile = (DOCKER / "Dockerfile").read_text()
    target = services["service"]["build"]["target"]
    stage = dockerfile.split(f" AS {target}\n")[1].split("\nFROM ")[0]
    port = re.search(r'\.port = "(\d+)"', backend)[1]  # type: ignore[index]
    assert f'"--port", "{port}"' in stage
    assert "HEALTHCHECK" in stage, "the edge waits for it"
    for service in services.values():
        context = (DOCKER / service["build"]["context"]).resolve()
        assert (context / service["build"].get("dockerfile", "Dockerfile")).is_file()
        for volume in service.get("volumes", ()):
            assert (DOCKER / volume.split(":")[0]).resolve().is_dir()
    inside = (CACHE / "Dockerfile").read_text()
    assert all((CACHE / name).is_file() for name in re.findall(r"\w+\.vcl", inside))
