"""libvips by pyvips: the operations, without sharp's pipeline around them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvips
from competitor import Call, Competitor, EditSpec, NotOffered, Size


def _image(pixels: np.ndarray) -> pyvips.Image:
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar")
    return image.copy(interpretation="b-w" if bands == 1 else "srgb")


def _normalised(image: pyvips.Image) -> pyvips.Image:
    space = image.colourspace("lab")
    light = space[0]
    low, high = light.percent(1), light.percent(99)
    stretched = light.linear(100 / (high - low), -low * 100 / (high - low))
    return stretched.bandjoin(space.extract_band(1, n=2)).colourspace("srgb")


class Vips(Competitor):
    def __init__(self) -> None:
        self.version = f"{pyvips.__version__} (libvips {'.'.join(str(pyvips.version(i)) for i in range(3))})"
        pyvips.cache_set_max(0)
        pyvips.voperation.vips_lib.vips_concurrency_set(1)

    def resample(self, picture: str, size: Size, kernel: str) -> Call:
        image = _image(np.load(picture))
        across, down = size[0] / image.width, size[1] / image.height

        def run() -> bytes:
            if not image.hasalpha():
                return image.resize(across, vscale=down, kernel=kernel).write_to_memory()
            scaled = image.premultiply().resize(across, vscale=down, kernel=kernel)
            return scaled.unpremultiply().cast("uchar").write_to_memory()

        return run

    def filter(self, picture: str, name: str) -> Call:
        """As sharp calls it."""
        image = _image(np.load(picture))
        matrix = pyvips.Image.new_from_array
        mild = matrix([[-1, -1, -1], [-1, 32, -1], [-1, -1, -1]], scale=24)
        wide = matrix([[5 * row + column for column in range(5)] for row in range(5)], scale=300)
        sepia = matrix([[0.4, 0.7, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.1]])
        calls: dict[str, Callable[[], pyvips.Image]] = {
            "box 3x3": lambda: image.conv(matrix([[1.0] * 3] * 3, scale=9)),
            "blur, sigma 3": lambda: image.gaussblur(3, precision="integer", min_ampl=0.2),
            "blur, sigma 20": lambda: image.gaussblur(20, precision="integer", min_ampl=0.2),
            "sharpen 3x3": lambda: image.conv(mild),
            "sharpen, sigma 2": lambda: image.sharpen(sigma=2, m1=1, m2=2).colourspace("srgb"),
            "median 3": lambda: image.median(3),
            "median 9": lambda: image.median(9),
            "convolve 5x5": lambda: image.conv(wide),
            "clahe 50x50": lambda: image.hist_local(50, 50, max_slope=3),
            "greyscale": lambda: image.colourspace("b-w"),
            "hue 90": lambda: image.colourspace("lch").linear([1, 1, 1], [0, 0, 90]).colourspace("srgb"),
            "normalise": lambda: _normalised(image),
            "linear 1.2": lambda: image.linear([1.2], [0], uchar=True),
            "recomb": lambda: image.recomb(sepia),
            "negate": image.invert,
            "rotate 30": lambda: image.rotate(30),
            "affine": lambda: image.affine([1, 0.3, 0.1, 0.7]),
        }
        if name not in calls:
            raise NotOffered
        return lambda: calls[name]().cast("uchar").write_to_memory()

    def blend(self, base: str, overlay: str, mode: str) -> Call:
        below, above = _image(np.load(base)), _image(np.load(overlay))
        if mode == "watermark":
            return lambda: below.composite2(above, "over").flatten().write_to_memory()
        return lambda: below.composite2(above, mode).write_to_memory()

    def saliency(self, picture: str, strategy: str, width: int, height: int) -> Call:
        image = _image(np.load(picture))
        return lambda: image.smartcrop(width, height, interesting=strategy).write_to_memory()

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
