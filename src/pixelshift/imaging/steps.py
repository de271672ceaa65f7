"""The vocabulary of plans: one frozen value per step, sizes before pixels.

A step knows how large its result is and what it costs; :mod:`pixelshift.imaging.perform` knows how it is done.
"""

from typing import ClassVar

from pixelshift.edits import types as edits
from pixelshift.edits.types import Fit, Kernel, Position
from pixelshift.imaging import geometry
from pixelshift.imaging.geometry import Box, Shrink, Size, Target, Turn
from pixelshift.value import frozen

_TAPS = {
    Kernel.NEAREST: 1,
    Kernel.LINEAR: 2,
    Kernel.CUBIC: 4,
    Kernel.MITCHELL: 4,
    Kernel.LANCZOS2: 4,
    Kernel.LANCZOS3: 6,
    Kernel.MKS2013: 3,
    Kernel.MKS2021: 9,
}
_STRATEGIES = {Position.ENTROPY, Position.ATTENTION}


class Step:
    """``cost`` is in elementary operations per frame, as :attr:`pixelshift.limits.Limits.cost` counts them."""

    exact: ClassVar[bool] = True
    """Whether the size of the result follows from the size that enters; otherwise the pixels decide."""

    def after(self, size: Size) -> Size:
        """The size of the result; what enters, where the pixels decide."""
        return size

    def cost(self, size: Size) -> float:
        return float(size.pixels)


@frozen
class Turned(Step):
    """Quarter turns and mirrors."""

    turn: Turn

    def after(self, size: Size) -> Size:
        return self.turn.after(size)

    def __str__(self) -> str:
        return describe_turn(self.turn)


def describe_turn(turn: Turn) -> str:
    words = [f"turn {90 * turn.quarters} degrees"] if turn.quarters else []
    words += ["flip"] * turn.flip + ["flop"] * turn.flop
    return ", ".join(words)


@frozen
class Rotated(Step):
    """Any other angle, on black."""

    angle: float

    def after(self, size: Size) -> Size:
        return geometry.rotated_canvas(size, self.angle)

    def cost(self, size: Size) -> float:
        return 16.0 * self.after(size).pixels

    def __str__(self) -> str:
        return f"rotate by {self.angle:g} degrees"


@frozen
class Trimmed(Step):
    edit: edits.Trim
    exact: ClassVar[bool] = False

    def cost(self, size: Size) -> float:
        return 4.0 * size.pixels

    def __str__(self) -> str:
        return f"trim edges (threshold {self.edit.threshold:g})"


@frozen
class Cut(Step):
    edit: edits.Crop

    @property
    def box(self) -> Box:
        return Box(self.edit.left, self.edit.top, self.edit.width, self.edit.height)

    def after(self, size: Size) -> Size:
        return Size(self.edit.width, self.edit.height)

    def __str__(self) -> str:
        return f"cut at {self.edit.left},{self.edit.top}"


@frozen
class SmartCut(Step):
    edit: edits.SmartCrop
    exact: ClassVar[bool] = False

    def cost(self, size: Size) -> float:
        return 100.0 * size.pixels

    def __str__(self) -> str:
        return f"cut to face {self.edit.face_index} (padding {self.edit.padding:g})"


@frozen
class Layout:
    """A resize with its numbers filled in."""

    shrink: Shrink
    """Source pixels per pixel of ``scaled``, not quite what their sizes say where those were rounded."""
    scaled: Size
    turned: Size
    out: Size
    left: int
    top: int
    """Where the window starts on the scaled and turned picture; where the picture starts on a larger canvas."""
    extends: bool
    """Whether ``out`` is a canvas that holds the picture, not a window of it."""


