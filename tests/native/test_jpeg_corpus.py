"""Thousands of JPEGs, whole and damaged, through our decoder and through libjpeg-turbo: the same samples and errors.

The files are cut out of the sample photographs and written with every choice that a baseline encoder has. To 2x2
samples a block the two differ by design (docs/design/decode-scale.md), which shows that ours did not fall back.
"""

import io
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelshift._native import _engine

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""
SAMPLES = Path(__file__).parents[2] / "samples"
PHOTOGRAPHS = ("dandelions", "dogs", "fig", "mountains")
FILES = 2_000
HARMED_PER_FILE = 5
ALIKE, OWN = 8, 2
"""Samples a side of a block: where both give the same, and where ours are its lowest frequencies."""


@lru_cache
def photograph(name: str) -> Image.Image:
    with Image.open(SAMPLES / f"{name}.jpg") as image:
        return image.convert("RGB")


def any_part(random: np.random.Generator) -> Image.Image:
    """A part of a photograph at some scale, 8 to 500 pixels a side, a seventh of them grey."""
    whole = photograph(str(random.choice(PHOTOGRAPHS)))
    width, height = (int(side) for side in random.integers(8, 501, 2))
    across, down = int(width * random.uniform(1, 3)), int(height * random.uniform(1, 3))
    left, top = (int(random.integers(room + 1)) for room in (whole.width - across, whole.height - down))
    part = whole.resize((width, height), box=(left, top, left + across, top + down), reducing_gap=1)
    return part.convert("L") if random.integers(7) == 0 else part


def any_baseline(random: np.random.Generator) -> bytes:
    """It as a file, with any choice of an encoder of one scan."""
    part = any_part(random)
    options: dict[str, object] = {"optimize": bool(random.integers(2))}
    if part.mode == "RGB":
        options["subsampling"] = int(random.integers(3))
    if random.integers(3) == 0:
        options["restart_marker_blocks"] = int(random.integers(1, 60))
    if random.integers(4) == 0:
        options["qtables"] = [random.integers(1, int(random.choice([3, 40, 256])), 64).tolist() for _ in range(2)]
    else:
        options["quality"] = int(random.integers(1, 101))
    body = io.BytesIO()
    part.save(body, "JPEG", **options)
    return body.getvalue() if part.mode == "RGB" else with_factors(body.getvalue(), random)


def with_factors(grey: bytes, random: np.random.Generator) -> bytes:
    """It with any sampling factors of its one component, which mean nothing (T.81, A.2.2)."""
    frame = grey.index(b"\xff\xc0")
    across, down = (int(factor) for factor in random.integers(1, 5, 2))
    return grey[: frame + 11] + bytes([across << 4 | down]) + grey[frame + 12 :]


def harmed(data: bytes, random: np.random.Generator) -> Iterator[bytes]:
    """Cut short, or some bits turned; half of the time behind the tables, where the scan is."""
    scan = data.index(b"\xff\xda")
    for _ in range(HARMED_PER_FILE):
        if random.integers(4) == 0:
            yield data[: random.integers(2, len(data))]
            continue
        copy = bytearray(data)
        first = scan if random.integers(2) else 2
        for at in random.integers(first, len(data), random.integers(1, 5)):
            copy[at] ^= 1 << random.integers(8)
        yield bytes(copy)


def any_box(random: np.random.Generator, size: tuple[int, int]) -> Box:
    """All of the picture, or a part of it that leaves blocks to pass over on every side."""
    if random.integers(3) == 0:
        return 0, 0, *size
    (left, right), (top, bottom) = (sorted(random.choice(side + 1, 2, replace=False)) for side in size)
    return int(left), int(top), int(right), int(bottom)


def answer(data: bytes, box: Box, scale: int, *, reference: bool) -> bytes:
    """Planes as a JPEG with every coefficient kept, or the error's text."""
    left, top, right, bottom = box
    try:
        return _engine.run(
            data,
            source="jpeg",
            sink="jpeg",
            width=right - left,
            height=bottom - top,
            box=box,
            scale=scale,
            chroma_scale=scale,
            options={"quality": 100, "full_chroma": True},
            reference=reference,
        )
    except (_engine.EngineError, ValueError) as error:
        return repr(error).encode()


def answers(data: bytes, box: Box, scale: int) -> tuple[bytes, bytes]:
    return answer(data, box, scale, reference=False), answer(data, box, scale, reference=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thousands_of_files_decode_as_libjpeg_decodes_them() -> None:
    random = np.random.default_rng(2026)
    seen = Counter[str]()
    for _ in range(FILES):
        data = any_baseline(random)
        with Image.open(io.BytesIO(data)) as image:
            box = any_box(random, image.size)
        own, reference = answers(data, box, ALIKE)
        assert own == reference
        assert own.startswith(b"\xff\xd8")
        own, reference = answers(data, box, OWN)
        seen["ours at work"] += own != reference
        for broken in harmed(data, random):
            own, reference = answers(broken, box, ALIKE)
            assert own == reference
            seen["shown" if own.startswith(b"\xff\xd8") else "refused"] += 1
    assert seen["ours at work"] > 0.95 * FILES  # the rest has a quality so low that blocks are flat
    assert min(seen["shown"], seen["refused"]) > FILES / 10
