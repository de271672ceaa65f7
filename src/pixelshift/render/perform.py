"""One job, start to end, in the process that calls it."""

import time
from typing import TYPE_CHECKING

from pixelshift.edits.types import Animated, Edit, Format, ToFormat
from pixelshift.imaging.base import Assets, Encoded, Header, Output
from pixelshift.limits import Limits
from pixelshift.render.base import Job, Wish
from pixelshift.request.parse import rekey_quality

if TYPE_CHECKING:
    from pixelshift.imaging.plan import Plan


def perform(job: Job) -> Encoded:
    """Plans the job and runs the plan.

    :raises PixelshiftError: what the imaging core raises.
    """
    from pixelshift.imaging.deadline import Deadline
    from pixelshift.imaging.run import run

    assets = Assets(overlays=job.overlays, find_faces=job.find_faces, find_labels=job.find_labels)
    deadline = Deadline(job.deadline_s - time.monotonic())
    return run(planned(job.wish, job.source, job.limits), job.source, assets=assets, deadline=deadline)


def planned(wish: Wish, source: bytes, limits: Limits) -> "Plan":
    """Reads the header of ``source``, decides the format and plans.

    :raises PixelshiftError: what the imaging core raises.
    """
    from pixelshift.imaging.header import read_header
    from pixelshift.imaging.plan import plan

    header = read_header(source)
    final = final_format(wish, header)
    edits = rekey_quality(wish.edits, final) if wish.quality_follows and final is not None else wish.edits
    if _stands_still(edits, header, final or header.format):
        edits = (*edits, Animated(False))
    output = Output(
        format=final,
        webp_effort=wish.webp_effort if final is Format.WEBP else None,
        auto_orient=wish.auto_orient,
        keep_gps=wish.keep_gps,
    )
    return plan(edits, header, output, limits)


def _stands_still(edits: tuple[Edit, ...], header: Header, final: Format) -> bool:
    """An animated WebP that stays one is edited as its first frame unless asked otherwise (contract, 6.4)."""
    named = any(isinstance(edit, Animated) for edit in edits)
    return header.pages > 1 and header.format is Format.WEBP and final is Format.WEBP and not named


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
