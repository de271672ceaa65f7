"""Faces and moderation labels by Amazon Rekognition, through boto3: slow to import, so only at the first use."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pixelshift.errors import OriginError
from pixelshift.value import frozen
from pixelshift.vision.base import FaceBox

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

IMAGE_LIMIT_BYTES = 5 * 1024 * 1024
"""What Rekognition takes as bytes, by its quotas page."""

Shrink = Callable[[bytes, int], bytes]
"""Returns a smaller picture of the same proportions, as JPEG or PNG of at most so many bytes."""

_BUSY_CODES = frozenset(
    {"LimitExceededException", "ProvisionedThroughputExceededException", "ThrottlingException", "SlowDown"}
)


@frozen
class RekognitionSettings:
    """Where Rekognition is and how long it may take; credentials are found as boto3 finds them."""

    region: str = "us-east-1"
    endpoint_url: str | None = None
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 8.0


class Rekognition:
    """A :class:`pixelshift.vision.base.FaceDetector` and :class:`pixelshift.vision.base.Moderator`. Thread-safe.

    ``shrink`` is asked about pictures above :data:`IMAGE_LIMIT_BYTES`; boxes are relative, so none is rescaled.
    """

    def __init__(self, settings: RekognitionSettings, *, shrink: Shrink) -> None:
        self._settings = settings
        self._shrink = shrink
        self._lock = threading.Lock()
        self._client: RekognitionClient | None = None

    def faces(self, image: bytes) -> Sequence[FaceBox]:
        """Calls DetectFaces."""
        answer = self._call("detect_faces", Image={"Bytes": self._fitting(image)})
        boxes = [detail.get("BoundingBox", {}) for detail in answer.get("FaceDetails", [])]
        return [FaceBox(*(float(box.get(side, 0.0)) for side in ("Left", "Top", "Width", "Height"))) for box in boxes]

    def labels(self, image: bytes, *, min_confidence: float) -> Sequence[str]:
        """Calls DetectModerationLabels."""
        answer = self._call(
            "detect_moderation_labels", Image={"Bytes": self._fitting(image)}, MinConfidence=min_confidence
        )
        return [str(label["Name"]) for label in answer.get("ModerationLabels", []) if "Name" in label]

    def _fitting(self, image: bytes) -> bytes:
        return image if len(image) <= IMAGE_LIMIT_BYTES else self._shrink(image, IMAGE_LIMIT_BYTES)

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._connected(), operation)(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            busy = code in _BUSY_CODES
            raise OriginError(
                "Rekognition refused", status=503 if busy else 502, detail=code, retry_after_s=2 if busy else None
            ) from error
        except BotoCoreError as error:
            raise OriginError("Rekognition does not answer", detail=str(error), retry_after_s=5) from error
        return answer

    def _connected(self) -> "RekognitionClient":
        with self._lock:
            if self._client is None:
                try:
                    import boto3
                except ImportError as error:
                    raise OriginError("Rekognition needs boto3", detail="install pixelshift[aws]") from error
                from botocore.config import Config

                settings = self._settings
                self._client = boto3.session.Session().client(
                    "rekognition",
                    region_name=settings.region,
                    endpoint_url=settings.endpoint_url,
                    config=Config(connect_timeout=settings.connect_timeout_s, read_timeout=settings.read_timeout_s),
                )
            return self._client
