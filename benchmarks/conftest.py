from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.peers.client import LIBRARIES, Peer

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def peers() -> Iterator[dict[str, Peer]]:
    """Every competitor, running."""
    running = {name: Peer(name) for name in LIBRARIES}
    yield running
    for peer in running.values():
        peer.close()


def photograph(mode: str) -> NDArray[np.uint8]:
    """A photograph of 2560x1600 pixels; RGBA gets a soft alpha out of another one."""
    size = (2560, 1600)
    with Image.open(ROOT / "samples" / "mountains.jpg") as picture:
        rgb = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    if mode == "RGBA":
        with Image.open(ROOT / "samples" / "dandelions.jpg") as other:
            rgb.putalpha(other.convert("L").resize(size, Image.Resampling.LANCZOS))
    return np.asarray(rgb)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Mode -> .npy file of a 2560x1600 photograph."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = {mode: folder / f"{mode}.npy" for mode in ("RGB", "RGBA")}
    for mode, path in paths.items():
        np.save(path, photograph(mode))
    return paths
