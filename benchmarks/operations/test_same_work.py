"""Whether everybody does the work that is measured: the pictures that come out look alike.

Filters, decoders' scales and encoders differ, and so do mild sharpenings; a wrong part of the picture, a lost alpha or
a forgotten step is far beyond that.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.operations.test_edits import JPEG, OTHERS, SEED, Case
from benchmarks.peers.client import Peer
from benchmarks.peers.ours import edit_call

LEVELS = 6.0
"""Mean difference of the samples, at most; 4.3 is the largest where all is right: Pillow's sharpening."""


def seen(body: bytes, mode: str) -> NDArray[np.int64]:
    """Samples as they look on grey: colours that nobody sees do not count."""
    with Image.open(io.BytesIO(body)) as picture:
        assert picture.mode == mode
        rgba = picture.convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", rgba.size, "#808080"), rgba)).astype(np.int64)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", SEED + JPEG + OTHERS, ids=str)
def test_the_pictures_look_alike(
    peers: dict[str, Peer], files: Callable[[str], Path], tmp_path: Path, case: Case
) -> None:
    work, saved = case.work(files), tmp_path / "result"
    ours = edit_call(work)()
    with Image.open(io.BytesIO(ours)) as picture:
        mode = picture.mode
    for name, peer in peers.items():
        if peer.measure(work, save=saved) is not None:
            theirs = seen(saved.read_bytes(), mode)
            assert theirs.shape == seen(ours, mode).shape, name
            assert np.abs(theirs - seen(ours, mode)).mean() < LEVELS, name
