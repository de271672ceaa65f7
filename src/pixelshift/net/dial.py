"""From a name to a connected socket: resolved once, checked, and that very address dialled."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from pixelshift.errors import OriginError, SettingsError
from pixelshift.value import frozen

CONNECT_LIMIT_S = 5.0
ADDRESS_LIMIT = 4


@frozen
class Endpoint:
    """One server: what to resolve, where to knock, and whether to speak TLS."""

    host: str
    port: int
    tls: bool

    @property
    def authority(self) -> str:
        """The ``Host`` header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def parse_endpoint(url: str) -> tuple[Endpoint, str]:
    """Splits ``http(s)://host[:port][/prefix]`` into the endpoint and the prefix without its last slash.

    :raises SettingsError: anything else, credentials in the URL among it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not url.isascii():
        raise SettingsError("an endpoint must read http(s)://host[:port][/prefix]")
    tls = parts.scheme == "https"
    return Endpoint(parts.hostname, port or (443 if tls else 80), tls), parts.path.rstrip("/")


AddressCheck = Callable[[str], bool]
"""Says whether an address may be dialled; :func:`pixelshift.net.address.is_public` where a stranger had a say."""


def any_address(_address: str) -> bool:
    """Lets every address pass: for endpoints that the operator has named."""
    return True


def resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """Returns the numeric addresses of a host.

    The system's resolver knows no deadline, so it is asked on a thread that may be left behind.

    :raises OriginError: no such name, or no answer in time.
    """
    answer: list[str] = []
    failure: list[OSError] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failure.append(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            answer.extend(dict.fromkeys(str(entry[4][0]) for entry in found))

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not answer:
        reason = str(failure[0]) if failure else "no answer in time"
        raise OriginError("the origin cannot be found", detail=f"{host}: {reason}", retry_after_s=10)
    return list(answer)


def connect(endpoint: Endpoint, check: AddressCheck, timeout_s: float) -> socket.socket:
    """Connects to the first address of the endpoint that passes ``check`` and answers.

    :raises OriginError: no address passes, or none answers.
    """
    deadline = time.monotonic() + min(timeout_s, CONNECT_LIMIT_S)
    addresses = resolve(endpoint.host, endpoint.port, deadline - time.monotonic())
    allowed = [address for address in addresses if check(address)][:ADDRESS_LIMIT]
    if not allowed:
        raise OriginError("the origin's address is not allowed", detail=f"{endpoint.host}: {addresses}")
    reason = ""
    for index, address in enumerate(allowed):
        share = (deadline - time.monotonic()) / (len(allowed) - index)
        if share <= 0:
            break
        try:
            connection = socket.create_connection((address, endpoint.port), timeout=share)
        except OSError as error:
            reason = f"{address}: {error}"
            continue
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    raise OriginError("the origin does not answer", detail=f"{endpoint.authority}: {reason}", retry_after_s=5)
