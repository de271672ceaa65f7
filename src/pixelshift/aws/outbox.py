"""Events that were stored but not sent: ``pixelshift.aws.outbox:handler``, run on a schedule."""

from functools import cache

from pixelshift.errors import OriginError
from pixelshift.stream_wiring import stream_parts
from pixelshift.streams.device_service import DeviceOutbox

ROUNDS = 100


class OutboxHandler:
    """Sends until nothing is left that can be sent."""

    def __init__(self, outbox: DeviceOutbox) -> None:
        self._outbox = outbox

    def __call__(self, _event: object, _context: object) -> dict[str, int]:
        """How many were sent.

        :raises OriginError: some devices' events must wait, which the function's error alarm should tell.
        """
        total = 0
        for _ in range(ROUNDS):
            sent, waiting = self._outbox.drain()
            total += sent
            if waiting and not sent:
                raise OriginError("events of some devices cannot be sent now", detail=f"{waiting} devices wait")
            if not sent:
                break
        return {"sent": total}


@cache
def _function() -> OutboxHandler:
    parts = stream_parts()
    return OutboxHandler(parts.outbox())


def handler(event: object, context: object) -> dict[str, int]:
    """The Lambda entry point; settings are read at the first event."""
    return _function()(event, context)
