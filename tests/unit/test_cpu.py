import os
import subprocess
import sys

from pixelshift import _native


def run(level: str) -> subprocess.CompletedProcess[str]:
    command = "from pixelshift import _native; print(_native.CPU_LEVEL)"
    environment = {**os.environ, "PIXELSHIFT_CPU": level}
    return subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=False)


def test_the_switch_lowers_the_level() -> None:
    assert run("scalar").stdout.strip() == "scalar"


def test_the_switch_cannot_raise_the_level() -> None:
    assert run("avx2").stdout.strip() == _native._cpu.detected()


def test_an_unknown_level_is_refused() -> None:
    result = run("sse9")
    assert result.returncode != 0
    assert "sse9" in result.stderr
