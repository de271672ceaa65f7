"""The stored inputs of the fuzz targets, run under ASan and UBSan."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = sorted(path.stem for path in (ROOT / "native" / "fuzz").glob("*.c") if path.stem != "replay")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    subprocess.run([ROOT / "native" / "fuzz" / "build", "replay", folder, *TARGETS], check=True, timeout=280)
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("target", TARGETS)
def test_stored_inputs_do_no_harm(programs: Path, target: str) -> None:
    inputs = sorted((ROOT / "tests" / "fuzz" / target).iterdir())
    assert inputs
    run = subprocess.run([programs / target, *inputs], capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
