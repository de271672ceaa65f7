"""From a request and a header to a list of steps: everything that can be decided without a pixel.

Two orders meet here (contract 3.1). The steps run in the engine's fixed order, :func:`_in_order`; where the client listed an
edit matters only for the few things in :class:`_Listing`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pixelshift.edits import types as edits
from pixelshift.edits.types import Edit, Fit, Format
from pixelshift.errors import InvalidRequestError, TooLargeError
from pixelshift.imaging import geometry, steps
from pixelshift.imaging.base import Header, Output
from pixelshift.imaging.geometry import Size, Target, Turn
from pixelshift.imaging.metadata import MetadataPolicy
from pixelshift.imaging.steps import Step
from pixelshift.limits import Limits

_SIDE_LIMITS = {Format.WEBP: 16_383, Format.JPEG: 65_535, Format.GIF: 65_535, Format.AVIF: 65_535}
_E = TypeVar("_E")


@dataclass(frozen=True, slots=True)
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
        lines.append(f"cost {self.cost:.2g} of {self.limits.cost:.2g} operations")
        return "\n".join(lines)


def plan(requested: Sequence[Edit], header: Header, output: Output, limits: Limits) -> Plan:
    """Decide everything that the header allows to be decided.

    Raises InvalidRequestError for sources over the pixel limits (``InstantiationError``), for cuts outside the picture and
    for edits that animations cannot have; TooLargeError for results or work over the limits.
    """
    edits_ = list(requested)
    format_ = _output_format(edits_, header, output)
    frames = header.pages if _keeps_frames(edits_, header, format_) else 1
    _check_source(header, frames, limits)
    listing = _Listing(edits_, header, frames > 1, output.auto_orient)
    planned = tuple(_in_order(listing))
    decoded, denominator = _decoding(header, planned, next(listing.stages()))
    size, cost = _walk(planned, decoded, frames, limits)
    options = _options(edits_, format_, output)
    _check_result(size, frames, format_, limits)
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
            strip=any(isinstance(edit, edits.StripExif | edits.StripIcc) for edit in edits_),
            keep_gps=output.keep_gps,
            upright=listing.orients,
        ),
        cost=_checked_cost(cost, header, decoded, size, frames, format_, options, limits),
        limits=limits,
    )


def _in_order(all_edits: "_Listing") -> Iterator[Step]:
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


class _Listing:
    """The edits as the client listed them, and what follows from that order (contract 3.1)."""

    def __init__(self, listed: Sequence[Edit], header: Header, animated: bool, auto_orient: bool) -> None:
        self._header = header
        self._animated = animated
        self._auto_orient = auto_orient and not animated
        if animated:
            _refuse_on_frames(listed)
            skipped = edits.Rotate | edits.SmartCrop | edits.RoundCrop
            listed = [edit for edit in listed if not isinstance(edit, skipped)]
        self._edits = list(listed)
        self.orients = self._auto_orient or any(
            isinstance(edit, edits.Rotate) and edit.angle is None for edit in self._edits
        )
        self._resize_at = self._index(edits.Resize) if self.target.given else None
        self.rotates_before = self._rotates_before()

    # Order

    def _index(self, *kinds: type[Any]) -> int | None:
        return next((index for index, edit in enumerate(self._edits) if isinstance(edit, kinds)), None)

    def _last(self, kind: type[_E]) -> _E | None:
        return next((edit for edit in reversed(self._edits) if isinstance(edit, kind)), None)

    def _rotates_before(self) -> bool:
        """A rotation listed before a resize, a cut or a trim happens first; flip and flop go with it."""
        rotation = self._index(edits.Rotate)
        if rotation is None:
            return False
        later = self._edits[rotation + 1 :]
        resized = self._resize_at is not None and self._resize_at < rotation
        cuts = any(isinstance(edit, edits.Crop | edits.SmartCrop) for edit in later) and not resized
        resizes = self._resize_at is not None and self._resize_at > rotation
        return cuts or resizes or any(isinstance(edit, edits.Trim) for edit in later)

    def stages(self) -> "Iterator[_Listing]":
        """The listing in parts, each but the last ending with an ellipse."""
        rest, header = self._edits, self._header
        while True:
            ellipse = next((index for index, edit in enumerate(rest) if isinstance(edit, edits.RoundCrop)), None)
            end = len(rest) if ellipse is None else ellipse + 1
            stage = _Listing(rest[:end], header, self._animated, self._auto_orient)
            yield stage
            if ellipse is None:
                return
            rest = rest[end:]
            header = replace(header, orientation=1) if stage.orients else header

    # Steps

    def filters(self, *kinds: type[Any]) -> Iterator[Step]:
        for kind in kinds:
            yield from self.each(kind, steps.Filtered)

    def each(self, kind: type[_E], step: Any) -> Iterator[Step]:
        edit = self._last(kind)
        if edit is not None:
            yield step(edit)

    def _cuts(self) -> list[tuple[bool, Step]]:
        """(before the resize?, cut): the first one listed before the resize; every other one after it."""
        cuts: list[tuple[bool, Step]] = []
        for index, edit in enumerate(self._edits):
            if isinstance(edit, edits.Crop | edits.SmartCrop):
                step = steps.Cut(edit) if isinstance(edit, edits.Crop) else steps.SmartCut(edit)
                resized = self._resize_at is not None and self._resize_at < index
                cuts.append((not resized and not any(before for before, _ in cuts), step))
        return cuts

    def cuts_before(self) -> Iterator[Step]:
        return (step for before, step in self._cuts() if before)

    def cuts_after(self) -> Iterator[Step]:
        return (step for before, step in self._cuts() if not before)

    def _upright(self) -> list[Turn]:
        return [geometry.upright(self._header.orientation)] if self.orients else []

    def _own_turns(self) -> list[Turn]:
        """Flip, flop, quarter turns."""
        turns = [Turn(flip=True)] if self._last(edits.Flip) else []
        turns += [Turn(flop=True)] if self._last(edits.Flop) else []
        angles = [edit.angle for edit in self._edits if isinstance(edit, edits.Rotate)]
        return turns + [Turn(int(angle % 360) // 90) for angle in angles if angle is not None and angle % 90 == 0]

    def _turns(self) -> tuple[list[Turn], list[Turn]]:
        """What turns before everything else, and what turns after the scaling."""
        upright, own = self._upright(), self._own_turns()
        cuts = self._last(edits.Trim) is not None or any(True for _ in self.cuts_before())
        orients_first = self.rotates_before or (self._auto_orient and cuts)
        first = upright * orients_first + own * self.rotates_before
        later = upright * (not orients_first) + own * (not self.rotates_before)
        return [turn for turn in first if not turn.still], [turn for turn in later if not turn.still]

    def free_rotation(self) -> Iterator[Step]:
        edit = next((e for e in reversed(self._edits) if isinstance(e, edits.Rotate) and e.angle is not None), None)
        if edit is not None and edit.angle is not None and edit.angle % 90:
            yield steps.Rotated(edit.angle)

    def turns_first(self) -> Iterator[Step]:
        yield from (steps.Turned(turn) for turn in self._turns()[0])
        if self.rotates_before:
            yield from self.free_rotation()

    @property
    def target(self) -> Target:
        edit = self._last(edits.Resize)
        return Target(None, None) if edit is None else geometry.target_of(edit, Size(self._header.width, self._header.height))

    def resize(self) -> Iterator[Step]:
        edit = self._last(edits.Resize) or edits.Resize()
        turns = tuple(self._turns()[1])
        if not self.target.given and not turns:
            return
        yield steps.Resized(
            self.target,
            edit.kernel,
            edit.position,
            edit.focal_point,
            edit.background,
            turns,
            swaps=any(turn in turns for turn in self._upright() if turn.quarters % 2),
            strip=self._animated,
        )

    def shrinks_on_load(self) -> bool:
        """Whether nothing needs the full pixels before the resize (contract 5.3)."""
        turned_first = any(True for _ in self.turns_first())
        needs_all = self._last(edits.Gamma) or self._last(edits.Trim) or any(True for _ in self.cuts_before())
        return self.target.given and not turned_first and not needs_all

    @property
    def fast_shrink(self) -> bool:
        edit = self._last(edits.Resize)
        return edit is None or edit.fast_shrink_on_load

    def moderation(self, *, before_resize: bool) -> Iterator[Step]:
        """Where the picture is looked at: as it was when the client asked."""
        at = self._index(edits.ContentModeration)
        if at is not None:
            early = self._resize_at is None or at < self._resize_at
            if early == before_resize:
                yield from self.each(edits.ContentModeration, steps.Moderated)

    def blur(self) -> Iterator[Step]:
        edit, moderation = self._last(edits.Blur), self._last(edits.ContentModeration)
        if edit is not None or moderation is not None:
            yield steps.Blurred(edit, moderation)


def _refuse_on_frames(listed: Sequence[Edit]) -> None:
    for edit in listed:
        name = None
        match edit:
            case edits.Trim() | edits.Affine():
                name = type(edit).__name__.lower()
            case edits.Extend(extend_with=mode) if mode != "background":
                name = f"extendWith {mode}"
            case edits.Resize(position=edits.Position.ENTROPY | edits.Position.ATTENTION, fit=Fit.COVER, focal_point=None):
                name = f"position {edit.position.value}"
        if name is not None:
            raise InvalidRequestError(f"{name} cannot be used on an animation; add animated=false for the first frame.")


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


def _decoding(header: Header, planned: Sequence[Step], first: _Listing) -> tuple[Size, int]:
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
        return geometry.svg_rendered(stored, target), 1
    return stored, 1


# Limits


def _check_source(header: Header, frames: int, limits: Limits) -> None:
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


def _check_result(size: Size, frames: int, format_: Format, limits: Limits) -> None:
    longest = _SIDE_LIMITS.get(format_)
    if longest is not None and max(size) > longest:
        raise TooLargeError(f"{format_.name} cannot hold a side of {max(size)} pixels.")
    if size.pixels * frames > limits.output_pixels:
        raise TooLargeError(f"The result would have {size.pixels * frames} pixels; {limits.output_pixels} are allowed.")


def _walk(planned: Sequence[Step], size: Size, frames: int, limits: Limits) -> tuple[Size, float]:
    """Follow the sizes through the steps; refuse what does not fit."""
    cost, exact = 0.0, True
    for step in planned:
        if exact and isinstance(step, steps.Cut) and not step.box.inside(size):
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


_ENCODE_COST = {Format.JPEG: 20.0, Format.PNG: 200.0, Format.GIF: 300.0, Format.TIFF: 30.0, Format.RAW: 1.0}


def _encode_cost(format_: Format, options: Mapping[str, Any]) -> float:
    """Operations per pixel, from timings of the encoders relative to each other."""
    if format_ is Format.WEBP:
        return 150.0 * (1 + int(options.get("effort", 4))) * (2 if options.get("lossless") else 1)
    if format_ is Format.AVIF:
        return 600.0 * 2 ** int(options.get("effort", 1))
    return _ENCODE_COST[format_]


def _checked_cost(
    cost: float,
    header: Header,
    decoded: Size,
    size: Size,
    frames: int,
    format_: Format,
    options: Mapping[str, Any],
    limits: Limits,
) -> float:
    stored = header.width * header.height
    total = cost + frames * (10.0 * (stored + decoded.pixels) + _encode_cost(format_, options) * size.pixels)
    if total > limits.cost:
        raise TooLargeError("The request asks for more work than is allowed; use a smaller picture or fewer edits.")
    return total
