"""libvips by pyvips: the operations, without sharp's pipeline around them."""

from pathlib import Path

import numpy as np
import pyvips
from competitor import Call, Competitor, EditSpec, Size


class Vips(Competitor):
    def __init__(self) -> None:
        self.version = f"{pyvips.__version__} (libvips {'.'.join(str(pyvips.version(i)) for i in range(3))})"
        pyvips.cache_set_max(0)
        pyvips.voperation.vips_lib.vips_concurrency_set(1)

    def resample(self, picture: str, size: Size, kernel: str) -> Call:
        pixels = np.load(picture)
        height, width, bands = pixels.shape
        image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar")
        image = image.copy(interpretation="b-w" if bands == 1 else "srgb")
        across, down = size[0] / width, size[1] / height

        def run() -> bytes:
            if not image.hasalpha():
                return image.resize(across, vscale=down, kernel=kernel).write_to_memory()
            scaled = image.premultiply().resize(across, vscale=down, kernel=kernel)
            return scaled.unpremultiply().cast("uchar").write_to_memory()

        return run

    def edit(self, spec: EditSpec) -> Call:
        source = Path(spec.source).read_bytes()
        mark = None if spec.watermark is None else Path(spec.watermark[0]).read_bytes()
        options = {} if spec.quality is None else {"Q": spec.quality}

        def scaled() -> pyvips.Image:
            if spec.shrink and spec.crop is None:
                return pyvips.Image.thumbnail_buffer(source, spec.size[0], height=spec.size[1], size="force")
            image = pyvips.Image.new_from_buffer(source, "")
            if spec.crop is not None:
                left, top, right, bottom = spec.crop
                image = image.crop(left, top, right - left, bottom - top)
            across, down = spec.size[0] / image.width, spec.size[1] / image.height
            if not image.hasalpha():
                return image.resize(across, vscale=down, kernel=spec.kernel)
            image = image.premultiply().resize(across, vscale=down, kernel=spec.kernel)
            return image.unpremultiply().cast("uchar")

        def run() -> bytes:
            image = scaled()
            if spec.sharpen is not None:
                image = image.sharpen(sigma=spec.sharpen)
            if mark is not None:
                above = pyvips.Image.new_from_buffer(mark, "")
                image = image.composite2(above, "over", x=spec.watermark[1], y=spec.watermark[2]).flatten()
            return image.write_to_buffer(f".{spec.format}", **options)

        return run


competitor = Vips
