"""Pillow, and pillow-simd under the same name."""

import io
from pathlib import Path

import numpy as np
import PIL
from competitor import Call, Competitor, EditSpec, Size
from PIL import Image, ImageFilter

_FILTERS = {"linear": "BILINEAR", "cubic": "BICUBIC", "lanczos3": "LANCZOS", "nearest": "NEAREST"}


class Pillow(Competitor):
    def __init__(self) -> None:
        self.version = PIL.__version__
        Image.core.set_blocks_max(64)

    def resample(self, picture: str, size: Size, kernel: str) -> Call:
        image = Image.fromarray(np.load(picture))
        resampling = Image.Resampling[_FILTERS[kernel]]
        return lambda: image.resize(size, resampling)

    def edit(self, spec: EditSpec) -> Call:
        source = Path(spec.source).read_bytes()
        resampling = Image.Resampling[_FILTERS[spec.kernel]]
        mark = None if spec.watermark is None else Path(spec.watermark[0]).read_bytes()
        options = {} if spec.quality is None else {"quality": spec.quality}

        def run() -> bytes:
            image = Image.open(io.BytesIO(source))
            if spec.shrink:  # as Image.thumbnail does with its default gap
                image.draft(None, (2 * spec.size[0], 2 * spec.size[1]))
            if spec.crop is not None:
                image = image.crop(spec.crop)
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
