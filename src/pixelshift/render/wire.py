"""Jobs, pictures and errors as messages; see :mod:`pixelshift.render.channel` for who trusts whom."""

import json
import pickle
from collections.abc import Mapping
from typing import Any

from pixelshift import errors
from pixelshift.edits.types import Format
from pixelshift.errors import PixelshiftError
from pixelshift.imaging.base import Encoded
from pixelshift.render.base import Job
from pixelshift.render.channel import ChannelBrokenError
from pixelshift.value import replace

_ERRORS: dict[str, type[PixelshiftError]] = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PixelshiftError)
}


def pack_job(job: Job) -> tuple[dict[str, Any], bytes]:
    """A job for a worker. What looks at pictures stays here; the worker learns only that there is something."""
    eyes = {"faces": job.find_faces is not None, "labels": job.find_labels is not None}
    bare = pickle.dumps(replace(job, source=b"", overlays={}, find_faces=None, find_labels=None))
    pieces = [bare, job.source, *job.overlays.values()]
    addresses = [list(address) for address in job.overlays]
    head = {"kind": "job", "sizes": [len(piece) for piece in pieces], "overlays": addresses, "eyes": eyes}
    return head, b"".join(pieces)


def unpack_job(head: Mapping[str, Any], body: bytes) -> Job:
    """A job as the service sent it, without eyes. For workers only: it unpickles."""
    pieces, position = [], 0
    for size in head["sizes"]:
        pieces.append(body[position : position + size])
        position += size
    bare, source, *overlays = pieces
    addresses = [(bucket, key) for bucket, key in head["overlays"]]
    job: Job = pickle.loads(bare)
    return replace(job, source=source, overlays=dict(zip(addresses, overlays, strict=True)))


def pack_encoded(encoded: Encoded) -> tuple[dict[str, Any], bytes]:
    """A finished picture for the service."""
    head = {
        "kind": "made",
        "format": encoded.format.value,
        "width": encoded.width,
        "height": encoded.height,
        "pages": encoded.pages,
        "timings_ms": dict(encoded.timings_ms),
    }
    return head, encoded.body


def unpack_encoded(head: Mapping[str, Any], body: bytes) -> Encoded:
    """A finished picture as a worker claims it.

    :raises ChannelBrokenError: it claims nonsense.
    """
    try:
        timings_ms = {str(name): float(ms) for name, ms in head["timings_ms"].items()}
        sides = int(head["width"]), int(head["height"])
        return Encoded(body, Format(head["format"]), *sides, pages=int(head["pages"]), timings_ms=timings_ms)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ChannelBrokenError(f"a picture without sense: {json.dumps(dict(head))[:200]}") from error


def pack_error(error: PixelshiftError) -> dict[str, Any]:
    """An error for the other side."""
    fields = {name: getattr(error, name) for name in ("message", "code", "status", "detail", "retry_after_s")}
    return {"kind": "failed", "error": type(error).__name__, **fields}


def unpack_error(head: Mapping[str, Any]) -> PixelshiftError:
    """An error as a worker claims it.

    :raises ChannelBrokenError: it claims nonsense.
    """
    kind, status, retry_after_s = _ERRORS.get(str(head.get("error"))), head.get("status"), head.get("retry_after_s")
    if kind is None or not isinstance(status, int) or not 400 <= status <= 599:
        raise ChannelBrokenError(f"an error without sense: {json.dumps(dict(head))[:200]}")
    return kind(
        str(head.get("message")),
        code=str(head.get("code")),
        status=status,
        detail=str(head.get("detail")),
        retry_after_s=retry_after_s if isinstance(retry_after_s, int) else None,
    )
