"""The life of the extension: ``python -m pixelshift.aws.extension NAME``, NAME being its file in /opt/extensions.

Lines are shipped while an invocation runs, when the sandbox cannot freeze: at its start where they are old enough, in
its midst where they are many. At the end everything goes, and what Lambda still sends is waited for.
"""

import os
import sys
import threading
import time
import uuid
from urllib.parse import quote

from pixelshift.aws.extension.api import Buffering, Event, ExtensionsApi
from pixelshift.aws.extension.backlog import Backlog
from pixelshift.aws.extension.courier import Courier
from pixelshift.aws.extension.listener import Listener
from pixelshift.aws.extension.options import Options, read_options
from pixelshift.errors import PixelshiftError, SettingsError
from pixelshift.net.credential import credential_source
from pixelshift.net.s3 import S3Bucket

_BUFFERING = Buffering()
_ROOM_WAIT_S = 2.0
_SHIPPING_S = 5.0
_MARGIN_S = 0.3
"""Kept back from the sandbox's end, to leave in peace."""
_QUIET_S = 3 * _BUFFERING.timeout_ms / 1000
"""Nothing for so long after SHUTDOWN: Lambda has sent all that it had collected."""
_QUIET_SHARE = 0.5
"""Of the time until the end that may go into waiting; the rest is for shipping."""


def run(name: str) -> int:
    """Runs the extension that lies under ``name`` in /opt/extensions; the exit code is 0 where nothing was lost."""
    try:
        return _run(name)
    except PixelshiftError as error:
        _say(f"{error.message}: {error.detail}")
        return 1


def _run(name: str) -> int:
    api = ExtensionsApi(os.environ.get("AWS_LAMBDA_RUNTIME_API", ""), name)
    try:
        options = read_options(os.environ)
        bucket = S3Bucket(options.bucket, credential_source(os.environ), options.region, options.endpoint_url)
    except SettingsError as error:
        api.register([])
        api.fail("init", "Extension.InvalidSetting", error.message)
        return 1
    if not options.bucket:
        _say("PIXELSHIFT_TELEMETRY_BUCKET is not set: nothing is shipped")
        api.register([])
        api.next()
        return 0
    api.register(["INVOKE", "SHUTDOWN"])
    return _serve(api, options, bucket)


def _serve(api: ExtensionsApi, options: Options, bucket: S3Bucket) -> int:
    backlog = Backlog(options.buffer_bytes)
    place = f"function={quote(api.function, safe='') or 'unknown'}/instance={uuid.uuid4().hex}"
    courier = Courier(backlog, bucket, place, options.flush_bytes, options.prefix, _say)
    listener = Listener(options.listen_host, options.listen_port, lambda events: backlog.add(events, _ROOM_WAIT_S))
    listener.start()
    uri = f"http://{options.listen_host}:{listener.port}/"
    if not api.subscribe(("platform", "function"), uri, _BUFFERING):
        _say("this sandbox sends no telemetry: nothing will be shipped")
    threading.Thread(target=_ship_much, args=(courier, backlog, options), name="courier", daemon=True).start()
    while (event := api.next()).kind == "INVOKE":
        if backlog.age_s() >= options.flush_s or backlog.size_bytes >= options.flush_bytes:
            courier.ship(_before(event))
    return _end(event, backlog, courier)


def _ship_much(courier: Courier, backlog: Backlog, options: Options) -> None:
    """Ships in the midst of an invocation, where more comes than may wait for the next one."""
    while True:
        if backlog.wait(options.flush_bytes, timeout_s=60.0) and not courier.ship(time.monotonic() + _SHIPPING_S):
            time.sleep(1)


def _before(event: Event) -> float:
    """The end of shipping at the start of an invocation, on the clock of :func:`time.monotonic`."""
    left_s = event.deadline_ms / 1000 - time.time() - _MARGIN_S
    return time.monotonic() + max(0.0, min(_SHIPPING_S, left_s))


def _end(event: Event, backlog: Backlog, courier: Courier) -> int:
    """Ships what is there, waits for the last of it, ships that."""
    left_s = max(0.0, event.deadline_ms / 1000 - time.time() - _MARGIN_S)
    end_s = time.monotonic() + left_s
    wait_until_s = time.monotonic() + left_s * _QUIET_SHARE
    started_s = time.monotonic()
    courier.ship(end_s)
    while (now_s := time.monotonic()) < wait_until_s and now_s - max(started_s, backlog.touched_s) < _QUIET_S:
        time.sleep(0.02)
    if courier.ship(end_s, at_any_cost=True):
        return 0
    _say(f"SHUTDOWN ({event.reason}): {len(backlog)} lines could not be shipped and are lost")
    return 1


def _say(text: str) -> None:
    print(f"pixelshift telemetry: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
