"""Parsers of the edits that move pixels: resize, cuts, borders, turns (contract, 3.2, 3.3, 3.9)."""

import math
from collections.abc import Mapping
from typing import Literal

from pixelshift.edits.argument import (
    LARGEST_NUMBER,
    LARGEST_SIZE,
    PROCESSING_FAILURE,
    Argument,
    round_half_up,
    to_number,
)
from pixelshift.edits.types import BLACK, Affine, Crop, Extend, Fit, Kernel, Position, Resize, Rotate, Trim

COMPASS: dict[str, Position] = {
    position.value: position for position in Position if position not in {Position.ENTROPY, Position.ATTENTION}
}
COMPASS["center"] = Position.CENTRE

_POSITIONS = COMPASS | {
    "top": Position.NORTH,
    "right top": Position.NORTHEAST,
    "right": Position.EAST,
    "right bottom": Position.SOUTHEAST,
    "bottom": Position.SOUTH,
    "left bottom": Position.SOUTHWEST,
    "left": Position.WEST,
    "left top": Position.NORTHWEST,
    "entropy": Position.ENTROPY,
    "attention": Position.ATTENTION,
}
_NUMBERED_COMPASS = dict(
    enumerate(
        (
            Position.CENTRE, Position.NORTH, Position.EAST, Position.SOUTH, Position.WEST,
            Position.NORTHEAST, Position.SOUTHEAST, Position.SOUTHWEST, Position.NORTHWEST,
        )
    )
)  # fmt: skip
_NUMBERED_POSITIONS = _NUMBERED_COMPASS | {16: Position.ENTROPY, 17: Position.ATTENTION}
AUTO_ORIENT = "auto"
_FITS = {fit.value: fit for fit in Fit}
_KERNELS = {kernel.value: kernel for kernel in Kernel}
_WIDEST_BORDER_PX = 10_000
_EXTEND_MODES: dict[str, Literal["background", "copy", "repeat", "mirror"]] = {
    "background": "background", "copy": "copy", "repeat": "repeat", "mirror": "mirror",
}  # fmt: skip


def parse_resize(argument: Argument) -> Resize:
    """``resize``: an object or a bare width; ``ratio`` beside a side is resolved here, alone it needs the source.

    What upstream's engine refuses keeps upstream's answer (docs/design/upstream-answers.md).
    """
    if isinstance(argument.value, int | float) and not isinstance(argument.value, bool):
        argument = Argument(argument.name, {"width": argument.value}, argument.limits)
    width, height = _side(argument.member("width")), _side(argument.member("height"))
    engine = argument.with_code(PROCESSING_FAILURE)
    fit = engine.member("fit").choice(_FITS, Fit.COVER)
    ratio = _ratio(argument.member("ratio"))
    if ratio is not None:
        if argument.member("fit").value is None:
            fit = Fit.INSIDE
        if width is not None or height is not None:
            width, height, ratio = _scale(width, ratio, argument), _scale(height, ratio, argument), None
    return Resize(
        width=width,
        height=height,
        fit=fit,
        position=_position(engine),
        focal_point=_focal_point(argument.member("focalPoint")),
        background=argument.member("background").colour(BLACK),
        kernel=engine.member("kernel").choice(_KERNELS, Kernel.LANCZOS3),
        without_enlargement=engine.member("withoutEnlargement").boolean(default=False),
        without_reduction=engine.member("withoutReduction").boolean(default=False),
        fast_shrink_on_load=engine.member("fastShrinkOnLoad").boolean(default=True),
        ratio=ratio,
    )


def _side(argument: Argument) -> int | None:
    """A side in pixels, rounded halves up; texts of numbers count, absent and ``null`` leave it free."""
    if argument.value is None:
        return None
    number = to_number(argument.value)
    if math.isnan(number):
        raise argument.with_code(PROCESSING_FAILURE).refuse("a number of pixels above 0")
    if isinstance(argument.value, bool) or not 0.5 <= number <= LARGEST_SIZE:
        raise argument.with_code("InvalidResizeException").refuse("a number of pixels above 0")
    return round_half_up(number)


def _scale(side: int | None, ratio: float, argument: Argument) -> int | None:
    if side is None:
        return None
    scaled = max(round_half_up(side * ratio), 1)
    if scaled > LARGEST_SIZE:
        raise argument.with_code("InvalidResizeException").refuse("a smaller ratio")
    return scaled


def _ratio(argument: Argument) -> float | None:
    """A factor above 0; upstream ignores every falsy value."""
    if argument.value in (None, False, 0, ""):
        return None
    number = to_number(argument.value)
    if isinstance(argument.value, bool) or not 0 < number <= LARGEST_NUMBER:
        raise argument.refuse("a number above 0")
    return number


