"""Making one answer: read the original and its overlays, pass through or render, head the result."""

import hashlib
import time
from collections.abc import Mapping

from pixelshift import ENGINE_VERSION
from pixelshift.delivery.media import media_type_of
from pixelshift.delivery.originals import Originals
from pixelshift.delivery.oversize import Oversize
from pixelshift.delivery.representation import (
    HeaderMap,
    Identity,
    Representation,
    confirmed,
    known_original,
    picture_headers,
)
from pixelshift.edits.types import ContentModeration, Format, Overlay, SmartCrop, ToFormat
from pixelshift.errors import (
    InternalError,
    InvalidRequestError,
    NotFoundError,
    OriginError,
    PixelshiftError,
    UnsupportedMediaError,
)
from pixelshift.imaging.base import Encoded, FindFaces, FindLabels
from pixelshift.limits import Limits
from pixelshift.origin.base import Original
from pixelshift.render.base import Job, Renderer, Wish
from pixelshift.render.perform import planned
from pixelshift.request.base import ImageRequest, RequestKind
from pixelshift.value import frozen
from pixelshift.vision.base import FaceDetector, Moderator

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


@frozen
class Eyes:
    """What looks at pictures; ``None`` where nothing is configured."""

    faces: FaceDetector | None = None
    moderator: Moderator | None = None


@frozen
class Order:
    """A request with its negotiation settled."""

    image: ImageRequest
    formats: tuple[Format, ...] = ()
    """What the client takes, where it was asked."""
    varies: bool = False
    """Another Accept could have brought another format."""
    key: str = ""
    """The same for every request that gets the same bytes and entity headers."""


def order_key(image: ImageRequest, formats: tuple[Format, ...]) -> str:
    """A digest of everything that decides the answer beside the originals' bytes."""
    parts = (
        ENGINE_VERSION,
        image.bucket,
        image.key,
        image.edits,
        image.has_edits,
        image.output_format,
        image.webp_effort,
        sorted(image.headers.items()),
        formats,
        image.kind is not RequestKind.DEFAULT,
    )
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


@frozen
class Studio:
    """Everything that making a picture needs."""

    originals: Originals
    renderer: Renderer
    eyes: Eyes
    limits: Limits
    auto_orient: bool = False
    keep_gps: bool = False
    oversize: Oversize | None = None
    """What is done about bodies that the face cannot send, where it has such a limit."""

    def produce(self, order: Order, deadline_s: float) -> Representation:
        """Makes the answer to one order.

        :raises PixelshiftError: whatever goes wrong, with the contract's status and code.
        """
        started_s = time.monotonic()
        image = order.image
        original = self.originals.fetch(image.bucket, image.key, deadline_s=deadline_s)
        media_type = media_type_of(original)
        overlays = self._overlays(image, deadline_s)
        fetch_ms = (time.monotonic() - started_s) * 1000
        timings_ms: dict[str, float] = {"fetch": fetch_ms}
        if _passes_through(order, media_type):
            body = original.body if media_type != Format.SVG.media_type else _harmless(original.body, self.limits)
        else:
            encoded = self._render(self._job(order, original, overlays, deadline_s))
            body, media_type = encoded.body, _media_type(encoded, image)
            timings_ms |= encoded.timings_ms
        identities: tuple[Identity, ...] = (
            (image.bucket, image.key, original.etag),
            *((*address, one.etag) for address, one in overlays.items()),
        )
        headers = picture_headers(original, media_type, image.headers)
        digest = _finish_headers(headers, order, media_type, identities)
        made = Representation(200, headers, body, identities, timings_ms, age_s=original.age_s)
        return made if self.oversize is None else self.oversize.fit(made, digest, deadline_s, image.expires)

    def explain(self, order: Order, deadline_s: float) -> str:
        """How :meth:`produce` would make the picture, for people: one line a step, with sizes and estimated cost.

        :raises PixelshiftError: as :meth:`produce` does before it decodes anything.
        """
        image = order.image
        original = self.originals.fetch(image.bucket, image.key, deadline_s=deadline_s)
        if _passes_through(order, media_type_of(original)):
            return f"pass through {len(original.body)} bytes"
        return str(planned(self._wish(order), original.body, self.limits))

    def _render(self, job: Job) -> Encoded:
        try:
            return self.renderer.render(job)
        except UnsupportedMediaError as error:
            # Its type was given or guessed above, so the bytes are to blame; upstream's code for that.
            raise InvalidRequestError(
                "The stored object is not the picture that its type promises.",
                code="InstantiationError",
                detail=error.message,
            ) from error

    def confirm(self, image: ImageRequest, made: Representation, deadline_s: float) -> Representation | None:
        """The answer with its headers as the original's store has them now; ``None`` if any original has changed.

        :raises PixelshiftError: an origin could not tell.
        """
        latest: Original | None = None
        for number, (bucket, key, etag) in enumerate(made.identities):
            known = known_original(made, etag) if number == 0 else Original(b"", etag)
            found = self.originals.confirm(bucket, key, known, deadline_s=deadline_s)
            if found is None:
                return None
            latest = latest or found
        return made if latest is None else confirmed(made, latest, image.headers)

    def _overlays(self, image: ImageRequest, deadline_s: float) -> dict[tuple[str, str], Original]:
        """Overlay originals by address; a missing one is the client's mistake (contract, 3.4)."""
        addresses = dict.fromkeys((one.bucket, one.key) for one in image.edits if isinstance(one, Overlay))
        found = {}
        for address in addresses:
            try:
                found[address] = self.originals.fetch(*address, deadline_s=deadline_s)
            except NotFoundError as error:
                raise InvalidRequestError(
                    "The overlay picture does not exist.", code="OverlayImageException", detail=error.detail
                ) from error
        return found

    def _job(
        self,
        order: Order,
        original: Original,
        overlays: Mapping[tuple[str, str], Original],
        deadline_s: float,
    ) -> Job:
        image = order.image
        return Job(
            source=original.body,
            wish=self._wish(order),
            limits=self.limits,
            deadline_s=deadline_s,
            identity=f"{image.bucket}/{image.key}@{original.etag}",
            overlays={address: one.body for address, one in overlays.items()},
            find_faces=self._face_finder(image),
            find_labels=self._label_finder(image),
        )

    def _wish(self, order: Order) -> Wish:
        image = order.image
        return Wish(
            edits=image.edits,
            formats=order.formats,
            format=image.output_format,
            webp_effort=image.webp_effort,
            quality_follows=image.kind is not RequestKind.DEFAULT,
            auto_orient=self.auto_orient,
            keep_gps=self.keep_gps,
        )

    def _face_finder(self, request: ImageRequest) -> FindFaces | None:
        detector = self.eyes.faces
        if detector is None or not any(isinstance(one, SmartCrop) for one in request.edits):
            return None

        def find(image: bytes) -> list[tuple[float, float, float, float]]:
            try:
                boxes = detector.faces(image)
            except OriginError as error:
                raise _blind("SmartCrop::Error", error) from error
            return [(box.left, box.top, box.width, box.height) for box in boxes]

        return find

    def _label_finder(self, image: ImageRequest) -> FindLabels | None:
        moderator = self.eyes.moderator
        if moderator is None or not any(isinstance(one, ContentModeration) for one in image.edits):
            return None

        def find(picture: bytes, min_confidence: float) -> list[str]:
            try:
                return list(moderator.labels(picture, min_confidence=min_confidence))
            except OriginError as error:
                raise _blind("Rekognition::DetectModerationLabelsError", error) from error

        return find


