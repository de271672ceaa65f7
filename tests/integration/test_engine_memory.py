"""What a worker holds while it makes a large photograph small."""

import io
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "samples"

# Linux counts the peak since VmHWM was last set, which writing 5 to clear_refs does.
CODE = """
import sys
from pathlib import Path

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

bare = memory("VmRSS")
from pixelshift.imaging import edit
small, large = (Path(path).read_bytes() for path in sys.argv[1:])
edit(small, {"resize": {"width": 100}})
before = memory("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
edit(large, {"resize": {"width": 800}})
print(memory("VmHWM") - before, memory("VmHWM") - bare)
"""


def photograph(width: int, height: int) -> bytes:
    """With noise, so that the file is as large as a camera's."""
    with Image.open(SAMPLES / "mountains.jpg") as picture:
        pixels = np.asarray(picture.convert("RGB").resize((width, height)), np.int16)
    noise = np.random.default_rng(1).normal(0, 4, pixels.shape)
    body = io.BytesIO()
    Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(body, "JPEG", quality=85)
    return body.getvalue()


def test_twelve_megapixels_to_800_pixels_take_a_few_megabytes(tmp_path: Path) -> None:
    paths = [tmp_path / "small.jpg", tmp_path / "large.jpg"]
    paths[0].write_bytes(photograph(400, 300))
    paths[1].write_bytes(photograph(4000, 3000))
    run = subprocess.run([sys.executable, "-c", CODE, *paths], capture_output=True, text=True, check=True, timeout=100)
    call, worker = map(int, run.stdout.split())
    assert call < 8_000, f"{call} kB beyond what was there, for a picture of 36 MB"
    assert worker < 40_000, f"{worker} kB beyond the bare interpreter, the file included"


FAULTS = """
import resource, sys
from pathlib import Path
from pixelshift.imaging import edit

data = Path(sys.argv[1]).read_bytes()
edits = {"resize": {"width": 600}, "sharpen": {"sigma": 1}}
for _ in range(5):
    edit(data, edits)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    edit(data, edits)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep memory by other rules")
def test_one_picture_after_the_other_uses_the_same_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(photograph(2000, 1500))
    run = subprocess.run([sys.executable, "-c", FAULTS, path], capture_output=True, text=True, check=True, timeout=100)
    assert int(run.stdout) < 500, "pages that the system had to give anew, of ten edits"
