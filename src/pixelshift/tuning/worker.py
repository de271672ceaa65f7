"""The process that is measured: ``python -m pixelshift.tuning.worker`` reads a workload, then runs it line by line.

The workload is one invocation of a handler of ours, as Lambda would make it, with everything that it needs nearby.
"""

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

Invoke = Callable[[], object]


class _Context:
    aws_request_id = "tune"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def image(picture: str, edits: dict[str, Any]) -> Invoke:
    """One picture, edited by the image function; its original is in the function's memory."""
    from pixelshift.aws.image import Handler
    from pixelshift.wiring import FOLDER_BUCKET, image_function

    path = Path(picture).resolve()
    own = {"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": str(path.parent), "PIXELSHIFT_MAX_TIME": "900"}
    handler = Handler(image_function({**os.environ, **own}))
    request = json.dumps({"bucket": FOLDER_BUCKET, "key": path.name, "edits": edits})
    event = {"path": "/" + base64.b64encode(request.encode()).decode(), "httpMethod": "GET", "requestContext": {}}

    def invoke() -> None:
        answer = handler(event, _Context())
        if answer["statusCode"] != 200:
            raise RuntimeError(f"{answer['statusCode']}: {answer['body'][:300]}")

    return invoke


def detector(points: int) -> Invoke:
    """A batch of readings of one device: read from an event, and pushed into a detector that has seen as many."""
    from pixelshift.aws.kinesis import read_records
    from pixelshift.changepoint import Detector
    from pixelshift.streams.record import read_record

    state = Detector.recommended()
    state.extend(_noise(points))
    known = state.to_bytes()
    records = [
        {
            "kinesis": {
                "partitionKey": "device",
                "sequenceNumber": str(10**20 + n),
                "data": base64.b64encode(json.dumps({"value": value}).encode()).decode(),
                "approximateArrivalTimestamp": 1_800_000_000.0 + n,
            }
        }
        for n, value in enumerate(_noise(points))
    ]

    def invoke() -> None:
        detector = Detector.from_bytes(known)
        arrivals = [read_record(one.device_id, one.seq, one.data) for one in read_records({"Records": records})]
        detector.extend([one.value for one in arrivals])

    return invoke


def _noise(points: int) -> list[float]:
    """Numbers without a change in them, the same each time."""
    import random

    source = random.Random(points)  # a workload, no secret
    return [source.gauss(10, 1) for _ in range(points)]


def peak_mb() -> float:
    """The most memory that this program held. ``ru_maxrss`` would count what its parent held when it forked."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Answers each line of standard input by one of figures."""
    wish = json.loads(sys.stdin.readline())
    invoke = image(wish["image"], wish["edits"]) if "image" in wish else detector(wish["detector"])
    out = sys.stdout
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # what handlers print is not ours to read
        invoke()
        print("ready", file=out, flush=True)
        for _ in sys.stdin:
            began_s, cpu_s = time.perf_counter(), time.process_time()
            invoke()
            figures = {
                "wall_ms": (time.perf_counter() - began_s) * 1000,
                "cpu_ms": (time.process_time() - cpu_s) * 1000,
                "peak_mb": peak_mb(),
            }
            print(json.dumps(figures), file=out, flush=True)


if __name__ == "__main__":
    main()
