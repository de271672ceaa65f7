"""OpenCV. Only its INTER_AREA is antialiased when reducing, and alpha is not premultiplied: less work."""

from pathlib import Path

import cv2
import numpy as np
from competitor import Call, Competitor, EditSpec, NotOffered, Size

_INTERPOLATIONS = {
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos3": cv2.INTER_LANCZOS4,
    "nearest": cv2.INTER_NEAREST,
}
_REDUCED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}


class OpenCV(Competitor):
    def __init__(self) -> None:
        self.version = cv2.__version__
        cv2.setNumThreads(1)

    def resample(self, picture: str, size: Size, kernel: str) -> Call:
        pixels = np.load(picture)
        target = np.zeros((size[1], size[0], *pixels.shape[2:]), np.uint8)
        return lambda: cv2.resize(pixels, size, dst=target, interpolation=_INTERPOLATIONS[kernel])

    def edit(self, spec: EditSpec) -> Call:
        if spec.watermark is not None or spec.sharpen is not None:
            raise NotOffered
        source = np.frombuffer(Path(spec.source).read_bytes(), np.uint8)
        flags = {"jpeg": cv2.IMWRITE_JPEG_QUALITY, "webp": cv2.IMWRITE_WEBP_QUALITY}
        options = [] if spec.quality is None else [flags[spec.format], spec.quality]
        width = cv2.imdecode(source, cv2.IMREAD_UNCHANGED).shape[1]
        reduce = next(factor for factor in (4, 2, 1) if width >= 2 * factor * spec.size[0] or factor == 1)
        how = _REDUCED[reduce] if spec.shrink else cv2.IMREAD_UNCHANGED

        def run() -> bytes:
            pixels = cv2.imdecode(source, how)
            if spec.crop is not None:
                left, top, right, bottom = spec.crop
                pixels = pixels[top:bottom, left:right]
            pixels = cv2.resize(pixels, spec.size, interpolation=cv2.INTER_AREA)
            return cv2.imencode(f".{spec.format}", pixels, options)[1].tobytes()

        return run


competitor = OpenCV
