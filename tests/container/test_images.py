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
from tests.support.lambda_events import SHAPES, body_of, edits_path

pytestmark = pytest.mark.container
IMAGE = "pixelshift.aws.image.handler"
SAMPLES = {"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": "/pictures"}
VOLUMES = {ROOT / "samples": "/pictures"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="session")
def image() -> str:
    return build("lambda")


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """One that the image's user may read."""
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture(scope="module")
def pictures(image: str) -> Iterator[Emulated]:
    with function(image, IMAGE, SAMPLES, volumes=VOLUMES) as made:
        yield made


def test_pictures_come_by_every_trigger(pictures: Emulated) -> None:
    scenarios.pictures_come_by_every_trigger(pictures, "pictures")


def test_clients_mistakes_are_told_and_harm_nobody(pictures: Emulated) -> None:
    scenarios.clients_mistakes_are_told_and_harm_nobody(pictures)


def test_poison_is_refused_and_harms_nobody(image: str, open_folder: Path) -> None:
    scenarios.poison(open_folder)
    with function(image, IMAGE, SAMPLES, volumes={open_folder: "/pictures"}) as made:
        scenarios.poison_is_refused_and_harms_nobody(made)


def test_what_cannot_be_sent_whole_is_refused_before_lambda_does(image: str, open_folder: Path) -> None:
    (open_folder / "huge.png").write_bytes(scenarios.large_picture())
    with function(image, IMAGE, SAMPLES, volumes={open_folder: "/pictures"}) as made:
        scenarios.what_cannot_be_sent_whole_is_refused_before_lambda_does(made, "/huge.png")


