from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelshift._native import Level

Sample = TypeVar("Sample", np.uint8, np.uint16)

def blur(
    dst: NDArray[Sample],
    src: NDArray[Sample],
    *,
    mask: NDArray[np.int32],
    axis: int,
    rows: tuple[int, int],
    cpu: Level | None = None,
) -> None: ...
def correlate(
    dst: NDArray[np.uint8],
    padded: NDArray[np.uint8],
    kernel: NDArray[np.float64],
    *,
    scale: float,
    offset: float,
    rows: tuple[int, int],
    premultiplied: bool = False,
    cpu: Level | None = None,
) -> None: ...
