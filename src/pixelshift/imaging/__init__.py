"""The imaging core: plan a request from the header alone, then run the plan. Pure: no I/O, no clock, no environment.

::

    from pixelshift.imaging import edit
    edit(data, {"resize": {"width": 400}, "toFormat": "webp"}).body

Importing this package is cheap: everything behind these functions is imported when first called.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pixelshift.edits.types import Edit, Format, Kernel
from pixelshift.imaging.base import Assets, Encoded, Header, Output
from pixelshift.limits import Limits

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Pixels
    from pixelshift.imaging.plan import Plan

__all__ = [
    "Assets",
    "Encoded",
    "Header",
    "Limits",
    "Output",
    "edit",
    "explain",
    "read_header",
    "resize",
    "resize_like_pillow",
]


def edit(
    data: bytes,
    edits: Mapping[str, object] | Sequence[Edit],
    *,
    output: Output | Format | None = None,
    assets: Assets | None = None,
    limits: Limits | None = None,
) -> Encoded:
    """Edit an encoded picture and encode it again.

    ``edits`` is the service's edit map, such as ``{"resize": {"width": 400}}``, or typed edits
    (:mod:`pixelshift.edits.types`). Raises PixelshiftError: InvalidRequestError for what cannot be done,
    UnsupportedMediaError for bytes of no known format, TooLargeError beyond the limits.
    """
    from pixelshift.imaging.run import run

    return run(explain(data, edits, output=output, limits=limits), data, assets=assets)


def explain(
    data: bytes,
    edits: Mapping[str, object] | Sequence[Edit],
    *,
    output: Output | Format | None = None,
    limits: Limits | None = None,
) -> "Plan":
    """What :func:`edit` would do, as a plan that prints itself; only the header of ``data`` is read."""
    from pixelshift.edits.parse import parse_edits
    from pixelshift.imaging.plan import plan

    chosen = limits or Limits()
    typed = parse_edits(edits, chosen) if isinstance(edits, Mapping) else edits
    wanted = output if isinstance(output, Output) else Output(format=output)
    return plan(typed, read_header(data), wanted, chosen)


def read_header(data: bytes) -> Header:
    """What can be known of an encoded picture without decoding it; raises as :func:`edit` does."""
    from pixelshift.imaging import header

    return header.read_header(data)


def resize(pixels: "Pixels", width: int, height: int, *, kernel: Kernel | str = Kernel.LANCZOS3) -> "Pixels":
    """Scale an array (height, width, channels) of uint8, alpha last where there are 2 or 4 channels.

    Kernels and their rules are the service's: the named one reduces, Catmull-Rom, linear or nearest enlarge.
    Raises ValueError for a size of no pixels or an array of another kind.
    """
    from pixelshift.imaging.geometry import Box, Shrink, Size
    from pixelshift.imaging.resample import Scaling, scale

    if width < 1 or height < 1:
        raise ValueError(f"width and height are at least 1, not {width} and {height}")
    if pixels.ndim != 3 or pixels.dtype != "uint8" or not 1 <= pixels.shape[2] <= 4:
        raise ValueError(f"pixels are uint8 of shape (height, width, 1-4), not {pixels.dtype} of {pixels.shape}")
    rows, columns = pixels.shape[:2]
    shrink = Shrink(columns / width, rows / height)
    scaling = Scaling(Size(columns, rows), (float(columns), float(rows)), shrink, Size(width, height))
    return scale(pixels, scaling, Box(0, 0, width, height), Kernel(kernel))


def resize_like_pillow(
    pixels: "Pixels",
    width: int,
    height: int,
    *,
    kernel: Kernel | str = Kernel.LANCZOS3,
    box: tuple[float, float, float, float] | None = None,
) -> "Pixels":
    """Scale an array (height, width, channels) of uint8 to the very bytes of Pillow 13's ``Image.resize``.

    For those who compare results with Pillow's byte for byte; :func:`resize` is faster and closer to the exact
    result. ``kernel`` is linear, cubic or lanczos3; ``box`` is (left, top, right, bottom) in the array's pixels. The
    last of 2 or 4 channels is alpha (Pillow's LA, RGBA). Raises ValueError for what does not fit.
    """
    from pixelshift.imaging.exact import resize_exactly

    return resize_exactly(pixels, width, height, Kernel(kernel), box)
