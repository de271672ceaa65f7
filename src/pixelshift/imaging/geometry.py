"""Sizes and boxes, to the pixel, as sharp and libvips work them out.

Pure functions of numbers; nothing here knows of pixels or files. "The contract" is the project's description of the
service it replaces; section numbers refer to its resize semantics. All sizes are (width, height) in pixels.
"""

import math
from typing import NamedTuple, TypeVar

from pixelshift.edits.types import Fit, Position, Resize
from pixelshift.value import frozen

N = TypeVar("N", int, float)


class Size(NamedTuple):
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def swapped(self) -> "Size":
        return Size(self.height, self.width)

    @property
    def pixels(self) -> int:
        return self.width * self.height


class Box(NamedTuple):
    """``left`` and ``top`` may lie outside the picture; ``width`` and ``height`` are at least 1 where cutting."""

    left: int
    top: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    def inside(self, size: Size) -> bool:
        """Whether the box holds at least one pixel and none outside the picture."""
        return (
            min(self.left, self.top) >= 0
            and min(self.width, self.height) > 0
            and self.left + self.width <= size.width
            and self.top + self.height <= size.height
        )


class Shrink(NamedTuple):
    """How many source pixels go into one, per axis; below 1 enlarges."""

    horizontal: float
    vertical: float


@frozen
class Target:
    """What a resize asks of the geometry, its ratio already turned into sides."""

    width: int | None
    height: int | None
    fit: Fit = Fit.COVER
    without_enlargement: bool = False
    without_reduction: bool = False

    @property
    def given(self) -> bool:
        return self.width is not None or self.height is not None

    @property
    def swapped(self) -> "Target":
        return Target(self.height, self.width, self.fit, self.without_enlargement, self.without_reduction)


def round_half_up(value: float) -> int:
    return math.floor(value + 0.5)


def target_of(resize: Resize, stored: Size) -> Target:
    """The sides that a resize asks for.

    ``ratio`` multiplies what is given, or else the stored sides of the source (contract 3.2); never below one pixel.
    """
    width, height = resize.width, resize.height
    if resize.ratio:
        if width is None and height is None:
            width, height = stored
        width = max(1, round_half_up(width * resize.ratio)) if width is not None else None
        height = max(1, round_half_up(height * resize.ratio)) if height is not None else None
    return Target(width, height, resize.fit, resize.without_enlargement, resize.without_reduction)


def shrink_factors(size: Size, target: Target) -> Shrink:
    """Contract 5.1: factors by fit, then the "without" flags, then no side below one pixel."""
    horizontal = size.width / target.width if target.width else 1.0
    vertical = size.height / target.height if target.height else 1.0
    if target.fit is not Fit.FILL:
        if target.width and target.height:
            smaller = target.fit in {Fit.COVER, Fit.OUTSIDE}
            factor = min(horizontal, vertical) if smaller else max(horizontal, vertical)
        else:
            factor = horizontal if target.width else vertical
        horizontal = vertical = factor
    if target.without_reduction:
        horizontal, vertical = min(horizontal, 1.0), min(vertical, 1.0)
    if target.without_enlargement:
        horizontal, vertical = max(horizontal, 1.0), max(vertical, 1.0)
    return Shrink(min(horizontal, float(size.width)), min(vertical, float(size.height)))


def scaled(size: Size, shrink: Shrink) -> Size:
    """The resized picture. The reciprocal is taken first, which decides some halves."""
    return Size(
        max(1, round_half_up(size.width * (1.0 / shrink.horizontal))),
        max(1, round_half_up(size.height * (1.0 / shrink.vertical))),
    )


