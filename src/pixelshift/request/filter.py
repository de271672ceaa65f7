"""The filters of Thumbor-style paths, ``filters:name(arguments)`` (contract, 4.2, 4.3)."""

import math
import re
from collections.abc import Callable, Sequence

from pixelshift.edits.adjust import SMALLEST_BLUR_SIGMA
from pixelshift.edits.argument import leading_integer, round_half_up, to_number
from pixelshift.edits.colour import parse_colour
from pixelshift.edits.encode import FORMAT_NAMES, UNSUPPORTED_FORMAT
from pixelshift.edits.geometry import AUTO_ORIENT
from pixelshift.errors import InvalidRequestError
from pixelshift.value import field, frozen, mutable

PREFIX = "filters:"
_NOT_ALPHANUMERIC = r"[^0-9A-Za-z]+"
_STRUCTURE = r"[():]"
_PERCENT_OFFSET = r"(?a)-?(?:100|\d{1,2})p"
_EXTENSION = r"\.(jpe?g|png|webp|tiff?|gif|avif)$"
_UNENCODABLE = frozenset({"heic", "heif"})


@frozen
class FilterCall:
    """One filter; ``arguments`` were separated by commas and are not percent-decoded."""

    name: str
    arguments: tuple[str, ...]

    def argument(self, index: int) -> str | None:
        return self.arguments[index] if index < len(self.arguments) else None

    def number(self, index: int) -> float:
        """An argument as JavaScript's Number() has it: empty is 0. Raises when it is missing or no number."""
        text = self.argument(index)
        number = math.nan if text is None else to_number(text)
        if not math.isfinite(number):
            raise self.refuse(f"a number as argument {index + 1}")
        return number

    def refuse(self, expected: str, code: str = InvalidRequestError.code) -> InvalidRequestError:
        return InvalidRequestError(f"filter {self.name}: expected {expected}.", code=code)


@mutable
class FilterContext:
    """The edit map that filters add to, and the path whose extension ``quality`` goes by."""

    path: str
    edits: dict[str, object] = field(default_factory=dict)

    def resize(self) -> dict[str, object]:
        resize = self.edits.setdefault("resize", {})
        assert isinstance(resize, dict)
        return resize


def split_filters(segment: str) -> list[str]:
    """Cut ``filters:a(1):b(2)`` into ``a(1)`` and ``b(2)``; colons within parentheses do not separate."""
    pieces: list[str] = []
    start = len(PREFIX)
    depth = 0
    for mark in re.compile(_STRUCTURE).finditer(segment, start):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth = max(depth - 1, 0)
        elif depth == 0:
            pieces.append(segment[start : mark.start()])
            start = mark.end()
    return [*pieces, segment[start:]]


def apply_filters(pieces: Sequence[str], context: FilterContext) -> None:
    """Add the edits of all filters of a request, in the order of their texts; unknown names are passed over.

    Raises :class:`InvalidRequestError` for a filter without a name, with a colon in its arguments, or with bad ones.
    """
    for piece in sorted(pieces):
        name, parenthesis, rest = piece.partition("(")
        arguments, closing, _ = rest.rpartition(")")
        if not parenthesis or not closing:
            continue
        if not name:
            raise InvalidRequestError("A filter must have a name: filters:name(arguments).")
        if ":" in arguments:
            raise InvalidRequestError(f"filter {name}: a colon cannot be part of an argument; use a base64 request.")
        if apply := _FILTERS.get(name):
            apply(FilterCall(name, tuple(arguments.split(","))), context)


def _autojpg(_: FilterCall, context: FilterContext) -> None:
    context.edits["toFormat"] = "jpeg"


def _background_color(call: FilterCall, context: FilterContext) -> None:
    context.edits["flatten"] = {"background": _colour(call)}


def _blur(call: FilterCall, context: FilterContext) -> None:
    second = call.argument(1)
    sigma = math.nan if second is None else to_number(second)
    if math.isnan(sigma):
        sigma = call.number(0) / 2
    if sigma >= SMALLEST_BLUR_SIGMA:
        context.edits["blur"] = sigma


