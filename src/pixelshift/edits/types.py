"""The vocabulary of edits: one frozen value per operation, with sharp's names and defaults.

An image request carries ``tuple[Edit, ...]`` in the order in which the client listed them, for the few cases in which
that order matters (contract, 3.1). Values are checked where they are parsed (:mod:`pixelshift.edits.parse`); code that
receives an edit may rely on its ranges.
"""

from enum import StrEnum
from typing import Any, Literal, TypeAlias

from pixelshift.value import frozen


class Format(StrEnum):
    """Output formats; the value is the name in ``image/<name>``."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    AVIF = "avif"
    TIFF = "tiff"
    RAW = "raw"
    SVG = "svg+xml"
    """Source only."""

    @property
    def media_type(self) -> str:
        return f"image/{self.value}"

    @property
    def has_alpha(self) -> bool:
        return self is not Format.JPEG

    @property
    def can_animate(self) -> bool:
        return self in {Format.GIF, Format.WEBP}


class Fit(StrEnum):
    COVER = "cover"
    CONTAIN = "contain"
    FILL = "fill"
    INSIDE = "inside"
    OUTSIDE = "outside"


class Position(StrEnum):
    """Nine anchors and two strategies; aliases are resolved at the parser."""

    CENTRE = "centre"
    NORTH = "north"
    NORTHEAST = "northeast"
    EAST = "east"
    SOUTHEAST = "southeast"
    SOUTH = "south"
    SOUTHWEST = "southwest"
    WEST = "west"
    NORTHWEST = "northwest"
    ENTROPY = "entropy"
    ATTENTION = "attention"


class Kernel(StrEnum):
    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"
    MITCHELL = "mitchell"
    LANCZOS2 = "lanczos2"
    LANCZOS3 = "lanczos3"
    MKS2013 = "mks2013"
    MKS2021 = "mks2021"


@frozen
class Colour:
    """sRGB, 0-255 each; ``alpha`` 0.0 (clear) to 1.0."""

    r: int = 0
    g: int = 0
    b: int = 0
    alpha: float = 1.0


BLACK = Colour()


@frozen
class Resize:
    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.COVER
    position: Position = Position.CENTRE
    focal_point: tuple[float, float] | None = None
    """Fractions of width and height that a cover crop keeps nearest to its middle; ours, beats ``position``."""
    background: Colour = BLACK
    kernel: Kernel = Kernel.LANCZOS3
    without_enlargement: bool = False
    without_reduction: bool = False
    fast_shrink_on_load: bool = True
    ratio: float | None = None


@frozen
class Crop:
    """``crop`` (the service's own) or ``extract`` (sharp's): the same cut, other error codes."""

    left: int
    top: int
    width: int
    height: int
    name: Literal["crop", "extract"] = "crop"


@frozen
class Overlay:
    """``overlayWith``; positions keep their text form because ``p`` means per cent of the base (contract, 3.4)."""

    bucket: str
    key: str
    alpha: int = 0
    """0 = opaque, 100 = invisible."""
    width_ratio: int | None = None
    height_ratio: int | None = None
    left: str | None = None
    """Number of pixels or ``"<n>p"``; ``None`` = absent."""
    top: str | None = None
    gravity: Position = Position.CENTRE
    blend: str = "over"
    tile: bool = False
    premultiplied: bool = False
    density: float | None = None

    @property
    def is_watermark(self) -> bool:
        """Whether it is one picture laid ``over``, as nearly all are."""
        return self.blend == "over" and not self.tile and not self.premultiplied


@frozen
class SmartCrop:
    face_index: int = 0
    padding: float = 0.0


@frozen
class RoundCrop:
    rx: float | None = None
    ry: float | None = None
    left: float | None = None
    top: float | None = None


@frozen
class ContentModeration:
    min_confidence: float = 75.0
    blur: float = 50.0
    labels: tuple[str, ...] | None = None


@frozen
class Animated:
    value: bool


@frozen
class StripExif:
    pass


@frozen
class StripIcc:
    pass


@frozen
class Extend:
    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    background: Colour = BLACK
    extend_with: Literal["background", "copy", "repeat", "mirror"] = "background"


@frozen
class Trim:
    threshold: float = 10.0
    background: Colour | None = None
    line_art: bool = False
    margin: int = 0


@frozen
class Rotate:
    """Degrees clockwise; ``None`` auto-orients by the EXIF tag."""

    angle: float | None
    strips: bool = False
    """``rotate: null`` also drops all metadata, as it always has upstream (contract, 0.4)."""


@frozen
class Flip:
    pass


@frozen
class Flop:
    pass


@frozen
class Affine:
    matrix: tuple[float, float, float, float]


@frozen
class Sharpen:
    """``sigma`` ``None`` = sharp's mild 3x3 kernel."""

    sigma: float | None = None
    m1: float = 1.0
    m2: float = 2.0
    x1: float = 2.0
    y2: float = 10.0
    y3: float = 20.0


