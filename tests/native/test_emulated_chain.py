"""Whole edits and whole series give the same bytes on an emulated CPU, with AVX2 and without, as on this one."""

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "samples"

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="these levels are of x86-64"),
    pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="needs qemu-user (docker/packages.txt)"),
]

# From bytes to bytes through every codec and kernel that a request or a series can reach.
CHAIN = """
import hashlib, json, sys
from pathlib import Path
from pixelshift import _native
from pixelshift.changepoint import Detector
from pixelshift.imaging import edit

digests = {}
for source in sys.argv[1:]:
    data = Path(source).read_bytes()
    for form in ("jpeg", "png", "webp"):
        for edits in (
            {"resize": {"width": 57}},
            {"resize": {"width": 80, "height": 80, "position": "attention"}, "sharpen": True},
            {"resize": {"width": 90}, "blur": 2, "modulate": {"saturation": 1.4}, "rotate": 90},
            {"resize": {"width": 200}, "median": 5, "clahe": {"width": 3, "height": 3}, "tint": "#8060a0"},
        ):
            body = edit(data, {**edits, "toFormat": form}).body
            digests[f"{Path(source).name} {form} {sorted(edits)}"] = hashlib.sha256(body).hexdigest()

detector = Detector.recommended()
found = [detector.push((i * 37 % 11) + 40.0 * (i > 300)) for i in range(900)]
digests["change points"] = repr([change for change in found if change])
print(json.dumps([_native.CPU_LEVEL, digests]))
"""


def run_chain(paths: list[str], *emulator: str) -> tuple[str, dict[str, str]]:
    command = [*emulator, sys.executable, "-c", CHAIN, *paths]
    run = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    level, digests = json.loads(run.stdout)
    return level, digests


@pytest.mark.parametrize("model", ["Nehalem", "Haswell"])
def test_an_emulated_cpu_edits_and_detects_as_this_one(model: str, tmp_path: Path) -> None:
    paths = []
    for name, format_ in (("mountains.jpg", "JPEG"), ("bowl.png", "PNG")):
        with Image.open(SAMPLES / name) as picture:
            small = picture.resize((223, 149))
        paths.append(str(tmp_path / name))
        small.save(paths[-1], format=format_)
    level, digests = run_chain(paths, "qemu-x86_64", "-cpu", model)
    assert level == ("scalar" if model == "Nehalem" else "avx2")
    assert digests == run_chain(paths)[1]
    assert digests["change points"] != "[]"
    assert len(set(digests.values())) == len(digests)
