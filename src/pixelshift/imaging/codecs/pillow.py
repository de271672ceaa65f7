"""What the Pillow-backed codecs share: opening one named format, tolerant loading, sRGB pixels, saving.

Format classes are called directly instead of ``Image.open``: the format is explicit, and Pillow's process-wide
size limit stays out of it; sizes were already checked against the request's own limits.
"""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from PIL import Image, ImageFile

from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Decode, damaged
from pixelshift.imaging.colour import to_srgb
from pixelshift.imaging.picture import Picture, Pixels, with_alpha
from pixelshift.imaging.press import press_profile

_Opened = TypeVar("_Opened", bound=ImageFile.ImageFile)

_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises on damaged files, by its own plugins' habits."""


def opened(plugin: Callable[[io.BytesIO], _Opened], data: bytes) -> _Opened:
    """The file read as exactly this format, pixels not yet decoded."""
    try:
        return plugin(io.BytesIO(data))
    except _DAMAGE as error:
        raise damaged(f"{type(error).__name__}: {error}") from error


def check_size(image: ImageFile.ImageFile, header: Header) -> None:
    """The limits were checked on the header's size; Pillow must not have found another."""
    if image.size != (header.width, header.height):
        raise damaged(f"{image.width}x{image.height} behind a header of {header.width}x{header.height}")


def load(image: ImageFile.ImageFile) -> None:
    """Decode as much as there is: missing rows stay empty instead of failing, like sharp's ``failOn: none``.

    Pillow has a global switch for that; this way one request does not change another.
    """
    try:
        image.load()
    except _DAMAGE as error:
        image.tile = []
        try:
            image.im  # noqa: B018 - raises where nothing was allocated, so nothing can be shown
            Image.Image.load(image)
        except _DAMAGE:
            raise damaged(f"{type(error).__name__}: {error}") from error


def pixels_of(image: Image.Image, icc: bytes | None) -> Pixels:
    """The decoded picture as sRGB or sRGB + alpha."""
    try:
        if image.mode in {"I;16", "I;16B", "I;16L", "I;16N", "I", "F"}:
            image = _eight_bits(image)
        if icc is None and image.mode == "CMYK":
            icc = press_profile()
        if icc is not None:
            image = to_srgb(image, icc)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        return np.array(image if image.mode == mode else image.convert(mode))
    except _DAMAGE as error:
        raise damaged(f"{type(error).__name__}: {error}") from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """The high byte of 16-bit grey; 32-bit samples are taken as 16-bit ones, as PNG and TIFF store them."""
    samples = np.asarray(image)
    if samples.dtype.kind == "f":
        samples = np.nan_to_num(samples) * (65535.0 if np.nanmax(np.abs(samples), initial=0) <= 1.0 else 1.0)
    high = np.clip(samples, 0, 65535).astype(np.uint16) >> 8
    return Image.fromarray(high.astype(np.uint8))


def as_image(pixels: Pixels) -> Image.Image:
    """A Pillow image of 1-4 channels."""
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    body = io.BytesIO()
    image.save(body, format_, **options)
    return body.getvalue()


def frames_of(
    image: ImageFile.ImageFile, header: Header, icc: bytes | None, how: Decode
) -> tuple[list[Pixels], tuple[int, ...]]:
    """The first ``how.frames`` frames, all of the header's size and all with alpha or none, and delays in milliseconds.

    A frame that cannot be read ends the animation.
    """
    frames: list[Pixels] = []
    delays: list[int] = []
    for index in range(how.frames):
        try:
            image.seek(index)
            how.check()
            frames.append(_frame(image, header, icc, how))
        except (*_DAMAGE, InvalidRequestError):
            break
        delays.append(int(image.info.get("duration") or 0))
    if not frames:
        raise damaged("no frame could be read")
    if len({frame.shape[2] for frame in frames}) > 1:
        frames = [with_alpha(frame) for frame in frames]
    return frames, tuple(delays) if how.frames > 1 else ()


def _frame(image: ImageFile.ImageFile, header: Header, icc: bytes | None, how: Decode) -> Pixels:
    """One frame on the canvas of the header: Pillow lets frames that stick out enlarge it."""
    if image.width * image.height > how.limits.source_pixels:
        raise damaged("a frame larger than its animation")
    load(image)
    pixels = pixels_of(image, icc)[: header.height, : header.width]
    if pixels.shape[:2] != (header.height, header.width):
        raise damaged("a frame smaller than its animation")
    return pixels


def animation_options(picture: Picture, images: list[Image.Image], options: Mapping[str, Any]) -> dict[str, Any]:
    """Frames after the first, delays and loop count; ``delay`` and ``loop`` of the request win over the source's."""
    delay = options.get("delay", picture.delays_ms) or (100,)
    delays = list(delay) if isinstance(delay, list | tuple) else [delay]
    delays = [int(value) for value in (delays + [delays[-1]] * len(images))[: len(images)]]
    loop = options.get("loop", picture.loop)
    more = {} if loop is None else {"loop": int(loop)}
    return {"save_all": True, "append_images": images[1:], "duration": delays, **more}
