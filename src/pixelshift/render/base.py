"""What a renderer is: something that turns a job into an encoded picture."""

from collections.abc import Mapping
from typing import Protocol

from pixelshift.edits.types import Edit, Format
from pixelshift.imaging.base import Encoded, FindFaces, FindLabels
from pixelshift.limits import Limits
from pixelshift.value import field, frozen


@frozen
class Wish:
    """What is to be done to a picture; nothing in it is specific to one original."""

    edits: tuple[Edit, ...] = ()
    formats: tuple[Format, ...] = ()
    """Formats that the client takes, most wanted first; a picture that a format cannot hold passes it over."""
    format: Format | None = None
    """The final format where none of ``formats`` applies; ``None`` is the source's own."""
    webp_effort: int | None = None
    quality_follows: bool = False
    """The first encoder edit takes the final format's name (contract, 4.4)."""
    auto_orient: bool = False
    keep_gps: bool = False


@frozen
class Job:
    """One picture to make."""

    source: bytes
    wish: Wish
    limits: Limits
    deadline_s: float
    """On the clock of :func:`time.monotonic`, which all processes of a machine share."""
    identity: str = ""
    """Of the original, so that one which brings renderers down can be told."""
    overlays: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    find_faces: FindFaces | None = None
    find_labels: FindLabels | None = None


class Renderer(Protocol):
    """Makes pictures. Thread-safe.

    :raises PixelshiftError: what the imaging core raises; 500 ``ProcessingFailure`` when a codec brought its process
        down; 503 when the deadline passed or too much waits.
    """

    def render(self, job: Job) -> Encoded: ...

    def close(self) -> None:
        """Ends what was started; no job may be under way or follow."""
        ...
