"""From the edit map of a request to typed edits (contract, 3)."""

from collections.abc import Callable, Mapping
from typing import NoReturn, TypeAlias

from pixelshift.edits import adjust, encode, geometry, service
from pixelshift.edits.argument import PROCESSING_FAILURE, Argument
from pixelshift.edits.types import Edit
from pixelshift.errors import InvalidRequestError
from pixelshift.limits import Limits

_Parser: TypeAlias = Callable[[Argument], Edit | None]


def _refuse(argument: Argument) -> NoReturn:
    raise argument.refuse("no such operation, as it needs a second picture")


def _fail(argument: Argument) -> NoReturn:
    _refuse(argument.with_code(PROCESSING_FAILURE))


_PARSERS: dict[str, _Parser] = {
    "overlayWith": service.parse_overlay,
    "smartCrop": service.parse_smart_crop,
    "roundCrop": service.parse_round_crop,
    "contentModeration": service.parse_content_moderation,
    "animated": service.parse_animated,
    "stripExif": service.parse_strip_exif,
    "stripIcc": service.parse_strip_icc,
    "crop": geometry.parse_crop,
    "resize": geometry.parse_resize,
    "extend": geometry.parse_extend,
    "extract": geometry.parse_extract,
    "trim": geometry.parse_trim,
    "rotate": geometry.parse_rotate,
    "affine": geometry.parse_affine,
    "flip": adjust.parse_flip,
    "flop": adjust.parse_flop,
    "sharpen": adjust.parse_sharpen,
    "median": adjust.parse_median,
    "blur": adjust.parse_blur,
    "convolve": adjust.parse_convolve,
    "clahe": adjust.parse_clahe,
    "threshold": adjust.parse_threshold,
    "tint": adjust.parse_tint,
    "greyscale": adjust.parse_greyscale,
    "gamma": adjust.parse_gamma,
    "negate": adjust.parse_negate,
    "normalise": adjust.parse_normalise,
    "linear": adjust.parse_linear,
    "recomb": adjust.parse_recomb,
    "modulate": adjust.parse_modulate,
    "flatten": adjust.parse_flatten,
    "unflatten": adjust.parse_unflatten,
    "pipelineColourspace": adjust.parse_pipeline_colourspace,
    "toColourspace": adjust.parse_to_colourspace,
    "removeAlpha": adjust.parse_remove_alpha,
    "ensureAlpha": adjust.parse_ensure_alpha,
    "extractChannel": adjust.parse_extract_channel,
    "bandbool": adjust.parse_bandbool,
    "jpeg": encode.parse_encode,
    "png": encode.parse_encode,
    "webp": encode.parse_encode,
    "gif": encode.parse_encode,
    "avif": encode.parse_encode,
    "tiff": encode.parse_encode,
    "heif": encode.parse_heif,
    "toFormat": encode.parse_to_format,
    # Named upstream, never usable over JSON: `boolean` lacks its operator, `joinChannel` would read local files.
    "boolean": _fail,
    "joinChannel": _refuse,
}
_ALIASES = {
    "grayscale": "greyscale",
    "normalize": "normalise",
    "pipelineColorspace": "pipelineColourspace",
    "toColorspace": "toColourspace",
    "tif": "tiff",
}


def parse_edits(edits: Mapping[str, object], limits: Limits) -> tuple[Edit, ...]:
    """Check and type the edits of one request, in the order given.

    Names that upstream does not know are passed over. Two spellings of one operation are one operation: the later
    counts. Raises :class:`InvalidRequestError` (400) for a bad argument, with upstream's code where it has one, and
    :class:`ForbiddenError` for an overlay without a bucket.
    """
    if len(edits) > limits.edit_count:
        raise InvalidRequestError(f"edits: at most {limits.edit_count} are allowed, got {len(edits)}.")
    parsed: dict[str, Edit] = {}
    for name, value in edits.items():
        operation = _ALIASES.get(name, name)
        parser = _PARSERS.get(operation)
        if parser is None:
            continue
        edit = parser(Argument(operation, value, limits))
        parsed.pop(operation, None)
        if edit is not None:
            parsed[operation] = edit
    return tuple(parsed.values())
