"""The segment of a plan that one native call can do: rows from decoder to encoder, no pixel in Python.

There is one plan. Where it asks for no more than cut, reduce, turn, place, sharpen, overlay and encode,
:func:`stream_of` sums it up in the numbers that the native chain takes; everything else runs step by step on whole
arrays (:mod:`pixelshift.imaging.perform`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeVar, cast

from pixelshift.edits.types import Format, Kernel, Overlay, Sharpen
from pixelshift.imaging import geometry, steps
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import jpeg, png, webp
from pixelshift.imaging.geometry import Box, Size, Turn
from pixelshift.imaging.steps import Step
from pixelshift.value import frozen

Edges = tuple[float, float, float, float]
"""left, top, right, bottom."""

Canvas = tuple[int, int, int, int, tuple[int, int, int]]
"""Left, top, width and height of the picture on it; its colour."""

_FINER = {8: 8, 3: 8, 2: 4, 1: 2}
"""What chroma at half the size is decoded to where it is wanted as fine as luma."""


@frozen
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
    turn: Turn
    """Of the resized picture; ``size`` is that of the turned one."""
    canvas: Canvas | None
    """What that is placed on."""
    sharpen: Sharpen | None
    """Once resized."""
    overlay: Overlay | None
    """What is laid over that."""
    options: Mapping[str, Any]
    """Of the encoder, as the native engine names them."""


_SOURCES = {Format.JPEG, Format.PNG}
_ENCODERS: Mapping[Format, Callable[[Mapping[str, Any]], Mapping[str, Any] | None]] = {
    Format.JPEG: jpeg.native_options,
    Format.PNG: png.native_options,
    Format.WEBP: webp.native_options,
}


def native_options(format_: Format, options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """An encoder's options as the native engine has them; ``None`` where it does not encode so."""
    return _ENCODERS[format_](options) if format_ in _ENCODERS else None


def stream_of(  # noqa: PLR0913 - what the plan knows
    header: Header,
    planned: Sequence[Step],
    decoded: Size,
    denominator: int,
    options: Mapping[str, Any] | None,
    *,
    shrink_fast: bool = True,
    opaque_output: bool = False,
) -> Stream | None:
    """The native form of a plan, or ``None`` where a step, the source or the encoder (``options`` are those of
    :func:`native_options`) needs more than the engine can do.

    ``shrink_fast``: decoding may lose what upstream's shrinking on load loses. ``opaque_output``: the format has no
    alpha, so that an overlay need not give the picture any. Whether the file itself is of a kind
    that the engine reads is only known once it has tried.
    """
    asked = _asked(planned, header, opaque_output)
    is_interlaced = header.format is Format.PNG and header.is_progressive
    is_read = header.format in _SOURCES and not header.is_cmyk and not is_interlaced
    if options is None or not is_read or asked is None:
        return None
    stored = asked.first.after(Size(header.width, header.height))
    size = asked.first.after(decoded) if asked.cut is None else asked.cut.box.size
    area = Box(0, 0, *stored) if asked.cut is None else asked.cut.box
    layout = _layout(asked, header, size)
    if layout is None:
        return None
    scale, kernel = 8, Kernel.LANCZOS3 if asked.resize is None else asked.resize.kernel
    if header.format is Format.JPEG and asked.cut is None:
        scale = geometry.jpeg_block(denominator * min(layout.shrink), shrink_fast)
    canvas = _canvas(layout, asked.resize)
    needs_all = asked.sharpen is not None or canvas is not None
    finer = (_has_full_chroma(options) or needs_all) and header.chroma_subsampling != "4:4:4"
    # A decoder that reduces leaves out what does not fill a pixel.
    area = Box(area.left, area.top, size.width * denominator, size.height * denominator)
    return Stream(
        scale=scale,
        chroma_scale=_FINER[scale] if finer else scale,
        area=asked.first.edges_before(area.edges, stored),
        box=asked.first.edges_before(_box(layout, asked.later, area, size), stored),
        size=layout.out,
        kernel=kernel,
        turn=asked.first.then(asked.later),
        canvas=canvas,
        sharpen=asked.sharpen,
        overlay=asked.overlay,
        options=options,
    )


