"""The images of docker/Dockerfile, built and run as Lambda would: `make test-container`."""

import io
import json
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PIL import Image

from tests.support import function_scenarios as scenarios
from tests.support.cloud import cloud
from tests.support.containers import build, container, function, inspect, run, wait_for_answer, wait_for_http
from tests.support.function_process import ROOT, Emulated
from tests.support.lambda_events import SHAPES, body_of

pytestmark = pytest.mark.container
IMAGE = "pixelshift.aws.image.handler"
SAMPLES = {"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": "/pictures"}
VOLUMES = {ROOT / "samples": "/pictures"}


@pytest.fixture(scope="session")
def image() -> str:
    return build("lambda")


@pytest.fixture(scope="module")
def pictures(image: str) -> Iterator[Emulated]:
    with function(image, IMAGE, SAMPLES, volumes=VOLUMES) as made:
        yield made


def test_pictures_come_by_every_trigger(pictures: Emulated) -> None:
    scenarios.pictures_come_by_every_trigger(pictures, "pictures")


def test_clients_mistakes_are_told_and_harm_nobody(pictures: Emulated) -> None:
    scenarios.clients_mistakes_are_told_and_harm_nobody(pictures)


def test_every_format_is_read_and_written(pictures: Emulated) -> None:
    for source in ("bowl.png", "pan.gif", "pan.webp", "logo.svg", "mountains.jpg"):
        for name in ("jpeg", "png", "webp", "gif", "avif", "tiff"):
            answer = pictures.document(SHAPES["REST"](f"/{source}", f"width=60&format={name}"))
            assert answer["statusCode"] == 200, (source, name, body_of(answer))
            assert Image.open(io.BytesIO(body_of(answer))).format == name.upper()


def test_stream_functions_work_as_one(image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}

    def start(name: str, environment: dict[str, str]) -> AbstractContextManager[Emulated]:
        return function(image, name, {**environment, **keys}, host_network=True)

    with cloud(monkeypatch) as made:
        scenarios.stream_functions_work_as_one(start, made)


def test_a_process_that_outgrows_its_memory_is_replaced(image: str) -> None:
    with function(image, IMAGE, SAMPLES, volumes=VOLUMES, memory="160m") as made:
        small = SHAPES["REST"]("/fit-in/20x20/logo.png")
        assert made.document(small)["statusCode"] == 200
        edits = {"resize": {"width": 8000, "height": 8000, "fit": "fill"}, "toFormat": "png", "blur": 2}
        status, body = made(SHAPES["REST"](scenarios.edits_path("pictures", "mountains.jpg", edits)))
        assert (status, json.loads(body)["errorType"]) == (502, "Runtime.ExitError")
        assert made.document(small)["statusCode"] == 200


def test_it_runs_as_nobody_writes_to_tmp_only_and_has_its_bytecode(image: str) -> None:
    with container(image, inner_port=8080, environment={}) as made:
        assert made.inside("id", "-u").strip() == "10001"
        for folder in ("/var/task", "/opt", "/opt/venv/bin", "/etc", "/home"):
            with pytest.raises(AssertionError, match=r"Read-only|denied"):
                made.inside("touch", f"{folder}/x")
        made.inside("touch", "/tmp/x")
        lines = [
            "import os, importlib.util as u, pixelshift.wiring as w, botocore.session as b",
            "print(*[os.path.exists(u.cache_from_source(m.__file__)) for m in (w, b)])",
        ]
        assert made.inside("python", "-c", "\n".join(lines)).split() == ["True", "True"]


def test_only_what_is_needed_is_in_it(image: str) -> None:
    names = _distributions(image)
    wanted = {"pixelshift", "awslambdaric", "boto3", "numpy", "pillow", "regex", "resvg-py", "defusedxml"}
    assert wanted <= set(names)
    assert not set(names) & {"pip", "setuptools", "cython", "pytest", "numba", "matplotlib", "fastapi", "typer", "moto"}
    assert inspect(image)["Size"] < 330_000_000


