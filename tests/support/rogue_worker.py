"""A render process that does to itself what the job's source says; otherwise it is the real one."""

import ctypes
import os
import signal
import sys

from pixelshift.edits.types import Format
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.base import Encoded
from pixelshift.render import worker
from pixelshift.render.base import Job


def perform(job: Job) -> Encoded:
    """Misbehaves as asked."""
    match job.source:
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"hang":  # in C, without the interpreter's lock ever being free again
            print("hangs", flush=True)
            ctypes.PyDLL(None).pause()
        case b"swallow":
            bytearray(5 * 1024**3)  # more than the bound, less than a machine would lend
        case b"raise":
            raise RuntimeError("a codec's own exception")
        case b"refuse":
            raise InvalidRequestError("no", code="Crop::AreaOutOfBounds", detail="why")
        case b"nonsense":
            os.write(int(sys.argv[1]), b"\xff" * 64)
            signal.pause()
        case b"exit":
            os._exit(0)
        case b"faces":
            assert job.find_faces is not None
            return _picture(repr(job.find_faces(b"shown")).encode())
        case b"labels":
            assert job.find_labels is not None
            return _picture(repr(job.find_labels(b"shown", 60.0)).encode())
        case b"environment":
            return _picture(repr(sorted(os.environ)).encode())
        case b"process":
            return _picture(str(os.getpid()).encode())
        case b"overlays":
            return _picture(repr(dict(job.overlays)).encode())
    return _picture(job.source)


def _picture(body: bytes) -> Encoded:
    return Encoded(body, Format.PNG, 3, 2, timings_ms={"decode": 1.5})


if __name__ == "__main__":
    worker.perform = perform
    worker.main(sys.argv[1:])