def _position(resize: Argument) -> Position:
    """``position``; people often write ``strategy`` or ``gravity``, so these count where it is absent.

    Upstream passes over the two: where they say what we do not know, so do we.
    """
    position = resize.member("position")
    if position.value is not None:
        return _anchor(position, _POSITIONS, _NUMBERED_POSITIONS)
    values = (resize.member(name).value for name in ("strategy", "gravity"))
    return next(
        (_POSITIONS[value] for value in values if isinstance(value, str) and value in _POSITIONS), Position.CENTRE
    )


def parse_gravity(argument: Argument) -> Position:
    """One of the nine compass points, or its number 0-8."""
    return _anchor(argument, COMPASS, _NUMBERED_COMPASS)


def _anchor(argument: Argument, names: dict[str, Position], numbers: dict[int, Position]) -> Position:
    value = argument.value
    if isinstance(value, int | float) and not isinstance(value, bool) and value in numbers:
        return numbers[int(value)]
    return argument.choice(names)


def _focal_point(argument: Argument) -> tuple[float, float] | None:
    if argument.value is None:
        return None
    return argument.member("x").number(0, 1), argument.member("y").number(0, 1)


def parse_crop(argument: Argument) -> Crop:
    """``crop``: the service's own cut."""
    return _cut(argument.with_code("Crop::AreaOutOfBounds"), "crop")


def parse_extract(argument: Argument) -> Crop:
    """``extract``: sharp's cut."""
    return _cut(argument, "extract")


def _cut(argument: Argument, name: Literal["crop", "extract"]) -> Crop:
    argument.members("{left, top, width, height}")
    left, top = (argument.member(key).integer(0, LARGEST_SIZE) for key in ("left", "top"))
    width, height = (argument.member(key).integer(1, LARGEST_SIZE) for key in ("width", "height"))
    return Crop(left, top, width, height, name)


def parse_extend(argument: Argument) -> Extend:
    """``extend``: one border width for all sides, or an object."""
    if not isinstance(argument.value, Mapping):
        border = argument.integer(1, _WIDEST_BORDER_PX)
        return Extend(border, border, border, border)
    sides = {
        side: argument.member(side).integer(0, _WIDEST_BORDER_PX, 0) for side in ("top", "bottom", "left", "right")
    }
    return Extend(
        **sides,
        background=argument.member("background").colour(BLACK),
        extend_with=argument.member("extendWith").choice(_EXTEND_MODES, "background"),
    )


def parse_trim(argument: Argument) -> Trim:
    """``trim``: ``null`` or an object."""
    if argument.value is None:
        return Trim()
    expected = "null or {threshold, background, lineArt, margin}"
    if isinstance(argument.value, bool | int | float):
        raise argument.with_code(PROCESSING_FAILURE).refuse(expected)
    argument.members(expected)
    background = argument.member("background")
    return Trim(
        threshold=argument.member("threshold").number(0, LARGEST_NUMBER, 10.0),
        background=None if background.value is None else background.colour(),
        line_art=argument.member("lineArt").boolean(default=False),
        margin=argument.member("margin").integer(0, argument.limits.output_side_px, 0),
    )


def parse_rotate(argument: Argument) -> Rotate:
    """``rotate``: degrees, folded into [0, 360); ``null`` and ``"auto"`` orient by the EXIF tag.

    ``null`` drops all metadata too, ``"auto"`` is ours and keeps it: the path's ``filters:rotate()``.
    """
    if argument.value is None or argument.value == AUTO_ORIENT:
        return Rotate(None, strips=argument.value is None)
    angle = argument.number(-LARGEST_NUMBER, LARGEST_NUMBER) % 360.0
    return Rotate(0.0 if angle == 360.0 else angle)  # -1e-20 % 360 rounds to 360


def parse_affine(argument: Argument) -> Affine:
    """``affine``: four numbers, flat or as two rows; a matrix that flattens the picture is refused."""
    expected = "a 2x2 matrix of numbers that can be inverted"
    flat = [
        number
        for item in argument.items(expected)
        for number in (item.items(expected) if isinstance(item.value, list | tuple) else [item])
    ]
    if len(flat) != 4:
        raise argument.refuse(expected)
    a, b, c, d = (item.number(-LARGEST_NUMBER, LARGEST_NUMBER) for item in flat)
    if abs(a * d - b * c) < 1e-9:
        raise argument.refuse(expected)
    return Affine((a, b, c, d))
