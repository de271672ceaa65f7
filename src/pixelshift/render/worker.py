"""A render process: ``python -m pixelshift.render.worker CHANNEL LIFELINE MEMORY_BYTES``.

It reads jobs from one inherited socket until that ends. It knows no secrets, opens no connections, and whatever a
picture does to it, only that picture's request is lost.
"""

import contextlib
import fcntl
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pixelshift.errors import InternalError, PixelshiftError, TooLargeError
from pixelshift.render.base import Job
from pixelshift.render.channel import Channel, ChannelBrokenError, ChannelClosedError
from pixelshift.render.perform import perform
from pixelshift.render.wire import pack_encoded, pack_error, unpack_error, unpack_job
from pixelshift.value import replace

_BODY_LIMIT_BYTES = 2**34
_OOM_SCORE = "500"
_OPEN_FILES = 64


def main(arguments: Sequence[str]) -> None:
    """Serves jobs until the service closes the channel."""
    channel_number, lifeline, memory_bytes = map(int, arguments)
    die_with_the_service(lifeline)
    confine(memory_bytes)
    warm_up()
    with socket.socket(fileno=channel_number) as end:
        serve(Channel(end, body_limit_bytes=_BODY_LIMIT_BYTES))


def serve(channel: Channel) -> None:
    """Announces itself, then answers one job after the other."""
    with contextlib.suppress(ChannelClosedError):
        channel.send({"kind": "ready"})
        while True:
            head, body = channel.receive()
            channel.send(*answer(channel, head, body))


def answer(channel: Channel, head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Does one job; every exception becomes an error that the service can send."""
    try:
        return pack_encoded(perform(_with_eyes(unpack_job(head, body), head["eyes"], channel)))
    except PixelshiftError as error:
        return pack_error(error), b""
    except MemoryError:
        return pack_error(TooLargeError("The picture needs more memory than one request may use.")), b""
    except (ChannelClosedError, ChannelBrokenError):
        raise
    except Exception as error:  # whatever a codec raises, the service must hear of it
        failure = InternalError(
            "The picture could not be processed.", code="ProcessingFailure", detail=repr(error)[:500]
        )
        return pack_error(failure), b""


def _with_eyes(job: Job, eyes: dict[str, bool], channel: Channel) -> Job:
    """Gives the job eyes that ask the service to look."""

    def look(question: dict[str, Any], picture: bytes) -> list[Any]:
        channel.send({"kind": "look", **question}, picture)
        reply, _ = channel.receive()
        if reply["kind"] == "failed":
            raise unpack_error(reply)
        return list(reply["seen"])

    def find_faces(image: bytes) -> list[tuple[float, float, float, float]]:
        return [(left, top, width, height) for left, top, width, height in look({"for": "faces"}, image)]

    def find_labels(picture: bytes, min_confidence: float) -> list[str]:
        return look({"for": "labels", "min_confidence": min_confidence}, picture)

    return replace(
        job,
        find_faces=find_faces if eyes["faces"] else None,
        find_labels=find_labels if eyes["labels"] else None,
    )


def die_with_the_service(lifeline: int) -> None:
    """Has the kernel end this process when the other end of ``lifeline`` closes, even if a codec hangs in C.

    SIGIO's default action ends a process; nothing but the service's death ever makes the pipe readable.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        if os.read(lifeline, 1) == b"":
            sys.exit("the service was gone before its worker came up")


def confine(memory_bytes: int) -> None:
    """Bounds what a picture can do: memory, open files, core dumps; the kernel shall choose us when memory ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the service, which closes the channel
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)


def warm_up() -> None:
    """Imports what every job needs, before the first one waits for it."""
    import pixelshift.imaging.plan
    import pixelshift.imaging.run  # noqa: F401  # imported for its effect on sys.modules


if __name__ == "__main__":
    main(sys.argv[1:])
