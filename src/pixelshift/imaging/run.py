"""Do what a plan says: decode, edit, encode."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format, Overlay, Resize
from pixelshift.errors import InvalidRequestError, PixelshiftError
from pixelshift.imaging.base import Assets, Encoded, Output
from pixelshift.imaging.codecs import Bounds, Decode, codec, jpeg, png, too_many_bytes, webp
from pixelshift.imaging.deadline import end_of, unlimited
from pixelshift.imaging.geometry import Size
from pixelshift.imaging.header import read_header
from pixelshift.imaging.icc import is_srgb
from pixelshift.imaging.plan import Plan
from pixelshift.imaging.plan import plan as make_plan
from pixelshift.imaging.steps import Overlaid
from pixelshift.imaging.stream import Stream
from pixelshift.limits import Limits

if TYPE_CHECKING:
    from pixelshift.imaging.overlay import Render
    from pixelshift.imaging.picture import Picture, Pixels

_STREAMABLE: Mapping[Format, Any] = {Format.JPEG: jpeg, Format.PNG: png, Format.WEBP: webp}
_NO_PROFILE = {Format.RAW, Format.GIF}


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
    assets = assets or Assets()
    bounds = Bounds(plan.limits.output_bytes, deadline)
    overlays = _Overlays(assets, plan.limits, deadline)
    if plan.stream is not None:
        with _timed("stream", timings):
            streamed = _stream(plan, plan.stream, source, overlays, bounds)
        if streamed is not None:
            return Encoded(streamed, plan.format, *plan.size, timings_ms=timings)
    with _timed("decode", timings):
        overlays.prepare_first(plan)
        picture = _decode(plan, source, deadline)
    with _timed("edit", timings):
        _edit(plan, picture, assets, overlays, deadline)
    with _timed("encode", timings):
        body = _encode(plan, picture, bounds)
    deadline()
    if len(body) > bounds.output_bytes:
        raise too_many_bytes(bounds.output_bytes)
    width, height = picture.size
    # Encoders join frames that do not differ, so that the file has the say.
    pages = codec(plan.format).read_header(body).pages if len(picture.frames) > 1 else 1
    return Encoded(body, plan.format, width, height, pages, timings)


@contextmanager
def _timed(name: str, timings: dict[str, float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = (time.perf_counter() - start) * 1000


class _Overlays:
    """What may be laid over the picture. The one asked for last is kept, for whoever asks again."""

    def __init__(self, assets: Assets, limits: Limits, deadline: Callable[[], None]) -> None:
        self._originals = assets.overlays
        self._render = _renderer(limits, deadline)
        self._last: tuple[Overlay, Size, Pixels] | None = None

    def ready(self, edit: Overlay, base: Size) -> "Pixels":
        """Decoded and scaled to be laid on a picture of that size; raises as :func:`overlay.prepared` does."""
        from pixelshift.imaging.overlay import prepared

        if self._last is None or self._last[:2] != (edit, base):
            original = self._originals.get((edit.bucket, edit.key))
            self._last = edit, base, prepared(edit, original, base, self._render)
        return self._last[2]

    def prepare_first(self, plan: Plan) -> None:
        """Before the picture is read, so that of two broken files the overlay is named, on every road.

        Where pixels decide how large the picture is by then, they are read first.
        """
        size = plan.decoded
        for step in plan.steps:
            if isinstance(step, Overlaid):
                self.ready(step.edit, size)
            if isinstance(step, Overlaid) or not step.exact:
                break
            size = step.after(size)


def _stream(plan: Plan, stream: Stream, source: bytes, overlays: _Overlays, bounds: Bounds) -> bytes | None:
    """The result by one native call, or ``None`` for a file that the general path must read: CMYK, arithmetic coding,
    a profile other than sRGB, damage.
    """
    from pixelshift._native import _engine
    from pixelshift.imaging.codecs.native import refused
    from pixelshift.imaging.gaussian import sharpening

    metadata = _STREAMABLE[plan.source.format].read_metadata(source)
    if metadata.icc is not None and not is_srgb(metadata.icc):
        return None
    metadata = metadata.for_output(plan.metadata)
    overlay, corner = _overlay(stream, overlays)
    try:
        return _engine.run(
            source,
            source=plan.source.format.value,
            sink=plan.format.value,
            width=stream.size.width,
            height=stream.size.height,
            area=stream.area,
            box=stream.box,
            kernel=stream.kernel.value,
            scale=stream.scale,
            chroma_scale=stream.chroma_scale,
            turn=stream.turn.mirrors,
            canvas=stream.canvas,
            sharpen=None if stream.sharpen is None else sharpening(stream.sharpen),
            overlay=overlay,
            overlay_at=corner,
            options=stream.options,
            metadata=_STREAMABLE[plan.format].blocks(metadata),
            output_limit=bounds.output_bytes,
            deadline=end_of(bounds.check),
        )
    except _engine.EngineError as error:
        refusal = refused(error, bounds)
        if refusal is not None:
            raise refusal from error
        return None


def _overlay(stream: Stream, overlays: _Overlays) -> tuple["Pixels | None", tuple[int, int]]:
    """What is to be laid on the result, and where."""
    edit = stream.overlay
    if edit is None:
        return None, (0, 0)
    from pixelshift.imaging import compose, overlay

    pixels = overlays.ready(edit, stream.size)
    size = Size(pixels.shape[1], pixels.shape[0])
    corner = compose.bounded(stream.size, size, *overlay.corner(edit, stream.size, size))
    return compose.as_rgba(pixels), corner


def _decode(plan: Plan, source: bytes, deadline: Callable[[], None]) -> "Picture":
    how = Decode(plan.decoded, plan.denominator, plan.frames, deadline, plan.limits)
    picture = codec(plan.source.format).decode(source, plan.source, how)
    deadline()
    return picture


def _edit(plan: Plan, picture: "Picture", assets: Assets, overlays: _Overlays, deadline: Callable[[], None]) -> None:
    if not plan.steps:
        return
    from pixelshift.imaging.perform import Context, perform

    context = Context(assets, plan.limits, deadline, overlays.ready, not plan.format.has_alpha)
    for step in plan.steps:
        perform(step, picture, context)
        deadline()
    picture.settle()


def _renderer(limits: Limits, deadline: Callable[[], None]) -> "Render":
    """How overlays are decoded: as any other picture."""

    def render(original: bytes, resize: Resize | None) -> "Pixels":
        plan = make_plan([resize] if resize else [], read_header(original), Output(format=Format.RAW), limits)
        overlay = _decode(plan, original, deadline)
        _edit(plan, overlay, Assets(), _Overlays(Assets(), limits, deadline), deadline)
        return overlay.frames[0]

    return render


def _encode(plan: Plan, picture: "Picture", bounds: Bounds) -> bytes:
    if not plan.format.can_animate or plan.frames == 1:
        del picture.frames[1:]
    picture.metadata = picture.metadata.for_output(plan.metadata)
    if picture.cmyk or plan.format in _NO_PROFILE:
        picture.metadata.icc = None
    elif picture.metadata.icc is not None and picture.channels <= 2:
        from pixelshift.imaging.picture import as_rgb

        picture.frames = [as_rgb(frame) for frame in picture.frames]  # as upstream: our profile is one for RGB
    try:
        return codec(plan.format).encode(picture, plan.options, bounds)
    except PixelshiftError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidRequestError(
            f"The result cannot be written as {plan.format.name}.", detail=f"{type(error).__name__}: {error}"
        ) from error
