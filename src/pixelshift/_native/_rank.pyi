import numpy as np
from numpy.typing import NDArray

from pixelshift._native import Level

Pixels = NDArray[np.uint8]

MEDIAN_SIDE_LIMIT: int

def median(dst: Pixels, padded: Pixels, *, rows: tuple[int, int], cpu: Level | None = None) -> None: ...
def equalise(dst: Pixels, padded: Pixels, *, rows: tuple[int, int], slope: int, cpu: Level | None = None) -> None: ...