def test_what_cannot_be_sent_whole_is_laid_in_a_bucket_where_that_is_wanted(
    image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = scenarios.large_picture()
    with cloud(monkeypatch) as made:
        for bucket in ("originals", "large"):
            made.client("s3").create_bucket(Bucket=bucket)
        made.client("s3").put_object(Bucket="originals", Key="a.png", Body=stored, ContentType="image/png")
        environment = {**made.environment, **KEYS, "SOURCE_BUCKETS": "originals"}
        environment |= {"PIXELSHIFT_OVERSIZE": "redirect", "PIXELSHIFT_OVERSIZE_BUCKET": "large"}
        with function(image, IMAGE, environment, host_network=True) as pictures:
            answer = pictures.document(SHAPES["REST"]("/a.png"))
        assert scenarios.followed(answer) == (200, "image/png", stored)


def test_the_runtime_that_streams_is_started_where_it_is_wanted(image: str) -> None:
    with function(image, IMAGE, {**SAMPLES, "PIXELSHIFT_OVERSIZE": "stream"}, volumes=VOLUMES) as made:
        scenarios.a_stream_is_read_whole_by_the_emulator(made, (ROOT / "samples" / "logo.png").read_bytes())


def test_after_a_time_out_and_a_kill_the_next_event_finds_a_new_process(image: str, open_folder: Path) -> None:
    (open_folder / "rogue.py").write_text(scenarios.ROGUE)
    environment = {**SAMPLES, "PYTHONPATH": "/rogue", "AWS_LAMBDA_FUNCTION_TIMEOUT": str(scenarios.TIME_OUT_S)}
    with function(image, "rogue.handler", environment, volumes={**VOLUMES, open_folder: "/rogue"}) as made:
        scenarios.after_a_time_out_and_a_kill_the_next_event_finds_a_new_process(made)


def test_an_origin_that_outlasts_the_function_ends_in_an_answer(image: str) -> None:
    with (
        scenarios.silent_origin() as environment,
        function(image, IMAGE, {**environment, **KEYS}, host_network=True) as made,
    ):
        scenarios.an_origin_that_outlasts_the_function_ends_in_an_answer(made)


def test_settings_that_cannot_be_used_fail_the_start(image: str) -> None:
    with function(image, IMAGE, {"PIXELSHIFT_ORIGIN": "ftp"}) as made:
        scenarios.settings_that_cannot_be_used_fail_the_start(made)


def test_every_format_is_read_and_written(pictures: Emulated) -> None:
    for source in ("bowl.png", "pan.gif", "pan.webp", "logo.svg", "mountains.jpg"):
        for name in ("jpeg", "png", "webp", "gif", "avif", "tiff"):
            answer = pictures.document(SHAPES["REST"](f"/{source}", f"width=60&format={name}"))
            assert answer["statusCode"] == 200, (source, name, body_of(answer))
            assert Image.open(io.BytesIO(body_of(answer))).format == name.upper()


def test_stream_functions_work_as_one(image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(name: str, environment: dict[str, str]) -> AbstractContextManager[Emulated]:
        return function(image, name, {**environment, **KEYS}, host_network=True)

    with cloud(monkeypatch) as made:
        scenarios.stream_functions_work_as_one(start, made)


def test_a_process_that_outgrows_its_memory_is_replaced(image: str) -> None:
    with function(image, IMAGE, SAMPLES, volumes=VOLUMES, memory="160m") as made:
        small = SHAPES["REST"]("/fit-in/20x20/logo.png")
        assert made.document(small)["statusCode"] == 200
        edits = {"resize": {"width": 8000, "height": 8000, "fit": "fill"}, "toFormat": "png", "blur": 2}
        status, body = made(SHAPES["REST"](edits_path("pictures", "mountains.jpg", edits)))
        assert (status, json.loads(body)["errorType"]) == (502, "Runtime.ExitError")
        assert made.document(small)["statusCode"] == 200


def test_it_runs_as_nobody_writes_to_tmp_only_and_has_its_bytecode(image: str) -> None:
    with container(image, inner_port=8080, environment={}) as made:
        assert made.inside("id", "-u").strip() == "10001"
        for folder in ("/var/task", "/opt", "/opt/venv/bin", "/etc", "/home"):
            with pytest.raises(AssertionError, match=r"Read-only"):
                made.inside("touch", f"{folder}/x", user="0")
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
    lines = [
        "import hashlib, numpy as np",
        "from pixelshift import _native",
        "from pixelshift._native import _resample",
        "large = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)",
        "small = np.empty((90, 70, 3), np.uint8)",
        "_resample.resize(small, large, kernel='lanczos3')",
        "print(*_native.available_levels(), hashlib.sha256(small).hexdigest())",
    ]
    made = {level: _python(image, "\n".join(lines), PIXELSHIFT_CPU=level).split() for level in ("scalar", "avx2")}
    assert made["avx2"][0] == "scalar"
    assert ("avx2" in made["avx2"]) == (" avx2 " in Path("/proc/cpuinfo").read_text())
    assert made["scalar"][-1] == made["avx2"][-1]


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
    environment = {**SAMPLES, **KEYS, "PIXELSHIFT_TELEMETRY_BUCKET": "kept"}
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
    image = build("compare")
    title, *lines = run(image, "/opt/mountains.jpg", "1").splitlines()
    assert "mountains.jpg to 256x128" in title
    assert lines[0].split() == ["bilinear", "bicubic", "lanczos"]
    rows = {line[:24].strip(): line[24:].split() for line in lines[1:]}
    assert set(rows) == {"Pillow", "pillow-simd", "pillow-simd, AVX2", "Pixelshift, scalar", "Pixelshift, avx2"}
    for cells in rows.values():
        assert len(cells) == 3
        assert all(float(cell) > 0 for cell in cells)


@pytest.mark.parametrize(
    ("peer", "is_simd", "has_avx2"),
    [("Pillow", False, False), ("pillow-simd", True, False), ("pillow-simd, AVX2", True, True)],
)
def test_each_contender_of_the_comparison_is_what_it_is_called(peer: str, is_simd: bool, has_avx2: bool) -> None:
    """By the version that it states, and by AVX2's encoding of instructions on 256 bits in its machine code."""
    lines = [
        "import sys, pathlib",
        f"sys.path.insert(0, '/opt/peers/{peer}')",
        "import PIL, PIL._imaging",
        "code = pathlib.Path(PIL._imaging.__file__).read_bytes()",
        "print(PIL.__file__, PIL.__version__, code.count(bytes.fromhex('c4e27d')), sep=';')",
    ]
    path, version, wide = _python(build("compare"), "\n".join(lines)).strip().split(";")
    assert path.startswith(f"/opt/peers/{peer}/")
    assert ("post" in version) == is_simd
    assert (int(wide) > 10) == has_avx2


@pytest.fixture(scope="module")
def other() -> str:
    """With both build arguments set."""
    return build("lambda", PILLOW="pillow-simd", CPU="x86-64-v3")


def test_pillow_simd_takes_pillows_place(other: str) -> None:
    names = _distributions(other)
    assert "pillow-simd" in names
    assert "pillow" not in names
    code = (
        "import pathlib, PIL._imaging as p; print(pathlib.Path(p.__file__).read_bytes().count(bytes.fromhex('c4e27d')))"
    )
    assert int(_python(other, code)) > 10, "compiled for AVX2"
    with function(other, IMAGE, SAMPLES, volumes=VOLUMES) as made:
        for name in ("jpeg", "png", "webp", "gif"):
            answer = made.document(SHAPES["REST"]("/bowl.png", f"width=60&format={name}"))
            assert answer["statusCode"] == 200
            assert Image.open(io.BytesIO(body_of(answer))).format == name.upper()


def test_the_cpu_that_everything_is_compiled_for_can_be_chosen(image: str, other: str, pictures: Emulated) -> None:
    """Code for x86-64-v3 has no SSE moves in their old encoding; the picture is the same."""
    assert _old_moves(image) > 500
    assert _old_moves(other) < _old_moves(image) / 10
    event = SHAPES["REST"](edits_path("pictures", "dogs.jpg", {"resize": {"width": 120}, "toFormat": "jpeg"}))
    with function(other, IMAGE, SAMPLES, volumes=VOLUMES) as made:
        assert body_of(made.document(event)) == body_of(pictures.document(event))


def _old_moves(image: str) -> int:
    """How often MOVDQA and MOVDQU stand in our compiled modules as before AVX."""
    lines = [
        "import pathlib, pixelshift._native as n",
        "code = b''.join(p.read_bytes() for p in pathlib.Path(n.__file__).parent.glob('*.so'))",
        "print(code.count(bytes.fromhex('660f6f')) + code.count(bytes.fromhex('f30f6f')))",
    ]
    return int(_python(image, "\n".join(lines)))


def _python(image: str, code: str, **environment: str) -> str:
    options = [f"--env={name}={value}" for name, value in environment.items()]
    return run(image, "-c", code, options=["--entrypoint", "/opt/venv/bin/python", *options])


def _distributions(image: str) -> set[str]:
    """The packages of an image, by name in lower case."""
    code = "from importlib.metadata import distributions as d; print(*[one.name.lower() for one in d()])"
    return set(_python(image, code).replace("_", "-").split())
