"""What a request may cost: sizes and work against the limits, before anything is decoded."""

from collections.abc import Mapping, Sequence
from typing import Any

from pixelshift.edits.types import Format
from pixelshift.errors import InvalidRequestError, TooLargeError
from pixelshift.imaging import steps
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import png
from pixelshift.imaging.geometry import Size
from pixelshift.imaging.steps import Step
from pixelshift.limits import Limits

_SIDE_LIMITS = {Format.WEBP: 16_383, Format.JPEG: 65_535, Format.GIF: 65_535, Format.AVIF: 65_535}


_ANY_SIZE = Size(1 << 31, 1 << 31)


def check_source(header: Header, frames: int, limits: Limits) -> None:
    pixels = header.width * header.height
    if pixels > limits.source_pixels or pixels * frames > limits.animation_pixels:
        raise InvalidRequestError("The source picture has more pixels than allowed.", code="InstantiationError")
    if frames > limits.frames:
        raise InvalidRequestError(
            f"The animation has {frames} frames; {limits.frames} are allowed.", code="InstantiationError"
        )


def check_size(size: Size, limits: Limits, frames: int = 1) -> None:
    """Raises TooLargeError for what would be larger than a result may be."""
    if max(size) > limits.output_side_px:
        raise TooLargeError(f"A side of {max(size)} pixels was asked for; {limits.output_side_px} are allowed.")
    if size.pixels * frames > limits.output_pixels:
        raise TooLargeError(f"{size.pixels * frames} pixels were asked for; {limits.output_pixels} are allowed.")


def check_result(size: Size, frames: int, format_: Format, limits: Limits) -> None:
    longest = _SIDE_LIMITS.get(format_)
    if longest is not None and max(size) > longest:
        raise TooLargeError(f"{format_.name} cannot hold a side of {max(size)} pixels.")
    if size.pixels * frames > limits.output_pixels:
        raise TooLargeError(f"The result would have {size.pixels * frames} pixels; {limits.output_pixels} are allowed.")


def walk(planned: Sequence[Step], size: Size, frames: int, limits: Limits) -> tuple[Size, float]:
    """Follow the sizes through the steps; refuse what does not fit."""
    cost, exact = 0.0, True
    for step in planned:
        if isinstance(step, steps.Cut) and not (step.box.inside(size) if exact else step.box.inside(_ANY_SIZE)):
            raise outside(step, size)
        cost += step.cost(size) * frames
        larger = step.after(size)
        if larger != size:
            check_growth(step, size, limits, frames)
        size, exact = larger, exact and step.exact
    return size, cost


def check_growth(step: Step, size: Size, limits: Limits, frames: int) -> None:
    """A step may always make a picture smaller; what grows must stay within the output's limits."""
    held = step.computed(size) if isinstance(step, steps.Resized) else step.after(size)
    if held.width > size.width or held.height > size.height:
        check_size(held, limits, frames)


def outside(step: steps.Cut, size: Size) -> InvalidRequestError:
    box = step.box
    return InvalidRequestError(
        f"{step.edit.name} asks for {box.width}x{box.height} at {box.left},{box.top} of a picture of {size}.",
        code="Crop::AreaOutOfBounds",
    )


_ENCODE_COST = {Format.JPEG: 20.0, Format.GIF: 300.0, Format.TIFF: 30.0, Format.RAW: 1.0}
_PNG_COST = (2.0, 40.0, 50.0, 60.0, 150.0, 160.0, 200.0, 430.0, 760.0, 1080.0)
"""By ``compressionLevel``."""
_PALETTE_COST = 2500.0
"""Colours are chosen and dithered, which no deadline interrupts."""


def _encode_cost(format_: Format, options: Mapping[str, Any]) -> float:
    """Operations per pixel, from timings of the encoders relative to each other."""
    if format_ is Format.WEBP:
        return 150.0 * (1 + int(options.get("effort", 4))) * (2 if options.get("lossless") else 1)
    if format_ is Format.AVIF:
        return 600.0 * (1 << int(options.get("effort", 1)))
    if format_ is Format.PNG:
        is_palette = png.wants_palette(options)
        return _PNG_COST[int(options.get("compressionLevel", 6))] + (_PALETTE_COST if is_palette else 0.0)
    return _ENCODE_COST[format_]


def coding_cost(header: Header, decoded: Size, size: Size, format_: Format, options: Mapping[str, Any]) -> float:
    """Operations to decode and encode one frame."""
    stored = header.width * header.height
    return 10.0 * (stored + decoded.pixels) + _encode_cost(format_, options) * size.pixels


def check_cost(cost: float, limits: Limits) -> None:
    if cost > limits.cost:
        raise TooLargeError("The request asks for more work than is allowed; use a smaller picture or fewer edits.")
