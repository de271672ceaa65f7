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


@dataclass(frozen=True, slots=True)
class Stream:
    """One call of :func:`pixelshift._native._engine.run`."""

    denominator: int
    area: Edges
    """What is looked at, in whole stored pixels."""
    box: Edges
    """What of it becomes the result; it may reach beyond, where the edge goes on."""
    size: Size
    kernel: Kernel
    options: JpegOptions


def stream_of(
    header: Header, planned: Sequence[Step], decoded: Size, denominator: int, options: Mapping[str, Any]
) -> Stream | None:
    """The native form of a plan from JPEG to JPEG, or ``None`` where a step needs more than the chain can do.

    Whether the file itself is of a kind that it reads is only known once it has tried.
    """
    if header.format is not Format.JPEG or header.is_cmyk:
        return None
    rest = list(planned)
    area = Box(0, 0, header.width, header.height)
    size = decoded
    if rest and isinstance(cut := rest[0], steps.Cut):
        del rest[0]
        area, size = cut.box, cut.after(size)
    if not rest:
        return Stream(1, _edges(area), _edges(area), size, Kernel.LANCZOS3, JpegOptions.of(options))
    resize = rest.pop(0)
    if rest or not isinstance(resize, steps.Resized) or resize.turns or resize.strategy is not None:
        return None
    return _resized(resize, area, size, denominator, JpegOptions.of(options))


def _resized(resize: steps.Resized, area: Box, size: Size, denominator: int, options: JpegOptions) -> Stream | None:
    layout = resize.layout(size)
    # Enlarging samples elsewhere (contract 5.5), and a canvas larger than the picture needs a background.
    if min(layout.shrink) < 1 or (layout.extends and layout.out != layout.turned):
        return None
    # A decoder that reduces leaves out what does not fill a pixel.
    area = Box(area.left, area.top, size.width * denominator, size.height * denominator)
    left, top = (0, 0) if layout.extends else (layout.left, layout.top)
    across = _span(size.width, layout.shrink.horizontal, layout.scaled.width, (left, layout.out.width))
    down = _span(size.height, layout.shrink.vertical, layout.scaled.height, (top, layout.out.height))
    box = (
        area.left + denominator * across[0],
        area.top + denominator * down[0],
        area.left + denominator * across[1],
        area.top + denominator * down[1],
    )
    return Stream(denominator, _edges(area), box, layout.out, resize.kernel, options)


def _span(side: int, shrink: float, out: int, window: tuple[int, int]) -> tuple[float, float]:
    """What of ``side`` pixels becomes the window (first, count) of ``out``; it may reach beyond both ends."""
    low = geometry.first_sample(side, shrink, out) + window[0] * shrink
    return low, low + window[1] * shrink


def _edges(box: Box) -> Edges:
    return box.left, box.top, box.left + box.width, box.top + box.height
