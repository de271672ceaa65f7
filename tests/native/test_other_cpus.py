"""Every CPU gives the same bytes: the kernels cross-compiled for 64-bit ARM and run by an emulator, against ours."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.kernel_driver import build, digest, families

ARM_COMPILER = "aarch64-linux-gnu-gcc"
ARM = ("qemu-aarch64",)

pytestmark = [
    pytest.mark.timeout(600),  # compiles all kernels
    pytest.mark.skipif(
        shutil.which(ARM_COMPILER) is None or shutil.which(ARM[0]) is None,
        reason="needs the packages of docker/packages.txt",
    ),
]


def test_arm_gives_the_bytes_of_the_specification(tmp_path: Path) -> None:
    here = build(tmp_path / "here", optimise="-O1")
    there = build(tmp_path / "there", compiler=ARM_COMPILER, vectors="neon")
    expected = {family: digest(here, family, "scalar") for family in families(here)}
    for level in ("scalar", "neon"):
        assert {family: digest(there, family, level, emulator=ARM) for family in expected} == expected, level
    assert len(set(expected.values())) == len(expected)


@pytest.fixture(scope="module")
def random_plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """native/tests/resample_stream.c for ARM: random plans, pushed and taken in random pieces, on every level."""
    folder = tmp_path_factory.mktemp("arm")
    return build(folder, program="resample_stream", compiler=ARM_COMPILER, vectors="neon")


def test_any_pieces_give_the_same_bytes_with_neon(random_plans: Path) -> None:
    assert subprocess.run([*ARM, random_plans, "1", "400"], check=False, timeout=240).returncode == 0


@pytest.mark.slow
def test_thousands_of_plans_give_the_same_bytes_with_neon(random_plans: Path) -> None:
    assert subprocess.run([*ARM, random_plans, "2026", "20000"], check=False, timeout=500).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="AVX2 is of x86-64")
def test_arm_and_avx2_agree_as_they_are_shipped(tmp_path: Path) -> None:
    here = build(tmp_path / "here", optimise="-O3", vectors="avx2")
    there = build(tmp_path / "there", compiler=ARM_COMPILER, optimise="-O3", vectors="neon")
    for family in families(here):
        assert digest(here, family, "avx2", emulator=("qemu-x86_64", "-cpu", "Haswell")) == digest(
            there, family, "neon", emulator=ARM
        ), family
