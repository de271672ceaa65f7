"""Replays the stored corpus of native/fuzz/changepoint.c under ASan and UBSan."""

import platform
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = sorted((ROOT / "tests/fuzz/changepoint").iterdir())
SOURCES = ["changepoint/*.c", "scalar/pettitt.c", "dispatch/pettitt.c", "dispatch/cpu.c", "fuzz/changepoint.c"]
FLAGS = ["-std=gnu11", "-O1", "-g", "-ffp-contract=off", f"-I{ROOT / 'native/include'}"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
X86_64 = platform.machine() in {"x86_64", "AMD64"}


def compile_object(source: Path, target: Path) -> Path:
    flags = ["-mavx2", "-mbmi2"] if source.parent.name == "avx2" else []
    command = ["cc", *FLAGS, *SANITIZERS, f"-DPIXELSHIFT_HAVE_AVX2={int(X86_64)}", *flags]
    subprocess.run([*command, "-c", str(source), "-o", str(target)], check=True)
    return target


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changepoint")
    patterns = [*SOURCES, "fuzz/replay.c", *(["avx2/pettitt.c"] if X86_64 else [])]
    sources = [source for pattern in patterns for source in (ROOT / "native").glob(pattern)]
    with ThreadPoolExecutor(2) as pool:
        targets = [folder / f"{source.parent.name}_{source.stem}.o" for source in sources]
        objects = list(pool.map(compile_object, sources, targets))
    program = folder / "replay"
    subprocess.run(["cc", *SANITIZERS, *map(str, objects), "-o", str(program), "-lm"], check=True, timeout=240)
    return program


@pytest.mark.timeout(400)  # the fixture compiles with sanitizers
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_lazy_path_equals_the_plain_pass_on_every_stored_input(replay: Path, path: Path) -> None:
    run = subprocess.run([replay, path], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
