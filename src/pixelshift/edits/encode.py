"""Parsers of the edits that choose a format and its encoder's options (contract, 3.10)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from pixelshift.edits.argument import LARGEST_NUMBER, Argument
from pixelshift.edits.types import Encode, Format, ToFormat

FORMAT_NAMES = {
    "jpeg": Format.JPEG, "jpg": Format.JPEG, "png": Format.PNG, "webp": Format.WEBP, "gif": Format.GIF,
    "avif": Format.AVIF, "tiff": Format.TIFF, "tif": Format.TIFF, "raw": Format.RAW,
}  # fmt: skip
UNSUPPORTED_FORMAT = "UnsupportedOutputImageFormatException"

_Reader: TypeAlias = Callable[[Argument], Any]
_MOST_DELAYS = 10_000


def _whole(low: int, high: int) -> _Reader:
    return lambda argument: argument.integer(low, high)


def _number(low: float, high: float) -> _Reader:
    return lambda argument: argument.number(low, high)


def _one_of(*names: str) -> _Reader:
    return lambda argument: argument.choice({name: name for name in names})


def _flag(argument: Argument) -> bool:
    return argument.boolean()


def _bit_depth(*depths: int) -> _Reader:
    def read(argument: Argument) -> int:
        depth = argument.integer(min(depths), max(depths))
        if depth not in depths:
            raise argument.refuse("one of " + ", ".join(map(str, depths)))
        return depth

    return read


def _delays(argument: Argument) -> tuple[int, ...]:
    """Milliseconds per frame: one number for all, or a list."""
    expected = "a number of milliseconds or a list of them"
    if not isinstance(argument.value, list):
        return (argument.integer(0, 65_535),)
    if len(argument.value) > _MOST_DELAYS:
        raise argument.refuse(expected)
    return tuple(item.integer(0, 65_535) for item in argument.items(expected))


_SUBSAMPLING = _one_of("4:2:0", "4:4:4")
_ANIMATION: dict[str, _Reader] = {"loop": _whole(0, 65_535), "delay": _delays}
_AVIF: dict[str, _Reader] = {
    "quality": _whole(1, 100), "lossless": _flag, "effort": _whole(0, 9), "chromaSubsampling": _SUBSAMPLING,
    "bitdepth": _bit_depth(8, 10, 12),
}  # fmt: skip
_OPTIONS: dict[Format, dict[str, _Reader]] = {
    Format.JPEG: {
        "quality": _whole(1, 100), "progressive": _flag, "chromaSubsampling": _SUBSAMPLING, "optimiseCoding": _flag,
        "mozjpeg": _flag, "trellisQuantisation": _flag, "overshootDeringing": _flag, "optimiseScans": _flag,
        "quantisationTable": _whole(0, 8),
    },
    Format.PNG: {
        "progressive": _flag, "compressionLevel": _whole(0, 9), "adaptiveFiltering": _flag, "palette": _flag,
        "quality": _whole(0, 100), "effort": _whole(1, 10), "colours": _whole(2, 256), "dither": _number(0, 1),
    },
    Format.WEBP: {
        "quality": _whole(1, 100), "alphaQuality": _whole(0, 100), "lossless": _flag, "nearLossless": _flag,
        "smartSubsample": _flag, "smartDeblock": _flag, "effort": _whole(0, 6), "minSize": _flag, "mixed": _flag,
        "exact": _flag, "preset": _one_of("default", "photo", "picture", "drawing", "icon", "text"), **_ANIMATION,
    },
    Format.GIF: {
        "reuse": _flag, "progressive": _flag, "colours": _whole(2, 256), "effort": _whole(1, 10),
        "dither": _number(0, 1), "interFrameMaxError": _number(0, 32), "interPaletteMaxError": _number(0, 256),
        "keepDuplicateFrames": _flag, **_ANIMATION,
        "quality": _whole(1, 100),  # no meaning here; kept for the format that negotiation may choose instead
    },
    Format.AVIF: _AVIF,
    Format.TIFF: {
        "quality": _whole(1, 100), "bitdepth": _bit_depth(1, 2, 4, 8), "tile": _flag, "tileWidth": _whole(1, 65_536),
        "tileHeight": _whole(1, 65_536), "miniswhite": _flag, "pyramid": _flag, "bigtiff": _flag,
        "xres": _number(1e-6, LARGEST_NUMBER), "yres": _number(1e-6, LARGEST_NUMBER),
        "resolutionUnit": _one_of("inch", "cm"), "predictor": _one_of("none", "horizontal", "float"),
        "compression": _one_of(
            "none", "jpeg", "deflate", "packbits", "ccittfax4", "lzw", "webp", "zstd", "jp2k"
        ),
    },
}  # fmt: skip
_SPELLINGS = {
    "optimizeCoding": "optimiseCoding", "trellisQuantization": "trellisQuantisation",
    "optimizeScans": "optimiseScans", "quantizationTable": "quantisationTable", "colors": "colours",
}  # fmt: skip
_MOZJPEG = {
    "trellisQuantisation": True, "overshootDeringing": True, "optimiseScans": True, "quantisationTable": 3,
}  # fmt: skip
_PALETTE_OPTIONS = {"quality", "effort", "colours", "dither"}


def parse_encode(argument: Argument) -> Encode:
    """An encoder's options under the format's name, by :data:`FORMAT_NAMES`; unknown options are passed over.

    What an option stands for is resolved here: ``mozjpeg`` becomes the options that it means, ``optimiseScans`` implies
    ``progressive``, and a PNG option that needs a palette implies ``palette``.
    """
    image_format = FORMAT_NAMES[argument.name]
    options = _read_options(argument, _OPTIONS[image_format])
    if image_format is Format.JPEG:
        if options.pop("mozjpeg", False):
            options = _MOZJPEG | options | {"progressive": True}
        if options.get("optimiseScans"):
            options["progressive"] = True
    if image_format is Format.PNG and "palette" not in options and not _PALETTE_OPTIONS.isdisjoint(options):
        options["palette"] = True
    return Encode(image_format, tuple(sorted(options.items())))


def parse_heif(argument: Argument) -> Encode:
    """``heif``: AVIF under its container's name; only ``compression: "av1"`` can be encoded."""
    if not isinstance(argument.value, Mapping) or argument.value.get("compression") != "av1":
        raise argument.with_code(UNSUPPORTED_FORMAT).refuse('{compression: "av1"}, as HEVC cannot be encoded')
    return Encode(Format.AVIF, tuple(sorted(_read_options(argument, _AVIF).items())))


def _read_options(argument: Argument, readers: Mapping[str, _Reader]) -> dict[str, Any]:
    """The known options that are given, under sharp's first spelling; ``force: false`` is kept with them."""
    if argument.value is None or argument.value is True:
        return {}
    options: dict[str, Any] = {}
    for spelling, value in argument.members("the options of an encoder, or null").items():
        name = _SPELLINGS.get(spelling, spelling)
        option = Argument(f"{argument.name}.{name}", value, argument.limits)
        if value is not None and name in readers:
            options[name] = readers[name](option)
        elif name == "force" and value is False:
            options["force"] = False
    return options


def parse_to_format(argument: Argument) -> ToFormat:
    """``toFormat``: a name in any letter case, or ``{id: name}`` as sharp has it."""
    value = argument.value.get("id") if isinstance(argument.value, Mapping) else argument.value
    image_format = FORMAT_NAMES.get(value.lower()) if isinstance(value, str) else None
    if image_format is None:
        raise argument.with_code(UNSUPPORTED_FORMAT).refuse("one of " + ", ".join(FORMAT_NAMES))
    return ToFormat(image_format, "jpg" if value == "jpg" else None)
