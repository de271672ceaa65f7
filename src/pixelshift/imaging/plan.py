"""From a request and a header to a list of steps: everything that can be decided without a pixel.

Two orders meet here (contract 3.1). The steps run in the engine's fixed order, :func:`_in_order`; where the client
listed an edit matters only for what :class:`Listing` answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pixelshift.edits import types as edits
from pixelshift.edits.types import Edit, Format
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging import geometry, steps
from pixelshift.imaging.base import Header, Output
from pixelshift.imaging.budget import check_cost, check_result, check_size, check_source, coding_cost, walk
from pixelshift.imaging.geometry import Size
from pixelshift.imaging.listing import Listing
from pixelshift.imaging.metadata import MetadataPolicy
from pixelshift.imaging.steps import Step
from pixelshift.imaging.stream import Stream, native_options, stream_of
from pixelshift.limits import Limits
from pixelshift.value import frozen


@frozen
class Plan:
    """What a run will do. ``str(plan)`` is meant for people."""

    source: Header
    frames: int
    denominator: int
    """By how much a JPEG is decoded smaller."""
    decoded: Size
    """The size that the first step sees."""
    steps: tuple[Step, ...]
    size: Size
    """Of the result, where the pixels have no say in it; an estimate otherwise."""
    exact: bool
    format: Format
    options: Mapping[str, Any]
    metadata: MetadataPolicy
    cost: float
    limits: Limits
    stream: Stream | None
    """The same as one native call, where the steps allow it."""

    def __str__(self) -> str:
        source = self.source
        pages = f", {self.frames} of {source.pages} frames" if source.pages > 1 else ""
        scale = f" at 1/{self.denominator}" if self.denominator > 1 else ""
        lines = [f"decode {source.format.name} {source.width}x{source.height}{pages}{scale} -> {self.decoded}"]
        size, about = self.decoded, ""
        for step in self.steps:
            about = about if step.exact else "about "
            size = step.after(size)
            lines.append(f"{step} -> {about}{size}")
        options = "".join(f", {name}={value}" for name, value in self.options.items())
        lines.append(f"encode {self.format.name}{options}")
        lines += ["all of it in one native call"] if self.stream is not None else []
        lines.append(f"cost {self.cost:.2g} of {self.limits.cost:.2g} operations")
        return "\n".join(lines)


def plan(requested: Sequence[Edit], header: Header, output: Output, limits: Limits) -> Plan:
    """Decide everything that the header allows to be decided.

    Raises InvalidRequestError for sources over the pixel limits (``InstantiationError``), for cuts outside the picture
    and for edits that animations cannot have; TooLargeError for results or work over the limits.
    """
    edits_ = list(requested)
    format_ = _output_format(edits_, header, output)
    frames = header.pages if _keeps_frames(edits_, header, format_) else 1
    check_source(header, frames, limits)
    listing = Listing(edits_, header, frames > 1, output.auto_orient)
    planned = tuple(_in_order(listing))
    first = next(listing.stages())
    decoded, denominator = _decoding(header, planned, first, limits)
    options = _options(edits_, format_, output)
    size, cost = walk(planned, decoded, frames, limits)
    cost += frames * coding_cost(header, decoded, size, format_, options)
    check_cost(cost, limits)
    check_result(size, frames, format_, limits)
    return Plan(
        source=header,
        frames=frames,
        denominator=denominator,
        decoded=decoded,
        steps=planned,
        size=size,
        exact=all(step.exact for step in planned),
        format=format_,
        options=options,
        metadata=MetadataPolicy(
            strip=any(map(_strips, edits_)),
            keep_gps=output.keep_gps,
            upright=listing.orients,
        ),
        cost=cost,
        limits=limits,
        stream=(
            stream_of(
                header,
                planned,
                decoded,
                denominator,
                native_options(format_, options),
                shrink_fast=first.fast_shrink,
                opaque_output=not format_.has_alpha,
            )
            if frames == 1
            else None
        ),
    )


def _strips(edit: Edit) -> bool:
    return isinstance(edit, edits.StripExif | edits.StripIcc) or (isinstance(edit, edits.Rotate) and edit.strips)


def _in_order(all_edits: "Listing") -> Iterator[Step]:
    """The fixed order of the engine. An ellipse ends a stage: what is listed after it starts from its result."""
    for stage in all_edits.stages():
        yield from stage.turns_first()
        yield from stage.each(edits.Trim, steps.Trimmed)
        yield from stage.cuts_before()
        yield from stage.moderation(before_resize=True)
        yield from stage.filters(edits.Flatten)
        yield from stage.each(edits.Gamma, steps.GammaIn)
        yield from stage.filters(edits.Greyscale)
        yield from stage.resize()
        if not stage.rotates_before:
            yield from stage.free_rotation()
        yield from stage.cuts_after()
        yield from stage.filters(edits.Affine)
        yield from stage.each(edits.Extend, steps.Extended)
        yield from stage.filters(edits.Median, edits.Threshold)
        yield from stage.moderation(before_resize=False)
        yield from stage.blur()
        yield from stage.filters(edits.Unflatten, edits.Convolve, edits.Recomb, edits.Modulate, edits.Sharpen)
        yield from stage.each(edits.Overlay, steps.Overlaid)
        yield from stage.each(edits.Gamma, steps.GammaOut)
        yield from stage.filters(edits.Linear, edits.Normalise, edits.Clahe, edits.Bandbool, edits.Tint)
        yield from stage.filters(edits.RemoveAlpha, edits.EnsureAlpha)
        yield from stage.each(edits.ToColourspace, steps.Recoloured)
        yield from stage.filters(edits.ExtractChannel, edits.Negate)
        yield from stage.each(edits.RoundCrop, steps.Rounded)


def _output_format(listed: Sequence[Edit], header: Header, output: Output) -> Format:
    """Contract 6.1 and 3.10: toFormat, then what delivery decided, then the last encoder named, then the source's."""
    named = [edit.format for edit in listed if isinstance(edit, edits.ToFormat)]
    encoders = [edit.format for edit in listed if isinstance(edit, edits.Encode)]
    source = Format.PNG if header.format is Format.SVG else header.format
    chosen = (named[-1] if named else None) or output.format or (encoders[-1] if encoders else source)
    if chosen is Format.SVG:
        raise InvalidRequestError("SVG is read, not written; ask for png or webp.")
    return chosen


