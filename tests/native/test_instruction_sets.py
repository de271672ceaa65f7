"""Nothing outside native/avx2 may use AVX registers: the package must import on any CPU of the platform."""

import json
import platform
import re
import shutil
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelshift import _native

ROOT = Path(__file__).parents[2]
EXTENSIONS = sorted(Path(_native.__file__).parent.glob("*.so"))

pytestmark = pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="these levels are of x86-64")


def linked_code(link_map: Path) -> list[tuple[int, int, str]]:
    """(start, end, object) of every piece of code in the linker's map."""
    text = re.sub(r"^( \.text\S*)\n\s+", r"\1 ", link_map.read_text(), flags=re.MULTILINE)
    pieces = re.findall(r"^ \.text\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", text, flags=re.MULTILINE)
    return sorted((int(at, 16), int(at, 16) + int(size, 16), name) for at, size, name in pieces if int(size, 16))


def vector_instructions(extension: Path) -> Iterator[int]:
    """Addresses of the instructions that name a ymm or zmm register."""
    command = ["objdump", "-d", "--no-show-raw-insn", str(extension)]
    for line in subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines():
        if "%ymm" in line or "%zmm" in line:
            yield int(line.split(":")[0], 16)


def users_of_vectors(extension: Path) -> set[str]:
    pieces = linked_code(ROOT / "build" / "maps" / f"{extension.name.split('.')[0]}.map")
    starts = [start for start, _, _ in pieces]
    users = set()
    for address in vector_instructions(extension):
        start, end, name = pieces[bisect_right(starts, address) - 1]
        assert start <= address < end, hex(address)
        users.add(name)
    return users


@pytest.mark.parametrize("extension", EXTENSIONS, ids=lambda path: path.name.split(".")[0])
def test_vector_registers_occur_in_avx2_objects_only(extension: Path) -> None:
    assert [name for name in users_of_vectors(extension) if "libpixelshift_avx2.a(" not in name] == []


def test_the_resampler_does_use_vector_registers() -> None:
    resampler = next(path for path in EXTENSIONS if path.name.startswith("_resample."))
    assert any("libpixelshift_avx2.a(resample" in name for name in users_of_vectors(resampler))


# Without NumPy, which may bring its own ideas of a CPU: deterministic bytes through every kernel, size and layout.
GRID = """
import hashlib, json
from pixelshift import _native
from pixelshift._native import _resample

digests = {}
for channels in (1, 2, 3, 4):
    for source in ((37, 29), (1, 40), (130, 9)):
        count = source[0] * source[1] * channels
        data = bytes((i * i * 31 + i * 7 + (i >> 3)) % 256 for i in range(count))
        src = memoryview(data).cast("B", (source[1], source[0], channels))
        for size in ((9, 7), (61, 44), (1, 1)):
            for kernel in _resample.KERNELS:
                result = bytearray(size[0] * size[1] * channels)
                dst = memoryview(result).cast("B", (size[1], size[0], channels))
                _resample.resize(dst, src, kernel=kernel, box=(0.25, 0, source[0], source[1] - 0.5))
                digests[f"{kernel} {source} {size} {channels}"] = hashlib.sha256(result).hexdigest()
print(json.dumps([_native.CPU_LEVEL, digests]))
"""


def run_grid(*command: str) -> tuple[str, dict[str, str]]:
    run = subprocess.run(
        [*command, sys.executable, "-c", GRID], capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    level, digests = json.loads(run.stdout)
    return level, digests


@pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="needs qemu-user (docker/packages.txt)")
@pytest.mark.parametrize("model", ["Nehalem", "Haswell"])
def test_an_emulated_cpu_gives_the_bytes_of_this_one(model: str) -> None:
    level, digests = run_grid("qemu-x86_64", "-cpu", model)
    assert level == ("scalar" if model == "Nehalem" else "avx2")
    assert digests == run_grid()[1]
    assert len(set(digests.values())) > len(digests) / 2
