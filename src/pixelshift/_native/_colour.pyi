import numpy as np
from numpy.typing import NDArray

from pixelshift._native import Level

Pixels = NDArray[np.uint8]
Four = tuple[float, float, float, float]

class Curves: ...

def adjust(
    dst: Pixels, src: Pixels, curves: Curves, *, light: tuple[float, float], chroma: Four, cpu: Level | None = None
) -> None: ...
def split(
    light: NDArray[np.uint16], chroma: NDArray[np.int16], src: Pixels, curves: Curves, *, cpu: Level | None = None
) -> None: ...
def join(
    dst: Pixels, light: NDArray[np.uint16], chroma: NDArray[np.int16], curves: Curves, *, cpu: Level | None = None
) -> None: ...
def lightness(dst: Pixels, src: Pixels, curves: Curves, *, cpu: Level | None = None) -> None: ...
def luminance(dst: Pixels, src: Pixels, curves: Curves, *, cpu: Level | None = None) -> None: ...
