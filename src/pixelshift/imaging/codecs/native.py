"""Files written by the native engine, and what its refusals mean."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pixelshift._native import _engine
from pixelshift.errors import PixelshiftError
from pixelshift.imaging.codecs import Bounds, too_many_bytes
from pixelshift.imaging.deadline import end_of, too_late

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Pixels


def written(
    sink: Literal["jpeg", "png", "webp"],
    pixels: "Pixels",
    options: Mapping[str, Any],
    metadata: bytes,
    bounds: Bounds,
) -> bytes:
    """The file of ``pixels`` (h, w, 1-4) with finished blocks of ``metadata``; ``options`` as the engine names them.

    Raises TimeLimitError and TooLargeError where it leaves its bounds.
    """
    import numpy as np  # streams come here for `refused` alone

    try:
        return _engine.encode(
            np.ascontiguousarray(pixels),
            sink=sink,
            options=options,
            metadata=metadata,
            output_limit=bounds.output_bytes,
            deadline=end_of(bounds.check),
        )
    except _engine.EngineError as error:
        refusal = refused(error, bounds)
        if refusal is None:
            raise
        raise refusal from error


def refused(error: _engine.EngineError, bounds: Bounds) -> PixelshiftError | None:
    """What leaving the bounds is to a client; ``None`` for any other failure."""
    if error.reason == "timeout":
        return too_late()
    return too_many_bytes(bounds.output_bytes) if error.reason == "too-large" else None