def _options(listed: Sequence[Edit], format_: Format, output: Output) -> Mapping[str, Any]:
    """The options of the last encoder edit for the final format."""
    options: dict[str, Any] = {}
    for edit in listed:
        if isinstance(edit, edits.Encode) and edit.format is format_:
            options = dict(edit.options)
    if format_ is Format.WEBP and output.webp_effort is not None:
        options.setdefault("effort", output.webp_effort)
    return options


def _keeps_frames(listed: Sequence[Edit], header: Header, format_: Format) -> bool:
    """Frames stay if the source has them, the target can have them and nobody said otherwise (contract 6.4)."""
    asked = [edit.value for edit in listed if isinstance(edit, edits.Animated)]
    return header.pages > 1 and format_.can_animate and header.format.can_animate and (not asked or asked[-1])


def _decoding(header: Header, planned: Sequence[Step], first: Listing, limits: Limits) -> tuple[Size, int]:
    """The decoded size and the JPEG denominator (contract 5.3)."""
    stored = Size(header.width, header.height)
    resize = next((step for step in planned if isinstance(step, steps.Resized)), None)
    if resize is None or not first.shrinks_on_load():
        return stored, 1
    target = resize.target.swapped if resize.swaps else resize.target
    if header.format is Format.JPEG:
        denominator = geometry.jpeg_denominator(stored, target, first.fast_shrink)
        return geometry.jpeg_decoded(stored, denominator) if denominator > 1 else stored, denominator
    if header.format is Format.WEBP and first.fast_shrink:
        return geometry.webp_decoded(stored, target), 1
    if header.format is Format.SVG:
        rendered = geometry.svg_rendered(stored, target)
        check_size(rendered, limits)
        return rendered, 1
    return stored, 1