@frozen
class Resized(Step):
    """Scale, then turn, then cut to cover or place to contain: one step, so that only what stays is computed."""

    target: Target
    kernel: Kernel = Kernel.LANCZOS3
    position: Position = Position.CENTRE
    focal_point: tuple[float, float] | None = None
    background: edits.Colour = edits.BLACK
    turns: tuple[Turn, ...] = ()
    swaps: bool = False
    """Auto-orient by a quarter: the target is meant for the upright picture."""
    strip: bool = False
    """Animation: the frame height rounds half to even (contract 6.4)."""

    @property
    def strategy(self) -> Position | None:
        """Entropy or attention, where it has a say."""
        chosen = self.position in _STRATEGIES and self.target.fit is Fit.COVER and self.focal_point is None
        return self.position if chosen else None

    def layout(self, size: Size) -> Layout:
        """Contract 5.1, 5.2 and 5.4 for a picture of ``size``."""
        shrink = geometry.shrink_factors(size, self.target.swapped if self.swaps else self.target)
        scaled = geometry.scaled(size, shrink)
        if self.strip:
            # Frames lie below each other upstream, and each must fill whole rows of the result.
            scaled = Size(scaled.width, max(1, round(size.height / shrink.vertical)))
            shrink = Shrink(shrink.horizontal, size.height / scaled.height)
        turned = scaled
        for turn in self.turns:
            turned = turn.after(turned)
        out = geometry.canvas(turned, self.target)
        if self.target.fit is Fit.CONTAIN:
            left, top = geometry.contain_offset(turned, out, self.position)
        elif self.focal_point is not None:
            left, top = geometry.focal_offset(turned, out, self.focal_point)
        else:
            left, top = geometry.cover_offset(turned, out, self.position)
        return Layout(shrink, scaled, turned, out, left, top, self.target.fit is Fit.CONTAIN)

    def after(self, size: Size) -> Size:
        return self.layout(size).out

    def computed(self, size: Size) -> Size:
        """What is held at once while it works: the scaled picture too, where a strategy must see all of it."""
        layout = self.layout(size)
        return layout.turned if self.strategy and layout.turned.pixels > layout.out.pixels else layout.out

    def cost(self, size: Size) -> float:
        taps, layout = _TAPS[self.kernel], self.layout(size)
        # Vertical first: every source sample meets its taps once when reducing; every result has its own otherwise.
        down = size.width * max(size.height * taps, layout.scaled.height * taps)
        return float(down + layout.out.pixels * max(taps, taps * size.width // layout.scaled.width))

    def __str__(self) -> str:
        words = [self.target.fit.value, self.kernel.value]
        if self.focal_point is not None:
            words.append(f"focus {self.focal_point[0]:g},{self.focal_point[1]:g}")
        elif self.position is not Position.CENTRE:
            words.append(self.position.value)
        words += [describe_turn(turn) for turn in self.turns]
        return f"resize ({', '.join(words)})" if self.target.given else ", ".join(words[2:])


@frozen
class Extended(Step):
    edit: edits.Extend

    def after(self, size: Size) -> Size:
        edit = self.edit
        return Size(size.width + edit.left + edit.right, size.height + edit.top + edit.bottom)

    def __str__(self) -> str:
        edit = self.edit
        return f"extend by {edit.top},{edit.right},{edit.bottom},{edit.left} ({edit.extend_with})"


@frozen
class Overlaid(Step):
    edit: edits.Overlay

    def cost(self, size: Size) -> float:
        return 20.0 * size.pixels

    def __str__(self) -> str:
        return f"overlay {self.edit.bucket}/{self.edit.key} ({self.edit.blend})"


@frozen
class Moderated(Step):
    """Ask for labels; what is found blurs the picture later, at the place of ``blur``."""

    edit: edits.ContentModeration

    def cost(self, size: Size) -> float:
        return 100.0 * size.pixels

    def __str__(self) -> str:
        return f"look for content to moderate (from {self.edit.min_confidence:g} %)"


@frozen
class Blurred(Step):
    """The client's blur, the moderation's, or the stronger of both."""

    edit: edits.Blur | None
    moderation: edits.ContentModeration | None = None

    @property
    def moderated_sigma(self) -> float:
        return 0.0 if self.moderation is None else -(-self.moderation.blur // 1)

    def cost(self, size: Size) -> float:
        sigma = max(self.moderated_sigma, (self.edit.sigma or 1.0) if self.edit else 0.0)
        return size.pixels * 3 * (4 * sigma + 3)

    def __str__(self) -> str:
        words = [] if self.edit is None else ["box" if self.edit.sigma is None else f"sigma {self.edit.sigma:g}"]
        words += [f"sigma {self.moderated_sigma:g} if moderated"] if self.moderation else []
        return f"blur ({', '.join(words)})"


@frozen
class Rounded(Step):
    """Keep an ellipse, make the rest clear, cut to what is left. Later edits start from its result."""

    edit: edits.RoundCrop
    exact: ClassVar[bool] = False

    def cost(self, size: Size) -> float:
        return 20.0 * size.pixels

    def __str__(self) -> str:
        return "cut out an ellipse"


@frozen
class GammaIn(Step):
    edit: edits.Gamma

    def __str__(self) -> str:
        return f"gamma 1/{self.edit.gamma:g}"


@frozen
class GammaOut(Step):
    edit: edits.Gamma

    def __str__(self) -> str:
        return f"gamma {self.edit.gamma:g}"


@frozen
class Recoloured(Step):
    """Output colour space."""

    edit: edits.ToColourspace

    def __str__(self) -> str:
        return f"to {self.edit.name}"


@frozen
class Filtered(Step):
    """Any edit that is one function of the pixels."""

    edit: edits.Edit

    def after(self, size: Size) -> Size:
        return geometry.affine_canvas(size, self.edit.matrix) if isinstance(self.edit, edits.Affine) else size

    def cost(self, size: Size) -> float:
        match self.edit:
            case edits.Median(size=side):
                return 3.0 * size.pixels * side * side
            case edits.Convolve(width=width, height=height):
                return 3.0 * size.pixels * width * height
            case edits.Sharpen(sigma=sigma):
                return size.pixels * (60 + 12 * (sigma or 1.0))
            case edits.Clahe(width=width, height=height):
                return 3.0 * size.pixels * (16 + width + height)
            case edits.Affine():
                return 30.0 * self.after(size).pixels
        return 10.0 * size.pixels

    def __str__(self) -> str:
        name = type(self.edit).__name__.lower()
        _, _, arguments = repr(self.edit).partition("(")
        return name if arguments == ")" else f"{name} ({arguments}"