def _convolution(call: FilterCall, context: FilterContext) -> None:
    cells = [to_number(text) for text in call.arguments[0].split(";")]
    columns = call.number(1)
    if not 1 <= columns <= len(cells) or columns % 1 or len(cells) % columns or not all(map(math.isfinite, cells)):
        raise call.refuse("a full matrix, cells separated by semicolons, and its number of columns")
    width = int(columns)
    context.edits["convolve"] = {"width": width, "height": len(cells) // width, "kernel": cells}


def _equalize(_: FilterCall, context: FilterContext) -> None:
    context.edits["normalize"] = True


def _fill(call: FilterCall, context: FilterContext) -> None:
    context.resize().update(fit="contain", background=_colour(call))


def _focal_point(call: FilterCall, context: FilterContext) -> None:
    context.resize()["focalPoint"] = {"x": call.number(0), "y": call.number(1)}


def _format(call: FilterCall, context: FilterContext) -> None:
    name = re.sub(_NOT_ALPHANUMERIC, "", ",".join(call.arguments)).lower()
    if name in _UNENCODABLE:
        raise call.refuse("a format that can be encoded", UNSUPPORTED_FORMAT)
    if name in FORMAT_NAMES:
        context.edits["toFormat"] = FORMAT_NAMES[name].value


def _grayscale(_: FilterCall, context: FilterContext) -> None:
    context.edits["grayscale"] = True


def _no_upscale(_: FilterCall, context: FilterContext) -> None:
    context.resize()["withoutEnlargement"] = True


def _proportion(call: FilterCall, context: FilterContext) -> None:
    """Without both sides, 0 changes nothing; it still counts as an edit, as upstream has it."""
    ratio = call.number(0)
    resize = context.resize()
    width, height = resize.get("width"), resize.get("height")
    if isinstance(width, int) and isinstance(height, int):
        resize.update(width=width * ratio, height=height * ratio)
    else:
        resize["ratio"] = ratio


def _quality(call: FilterCall, context: FilterContext) -> None:
    if call.arguments == ("",):
        raise call.refuse("a number from 1 to 100")
    extension = re.search(_EXTENSION, context.path)
    image_format = FORMAT_NAMES[extension[1]].value if extension else context.edits.get("toFormat")
    quality = min(max(round_half_up(call.number(0)), 1), 100)
    if isinstance(image_format, str) and image_format != "raw":
        context.edits[image_format] = {"quality": quality}


def _rgb(call: FilterCall, context: FilterContext) -> None:
    context.edits["tint"] = {name: 255 * call.number(index) / 100 for index, name in enumerate("rgb")}


def _rotate(call: FilterCall, context: FilterContext) -> None:
    context.edits["rotate"] = AUTO_ORIENT if call.arguments == ("",) else call.number(0)


def _sharpen(call: FilterCall, context: FilterContext) -> None:
    context.edits["sharpen"] = 1 + call.number(1) / 2


def _stretch(_: FilterCall, context: FilterContext) -> None:
    resize = context.resize()
    if resize.get("fit") != "inside":
        resize["fit"] = "fill"


def _strip_exif(_: FilterCall, context: FilterContext) -> None:
    context.edits["stripExif"] = True


def _strip_icc(_: FilterCall, context: FilterContext) -> None:
    context.edits["stripIcc"] = True


def _upscale(_: FilterCall, context: FilterContext) -> None:
    context.resize()["fit"] = "inside"


def _watermark(call: FilterCall, context: FilterContext) -> None:
    bucket, key, x, y, alpha, width, height, *_ = [
        "".join(text.split()) for text in call.arguments
    ] + [None] * 7  # fmt: skip
    offsets = {name: text for name, text in (("left", x), ("top", y)) if text is not None and _is_offset(text)}
    context.edits["overlayWith"] = {
        "bucket": bucket, "key": key, "alpha": alpha, "wRatio": width, "hRatio": height, "options": offsets,
    }  # fmt: skip


def _is_offset(text: str) -> bool:
    return bool(re.fullmatch(_PERCENT_OFFSET, text)) or (text != "" and math.isfinite(to_number(text)))


def _animated(call: FilterCall, context: FilterContext) -> None:
    context.edits["animated"] = call.arguments[0].lower() != "false"


def _smart_crop(call: FilterCall, context: FilterContext) -> None:
    options: dict[str, object] = {}
    for index, name in enumerate(("faceIndex", "padding")):
        if text := call.argument(index):
            number = leading_integer(text)
            options[name] = text if number is None else number
    context.edits["smartCrop"] = options


def _colour(call: FilterCall) -> dict[str, object]:
    colour = parse_colour(",".join(call.arguments))
    if colour is None:
        raise call.refuse("a CSS colour name or 3, 4, 6 or 8 hexadecimal digits")
    opaque: dict[str, object] = {"r": colour.r, "g": colour.g, "b": colour.b}
    return opaque if colour.alpha == 1.0 else {**opaque, "alpha": colour.alpha}


_FILTERS: dict[str, Callable[[FilterCall, FilterContext], None]] = {
    "autojpg": _autojpg,
    "background_color": _background_color,
    "blur": _blur,
    "convolution": _convolution,
    "equalize": _equalize,
    "fill": _fill,
    "focal_point": _focal_point,
    "format": _format,
    "grayscale": _grayscale,
    "no_upscale": _no_upscale,
    "proportion": _proportion,
    "quality": _quality,
    "rgb": _rgb,
    "rotate": _rotate,
    "sharpen": _sharpen,
    "stretch": _stretch,
    "strip_exif": _strip_exif,
    "strip_icc": _strip_icc,
    "upscale": _upscale,
    "watermark": _watermark,
    "animated": _animated,
    "smart_crop": _smart_crop,
}
