"""Making a picture small enough for a service that takes only so many bytes."""

import time

from pixelshift.edits.types import Encode, Fit, Format, Resize
from pixelshift.errors import TooLargeError
from pixelshift.limits import Limits
from pixelshift.render.base import Job, Wish
from pixelshift.render.perform import perform

_SIDES_PX = (4096, 2048, 1024, 512)
_QUALITY = 85
_TIME_S = 10.0


def shrink(image: bytes, limit_bytes: int) -> bytes:
    """The picture as JPEG of at most ``limit_bytes``, its sides in proportion.

    :raises TooLargeError: not even 512 pixels fit.
    """
    for side in _SIDES_PX:
        inside = Resize(side, side, fit=Fit.INSIDE, without_enlargement=True)
        edits = (inside, Encode(Format.JPEG, (("quality", _QUALITY),)))
        job = Job(image, Wish(edits, format=Format.JPEG), Limits(), time.monotonic() + _TIME_S)
        smaller = perform(job).body
        if len(smaller) <= limit_bytes:
            return smaller
    raise TooLargeError("The picture is too large to be looked at.")
