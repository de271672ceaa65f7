"""How each step is done, on whole arrays. Sizes come from the steps; nothing here decides any."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pixelshift.edits import types as edits
from pixelshift.edits.types import Colour
from pixelshift.errors import PixelshiftError
from pixelshift.imaging import steps
from pixelshift.imaging.base import Assets
from pixelshift.imaging.geometry import Box, Size, Turn
from pixelshift.imaging.picture import Picture, Pixels, with_alpha
from pixelshift.imaging.plan import check_growth, check_size, outside
from pixelshift.imaging.resample import scale
from pixelshift.imaging.steps import Step
from pixelshift.limits import Limits


@dataclass(slots=True)
class Context:
    """What a run carries from step to step beside the picture."""

    assets: Assets
    limits: Limits
    check: Callable[[], None]
    moderated: bool = False
    """A label was found that must be blurred."""


def perform(step: Step, picture: Picture, context: Context) -> None:
    """Do one step to the picture, in place.

    Sizes that only the pixels could tell are checked here before anything of that size is made.
    """
    if not isinstance(step, steps.Resized | steps.Filtered | steps.GammaIn):
        picture.settle()
    check_growth(step, picture.size, context.limits, len(picture.frames))
    _PERFORMERS[type(step)](step, picture, context)


def turned(pixels: Pixels, turn: Turn) -> Pixels:
    """A view: quarters clockwise, then top-bottom, then left-right."""
    pixels = np.rot90(pixels, -turn.quarters)
    pixels = pixels[::-1] if turn.flip else pixels
    return pixels[:, ::-1] if turn.flop else pixels


def _turn(step: steps.Turned, picture: Picture, context: Context) -> None:
    picture.map(lambda pixels: turned(pixels, step.turn))


def cut(picture: Picture, box: Box) -> None:
    across, down = slice(box.left, box.left + box.width), slice(box.top, box.top + box.height)
    picture.map(lambda pixels: pixels[down, across])


def _cut(step: steps.Cut, picture: Picture, context: Context) -> None:
    if not step.box.inside(picture.size):
        raise outside(step, picture.size)
    cut(picture, step.box)


def background_of(colour: Colour, channels: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """The colour as one pixel of so many channels."""
    alpha = int(colour.alpha * 255 + 0.5)
    grey = int(0.2126 * colour.r + 0.7152 * colour.g + 0.0722 * colour.b + 0.5)
    pixel = {1: (grey,), 2: (grey, alpha), 3: (colour.r, colour.g, colour.b), 4: (colour.r, colour.g, colour.b, alpha)}
    return np.array(pixel[channels], np.uint8)


def placed(pixels: Pixels, out: Size, left: int, top: int, background: Colour) -> Pixels:
    """The picture on a larger canvas; a background that is not opaque gives it an alpha channel."""
    if background.alpha < 1:
        pixels = with_alpha(pixels)
    height, width, channels = pixels.shape
    canvas = np.empty((out.height, out.width, channels), np.uint8)
    canvas[:] = background_of(background, channels)
    canvas[top : top + height, left : left + width] = pixels
    return canvas


def _resize(step: steps.Resized, picture: Picture, context: Context) -> None:
    layout = step.layout(picture.size)
    extent = picture.extent or tuple(float(side) for side in picture.frames[0].shape[1::-1])
    whole = step.strategy is not None or layout.extends
    window = Box(0, 0, *layout.turned) if whole else Box(layout.left, layout.top, *layout.out)

    def resized(pixels: Pixels) -> Pixels:
        context.check()
        area = (0.0, 0.0, extent[0], extent[1])
        for turn in step.turns:
            area = _turned_area(area, pixels, turn)
            pixels = turned(pixels, turn)
        pixels = scale(pixels, area, layout.turned, window, step.kernel)
        if layout.extends and layout.out != layout.turned:
            return placed(pixels, layout.out, layout.left, layout.top, step.background)
        return pixels

    picture.nominal = picture.extent = None
    picture.map(resized)
    if step.strategy is not None and layout.out != layout.turned:
        left, top = _strategic_offset(step.strategy, picture.frames[0], layout.out)
        cut(picture, Box(left, top, *layout.out))


def _strategic_offset(strategy: edits.Position, pixels: Pixels, out: Size) -> tuple[int, int]:
    from pixelshift.imaging import saliency

    find = saliency.entropy_box if strategy is edits.Position.ENTROPY else saliency.attention_box
    return find(pixels, out.width, out.height)


_Area = tuple[float, float, float, float]


def _turned_area(area: _Area, pixels: Pixels, turn: Turn) -> _Area:
    """Where the content (left, top, right, bottom) lies once the array is turned."""
    left, top, right, bottom = area
    height, width = pixels.shape[:2]
    for _ in range(turn.quarters):
        left, top, right, bottom = height - bottom, left, height - top, right
        height, width = width, height
    if turn.flip:
        top, bottom = height - bottom, height - top
    if turn.flop:
        left, right = width - right, width - left
    return left, top, right, bottom


def _filter(step: steps.Filtered, picture: Picture, context: Context) -> None:
    from pixelshift.imaging.filters import FILTERS

    change = FILTERS[type(step.edit)]

    def checked(pixels: Pixels) -> Pixels:
        context.check()
        return change(pixels, step.edit)

    picture.map(checked)


_PERFORMERS: Mapping[type[Step], Callable[..., None]] = {
    steps.Turned: _turn,
    steps.Cut: _cut,
    steps.Resized: _resize,
    steps.Filtered: _filter,
}
