"""The segment of a plan that one native call can do: JPEG planes from decoder to encoder, no pixel in Python.

There is one plan. Where it asks for no more than cut, reduce and encode, :func:`stream_of` sums it up in the numbers
that the native chain takes; everything else runs step by step on whole arrays (:mod:`pixelshift.imaging.perform`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pixelshift.edits.types import Format, Kernel
from pixelshift.imaging import geometry, steps
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs.jpeg import JpegOptions
from pixelshift.imaging.geometry import Box, Size
from pixelshift.imaging.steps import Step

Edges = tuple[float, float, float, float]
"""left, top, right, bottom."""


_FINER = {8: 8, 3: 8, 2: 4, 1: 2}
"""What chroma at half the size is decoded to where it is wanted as fine as luma."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One call of :func:`pixelshift._native._engine.run`."""

    scale: int
    """How many samples a side a JPEG's blocks are decoded to."""
    chroma_scale: int
    area: Edges
    """What is looked at, in whole stored pixels."""
    box: Edges
    """What of it becomes the result; it may reach beyond, where the edge goes on."""
    size: Size
    kernel: Kernel
    options: JpegOptions


def stream_of(  # noqa: PLR0913 - what the plan knows
    header: Header,
    planned: Sequence[Step],
    decoded: Size,
    denominator: int,
    options: Mapping[str, Any],
    *,
    shrink_fast: bool = True,
) -> Stream | None:
    """The native form of a plan from JPEG to JPEG, or ``None`` where a step needs more than the chain can do.

    ``shrink_fast``: decoding may lose what upstream's shrinking on load loses. Whether the file itself is of a kind
    that the engine reads is only known once it has tried.
    """
    if header.format is not Format.JPEG or header.is_cmyk:
        return None
    rest = list(planned)
    area = Box(0, 0, header.width, header.height)
    size, is_cut = decoded, False
    if rest and isinstance(cut := rest[0], steps.Cut):
        del rest[0]
        area, size, is_cut = cut.box, cut.after(size), True
    chosen = JpegOptions.of(options)
    if not rest:
        return Stream(8, 8, _edges(area), _edges(area), size, Kernel.LANCZOS3, chosen)
    resize = rest.pop(0)
    if rest or not isinstance(resize, steps.Resized) or resize.turns or resize.strategy is not None:
        return None
    layout = resize.layout(size)
    # Enlarging samples elsewhere (contract 5.5), and a canvas larger than the picture needs a background.
    if min(layout.shrink) < 1 or (layout.extends and layout.out != layout.turned):
        return None
    scale = 8
    if resize.kernel is not Kernel.NEAREST and not is_cut:
        scale = geometry.jpeg_block(denominator * min(layout.shrink), shrink_fast)
    finer = chosen.full_chroma and header.chroma_subsampling != "4:4:4"
    # A decoder that reduces leaves out what does not fill a pixel.
    area = Box(area.left, area.top, size.width * denominator, size.height * denominator)
    box = _box(layout, area, size, denominator)
    return Stream(scale, _FINER[scale] if finer else scale, _edges(area), box, layout.out, resize.kernel, chosen)


def _box(layout: steps.Layout, area: Box, size: Size, denominator: int) -> Edges:
    left, top = (0, 0) if layout.extends else (layout.left, layout.top)
    across = _span(size.width, layout.shrink.horizontal, layout.scaled.width, (left, layout.out.width))
    down = _span(size.height, layout.shrink.vertical, layout.scaled.height, (top, layout.out.height))
    return (
        area.left + denominator * across[0],
        area.top + denominator * down[0],
        area.left + denominator * across[1],
        area.top + denominator * down[1],
    )


def _span(side: int, shrink: float, out: int, window: tuple[int, int]) -> tuple[float, float]:
    """What of ``side`` pixels becomes the window (first, count) of ``out``; it may reach beyond both ends."""
    low = geometry.first_sample(side, shrink, out) + window[0] * shrink
    return low, low + window[1] * shrink


def _edges(box: Box) -> Edges:
    return box.left, box.top, box.left + box.width, box.top + box.height
