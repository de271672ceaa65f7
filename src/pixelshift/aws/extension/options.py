"""What the extension reads of the environment, which it shares with the function."""

import socket
from collections.abc import Mapping

from pixelshift.errors import SettingsError
from pixelshift.value import frozen

_FLUSH_S = 60.0
_FLUSH_BYTES = 1024 * 1024
_BUFFER_BYTES = 16 * 1024 * 1024
_PORT = 4323


@frozen
class Options:
    """Where to ship, and when."""

    bucket: str
    """Empty: nothing is shipped, and the extension sleeps until the end."""
    prefix: str = ""
    region: str = "us-east-1"
    endpoint_url: str | None = None
    flush_s: float = _FLUSH_S
    """Records are shipped at the next invocation after this age."""
    flush_bytes: int = _FLUSH_BYTES
    """As soon as so much has come, also in the middle of an invocation."""
    buffer_bytes: int = _BUFFER_BYTES
    """Beyond that Lambda has to wait, and drops what is too much for its own buffer."""
    listen_host: str = "sandbox.localdomain"
    listen_port: int = _PORT


def read_options(environment: Mapping[str, str]) -> Options:
    """Reads and checks them.

    :raises SettingsError: a variable that cannot be used.
    """
    flush_bytes = int(_number(environment, "PIXELSHIFT_TELEMETRY_FLUSH_BYTES", _FLUSH_BYTES, 1, 64 * 1024**2))
    return Options(
        bucket=environment.get("PIXELSHIFT_TELEMETRY_BUCKET", "").strip(),
        prefix=environment.get("PIXELSHIFT_TELEMETRY_PREFIX", ""),
        region=environment.get("AWS_REGION", "us-east-1"),
        endpoint_url=environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or None,
        flush_s=_number(environment, "PIXELSHIFT_TELEMETRY_FLUSH_S", _FLUSH_S, 0, 900),
        flush_bytes=flush_bytes,
        buffer_bytes=max(_BUFFER_BYTES, 4 * flush_bytes),
        listen_host=environment.get("PIXELSHIFT_TELEMETRY_LISTEN") or _sandbox(),
        listen_port=int(_number(environment, "PIXELSHIFT_TELEMETRY_PORT", _PORT, 0, 65_535)),
    )


def _sandbox() -> str:
    """Lambda's name for the sandbox; the emulator's container does not know it."""
    try:
        socket.getaddrinfo("sandbox.localdomain", None)
    except OSError:
        return "127.0.0.1"
    return "sandbox.localdomain"


def _number(environment: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise SettingsError(f"{name}={text!r}: must be a number from {least:g} to {most:g}")
    return value
