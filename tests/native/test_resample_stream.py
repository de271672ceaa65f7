import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.kernel_driver import vector_level

NATIVE = Path(__file__).parents[2] / "native"
FLAGS = ["-std=gnu11", "-O1", "-g", "-ffp-contract=off", f"-I{NATIVE / 'include'}"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
HAVE = f"-DPIXELSHIFT_HAVE_{(vector_level() or 'none').upper()}=1"


def compile_object(source: Path, target: Path) -> Path:
    flags = ["-mavx2", "-mbmi2"] if source.parent.name == "avx2" else []
    command = ["cc", *FLAGS, *SANITIZERS, HAVE, *flags]
    subprocess.run([*command, "-c", str(source), "-o", str(target)], check=True)
    return target


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resample")
    sources = [*NATIVE.glob("scalar/resample*.c"), NATIVE / "dispatch/resample.c", NATIVE / "dispatch/cpu.c"]
    sources.append(NATIVE / "tests/resample_stream.c")
    sources += NATIVE.glob(f"{vector_level()}/resample*.c")
    with ThreadPoolExecutor(2) as pool:
        targets = [folder / f"{source.parent.name}_{source.stem}.o" for source in sources]
        objects = list(pool.map(compile_object, sources, targets))
    program = folder / "driver"
    subprocess.run(["cc", *SANITIZERS, *map(str, objects), "-o", str(program), "-lm"], check=True, timeout=240)
    return program


@pytest.mark.timeout(400)  # the fixture compiles with sanitizers
@pytest.mark.parametrize("seed", [1, 2])
def test_any_pieces_give_the_same_bytes_on_every_level_within_their_buffers(driver: Path, seed: int) -> None:
    run = subprocess.run([driver, str(seed), "60"], capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stderr[-4000:]


@pytest.mark.slow
def test_thousands_of_plans_give_the_same_bytes_on_every_level_within_their_buffers(driver: Path) -> None:
    run = subprocess.run([driver, "2026", "5000"], capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
