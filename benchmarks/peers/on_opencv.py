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

    def filter(self, picture: str, name: str) -> Call:
        """Greyscale weighs encoded levels, not light: less work. Results go into memory that is there already."""
        pixels = np.load(picture)
        out, (height, width) = np.empty_like(pixels), pixels.shape[:2]
        mild = np.full((3, 3), -1, np.float32) / 24
        mild[1, 1] = 32 / 24
        wide = np.arange(25, dtype=np.float32).reshape(5, 5) / 300
        curve = np.minimum(255, 1.2 * np.arange(256)).astype(np.uint8)
        sepia = np.array([[0.4, 0.7, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.1]])
        turn = cv2.getRotationMatrix2D((0, 0), -30, 1)
        shear = np.array([[1, 0.3, 0], [0.1, 0.7, 0]])
        turned = (round(0.866 * width + 0.5 * height), round(0.5 * width + 0.866 * height))
        turn[0, 2] = 0.5 * height
        sheared = (round(width + 0.3 * height), round(0.1 * width + 0.7 * height))
        calls: dict[str, Call] = {
            "box 3x3": lambda: cv2.blur(pixels, (3, 3), dst=out),
            "blur, sigma 3": lambda: cv2.GaussianBlur(pixels, (0, 0), 3, dst=out),
            "blur, sigma 20": lambda: cv2.GaussianBlur(pixels, (0, 0), 20, dst=out),
            "sharpen 3x3": lambda: cv2.filter2D(pixels, -1, mild, dst=out),
            "median 3": lambda: cv2.medianBlur(pixels, 3, dst=out),
            "median 9": lambda: cv2.medianBlur(pixels, 9, dst=out),
            "convolve 5x5": lambda: cv2.filter2D(pixels, -1, wide, dst=out),
            "greyscale": lambda: cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY),
            "linear 1.2": lambda: cv2.LUT(pixels, curve, dst=out),
            "recomb": lambda: cv2.transform(pixels, sepia, dst=out),
            "negate": lambda: cv2.bitwise_not(pixels, dst=out),
            "rotate 30": lambda: cv2.warpAffine(pixels, turn, turned),
            "affine": lambda: cv2.warpAffine(pixels, shear, sheared),
        }
        if name not in calls:
            raise NotOffered
        return calls[name]

    def edit(self, spec: EditSpec) -> Call:
        if spec.watermark is not None or spec.sharpen is not None:
            raise NotOffered
        source = np.frombuffer(Path(spec.source).read_bytes(), np.uint8)
        flags = {"jpeg": cv2.IMWRITE_JPEG_QUALITY, "webp": cv2.IMWRITE_WEBP_QUALITY}
        options = [] if spec.quality is None else [flags[spec.format], spec.quality]
        _, width, bands = cv2.imdecode(source, cv2.IMREAD_UNCHANGED).shape
        reduce = next(factor for factor in (4, 2, 1) if width >= 2 * factor * spec.size[0] or factor == 1)
        # A reduced picture has no alpha, and a crop's place is one in the whole picture.
        is_whole = not spec.shrink or spec.crop is not None or bands == 4
        how = cv2.IMREAD_UNCHANGED if is_whole else _REDUCED[reduce]

        def run() -> bytes:
            pixels = cv2.imdecode(source, how)
            if spec.crop is not None:
                left, top, right, bottom = spec.crop
                pixels = pixels[top:bottom, left:right]
            pixels = cv2.resize(pixels, spec.size, interpolation=cv2.INTER_AREA)
            return cv2.imencode(f".{spec.format}", pixels, options)[1].tobytes()

        return run


competitor = OpenCV
