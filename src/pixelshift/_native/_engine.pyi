from collections.abc import Mapping
from typing import Literal

from typing_extensions import Buffer

from pixelshift._native import Level

Box = tuple[float, float, float, float]

class EngineError(Exception):
    reason: str

def run(
    data: Buffer,
    *,
    source: Literal["jpeg"],
    sink: Literal["jpeg"],
    width: int,
    height: int,
    box: Box,
    area: Box | None = None,
    kernel: str = "lanczos3",
    scale: int = 8,
    chroma_scale: int = 0,
    options: Mapping[str, int] | None = None,
    metadata: Buffer | None = None,
    output_limit: int = ...,
    deadline: float = 0.0,
    reference: bool = False,
    cpu: Level | None = None,
) -> bytes: ...
