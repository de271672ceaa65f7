from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

from pixelshift._native import Level

Box = tuple[float, float, float, float]

class EngineError(Exception):
    reason: str

class Sharpening:
    def __init__(
        self,
        mask: Sequence[int] = (),
        *,
        m1: float = 0.0,
        m2: float = 0.0,
        x1: float = 0.0,
        y2: float = 0.0,
        y3: float = 0.0,
    ) -> None: ...

def run(
    data: Buffer,
    *,
    source: str,
    sink: str,
    width: int,
    height: int,
    box: Box,
    area: Box | None = None,
    kernel: str = "lanczos3",
    scale: int = 8,
    chroma_scale: int = 0,
    turn: tuple[bool, bool, bool] = (False, False, False),
    canvas: tuple[int, int, int, int, tuple[int, int, int]] | None = None,
    sharpen: Sharpening | None = None,
    overlay: NDArray[np.uint8] | None = None,
    overlay_at: tuple[int, int] = (0, 0),
    options: Mapping[str, Any] | None = None,
    metadata: Buffer | None = None,
    output_limit: int = ...,
    deadline: float = 0.0,
    reference: bool = False,
    cpu: Level | None = None,
) -> bytes: ...
def encode(
    pixels: NDArray[np.uint8],
    *,
    sink: Literal["jpeg", "png", "webp"],
    options: Mapping[str, Any] | None = None,
    metadata: Buffer | None = None,
    output_limit: int = ...,
    deadline: float = 0.0,
    cpu: Level | None = None,
) -> bytes: ...
def filtered(
    pixels: NDArray[np.uint8],
    result: NDArray[np.uint8],
    *,
    sharpen: Sharpening,
    deadline: float = 0.0,
    cpu: Level | None = None,
) -> None: ...
