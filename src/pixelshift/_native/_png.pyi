import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

from pixelshift._native import Level

class PngError(Exception):
    reason: str

def decode(data: Buffer, *, deadline: float = 0.0, cpu: Level | None = None) -> tuple[NDArray[np.uint8], int]: ...
