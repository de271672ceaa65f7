from typing import Literal

from typing_extensions import Buffer

from pixelshift._native import Level

class JpegError(Exception):
    reason: str

def resize(
    data: Buffer,
    *,
    width: int,
    height: int,
    box: tuple[float, float, float, float],
    kernel: str = "lanczos3",
    scale: int = 8,
    quality: int = 80,
    full_chroma: bool = False,
    progressive: bool = False,
    optimise_coding: bool = True,
    markers: Buffer | None = None,
    output_limit: int = ...,
    deadline: float = 0.0,
    decoder: Literal["own", "libjpeg"] = "own",
    cpu: Level | None = None,
) -> bytes: ...