def _blind(code: str, error: PixelshiftError) -> InternalError:
    return InternalError("The picture could not be looked at.", code=code, detail=f"{error.message}: {error.detail}")


def _passes_through(order: Order, media_type: str) -> bool:
    """Whether the original's own bytes are the answer (contract, 6.2 and 6.3).

    Negotiation that picks the format a picture already has changes nothing either.
    """
    image = order.image
    if image.has_edits:
        return False
    if media_type == Format.SVG.media_type:
        return True
    if order.formats:
        return order.formats[0].media_type == media_type
    return image.output_format is None


def _media_type(encoded: Encoded, image: ImageRequest) -> str:
    """The type of the bytes; ``image/jpg`` where an edit named it so, which upstream's clients may compare with."""
    named = [edit.written for edit in image.edits if isinstance(edit, ToFormat) and edit.format is encoded.format]
    return f"image/{named[-1]}" if named and named[-1] else encoded.format.media_type


def _harmless(drawing: bytes, limits: Limits) -> bytes:
    """A drawing without scripts and references; clean ones keep every byte."""
    from pixelshift.imaging.svg import sanitise

    return sanitise(drawing, limits)


def _finish_headers(headers: HeaderMap, order: Order, media_type: str, identities: tuple[Identity, ...]) -> str:
    """Adds what depends on the whole order: validator, Vary, and a cage for drawings. Returns the answer's digest."""
    digest = hashlib.sha256(repr((order.key, identities)).encode("utf-8", "surrogatepass")).hexdigest()
    if headers.find("ETag") is None:
        headers["ETag"] = f'"{digest[:32]}"'
    if order.varies and media_type != Format.SVG.media_type:
        named = headers.find("Vary")
        headers["Vary"] = f"{named}, Accept" if named else "Accept"
    if media_type == Format.SVG.media_type:
        headers["Content-Security-Policy"] = SVG_POLICY
        headers["Content-Disposition"] = "attachment"  # shown where a page embeds it, saved where somebody opens it
        headers["X-Content-Type-Options"] = "nosniff"  # of no effect on other pictures, and theirs to deny upstream
    headers["Accept-Ranges"] = "bytes"
    return digest


def negotiates(image: ImageRequest) -> bool:
    """Whether the format is left to negotiation: no edit names one."""
    return not any(isinstance(edit, ToFormat) for edit in image.edits)
