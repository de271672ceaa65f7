"""Do what a plan says: decode, edit, encode."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pixelshift.edits.types import Format, Resize
from pixelshift.errors import InvalidRequestError, PixelshiftError
from pixelshift.imaging.base import Assets, Encoded, Output
from pixelshift.imaging.codecs import Decode, codec
from pixelshift.imaging.deadline import unlimited
from pixelshift.imaging.header import read_header
from pixelshift.imaging.plan import Plan
from pixelshift.imaging.plan import plan as make_plan

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Picture, Pixels

_NO_ALPHA = {Format.JPEG}


def run(
    plan: Plan, source: bytes, *, assets: Assets | None = None, deadline: Callable[[], None] = unlimited
) -> Encoded:
    """Carry out ``plan`` on the bytes that its header was read from.

    ``deadline`` is called after every step and between frames; it raises when time is up
    (:class:`pixelshift.imaging.deadline.Deadline`). Raises InvalidRequestError for pixels that cannot be decoded
    (``InstantiationError``) and for what only the pixels could tell: cuts outside a trimmed picture, overlays that do
    not fit, faces that are not there.
    """
    timings: dict[str, float] = {}
    with _timed("decode", timings):
        picture = _decode(plan, source, deadline)
    with _timed("edit", timings):
        _edit(plan, picture, assets or Assets(), deadline)
    with _timed("encode", timings):
        body = _encode(plan, picture)
    deadline()
    width, height = picture.size
    return Encoded(body, plan.format, width, height, len(picture.frames), timings)


@contextmanager
def _timed(name: str, timings: dict[str, float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = (time.perf_counter() - start) * 1000


def _decode(plan: Plan, source: bytes, deadline: Callable[[], None]) -> "Picture":
    how = Decode(plan.decoded, plan.denominator, plan.frames, deadline, plan.limits)
    picture = codec(plan.source.format).decode(source, plan.source, how)
    deadline()
    return picture


def _edit(plan: Plan, picture: "Picture", assets: Assets, deadline: Callable[[], None]) -> None:
    if not plan.steps:
        return
    from pixelshift.imaging.perform import Context, perform

    def render(original: bytes, resize: Resize | None) -> "Pixels":
        overlay_plan = make_plan(
            [resize] if resize else [], read_header(original), Output(format=Format.RAW), plan.limits
        )
        overlay = _decode(overlay_plan, original, deadline)
        _edit(overlay_plan, overlay, Assets(), deadline)
        return overlay.frames[0]

    context = Context(assets, plan.limits, deadline, render, plan.format in _NO_ALPHA)
    for step in plan.steps:
        perform(step, picture, context)
        deadline()
    picture.settle()


def _encode(plan: Plan, picture: "Picture") -> bytes:
    if not plan.format.can_animate or plan.frames == 1:
        del picture.frames[1:]
    picture.metadata = picture.metadata.for_output(plan.metadata)
    if picture.channels <= 2 or picture.cmyk:
        picture.metadata.icc = None  # ours is a profile for RGB
    try:
        return codec(plan.format).encode(picture, plan.options)
    except PixelshiftError:
        raise
    except (OSError, ValueError) as error:
        raise InvalidRequestError(
            f"The result cannot be written as {plan.format.name}.", detail=f"{type(error).__name__}: {error}"
        ) from error
