"""Pillow, and pillow-simd under the same name."""

import io
from pathlib import Path

import numpy as np
import PIL
from competitor import Call, Competitor, EditSpec, NotOffered, Size
from PIL import Image, ImageChops, ImageFilter

_FILTERS = {"linear": "BILINEAR", "cubic": "BICUBIC", "lanczos3": "LANCZOS", "nearest": "NEAREST"}


class Pillow(Competitor):
    def __init__(self) -> None:
        self.version = PIL.__version__
        Image.core.set_blocks_max(64)

    def resample(self, picture: str, size: Size, kernel: str) -> Call:
        image = Image.fromarray(np.load(picture))
        resampling = Image.Resampling[_FILTERS[kernel]]
        return lambda: image.resize(size, resampling)

    def filter(self, picture: str, name: str) -> Call:
        """Greyscale weighs encoded levels, not light, and the Gaussian is three box blurs: less work.

        Its median of 9 is left out: it takes half a minute.
        """
        image = Image.fromarray(np.load(picture))
        mild, wide = (-1,) * 4 + (32,) + (-1,) * 4, tuple(range(25))
        light = [min(255, int(1.2 * v)) for v in range(256)] * 3
        sepia = (0.4, 0.7, 0.1, 0, 0.3, 0.6, 0.1, 0, 0.2, 0.5, 0.1, 0)
        shear = (0.7 / 0.67, -0.3 / 0.67, 0, -0.1 / 0.67, 1 / 0.67, 0)
        size = (round(image.width + 0.3 * image.height), round(0.1 * image.width + 0.7 * image.height))
        calls: dict[str, Call] = {
            "box 3x3": lambda: image.filter(ImageFilter.BoxBlur(1)),
            "blur, sigma 3": lambda: image.filter(ImageFilter.GaussianBlur(3)),
            "blur, sigma 20": lambda: image.filter(ImageFilter.GaussianBlur(20)),
            "sharpen 3x3": lambda: image.filter(ImageFilter.Kernel((3, 3), mild, 24)),
            "median 3": lambda: image.filter(ImageFilter.MedianFilter(3)),
            "convolve 5x5": lambda: image.filter(ImageFilter.Kernel((5, 5), wide, 300)),
            "greyscale": lambda: image.convert("L"),
            "linear 1.2": lambda: image.point(light),
            "recomb": lambda: image.convert("RGB", sepia),
            "negate": lambda: ImageChops.invert(image),
            "rotate 30": lambda: image.rotate(-30, Image.Resampling.BILINEAR, expand=True),
            "affine": lambda: image.transform(size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR),
        }
        if name not in calls:
            raise NotOffered
        return calls[name]

    def blend(self, base: str, overlay: str, mode: str) -> Call:
        """Its other modes know no alpha."""
        below, above = Image.fromarray(np.load(base)), Image.fromarray(np.load(overlay))
        if mode == "over":
            return lambda: Image.alpha_composite(below.convert("RGBA"), above)
        if mode != "watermark":
            raise NotOffered

        def run() -> Image.Image:
            result = below.copy()
            result.paste(above, (0, 0), above)
            return result

        return run

    def edit(self, spec: EditSpec) -> Call:
        source = Path(spec.source).read_bytes()
        resampling = Image.Resampling[_FILTERS[spec.kernel]]
        mark = None if spec.watermark is None else Path(spec.watermark[0]).read_bytes()
        options = {} if spec.quality is None else {"quality": spec.quality}

        def run() -> bytes:
            image = Image.open(io.BytesIO(source))
            if spec.crop is not None:  # its place is one in the whole picture
                image = image.crop(spec.crop)
            elif spec.shrink:  # as Image.thumbnail does with its default gap
                image.draft(None, (2 * spec.size[0], 2 * spec.size[1]))
            image = image.resize(spec.size, resampling, reducing_gap=2.0 if spec.shrink else None)
            if spec.sharpen is not None:
                image = image.filter(ImageFilter.UnsharpMask(radius=spec.sharpen, percent=100, threshold=1))
            if mark is not None:
                above = Image.open(io.BytesIO(mark))
                image.paste(above, spec.watermark[1:], above)
            body = io.BytesIO()
            image.save(body, spec.format, **options)
            return body.getvalue()

        return run


competitor = Pillow
