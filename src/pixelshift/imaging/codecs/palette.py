"""Indexed colour for PNG and GIF."""

from PIL import Image


def quantised(image: Image.Image, colours: int, *, dither: bool) -> Image.Image:
    """The picture in at most ``colours`` colours, Floyd-Steinberg dithered or not.

    RGB by median cut, RGBA (which median cut cannot do) by an octree.
    """
    if image.mode in {"LA", "RGBA"}:
        return image.convert("RGBA").quantize(colours, method=Image.Quantize.FASTOCTREE)
    image = image.convert("RGB")
    palette = image.quantize(colours, method=Image.Quantize.MEDIANCUT)
    if not dither:
        return palette
    return image.quantize(colours, palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
