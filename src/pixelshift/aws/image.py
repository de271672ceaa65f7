"""The image service as a Lambda function: ``pixelshift.aws.image:handler``.

Importing this module is the start of the function, which Lambda does not bill by the request: settings are read and
checked here, so that a wrong one fails the deployment and not the first picture.
"""

import json
import logging
import time
from typing import Any, Protocol

from pixelshift import wiring
from pixelshift.aws.events import Event, read_event, wants_multiple_values
from pixelshift.aws.reply import proxy_response
from pixelshift.delivery.message import HttpResponse
from pixelshift.delivery.service import DeliveryService
from pixelshift.errors import PixelshiftError

_MARGIN_S = 1.0
"""Kept back from Lambda's own deadline, to answer with an error while there is someone to answer."""

_log = logging.getLogger(__name__)


class Context(Protocol):
    """The part of a Lambda context that we use."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class Handler:
    """Translates events to requests and responses to proxy responses."""

    def __init__(self, service: DeliveryService) -> None:
        self._service = service

    def __call__(self, event: Event, context: Context) -> dict[str, Any]:
        """Answers one event; every failure becomes a response."""
        deadline_s = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _MARGIN_S
        try:
            response = self._service.handle(read_event(event, deadline_s))
        except PixelshiftError as error:
            response = self._service.refuse(error)
        self._report(response, context)
        return proxy_response(response, multiple_values=wants_multiple_values(event))

    def _report(self, response: HttpResponse, context: Context) -> None:
        if response.status >= 500:
            facts = {"requestId": context.aws_request_id, "status": response.status, **response.facts}
            _log.error("%s", json.dumps(facts, default=repr))


handler = Handler(wiring.image_function())