@frozen
class _Asked:
    """A plan whose steps the engine has, in its order."""

    first: Turn
    cut: steps.Cut | None
    resize: steps.Resized | None
    sharpen: Sharpen | None
    overlay: Overlay | None

    @property
    def later(self) -> Turn:
        """What is turned once it is resized."""
        return reduce(Turn.then, self.resize.turns if self.resize else (), Turn())


def _asked(planned: Sequence[Step], header: Header, opaque_output: bool) -> _Asked | None:
    rest = list(planned)
    first = Turn()
    while (turned := _taken(rest, steps.Turned)) is not None:
        first = first.then(turned.turn)
    cut, resize = _taken(rest, steps.Cut), _taken(rest, steps.Resized)
    sharpen = _sharpening(rest, header)
    overlaid = _taken(rest, steps.Overlaid)
    overlay = None if overlaid is None else overlaid.edit
    is_opaque = opaque_output and header.channels == 3 and not header.has_alpha
    is_laid = overlay is None or (overlay.is_watermark and is_opaque)
    return None if rest or not is_laid else _Asked(first, cut, resize, sharpen, overlay)


def _layout(asked: _Asked, header: Header, size: Size) -> steps.Layout | None:
    """The layout of the resize, or that of none; ``None`` for one that the engine does not do."""
    resize = asked.resize or steps.Resized(geometry.Target(None, None))
    layout = resize.layout(size)
    # Enlarging samples elsewhere (contract 5.5).
    if resize.strategy is not None or min(layout.shrink) < 1:
        return None
    is_opaque = header.channels == 3 and not header.has_alpha and resize.background.alpha >= 1
    if layout.extends and layout.out != layout.turned and not is_opaque:
        return None
    # To weight colours by alpha and back would change faint ones, which nothing asks for.
    if header.has_alpha and layout.scaled == size:
        return None
    # One pixel of many shows how a JPEG was reduced and its chroma smoothed, which the general path does as upstream
    # does; and of two equally near, the nearest is one by its side, which a turn ahead of it would change.
    shows_road = header.format is Format.JPEG or not asked.first.still
    return None if resize.kernel is Kernel.NEAREST and shows_road else layout


def _canvas(layout: steps.Layout, resize: steps.Resized | None) -> Canvas | None:
    if resize is None or not layout.extends or layout.out == layout.turned:
        return None
    colour = resize.background
    return layout.left, layout.top, *layout.turned, (colour.r, colour.g, colour.b)


_Kind = TypeVar("_Kind", bound=Step)


def _taken(rest: list[Step], kind: type[_Kind]) -> _Kind | None:
    """The next step if it is of that kind, taken off the list."""
    return cast(_Kind, rest.pop(0)) if rest and isinstance(rest[0], kind) else None


def _sharpening(rest: list[Step], header: Header) -> Sharpen | None:
    """The next step if it sharpens, taken off the list; the mild kernel would be too coarse for alpha."""
    match rest:
        case [steps.Filtered(Sharpen() as edit), *_] if edit.sigma is not None or not header.has_alpha:
            del rest[0]
            return edit
    return None


def _has_full_chroma(options: Mapping[str, Any]) -> bool:
    """Whether the encoder wants chroma as fine as luma: PNG always does."""
    names = ("full_chroma", "lossless", "near_lossless", "smart_subsample")
    return "quality" not in options or any(options.get(name) for name in names)


def _box(layout: steps.Layout, turn: Turn, area: Box, size: Size) -> Edges:
    """What of the area, of which ``size`` pixels are decoded, becomes the window of the scaled picture."""
    whole = Box(0, 0, *layout.turned)
    window = whole if layout.extends else Box(layout.left, layout.top, *layout.out)
    window = turn.before(window, layout.turned)
    across = _span(size.width, layout.shrink.horizontal, layout.scaled.width, (window.left, window.width))
    down = _span(size.height, layout.shrink.vertical, layout.scaled.height, (window.top, window.height))
    denominator = area.width // size.width
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
