"""Runs one competitor in its own process and environment: commands as JSON lines in, CPU milliseconds out.

Usage: worker.py pillow|opencv|pyvips. Every competitor gets its kindest setting: one thread, memory kept between calls
where it can be kept (Pillow's block cache, OpenCV's dst), no operation cache.
"""

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

Size = tuple[int, int]


class Competitor(ABC):
    version: str

    @abstractmethod
    def load(self, pixels: np.ndarray) -> object:
        """The picture in the library's own form."""

    @abstractmethod
    def resize(self, picture: Any, size: Size, kernel: str) -> Callable[[], object]:
        """A call that does all of the work."""


class Pillow(Competitor):
    def __init__(self) -> None:
        import PIL
        from PIL import Image

        self.version = PIL.__version__
        self.image = Image
        Image.core.set_blocks_max(64)

    def load(self, pixels: np.ndarray) -> object:
        return self.image.fromarray(pixels)

    def resize(self, picture: Any, size: Size, kernel: str) -> Callable[[], object]:
        names = {"linear": "BILINEAR", "cubic": "BICUBIC", "lanczos3": "LANCZOS", "nearest": "NEAREST"}
        resampling = self.image.Resampling[names[kernel]]
        return lambda: picture.resize(size, resampling)


class OpenCV(Competitor):
    """Not antialiased when reducing, and alpha is not premultiplied: less work, for reference."""

    def __init__(self) -> None:
        import cv2

        self.version = cv2.__version__
        self.cv2 = cv2
        cv2.setNumThreads(1)

    def load(self, pixels: np.ndarray) -> object:
        return pixels

    def resize(self, picture: Any, size: Size, kernel: str) -> Callable[[], object]:
        names = {
            "linear": "INTER_LINEAR",
            "cubic": "INTER_CUBIC",
            "lanczos3": "INTER_LANCZOS4",
            "nearest": "INTER_NEAREST",
        }
        target = np.zeros((size[1], size[0], *picture.shape[2:]), np.uint8)
        interpolation = getattr(self.cv2, names[kernel])
        return lambda: self.cv2.resize(picture, size, dst=target, interpolation=interpolation)


class Vips(Competitor):
    def __init__(self) -> None:
        import pyvips

        self.version = f"{pyvips.__version__} (libvips {'.'.join(str(pyvips.version(i)) for i in range(3))})"
        self.pyvips = pyvips
        pyvips.cache_set_max(0)
        pyvips.voperation.vips_lib.vips_concurrency_set(1)

    def load(self, pixels: np.ndarray) -> object:
        height, width, bands = pixels.shape
        kind = {1: "b-w", 3: "srgb", 4: "srgb"}[bands]
        image = self.pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar")
        return image.copy(interpretation=kind)

    def resize(self, picture: Any, size: Size, kernel: str) -> Callable[[], object]:
        across, down = size[0] / picture.width, size[1] / picture.height

        def run() -> object:
            if not picture.hasalpha():
                return picture.resize(across, vscale=down, kernel=kernel).write_to_memory()
            scaled = picture.premultiply().resize(across, vscale=down, kernel=kernel)
            return scaled.unpremultiply().cast("uchar").write_to_memory()

        return run


def serve(competitor: Competitor) -> None:
    pictures: dict[str, object] = {}
    calls: dict[str, Callable[[], object]] = {}
    print(json.dumps(competitor.version), flush=True)
    for line in sys.stdin:
        path, size, kernel = json.loads(line)
        if path not in pictures:
            pictures[path] = competitor.load(np.load(path))
        if line not in calls:
            calls.clear()
            calls[line] = competitor.resize(pictures[path], tuple(size), kernel)
            calls[line]()
        start = time.process_time()
        result = calls[line]()
        spent = time.process_time() - start
        del result
        print(json.dumps(spent * 1e3), flush=True)


if __name__ == "__main__":
    serve({"pillow": Pillow, "opencv": OpenCV, "pyvips": Vips}[sys.argv[1]]())
