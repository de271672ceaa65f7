from _typeshed import ReadableBuffer, WriteableBuffer

from pixelshift._native import Level

KERNELS: tuple[str, ...]

def resize(
    dst: WriteableBuffer,
    src: ReadableBuffer,
    *,
    kernel: str,
    box: tuple[float, float, float, float] | None = None,
    premultiply: bool = True,
    repeat_edges: bool = False,
    cpu: Level | None = None,
) -> None: ...
def weights(
    source: int, result: int, *, kernel: str, box: tuple[float, float] | None = None, repeat_edges: bool = False
) -> tuple[int, list[tuple[int, list[int]]]]: ...
