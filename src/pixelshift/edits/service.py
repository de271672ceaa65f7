"""Parsers of the edits that are the service's own rather than sharp's (contract, 3.4-3.8)."""

import math
import re
from collections.abc import Mapping

from pixelshift.edits.argument import LARGEST_NUMBER, LARGEST_SIZE, Argument, leading_integer, to_number
from pixelshift.edits.geometry import parse_gravity
from pixelshift.edits.types import (
    Animated,
    ContentModeration,
    Overlay,
    Position,
    RoundCrop,
    SmartCrop,
    StripExif,
    StripIcc,
)
from pixelshift.errors import ForbiddenError

_BLENDS = {
    name: name
    for name in (
        "clear", "source", "over", "in", "out", "atop", "dest", "dest-over", "dest-in", "dest-out", "dest-atop", "xor",
        "add", "saturate", "multiply", "screen", "overlay", "darken", "lighten", "colour-dodge", "colour-burn",
        "hard-light", "soft-light", "difference", "exclusion",
    )
} | {"color-dodge": "colour-dodge", "color-burn": "colour-burn"}  # fmt: skip
_REFUSED_OVERLAY_OPTIONS = ("raw", "text", "create", "limitInputPixels", "failOn")
_PERCENT = r"100|[1-9]?[0-9]"
_LARGEST_RADIUS = 1e6
_MOST_LABELS = 100


def cannot_access_bucket(detail: str = "") -> ForbiddenError:
    """The refusal of a bucket that is not on the list; it does not say which ones are."""
    return ForbiddenError(
        "This bucket is not among the configured source buckets.",
        code="ImageBucket::CannotAccessBucket",
        detail=detail,
    )


def parse_overlay(argument: Argument) -> Overlay:
    """``overlayWith``; whether its bucket is allowed is asked where the list is known."""
    argument.members()
    bucket, key, options = argument.member("bucket"), argument.member("key"), argument.member("options")
    if not isinstance(bucket.value, str) or not bucket.value:
        raise cannot_access_bucket()
    if options.value is None:
        options = Argument(options.name, {}, options.limits)
    for name in _REFUSED_OVERLAY_OPTIONS:
        if options.member(name).value is not None:
            raise options.member(name).refuse("no such option")
    density = options.member("density")
    return Overlay(
        bucket=bucket.value,
        key=key.with_code("OverlayImageException").text("the key of an image"),
        alpha=_percent(argument.member("alpha").value) or 0,
        width_ratio=_percent(argument.member("wRatio").value),
        height_ratio=_percent(argument.member("hRatio").value),
        left=_offset(options.member("left").value),
        top=_offset(options.member("top").value),
        gravity=_gravity(options.member("gravity")),
        blend=options.member("blend").choice(_BLENDS, "over"),
        tile=options.member("tile").boolean(default=False),
        premultiplied=options.member("premultiplied").boolean(default=False),
        density=None if density.value is None else density.number(1, 100_000),
    )


def _percent(value: object) -> int | None:
    """A whole number 0-100 as number or text; anything else counts as not given."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= 100 else None
    if isinstance(value, str) and re.fullmatch(_PERCENT, value):
        return int(value)
    return None


def _offset(value: object) -> str | None:
    """``"<n>"`` or ``"<n>p"`` with a whole n; anything that does not begin with a number counts as absent."""
    if isinstance(value, float) and math.isfinite(value):
        value = str(int(min(max(value, -LARGEST_SIZE), LARGEST_SIZE)))
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(min(max(value, -LARGEST_SIZE), LARGEST_SIZE))
    if not isinstance(value, str) or (number := leading_integer(value)) is None:
        return None
    number = min(max(number, -LARGEST_SIZE), LARGEST_SIZE)
    return f"{number}p" if value.endswith("p") else str(number)


def _gravity(argument: Argument) -> Position:
    return Position.CENTRE if argument.value is None else parse_gravity(argument)


def parse_smart_crop(argument: Argument) -> SmartCrop | None:
    """``smartCrop``: ``true`` or ``{faceIndex, padding}``; everything else is passed over, as upstream does."""
    if argument.value is True:
        return SmartCrop()
    if not isinstance(argument.value, Mapping):
        return None
    face, padding = argument.member("faceIndex"), argument.member("padding")
    index, pixels = to_number(face.value), to_number(padding.value)
    if not (0 <= index <= LARGEST_SIZE and index == int(index)):
        raise face.with_code("SmartCrop::FaceIndexOutOfRange").refuse("a whole number from 0")
    if not abs(pixels) <= LARGEST_SIZE:
        raise padding.with_code("SmartCrop::PaddingOutOfBounds").refuse("a number of pixels")
    return SmartCrop(int(index), pixels)


def parse_round_crop(argument: Argument) -> RoundCrop | None:
    """``roundCrop``: ``true`` or ``{rx, ry, left, top}``; everything else is passed over.

    Negative values and zero radii count as not given, as upstream has it; a centre at 0 is a centre.
    """
    if argument.value is True:
        return RoundCrop()
    if not isinstance(argument.value, Mapping):
        return None
    rx, ry, left, top = (_length(argument.member(key)) for key in ("rx", "ry", "left", "top"))
    return RoundCrop(rx or None, ry or None, left, top)


def _length(argument: Argument) -> float | None:
    if argument.value is None or argument.value is False:
        return None
    number = to_number(argument.value)
    if isinstance(argument.value, bool) or not abs(number) <= _LARGEST_RADIUS:
        raise argument.refuse("a number of pixels")
    return number if number >= 0 else None


def parse_content_moderation(argument: Argument) -> ContentModeration | None:
    """``contentModeration``: ``true`` or ``{minConfidence, blur, moderationLabels}``; ``blur`` is rounded up."""
    if argument.value is True:
        return ContentModeration()
    if not isinstance(argument.value, Mapping):
        return None
    confidence, blur, labels = (argument.member(key) for key in ("minConfidence", "blur", "moderationLabels"))
    return ContentModeration(
        min_confidence=confidence.number(0, 100, 75.0),
        blur=_moderation_blur(blur),
        labels=None if labels.value is None else _labels(labels),
    )


def _moderation_blur(argument: Argument) -> float:
    """The sigma; text of a number counts, as upstream rounds whatever it is given."""
    number = 50.0 if argument.value is None else to_number(argument.value)
    if not abs(number) <= LARGEST_NUMBER:
        raise argument.refuse("a number")
    return float(math.ceil(number))


def _labels(argument: Argument) -> tuple[str, ...]:
    expected = f"a list of at most {_MOST_LABELS} label names"
    items = argument.items(expected)
    if len(items) > _MOST_LABELS:
        raise argument.refuse(expected)
    return tuple(item.text() for item in items)


def parse_animated(argument: Argument) -> Animated:
    """``animated``: a boolean; ``null`` means a still picture."""
    return Animated(argument.with_code("InstantiationError").boolean(default=False))


def parse_strip_exif(argument: Argument) -> StripExif | None:
    """``stripExif``: only a literal ``true`` acts."""
    return StripExif() if argument.value is True else None


def parse_strip_icc(argument: Argument) -> StripIcc | None:
    """``stripIcc``: only a literal ``true`` acts."""
    return StripIcc() if argument.value is True else None
