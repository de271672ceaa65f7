"""How each step is done, on whole arrays. Sizes come from the steps; nothing here decides any."""

from collections.abc import Callable, Mapping

from pixelshift.edits import types as edits
from pixelshift.errors import PixelshiftError
from pixelshift.imaging import saliency, steps
from pixelshift.imaging.base import Assets
from pixelshift.imaging.budget import check_growth, outside
from pixelshift.imaging.edges import content_box, extended, placed, rounded
from pixelshift.imaging.geometry import Box, Size
from pixelshift.imaging.overlay import laid
from pixelshift.imaging.picture import Picture, Pixels, turned
from pixelshift.imaging.resample import Scaling, scale
from pixelshift.imaging.steps import Step
from pixelshift.imaging.subjects import applicable, face_cut, must_blur
from pixelshift.limits import Limits
from pixelshift.value import mutable


@mutable
class Context:
    """What a run carries from step to step beside the picture."""

    assets: Assets
    limits: Limits
    check: Callable[[], None]
    overlay: Callable[[edits.Overlay, Size], Pixels]
    """An overlay as it is to be laid on a picture of that size."""
    opaque_output: bool
    """The format of the result has no alpha."""
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


def _turn(step: steps.Turned, picture: Picture, context: Context) -> None:
    picture.map(lambda pixels: turned(pixels, step.turn))


def cut(picture: Picture, box: Box) -> None:
    across, down = slice(box.left, box.left + box.width), slice(box.top, box.top + box.height)
    picture.map(lambda pixels: pixels[down, across])


def _cut(step: steps.Cut, picture: Picture, context: Context) -> None:
    if not step.box.inside(picture.size):
        raise outside(step, picture.size)
    cut(picture, step.box)


def _resize(step: steps.Resized, picture: Picture, context: Context) -> None:
    layout = step.layout(picture.size)
    scaling = Scaling.of(picture, layout.shrink, layout.scaled)
    whole = step.strategy is not None or layout.extends
    window, turned_size = Box(layout.left, layout.top, *layout.out), layout.turned
    if whole:
        window = Box(0, 0, *layout.turned)
    for turn in reversed(step.turns):
        window = turn.before(window, turned_size)
        turned_size = turned_size.swapped if turn.quarters % 2 else turned_size

    def resized(pixels: Pixels) -> Pixels:
        context.check()
        pixels = scale(pixels, scaling, window, step.kernel)
        for turn in step.turns:
            pixels = turned(pixels, turn)
        if layout.extends and layout.out != layout.turned:
            return placed(pixels, layout.out, layout.left, layout.top, step.background)
        return pixels

    picture.nominal = picture.extent = None
    picture.map(resized)
    if step.strategy is not None and layout.out != layout.turned:
        find = saliency.entropy_box if step.strategy is edits.Position.ENTROPY else saliency.attention_box
        left, top = find(picture.frames[0], layout.out.width, layout.out.height)
        cut(picture, Box(left, top, *layout.out))


def _filter(step: steps.Filtered, picture: Picture, context: Context) -> None:
    from pixelshift.imaging import filters

    picture.map(lambda pixels: filters.apply(pixels, step.edit, context.check))


def _rotate(step: steps.Rotated, picture: Picture, context: Context) -> None:
    from pixelshift.imaging.filters import rotate_any

    picture.map(lambda pixels: rotate_any(pixels, step.angle, context.check))


def _trim(step: steps.Trimmed, picture: Picture, context: Context) -> None:
    box = content_box(picture.frames[0], step.edit, context.check)
    if box is not None:
        cut(picture, box)


def _round(step: steps.Rounded, picture: Picture, context: Context) -> None:
    picture.map(lambda pixels: rounded(pixels, step.edit, context.check))
    box = content_box(picture.frames[0], edits.Trim(), context.check)
    if box is not None:
        cut(picture, box)


def _extend(step: steps.Extended, picture: Picture, context: Context) -> None:
    picture.map(lambda pixels: extended(pixels, step.edit))


def _smart_cut(step: steps.SmartCut, picture: Picture, context: Context) -> None:
    box = face_cut(picture.frames[0], step.edit, context.assets.find_faces)
    if box is not None:
        cut(picture, box)


def _moderate(step: steps.Moderated, picture: Picture, context: Context) -> None:
    """Upstream never looks at animations; so one that cannot be looked at, and is not a still, is no failure."""
    try:
        context.moderated = must_blur(picture.frames[0], step.edit, context.assets.find_labels)
    except PixelshiftError:
        if len(picture.frames) == 1:
            raise


def _blur(step: steps.Blurred, picture: Picture, context: Context) -> None:
    """A client's blur never weakens the moderation's."""
    edit = step.edit
    sigma = step.moderated_sigma
    if context.moderated and applicable(sigma) and sigma > ((edit.sigma or 0.0) if edit else 0.0):
        edit = edits.Blur(sigma)
    if edit is not None:
        _filter(steps.Filtered(edit), picture, context)


def _overlay(step: steps.Overlaid, picture: Picture, context: Context) -> None:
    above = context.overlay(step.edit, picture.size)

    def covered(pixels: Pixels) -> Pixels:
        context.check()
        return laid(pixels, above, step.edit, keep_opaque=context.opaque_output)

    picture.map(covered)


def _gamma_in(step: steps.GammaIn, picture: Picture, context: Context) -> None:
    from pixelshift.imaging.filters import by_rows, gamma_in

    picture.map(lambda pixels: by_rows(lambda band: gamma_in(band, step.edit), pixels, context.check))


def _gamma_out(step: steps.GammaOut, picture: Picture, context: Context) -> None:
    from pixelshift.imaging.filters import by_rows, gamma_out

    picture.map(lambda pixels: by_rows(lambda band: gamma_out(band, step.edit), pixels, context.check))


_GREY_SPACES = {"b-w", "grey16"}


def _recolour(step: steps.Recoloured, picture: Picture, context: Context) -> None:
    """Grey, beside alpha if any, for ``b-w`` and, in 8 bits, ``grey16``; ``cmyk`` is left to the encoder.

    Other names change nothing.
    """
    if step.edit.name in _GREY_SPACES and picture.channels >= 3:
        _filter(steps.Filtered(edits.Greyscale()), picture, context)
    picture.cmyk = step.edit.name == "cmyk"


_PERFORMERS: Mapping[type[Step], Callable[..., None]] = {
    steps.Turned: _turn,
    steps.Rotated: _rotate,
    steps.Trimmed: _trim,
    steps.Cut: _cut,
    steps.SmartCut: _smart_cut,
    steps.Resized: _resize,
    steps.Extended: _extend,
    steps.Overlaid: _overlay,
    steps.Moderated: _moderate,
    steps.Blurred: _blur,
    steps.Rounded: _round,
    steps.GammaIn: _gamma_in,
    steps.GammaOut: _gamma_out,
    steps.Recoloured: _recolour,
    steps.Filtered: _filter,
}
