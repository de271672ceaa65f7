"""Where an overlay goes and how large it is (contract 3.4); blending is :mod:`pixelshift.imaging.compose`'s."""

from collections.abc import Callable

import numpy as np

from pixelshift.edits.types import Fit, Overlay, Resize
from pixelshift.errors import InvalidRequestError, PixelshiftError
from pixelshift.imaging import compose, geometry
from pixelshift.imaging.geometry import Size
from pixelshift.imaging.picture import Pixels, with_alpha

_CODE = "OverlayImageException"

Render = Callable[[bytes, Resize | None], Pixels]
"""Decodes an original, resized if asked for, to its first frame's pixels."""


def prepared(edit: Overlay, original: bytes | None, base: Size, render: Render) -> Pixels:
    """The overlay's own pixels with alpha, scaled and faded, not yet placed.

    Raises InvalidRequestError: ``OverlayImageException`` for what is missing, unreadable or of no size, ``BadRequest``
    for what is larger than the base.
    """
    if original is None:
        raise InvalidRequestError("The overlay picture is not there.", code=_CODE)
    try:
        pixels = render(original, _resize(edit, base))
    except PixelshiftError as error:
        if error.status >= 500:
            raise
        raise InvalidRequestError("The overlay picture cannot be read.", code=_CODE, detail=str(error)) from error
    height, width = pixels.shape[:2]
    if width > base.width or height > base.height:
        raise InvalidRequestError(
            f"The overlay ({width}x{height}) is larger than the picture ({base}).", code="BadRequest"
        )
    return faded(with_alpha(pixels), edit.alpha)


def _resize(edit: Overlay, base: Size) -> Resize | None:
    if edit.width_ratio is None and edit.height_ratio is None:
        return None
    box = geometry.ratio_box(base, edit.width_ratio, edit.height_ratio)
    if 0 in {box.width, box.height}:
        raise InvalidRequestError("The overlay's ratios leave it no size.", code=_CODE)
    return Resize(box.width, box.height, fit=Fit.INSIDE)


def faded(pixels: Pixels, transparency: int) -> Pixels:
    """Alpha times floor(255 (1 - transparency / 100)) / 255."""
    opacity = 255 * (100 - transparency) // 100
    if opacity == 255:
        return pixels
    out = pixels.copy()
    out[..., -1] = (out[..., -1].astype(np.uint16) * opacity + 127) // 255
    return out


def offset(edit: Overlay, base: Size, overlay: Size) -> tuple[int, int] | None:
    """Left and top; an axis that is not given starts at 0. ``None`` where gravity decides."""
    if edit.left is None and edit.top is None:
        return None
    try:
        left = geometry.overlay_offset(edit.left or "0", base.width, overlay.width)
        return left, geometry.overlay_offset(edit.top or "0", base.height, overlay.height)
    except (ValueError, OverflowError) as error:
        raise InvalidRequestError("overlayWith: left and top are pixels or per cent, such as 10 or 5p.") from error


def corner(edit: Overlay, base: Size, overlay: Size) -> tuple[int, int]:
    """Left and top of an overlay that is not repeated, by its offsets or else by gravity."""
    at = offset(edit, base, overlay)
    return geometry.cover_offset(base, overlay, edit.gravity) if at is None else at


def laid(base: Pixels, overlay: Pixels, edit: Overlay, *, keep_opaque: bool) -> Pixels:
    """The base with the overlay on it and an alpha channel, unless ``keep_opaque`` says that nobody would see that."""
    size, above = Size(base.shape[1], base.shape[0]), Size(overlay.shape[1], overlay.shape[0])
    if edit.tile:
        left, top = compose.tile_corner(size, above, offset=offset(edit, size, above), gravity=edit.gravity)
    else:
        left, top = corner(edit, size, above)
    if edit.is_watermark:
        out = compose.watermark(base, overlay, left=left, top=top)
        return out if keep_opaque else with_alpha(out)
    return compose.composite(
        base, overlay, left=left, top=top, blend=edit.blend, tile=edit.tile, premultiplied=edit.premultiplied
    )
