"""The path-style grammar, also read after a custom rewrite (contract, 1.4-1.6, 4)::

/ [unsafe/] [s3:BUCKET/] [fit-in/] [X1xY1:X2xY2/] [WxH/] [filters:F1(..):F2(..)/]* KEY
"""

import re
from urllib.parse import unquote_to_bytes

from pixelshift.errors import InvalidRequestError, NotFoundError
from pixelshift.limits import Limits
from pixelshift.request.bucket import TAG, find_tag
from pixelshift.request.filter import PREFIX, FilterContext, apply_filters, split_filters
from pixelshift.value import field, mutable

CANNOT_READ = "DecodeRequest::CannotReadPath"

_ENDING = r"\.[^.\\/]+$"
_IMAGE_ENDING = r"(?ai)\.(?:jpe?g|png|webp|tiff?|svg|gif|avif)$"
_CROP = r"(?a)(\d{1,6})x(\d{1,6}):(\d{1,6})x(\d{1,6})"
_SIZE = r"(?a)(\d+)x(\d+)"
_OPTION = r"(?a)fit-in|\d+x\d+(?::\d+x\d+)?"
_MOST_DIGITS = 10
_BAD_ESCAPE = r"%(?![0-9A-Fa-f]{2})"
_STRUCTURE = r"[()/]"


@mutable
class ThumborPath:
    """What a path says, before it is typed."""

    key: str
    bucket: str | None
    """``None`` = no tag names an allowed bucket."""
    edits: dict[str, object] = field(default_factory=dict)


def check_extension(path: str) -> None:
    """Refuse a path with an ending that is of no image; raises :class:`InvalidRequestError` (``RequestTypeError``)."""
    if re.search(_ENDING, path) and not re.search(_IMAGE_ENDING, path):
        raise InvalidRequestError(
            "The path is neither a base64 request nor the name of a jpg, png, webp, tiff, svg, gif or avif image.",
            code="RequestTypeError",
        )


def parse_path(path: str, buckets: tuple[str, ...], limits: Limits, original: str | None = None) -> ThumborPath:
    """Read a path (percent-encoding as sent) into bucket, key and edit map.

    ``original`` is the path before a rewrite, where a bucket tag counts first. Options are whole segments before the
    key. Raises :class:`InvalidRequestError` for bad escapes, sizes and filters, :class:`NotFoundError` for no key.
    """
    segments = split_segments(path.lstrip("/"), limits)
    if len(segments) > 1 and segments[0] == "unsafe":
        del segments[0]
    options, kept = _separate(segments)
    bucket = find_tag((original or "").split("/"), buckets) or find_tag(kept[:-1], buckets)
    if bucket and TAG + bucket in kept[:-1]:
        kept.remove(TAG + bucket)
    context = FilterContext(path)
    _read_options(options, context)
    return ThumborPath(_decode("/".join(kept).lstrip("/")), bucket, context.edits)


def split_segments(path: str, limits: Limits) -> list[str]:
    """Split at slashes, except those within the balanced parentheses of a filter."""
    segments: list[str] = []
    groups = start = 0
    while start <= len(path):
        end = path.find("/", start)
        if path.startswith(PREFIX, start):
            groups += 1
            if groups > limits.edit_count:
                raise InvalidRequestError(f"At most {limits.edit_count} groups of filters are allowed.")
            end = _end_of_filters(path, start, end)
        end = len(path) if end < 0 else end
        segments.append(path[start:end])
        start = end + 1
    return segments


def _end_of_filters(path: str, start: int, next_slash: int) -> int:
    """The slash behind the filters; the next one when a parenthesis is never closed."""
    depth = 0
    for mark in re.compile(_STRUCTURE).finditer(path, start):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth = max(depth - 1, 0)
        elif depth == 0:
            return mark.start()
    return next_slash if depth else -1


def _separate(segments: list[str]) -> tuple[list[str], list[str]]:
    """Options and the rest. The last segment belongs to the key, unless it is a group of filters."""
    options: list[str] = []
    kept: list[str] = []
    for index, segment in enumerate(segments):
        if segment.startswith(PREFIX) or (index < len(segments) - 1 and re.fullmatch(_OPTION, segment)):
            options.append(segment)
        else:
            kept.append(segment)
    return options, kept


def _read_options(options: list[str], context: FilterContext) -> None:
    """Merge in the order crop, size, fit-in, filters; of several crops or sizes the first counts.

    Crop coordinates count wherever they stand, as upstream has it; even in the name of a file.
    """
    if crop := re.search(_CROP, context.path):
        left, top, right, bottom = map(int, crop.groups())
        context.edits["crop"] = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    if size := next((match for option in options if (match := re.fullmatch(_SIZE, option))), None):
        width, height = (_read_side(text) for text in size.groups())
        context.resize().update(width=width, height=height)
        if width is None or height is None:
            context.resize()["fit"] = "inside"
    if "fit-in" in options:
        context.resize()["fit"] = "inside"
    groups = [segment for segment in options if segment.startswith(PREFIX)]
    apply_filters([piece for segment in groups for piece in split_filters(segment)], context)


def _read_side(digits: str) -> int | None:
    digits = digits.lstrip("0")
    if len(digits) > _MOST_DIGITS:
        raise InvalidRequestError(f"A side has at most {_MOST_DIGITS} digits.", code="InvalidResizeException")
    return int(digits) if digits else None


def _decode(key: str) -> str:
    if not key:
        raise NotFoundError("There is no image under an empty key.")
    try:
        decoded = None if re.search(_BAD_ESCAPE, key) else unquote_to_bytes(key).decode()
    except UnicodeError:
        decoded = None
    if decoded is None:
        raise InvalidRequestError("The path has an escape that is not UTF-8 text.", code=CANNOT_READ)
    return decoded
