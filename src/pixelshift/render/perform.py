"""One job, start to end, in the process that calls it."""

import time

from pixelshift.edits.types import Animated, Format, ToFormat
from pixelshift.imaging.base import Assets, Encoded, Header, Output
from pixelshift.render.base import Job, Wish
from pixelshift.request.parse import rekey_quality


def perform(job: Job) -> Encoded:
    """Reads the header, decides the format, plans and runs.

    :raises PixelshiftError: what the imaging core raises.
    """
    from pixelshift.imaging.deadline import Deadline
    from pixelshift.imaging.header import read_header
    from pixelshift.imaging.plan import plan
    from pixelshift.imaging.run import run

    header = read_header(job.source)
    final = final_format(job.wish, header)
    wish = job.wish
    edits = rekey_quality(wish.edits, final) if wish.quality_follows and final is not None else wish.edits
    output = Output(
        format=final,
        webp_effort=wish.webp_effort if final is Format.WEBP else None,
        auto_orient=wish.auto_orient,
        keep_gps=wish.keep_gps,
    )
    assets = Assets(overlays=job.overlays, find_faces=job.find_faces, find_labels=job.find_labels)
    deadline = Deadline(job.deadline_s - time.monotonic())
    return run(plan(edits, header, output, job.limits), job.source, assets=assets, deadline=deadline)


def final_format(wish: Wish, header: Header) -> Format | None:
    """The contract's order (6.1): an explicit edit, the client's Accept, the body's ``outputFormat``, the source's own.

    A format that cannot hold the frames of an animation is passed over in negotiation, where nobody asked for it.
    A drawing that is edited becomes PNG when nothing else is asked (6.3).
    """
    explicit = next((edit.format for edit in reversed(wish.edits) if isinstance(edit, ToFormat)), None)
    if explicit is not None:
        return explicit
    animated = header.pages > 1 and Animated(False) not in wish.edits
    for one in wish.formats:
        if one.can_animate or not animated:
            return one
    if wish.format is None and header.format is Format.SVG:
        return Format.PNG
    return wish.format
