import numpy as np
from numpy.typing import NDArray

from pixelshift._native import Level

Pixels = NDArray[np.uint8]

MODES: tuple[str, ...]

def blend(
    base: Pixels,
    overlay: Pixels,
    *,
    left: int,
    top: int,
    mode: str = "over",
    tile: bool = False,
    opacity: int = 255,
    cpu: Level | None = None,
) -> None: ...
def premultiply(dst: Pixels, src: Pixels, *, cpu: Level | None = None) -> None: ...
def unpremultiply(dst: Pixels, src: Pixels, *, cpu: Level | None = None) -> None: ...