def first_sample(side: int, shrink: float, out: int) -> float:
    """Where the first of ``out`` results begins on ``side`` pixels, each covering ``shrink`` >= 1 of them.

    What rounding leaves over or adds is shared by both ends. From a factor of four on, libvips averages boxes of whole
    pixels first, and what it centres are those boxes, the last of which may reach beyond the picture.
    """
    box = max(1, int(shrink / 2))
    return (box * -(-side // box) - out * shrink) / 2


def jpeg_denominator(size: Size, target: Target, fast: bool = True) -> int:
    """1, 2, 4 or 8: by how much a JPEG is decoded smaller before the resize (contract 5.3)."""
    shrink = min(shrink_factors(size, target))
    slack = 1 if fast else 2
    denominator = next((j for j in (8, 4, 2) if shrink >= j * slack), 1)
    # libjpeg rounds sizes differently close to the threshold, so upstream steps back there.
    return denominator // 2 if denominator > 1 and int(shrink) == denominator else denominator


def jpeg_decoded(size: Size, denominator: int) -> Size:
    """The size upstream's JPEG decoder delivers: floor, at least one pixel."""
    return Size(max(1, size.width // denominator), max(1, size.height // denominator))


_BLOCKS = ((16.0, 1), (5.0, 2), (3.0, 3))
_EXACT_BLOCKS = ((16.0, 1), (8.0, 2), (5.0, 3))


def jpeg_block(shrink: float, fast: bool = True) -> int:
    """8, 3, 2 or 1: how many samples a side the native engine decodes a JPEG's blocks to before it resizes.

    Sizes follow upstream's decoder (:func:`jpeg_denominator`); samples need not, since a block's lowest frequencies
    are a better reduction than upstream's averages. From these ratios on the result is no worse than upstream's, or
    unless ``fast`` no worse than from every pixel: docs/design/decode-scale.md has the measurements.
    """
    return next((size for least, size in (_BLOCKS if fast else _EXACT_BLOCKS) if shrink >= least), 8)


def webp_decoded(size: Size, target: Target) -> Size:
    """The size upstream's WebP decoder scales to before the resize; the picture's own where that enlarges.

    The reciprocal is taken first, which decides some halves.
    """
    shrink = min(shrink_factors(size, target))
    if shrink <= 1.0:
        return size
    scale = 1.0 / shrink
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def svg_rendered(size: Size, target: Target) -> Size:
    """The size at which a drawing is rendered so that the resize after it has next to nothing to do."""
    return scaled(size, Shrink(*(min(shrink_factors(size, target)),) * 2))


def canvas(size: Size, target: Target) -> Size:
    """The final size of a resize whose scaled picture has ``size`` (contract 5.2)."""
    width, height = target.width or size.width, target.height or size.height
    if target.fit is Fit.CONTAIN:
        return Size(max(size.width, width), max(size.height, height))
    if target.fit is Fit.COVER:
        return Size(min(size.width, width), min(size.height, height))
    return size


_EDGE = {"west": 0, "north": 0, "east": 1, "south": 1}


def _along(position: Position, names: tuple[str, str], room: int, centre: int) -> int:
    for name in names:
        if name in position.value:
            return _EDGE[name] * room
    return centre


def cover_offset(size: Size, out: Size, position: Position) -> tuple[int, int]:
    """Left and top of the part of ``size`` that stays (contract 5.4); a strategy counts as centred."""
    across, down = size.width - out.width, size.height - out.height
    return (
        _along(position, ("west", "east"), across, (across + 1) // 2),
        _along(position, ("north", "south"), down, (down + 1) // 2),
    )


def contain_offset(size: Size, out: Size, position: Position) -> tuple[int, int]:
    """Left and top of ``size`` placed on a larger canvas (contract 5.4)."""
    across, down = out.width - size.width, out.height - size.height
    return (
        _along(position, ("west", "east"), across, across // 2),
        _along(position, ("north", "south"), down, down // 2),
    )


def focal_offset(size: Size, out: Size, focus: tuple[float, float]) -> tuple[int, int]:
    """Left and top of the window whose middle is as near as possible to ``focus`` (fractions of both sides)."""
    left = round_half_up(size.width * focus[0] - out.width / 2)
    top = round_half_up(size.height * focus[1] - out.height / 2)
    return min(max(left, 0), size.width - out.width), min(max(top, 0), size.height - out.height)


def rotated_canvas(size: Size, angle: float) -> Size:
    """The canvas that holds the picture turned by any angle (contract 3.9)."""
    if angle % 90 == 0:
        return size.swapped if angle % 180 else size
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    return Size(
        max(1, round_half_up(size.width * cosine + size.height * sine)),
        max(1, round_half_up(size.width * sine + size.height * cosine)),
    )


def affine_canvas(size: Size, matrix: tuple[float, float, float, float]) -> Size:
    """The bounding box of the transformed corners, as libvips rounds it (contract 3.9)."""
    a, b, c, d = matrix
    corners = [(x, y) for x in (0, size.width) for y in (0, size.height)]
    across = [a * x + b * y for x, y in corners]
    down = [c * x + d * y for x, y in corners]
    return Size(
        max(1, round_half_up(max(across) - min(across))),
        max(1, round_half_up(max(down) - min(down))),
    )


class Turn(NamedTuple):
    """One of the eight orientations: quarter turns clockwise, then mirror top-bottom, then left-right."""

    quarters: int = 0
    flip: bool = False
    flop: bool = False

    @property
    def still(self) -> bool:
        return self == Turn()

    def after(self, size: Size) -> Size:
        return size.swapped if self.quarters % 2 else size

    def then(self, later: "Turn") -> "Turn":
        """Both as one."""
        # A mirror ahead of a quarter turn is the other mirror behind it.
        flip, flop = (self.flop, self.flip) if later.quarters % 2 else (self.flip, self.flop)
        return Turn((self.quarters + later.quarters) % 4, flip != later.flip, flop != later.flop)

    @property
    def mirrors(self) -> tuple[bool, bool, bool]:
        """The same as: rows become columns or not; then a flip or not; then a flop or not."""
        return bool(self.quarters % 2), self.flip != (self.quarters >= 2), self.flop != (self.quarters in {1, 2})

    def before(self, box: Box, turned: Size) -> Box:
        """The box that becomes ``box`` of the picture turned, whose size is then ``turned``."""
        left, top, width, height = box
        first, above, last, below = self.edges_before((left, top, left + width, top + height), turned)
        return Box(first, above, last - first, below - above)

    def edges_before(self, edges: "tuple[N, N, N, N]", turned: Size) -> "tuple[N, N, N, N]":
        """The same for left, top, right and bottom."""
        left, top, right, bottom = edges
        if self.flop:
            left, right = turned.width - right, turned.width - left
        if self.flip:
            top, bottom = turned.height - bottom, turned.height - top
        for _ in range(self.quarters):
            # A quarter back: what was on the right is on top.
            left, top, right, bottom = top, turned.width - right, bottom, turned.width - left
            turned = turned.swapped
        return left, top, right, bottom


_UPRIGHT = {
    2: Turn(0, flop=True),
    3: Turn(2),
    4: Turn(0, flip=True),
    5: Turn(1, flop=True),
    6: Turn(1),
    7: Turn(3, flop=True),
    8: Turn(3),
}


def upright(orientation: int) -> Turn:
    """What makes a picture with this EXIF orientation stand upright."""
    return _UPRIGHT.get(orientation, Turn())


# Overlays (contract 3.4).


def ratio_box(size: Size, width_ratio: int | None, height_ratio: int | None) -> Target:
    """The box that an overlay is fitted into: percentages of the base, cut to whole pixels; 0 is possible."""
    width = None if width_ratio is None else size.width * width_ratio // 100
    height = None if height_ratio is None else size.height * height_ratio // 100
    return Target(width, height, Fit.INSIDE)


def overlay_offset(value: str, base: int, overlay: int) -> int:
    """Where one axis of an overlay starts: pixels or per cent (``p``), from the far side where negative."""
    if value.endswith("p"):
        percent = int(float(value[:-1]))
        along = base * percent / 100
        return math.floor(along if percent >= 0 else base + along - overlay)
    pixels = int(float(value))
    return pixels if pixels >= 0 else base + pixels - overlay


# Smart crop (contract 3.5). Binary floating point is part of the contract.


def face_box(size: Size, face: tuple[float, float, float, float], padding: float) -> Box:
    """The pixels to keep around a face given as (left, top, width, height) fractions; may be empty or inside out."""
    left, top, width, height = (min(max(side, 0.0), 1.0) for side in face)
    width, height = min(width, 1 - left), min(height, 1 - top)
    x = max(math.floor(left * size.width - padding), 0)
    y = max(math.floor(top * size.height - padding), 0)
    return Box(
        x,
        y,
        min(math.floor(width * size.width + 2 * padding), size.width - x),
        min(math.floor(height * size.height + 2 * padding), size.height - y),
    )
