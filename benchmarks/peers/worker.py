"""Runs one competitor in its own process and environment: operations as JSON lines in, what they took out.

Usage: worker.py pillow|opencv|pyvips|pixelshift. A line is ``[operation, arguments]``. The answer is
``{"ms": CPU milliseconds, "bytes": size of the result or null}``, or ``null`` where the library has no such operation.
An operation is prepared, and called once unmeasured, when it is not the one of the line before.
"""

import importlib
import json
import sys
import time
from pathlib import Path

from competitor import Call, Competitor, EditSpec, NotOffered


def prepared(competitor: Competitor, operation: str, arguments: dict[str, object], save: str | None) -> Call:
    method = getattr(competitor, operation, None)
    if method is None:
        raise NotOffered
    call = method(EditSpec(**arguments)) if operation == "edit" else method(**arguments)
    result = call()
    if save is not None:
        Path(save).write_bytes(result)
    return call


def measured(call: Call) -> dict[str, object]:
    start = time.process_time()
    result = call()
    spent = time.process_time() - start
    return {"ms": spent * 1e3, "bytes": len(result) if isinstance(result, bytes) else None}


def serve(competitor: Competitor) -> None:
    print(json.dumps(competitor.version), flush=True)
    ready: tuple[str, Call] | None = None
    for line in sys.stdin:
        operation, arguments, save = json.loads(line)
        try:
            if ready is None or ready[0] != line:
                ready = (line, prepared(competitor, operation, arguments, save))
            answer = measured(ready[1])
        except NotOffered:
            answer = None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(importlib.import_module(f"on_{sys.argv[1]}").competitor())
