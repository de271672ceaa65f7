"""Rendering in processes of its own: a picture that crashes, hangs or swallows memory takes only its request along."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pixelshift.errors import InternalError, OverloadedError, PixelshiftError
from pixelshift.imaging.base import Encoded
from pixelshift.imaging.deadline import too_late
from pixelshift.render.base import Job
from pixelshift.render.channel import Channel, ChannelBrokenError, ChannelClosedError
from pixelshift.render.wire import pack_error, pack_job, unpack_encoded, unpack_error
from pixelshift.value import field, frozen

_BODY_LIMIT_BYTES = 2**31
_GRACE_S = 0.5
_START_S = 30.0
_SUSPECTS = 1024


@frozen
class PoolOptions:
    """How many processes, and what each may do."""

    size: int
    memory_bytes: int = 4 * 1024**3
    environment: Mapping[str, str] = field(default_factory=dict)
    """All that a worker sees of ours: no credentials."""
    jobs_per_worker: int = 1000
    """After so many a process makes way for a new one, so that no leak in a codec grows for ever."""
    crashes_allowed: int = 2
    """From so many on an original is refused for ``quarantine_s``."""
    quarantine_s: float = 600.0
    command: Sequence[str] = (sys.executable, "-m", "pixelshift.render.worker")


class WorkerLostError(Exception):
    """A worker ended, or had to be ended, in the middle of a job."""


class WorkerOverdueError(WorkerLostError):
    """It had to be ended because its time was up."""


class WorkerPool:
    """Renders each job in one of ``size`` processes, one job at a time each."""

    def __init__(self, options: PoolOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._suspects = Suspects(options.crashes_allowed, options.quarantine_s, clock)
        self._changed = threading.Condition()
        self._closed = False
        self._workers = [Worker(options) for _ in range(options.size)]
        self._idle = list(self._workers)

    def render(self, job: Job) -> Encoded:
        """Renders in a worker. See :class:`pixelshift.render.base.Renderer`."""
        self._suspects.refuse(job.identity)
        worker = self._take(job.deadline_s)
        try:
            return worker.perform(job)
        except WorkerOverdueError as error:
            # Mere slowness is no ground for refusing the original's other pictures.
            raise too_late() from error
        except WorkerLostError as error:
            self._suspects.note(job.identity)
            raise InternalError(
                "The picture could not be processed: its decoder or encoder failed.",
                code="ProcessingFailure",
                detail=str(error),
            ) from error
        finally:
            self._give_back(worker)

    def process_ids(self) -> tuple[int, ...]:
        """The processes now in service."""
        with self._changed:
            return tuple(worker.process_id for worker in self._workers)

    def close(self) -> None:
        """Ends all workers; those that do not leave by themselves are killed."""
        with self._changed:
            self._closed = True
            workers, self._workers, self._idle = self._workers, [], []
            self._changed.notify_all()
        for worker in workers:
            worker.dismiss()
        for worker in workers:
            worker.bury()

    def _take(self, deadline_s: float) -> "Worker":
        """The worker used last is taken first: its memory is warm."""
        with self._changed:
            while not self._idle:
                if self._closed:
                    raise OverloadedError("The service is shutting down.", code="ShuttingDown", retry_after_s=1)
                if not self._changed.wait(timeout=max(0.0, deadline_s - time.monotonic())):
                    raise OverloadedError("All renderers are busy.", retry_after_s=1)
            return self._idle.pop()

    def _give_back(self, worker: "Worker") -> None:
        with self._changed:
            if self._closed:
                return
        if not worker.is_fit:
            worker.bury()
        with self._changed:
            if self._closed:
                return
            if not worker.is_fit:
                fresh = Worker(self._options)
                self._workers[self._workers.index(worker)] = fresh
                worker = fresh
            self._idle.append(worker)
            self._changed.notify()


class Worker:
    """One render process and the channel to it. One job at a time."""

    def __init__(self, options: PoolOptions) -> None:
        self._jobs_left = options.jobs_per_worker
        self._ready = False
        ours, theirs = socket.socketpair()
        their_lifeline, self._lifeline = os.pipe2(os.O_CLOEXEC)
        try:
            self._process = subprocess.Popen(
                [*options.command, str(theirs.fileno()), str(their_lifeline), str(options.memory_bytes)],
                stdin=subprocess.DEVNULL,
                env=dict(options.environment),
                pass_fds=(theirs.fileno(), their_lifeline),
            )
        finally:
            theirs.close()
            os.close(their_lifeline)
        self._channel = Channel(ours, body_limit_bytes=_BODY_LIMIT_BYTES)

    @property
    def process_id(self) -> int:
        """Of the render process."""
        return self._process.pid

    @property
    def is_fit(self) -> bool:
        """Whether it can take another job."""
        return self._jobs_left > 0

    def perform(self, job: Job) -> Encoded:
        """Has the job done.

        :raises WorkerOverdueError: the process was killed for not stopping at the job's deadline.
        :raises WorkerLostError: the process ended, or said nonsense.
        :raises PixelshiftError: what the job raised.
        """
        self._jobs_left -= 1
        limit_s = job.deadline_s + _GRACE_S  # a job that can still think stops itself at its deadline
        try:
            self._await_ready()
            self._channel.send(*pack_job(job), deadline_s=limit_s)
            while True:
                head, body = self._channel.receive(deadline_s=limit_s)
                if head.get("kind") != "look":
                    return _outcome(head, body)
                self._channel.send(_look(job, head, body), deadline_s=limit_s)
        except TimeoutError as error:
            self._kill()
            raise WorkerOverdueError("killed: it did not stop at its deadline") from error
        except (ChannelClosedError, ChannelBrokenError) as error:
            self._kill()
            raise WorkerLostError(f"{error}; exit status {self._process.returncode}") from error

    def dismiss(self) -> None:
        """Asks the process to leave."""
        self._channel.close()

    def bury(self) -> None:
        """Waits for the process to be gone, with force where it must be."""
        self._channel.close()
        try:
            self._process.wait(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            self._kill()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _await_ready(self) -> None:
        if not self._ready:
            self._channel.receive(deadline_s=time.monotonic() + _START_S)
            self._ready = True

    def _kill(self) -> None:
        self._jobs_left = 0
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


class Suspects:
    """Originals that were in work when a renderer died; a repeated offender is refused for a while."""

    def __init__(self, crashes_allowed: int, quarantine_s: float, clock: Callable[[], float]) -> None:
        self._crashes_allowed = crashes_allowed
        self._quarantine_s = quarantine_s
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def refuse(self, identity: str) -> None:
        """Raises 500 ``ProcessingFailure`` for an original in quarantine."""
        with self._lock:
            crashes, until_s = self._seen.get(identity, (0, 0.0))
        remaining_s = until_s - self._clock()
        if crashes >= self._crashes_allowed and remaining_s > 0:
            raise InternalError(
                "The picture could not be processed: its decoder or encoder failed.",
                code="ProcessingFailure",
                detail=f"in quarantine after {crashes} crashes",
                retry_after_s=max(1, int(remaining_s)),
            )

    def note(self, identity: str) -> None:
        """Counts a crash; the time of the last one starts the quarantine."""
        with self._lock:
            now_s = self._clock()
            crashes, until_s = self._seen.pop(identity, (0, 0.0))
            self._seen[identity] = (crashes + 1 if now_s < until_s else 1, now_s + self._quarantine_s)
            while len(self._seen) > _SUSPECTS:
                self._seen.popitem(last=False)


def _outcome(head: Mapping[str, Any], body: bytes) -> Encoded:
    if head.get("kind") == "made":
        return unpack_encoded(head, body)
    if head.get("kind") != "failed":
        raise ChannelBrokenError("a message of no known kind")
    raise unpack_error(head)


def _look(job: Job, head: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
    """Lets the job's eyes look at what the worker shows."""
    try:
        if head.get("for") == "faces" and job.find_faces is not None:
            return {"kind": "seen", "seen": list(job.find_faces(picture))}
        if head.get("for") == "labels" and job.find_labels is not None:
            return {"kind": "seen", "seen": list(job.find_labels(picture, float(head.get("min_confidence", 0))))}
    except PixelshiftError as error:
        return pack_error(error)
    raise ChannelBrokenError("a worker asks for eyes that its job does not have")
