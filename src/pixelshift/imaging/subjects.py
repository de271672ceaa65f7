"""Cutting to a face and blurring what should not be seen, by the eyes that the outside lends (contract 3.5, 3.7)."""

from collections.abc import Sequence

from pixelshift.edits.types import ContentModeration, SmartCrop
from pixelshift.errors import InvalidRequestError, OriginError
from pixelshift.imaging import geometry, saliency
from pixelshift.imaging.base import FindFaces, FindLabels
from pixelshift.imaging.geometry import Box, Size
from pixelshift.imaging.picture import Pixels, over_black

_LONGEST_SIDE_PX = 1_920
"""What is sent out is scaled to this: far below the providers' 5 MB, and boxes are fractions anyway."""
_MIN_SIGMA, _MAX_SIGMA = 0.3, 1_000.0

_Face = tuple[float, float, float, float]


def face_cut(pixels: Pixels, edit: SmartCrop, find_faces: FindFaces | None) -> Box | None:
    """What to keep, or ``None`` for everything: no face was found.

    Without a provider the most salient part stands in for a face. Raises InvalidRequestError
    (``SmartCrop::FaceIndexOutOfRange``, ``SmartCrop::PaddingOutOfBounds``) and OriginError (``SmartCrop::Error``).
    """
    size = Size(pixels.shape[1], pixels.shape[0])
    faces = [saliency.salient_region(pixels)] if find_faces is None else _found(pixels, find_faces)
    if not faces:
        return None
    if not 0 <= edit.face_index < len(faces):
        raise InvalidRequestError(
            f"faceIndex is {edit.face_index}, but {len(faces)} faces were found.", code="SmartCrop::FaceIndexOutOfRange"
        )
    box = geometry.face_box(size, faces[edit.face_index], edit.padding)
    if not box.inside(size):
        raise InvalidRequestError("padding leaves nothing of the face.", code="SmartCrop::PaddingOutOfBounds")
    return box


def _found(pixels: Pixels, find_faces: FindFaces) -> Sequence[_Face]:
    try:
        return find_faces(shown(pixels))
    except OriginError as error:
        # The contract's status for this one is 500 (7.3), unlike other failures of somebody else.
        raise OriginError(
            "Faces could not be looked for.", code="SmartCrop::Error", status=500, detail=str(error)
        ) from error


def must_blur(pixels: Pixels, edit: ContentModeration, find_labels: FindLabels | None) -> bool:
    """Whether any label, or any of those asked for, was found. Nobody to ask is an error: guessing would let through.

    Raises InvalidRequestError where nobody can be asked, OriginError (``Rekognition::DetectModerationLabelsError``)
    where who was asked failed.
    """
    if find_labels is None:
        raise InvalidRequestError("contentModeration: this service has nothing that could look at the picture.")
    code = "Rekognition::DetectModerationLabelsError"
    try:
        labels = find_labels(shown(pixels), edit.min_confidence)
    except OriginError as error:
        raise OriginError("Content could not be moderated.", code=code, status=500, detail=str(error)) from error
    return bool(labels if edit.labels is None else set(labels) & set(edit.labels))


def applicable(sigma: float) -> bool:
    """Contract 3.7: other sigmas silently mean no blur."""
    return _MIN_SIGMA <= sigma <= _MAX_SIGMA


def shown(pixels: Pixels) -> bytes:
    """The picture as a JPEG that a provider accepts."""
    from pixelshift.imaging.codecs.pillow import as_image, saved

    image = as_image(over_black(pixels))
    image.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
    return saved(image.convert("RGB"), "JPEG", quality=90)
