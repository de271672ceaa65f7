"""Indexed colour for PNG and GIF."""

import numpy as np
from PIL import Image

from pixelshift.imaging.codecs.pillow import as_image
from pixelshift.imaging.picture import Pixels, as_rgb


def quantised(pixels: Pixels, colours: int, *, dither: bool) -> Image.Image:
    """The picture in at most ``colours`` colours, Floyd-Steinberg dithered or not.

    RGB by median cut; with alpha, which median cut cannot do, by an octree of colours with their alpha.
    """
    image = as_image(as_rgb(pixels))
    if image.mode == "RGBA":
        return image.quantize(colours, method=Image.Quantize.FASTOCTREE)
    palette = image.quantize(colours, method=Image.Quantize.MEDIANCUT)
    if not dither:
        return palette
    return image.quantize(colours, palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def indexed(pixels: Pixels, colours: int, *, dither: bool) -> Image.Image:
    """As :func:`quantised`, but a pixel is either opaque or clear: one index is kept for the clear ones."""
    if pixels.shape[2] not in {2, 4}:
        return quantised(pixels, colours, dither=dither)
    clear = pixels[..., -1] < 128
    opaque = quantised(pixels[..., :-1], max(2, min(colours, 256) - int(clear.any())), dither=dither)
    if not clear.any():
        return opaque
    palette = opaque.getpalette() or []
    indices = np.array(opaque)
    unused = len(palette) // 3
    indices[clear] = unused
    image = Image.fromarray(indices, "P")
    image.putpalette([*palette, 0, 0, 0])
    image.info["transparency"] = unused
    return image
