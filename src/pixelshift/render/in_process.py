"""Rendering in the process that asks: Lambda, which has one request at a time, and the command line."""

from pixelshift.imaging.base import Encoded
from pixelshift.render.base import Job
from pixelshift.render.perform import perform


class InProcess:
    """Renders in the caller's thread."""

    def render(self, job: Job) -> Encoded:
        """Renders now. See :class:`pixelshift.render.base.Renderer`."""
        return perform(job)

    def close(self) -> None:
        """Has nothing to end."""