@frozen
class Median:
    size: int = 3


@frozen
class Blur:
    """``sigma`` ``None`` = 3x3 box."""

    sigma: float | None = None
    precision: Literal["integer", "float", "approximate"] = "integer"
    min_amplitude: float = 0.2


@frozen
class Convolve:
    width: int
    height: int
    kernel: tuple[float, ...]
    scale: float
    offset: float = 0.0


@frozen
class Clahe:
    width: int
    height: int
    max_slope: int = 3


@frozen
class Threshold:
    value: int = 128
    greyscale: bool = True


@frozen
class Tint:
    colour: Colour


@frozen
class Greyscale:
    pass


@frozen
class Gamma:
    gamma: float = 2.2


@frozen
class Negate:
    alpha: bool = True


@frozen
class Normalise:
    lower: float = 1.0
    upper: float = 99.0


@frozen
class Linear:
    a: tuple[float, ...]
    b: tuple[float, ...]


@frozen
class Recomb:
    matrix: tuple[tuple[float, ...], ...]
    """3x3 or 4x4."""


@frozen
class Modulate:
    brightness: float = 1.0
    saturation: float = 1.0
    hue: int = 0
    lightness: float = 0.0


@frozen
class Flatten:
    background: Colour = BLACK


@frozen
class Unflatten:
    pass


@frozen
class PipelineColourspace:
    name: str


@frozen
class ToColourspace:
    name: str


@frozen
class RemoveAlpha:
    pass


@frozen
class EnsureAlpha:
    alpha: float = 1.0


@frozen
class ExtractChannel:
    channel: int
    """0-3; ``alpha`` parses to -1, the last one."""


@frozen
class Bandbool:
    operation: Literal["and", "or", "eor"]


@frozen
class Encode:
    """``jpeg``, ``png``, ``webp`` …: sets the format and its encoder options (contract, 3.10).

    ``options`` are ``(name, value)`` pairs, sharp's names, already checked for type and range.
    """

    format: Format
    options: tuple[tuple[str, Any], ...] = ()


@frozen
class ToFormat:
    format: Format
    written: str | None = None
    """``"jpg"`` where the client wrote that: upstream's Content-Type repeats it."""


Edit: TypeAlias = (
    Resize | Crop | Overlay | SmartCrop | RoundCrop | ContentModeration | Animated | StripExif | StripIcc
    | Extend | Trim | Rotate | Flip | Flop | Affine | Sharpen | Median | Blur | Convolve | Clahe | Threshold
    | Tint | Greyscale | Gamma | Negate | Normalise | Linear | Recomb | Modulate | Flatten | Unflatten
    | PipelineColourspace | ToColourspace | RemoveAlpha | EnsureAlpha | ExtractChannel | Bandbool
    | Encode | ToFormat
)  # fmt: skip
