"""Every CPU gives the same bytes: the kernels cross-compiled for 64-bit ARM and run by an emulator, against ours."""

import platform
import shutil
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
    there = build(tmp_path / "there", compiler=ARM_COMPILER)
    expected = {family: digest(here, family, 0) for family in families(here)}
    assert {family: digest(there, family, 0, emulator=ARM) for family in expected} == expected
    assert len(set(expected.values())) == len(expected)


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="AVX2 is of x86-64")
def test_arm_and_avx2_agree_as_they_are_shipped(tmp_path: Path) -> None:
    here = build(tmp_path / "here", optimise="-O3", avx2=True)
    there = build(tmp_path / "there", compiler=ARM_COMPILER, optimise="-O3")
    for family in families(here):
        assert digest(here, family, 1, emulator=("qemu-x86_64", "-cpu", "Haswell")) == digest(
            there, family, 0, emulator=ARM
        ), family