def test_kernels_are_compiled_in_and_agree(image: str) -> None:
    code = "from pixelshift import _native; print(*_native.available_levels())"
    said = _python(image, code)
    assert said.split()[0] == "scalar"
    assert ("avx2" in said.split()) == (" avx2 " in Path("/proc/cpuinfo").read_text())


def test_the_wrapper_goes_before_the_runtime(image: str) -> None:
    environment = {**SAMPLES, "AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper.sh", "STAGE": "scalar"}
    with container(image, IMAGE, inner_port=8080, environment=environment, volumes=VOLUMES) as made:
        wait = Emulated(f"http://127.0.0.1:{made.port}", Path("/dev/null"))
        wait_for_answer(made.port)
        assert wait.document(SHAPES["REST"]("/fit-in/20x20/dogs.jpg"))["statusCode"] == 200
        lines = [
            "import glob",
            "found = [open(path, 'rb').read() for path in glob.glob('/proc/[0-9]*/environ')]",
            "print(any(b'PIXELSHIFT_CPU=scalar' in one for one in found))",
        ]
        assert made.inside("python", "-c", "\n".join(lines)).strip() == "True"


def test_the_extension_starts_beside_the_function_and_ends_with_it() -> None:
    telemetry = build("lambda-telemetry")
    environment = {
        **SAMPLES,
        "PIXELSHIFT_TELEMETRY_BUCKET": "kept",
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "s",
    }
    with container(telemetry, IMAGE, inner_port=8080, environment=environment, volumes=VOLUMES) as made:
        wait_for_answer(made.port)
        emulated = Emulated(f"http://127.0.0.1:{made.port}", Path("/dev/null"))
        assert emulated.document(SHAPES["REST"]("/fit-in/20x20/dogs.jpg"))["statusCode"] == 200
        said = made.log()
        assert "External agent pixelshift-telemetry" in said
        assert "registered, subscribed to [INVOKE SHUTDOWN]" in said


def test_the_service_serves_a_mounted_folder() -> None:
    service = build("service")
    with container(service, inner_port=8000, environment={}, volumes=VOLUMES) as made:
        url = f"http://127.0.0.1:{made.port}"
        wait_for_http(f"{url}/healthz")
        body = wait_for_http(f"{url}/fit-in/200x200/mountains.jpg")
        assert max(Image.open(io.BytesIO(body)).size) == 200
        request = urllib.request.Request(f"{url}/mountains.jpg?width=64&format=webp")
        with urllib.request.urlopen(request, timeout=30) as reply:
            assert reply.headers["Content-Type"] == "image/webp"


def test_the_comparison_with_pillow_and_pillow_simd_runs_inside() -> None:
    said = run(build("compare"), "/opt/mountains.jpg", "1")
    rows = {line[:24].strip(): line[24:].split() for line in said.splitlines()[2:]}
    assert set(rows) == {"Pillow", "pillow-simd", "pillow-simd, AVX2", "Pixelshift, scalar", "Pixelshift, avx2"}
    assert all(float(cell) > 0 for cells in rows.values() for cell in cells)


def test_pillow_simd_can_take_pillows_place_and_the_cpu_be_chosen() -> None:
    simd = build("lambda", PILLOW="pillow-simd", CPU="x86-64-v3")
    assert "pillow-simd" in _distributions(simd)
    assert "pillow" not in _distributions(simd)
    with function(simd, IMAGE, SAMPLES, volumes=VOLUMES) as made:
        for name in ("jpeg", "png", "webp", "gif"):
            answer = made.document(SHAPES["REST"]("/bowl.png", f"width=60&format={name}"))
            assert answer["statusCode"] == 200
            assert Image.open(io.BytesIO(body_of(answer))).format == name.upper()


def _python(image: str, code: str) -> str:
    return run(image, "-c", code, options=["--entrypoint", "/opt/venv/bin/python"])


def _distributions(image: str) -> set[str]:
    """The packages of an image, by name in lower case."""
    code = "from importlib.metadata import distributions as d; print(*[one.name.lower() for one in d()])"
    return set(_python(image, code).replace("_", "-").split())
