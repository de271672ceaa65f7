import numpy as np
from numpy.typing import NDArray

from pixelshift._native import Level

def bilinear(
    dst: NDArray[np.uint8],
    src: NDArray[np.uint8],
    *,
    origin: tuple[float, float],
    across: tuple[float, float],
    down: tuple[float, float],
    rows: tuple[int, int],
    cpu: Level | None = None,
) -> None: ...
