from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers.client import COMMANDS, Peer
from benchmarks.pictures import FILES, photograph


@pytest.fixture(scope="session")
def peers() -> Iterator[dict[str, Peer]]:
    """Every competitor; each starts when first asked."""
    known = {name: Peer(name) for name in COMMANDS}
    yield known
    for peer in known.values():
        peer.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Mode -> .npy file of a 2560x1600 photograph."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = {mode: folder / f"{mode}.npy" for mode in ("RGB", "RGBA")}
    for mode, path in paths.items():
        np.save(path, photograph(mode))
    return paths


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of one of :data:`benchmarks.pictures.FILES` -> its path; made when first asked for."""
    folder = tmp_path_factory.mktemp("files")

    def path(name: str) -> Path:
        file = folder / name
        if not file.exists():
            file.write_bytes(FILES[name]())
        return file

    return path
