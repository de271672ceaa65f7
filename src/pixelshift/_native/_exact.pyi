from _typeshed import ReadableBuffer, WriteableBuffer

from pixelshift._native import Level

KERNELS: tuple[str, ...]

def resize(
    dst: WriteableBuffer,
    src: ReadableBuffer,
    *,
    kernel: str,
    box: tuple[float, float, float, float] | None = None,
    cpu: Level | None = None,
) -> None: ...
