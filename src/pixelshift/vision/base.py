"""What a vision provider is: something that finds faces, or labels that call for moderation."""

from collections.abc import Sequence
from typing import Protocol

from pixelshift.value import frozen


@frozen
class FaceBox:
    """Fractions of the picture's width and height, as Rekognition reports them: may lie partly outside 0-1."""

    left: float
    top: float
    width: float
    height: float


class FaceDetector(Protocol):
    """Finds faces in one encoded JPEG or PNG picture, in the provider's own order. No face is an empty list.

    :raises OriginError: the service failed; the caller gives it the contract's status and code.
    """

    def faces(self, image: bytes) -> Sequence[FaceBox]: ...


class Moderator(Protocol):
    """Names moderation labels at or above ``min_confidence`` (0-100) for one encoded JPEG or PNG picture.

    :raises OriginError: the service failed.
    """

    def labels(self, image: bytes, *, min_confidence: float) -> Sequence[str]: ...
