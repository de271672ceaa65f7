"""The Extensions API and the Telemetry API, as an external extension calls them.

Sources: "Using the Lambda Extensions API to create extensions" and "Lambda Telemetry API reference" in the Lambda
developer guide (API versions 2020-01-01 and 2022-07-01, telemetry schema 2022-12-13).
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pixelshift.errors import OriginError
from pixelshift.value import frozen, mutable

_EXTENSIONS = "/2020-01-01/extension"
_TELEMETRY = "/2022-07-01/telemetry"
_SCHEMA = "2022-12-13"
_ID = "Lambda-Extension-Identifier"
_CALL_S = 5.0


@frozen
class Event:
    """What ``next`` brought: ``INVOKE`` or ``SHUTDOWN``."""

    kind: str
    deadline_ms: int
    """Since the epoch: of the invocation, or of the whole sandbox."""
    reason: str = ""


@frozen
class Buffering:
    """How Lambda collects telemetry before it sends it; the bounds are the API's."""

    items: int = 1000
    bytes: int = 262_144
    timeout_ms: int = 100


@mutable
class ExtensionsApi:
    """One registered extension.

    :raises OriginError: an answer other than success, or none.
    """

    address: str
    name: str
    identifier: str = ""
    function: str = ""

    def register(self, events: Sequence[str]) -> None:
        """Joins the sandbox; ``name`` must be the file name in ``/opt/extensions``."""
        headers = {"Lambda-Extension-Name": self.name, "Lambda-Extension-Accept-Feature": "accountId"}
        answer, got = self._call("POST", f"{_EXTENSIONS}/register", {"events": list(events)}, headers)
        self.identifier = got.get(_ID.lower(), "")
        self.function = str(answer.get("functionName", ""))

    def subscribe(self, types: Sequence[str], uri: str, buffering: Buffering) -> bool:
        """Has telemetry sent to ``uri``; ``False`` where the sandbox knows no telemetry, as the emulator's."""
        body = {
            "schemaVersion": _SCHEMA,
            "types": list(types),
            "buffering": {
                "maxItems": buffering.items,
                "maxBytes": buffering.bytes,
                "timeoutMs": buffering.timeout_ms,
            },
            "destination": {"protocol": "HTTP", "URI": uri},
        }
        answer, _ = self._call("PUT", _TELEMETRY, body, {_ID: self.identifier})
        return answer.get("errorType") != "Telemetry.NotSupported"

    def next(self) -> Event:
        """Waits, without limit, for what happens next; the sandbox may freeze while everybody waits."""
        answer, _ = self._call("GET", f"{_EXTENSIONS}/event/next", None, {_ID: self.identifier}, timeout_s=None)
        return Event(
            str(answer.get("eventType", "")), int(answer.get("deadlineMs", 0)), str(answer.get("shutdownReason", ""))
        )

    def fail(self, phase: str, error_type: str, message: str) -> None:
        """Tells of an end that was not meant: ``phase`` is ``init`` or ``exit``."""
        headers = {_ID: self.identifier, "Lambda-Extension-Function-Error-Type": error_type}
        body = {"errorMessage": message, "errorType": error_type, "stackTrace": []}
        self._call("POST", f"{_EXTENSIONS}/{phase}/error", body, headers)

    def _call(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        timeout_s: float | None = _CALL_S,
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Returns the answer's document and its headers by lower-case name."""
        connection = http.client.HTTPConnection(self.address, timeout=timeout_s)
        try:
            body = None if document is None else json.dumps(document).encode()
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            reply = connection.getresponse()
            content = reply.read()
            if not 200 <= reply.status < 300:
                raise OriginError("the sandbox refuses", detail=f"{method} {path}: {reply.status} {content[:300]!r}")
            return _document(content), {name.lower(): value for name, value in reply.getheaders()}
        except (OSError, http.client.HTTPException) as error:
            raise OriginError("the sandbox does not answer", detail=f"{method} {path}: {error!r}") from error
        finally:
            connection.close()


def _document(content: bytes) -> dict[str, Any]:
    """A JSON object; what is none, such as the ``OK`` of a subscription, is an empty one."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
