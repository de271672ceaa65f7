"""Faces without any service, by the boosted Haar cascades that OpenCV 4 carries in its wheel.

Source: P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001, in
R. Lienhart's tree form (``haarcascade_frontalface_alt2``). It finds upright faces that look at the camera; faces from
the side are not found (the profile cascade saw them in fruit). OpenCV 5 has dropped the cascades and their reader,
hence the extra's upper bound.
"""

import threading
from collections.abc import Sequence
from typing import Any

from pixelshift.errors import InternalError, OriginError
from pixelshift.vision.base import FaceBox

_CASCADE = "haarcascade_frontalface_alt2.xml"
_MISSING = "the local face detector is not installed"
_SIDE_PX = 640
"""The longer side that is searched: a face of a twentieth of it is still 32 pixels wide."""
_SMALLEST_PX = 24
_SMALLEST_SHARE = 20
_SCALE_STEP = 1.1
_NEIGHBOURS = 8


class LocalFaces:
    """A :class:`pixelshift.vision.base.FaceDetector`: the largest face first. Thread-safe, one picture at a time.

    :raises InternalError: from the first use, where OpenCV 4 is not installed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cascade: Any = None

    def faces(self, image: bytes) -> Sequence[FaceBox]:
        """Searches upright faces seen from the front.

        The EXIF orientation is not applied: boxes are fractions of the pixels as they are stored.

        :raises OriginError: the bytes are no picture that OpenCV reads.
        """
        with self._lock:
            boxes = _search(self._loaded(), _decode(image))
        return sorted(boxes, key=lambda box: box.width * box.height, reverse=True)

    def _loaded(self) -> Any:
        if self._cascade is None:
            try:
                import cv2

                path = f"{cv2.data.haarcascades}{_CASCADE}"  # type: ignore[attr-defined]  # a package cv2's stubs lack
                cascade = cv2.CascadeClassifier(path)
            except (ImportError, AttributeError) as error:
                raise InternalError(_MISSING, detail="install pixelshift[faces]") from error
            if cascade.empty():
                raise InternalError(_MISSING, detail=f"OpenCV came without {_CASCADE}")
            self._cascade = cascade
        return self._cascade


def _decode(image: bytes) -> Any:
    """Returns uint8 grey levels, shape (height, width), the longer side at most ``_SIDE_PX``."""
    import cv2
    import numpy as np

    try:
        grey = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise OriginError("the face detector cannot read the picture", detail=str(error)) from error
    if grey is None:
        raise OriginError("the face detector cannot read the picture")
    height, width = grey.shape
    scale = _SIDE_PX / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return grey


def _search(cascade: Any, grey: Any) -> list[FaceBox]:
    height, width = grey.shape
    smallest_px = max(_SMALLEST_PX, max(height, width) // _SMALLEST_SHARE)
    found = cascade.detectMultiScale(
        grey, scaleFactor=_SCALE_STEP, minNeighbors=_NEIGHBOURS, minSize=(smallest_px, smallest_px)
    )
    return [
        FaceBox(float(left / width), float(top / height), float(w / width), float(h / height))
        for left, top, w, h in found
    ]
