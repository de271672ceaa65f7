"""Every attack of the corpus meets its limit, and the service goes on as if nothing had been."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelshift.delivery.message import HttpRequest
from pixelshift.environment import load
from pixelshift.wiring import ImageService, image_service
from tests.hostile.corpus import ATTACKS, Attack, jpeg


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "good.jpg").write_bytes(jpeg())
    for attack in ATTACKS:
        (folder / f"{attack.name}{attack.suffix}").write_bytes(attack.body)
    return folder


@pytest.fixture(scope="module")
def services(folder: Path) -> Iterator[dict[str, ImageService]]:
    """One service for each environment that the corpus asks for."""
    made: dict[str, ImageService] = {}
    for attack in ATTACKS:
        name = json.dumps(dict(attack.environment))
        if name not in made:
            base = {
                "PIXELSHIFT_ORIGIN": "folder",
                "PIXELSHIFT_FOLDER": str(folder),
                "PIXELSHIFT_WORKERS": "1",
                "PIXELSHIFT_MAX_TIME": "20",
            }
            made[name] = image_service(load(base | attack.environment), {"PATH": "/usr/bin:/bin"})
    yield made
    for service in made.values():
        service.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_meets_its_limit_and_nobody_else_notices(attack: Attack, services: dict[str, ImageService]) -> None:
    service = services[json.dumps(dict(attack.environment))]
    before = service.pool.process_ids()
    path = attack.request.replace("{key}", attack.name + attack.suffix)
    response = service.delivery.handle(HttpRequest("GET", path))
    told = json.loads(response.body) if response.header("Content-Type") == "application/json" else {}
    assert (response.status, told) == (attack.status, told), attack.why
    if attack.code is not None:
        assert told["code"] == attack.code, told
    assert service.pool.process_ids() == before, "a render process died"
    if not attack.environment:
        assert service.delivery.handle(HttpRequest("GET", "/20x20/good.jpg")).status == 200


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.suffix == ".svg"], ids=lambda attack: attack.name)
def test_a_hostile_drawing_is_never_passed_through_as_it_is(attack: Attack, services: dict[str, ImageService]) -> None:
    response = services["{}"].delivery.handle(HttpRequest("GET", f"/{attack.name}.svg"))
    assert response.status in {200, 400, 413}
    if response.status == 200:
        assert b"file:" not in response.body
        assert "sandbox" in str(response.header("Content-Security-Policy"))
        assert response.header("Content-Disposition") == "attachment"
