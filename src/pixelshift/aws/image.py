"""The image service as a Lambda function: ``pixelshift.aws.image:handler``.

Importing this module is the start of the function, which Lambda does not bill by the request: settings are read and
checked here, so that a wrong one fails the deployment and not the first picture.
"""

import json
import time
from collections.abc import Iterable
from typing import Any, Protocol

from pixelshift import wiring
from pixelshift.aws.events import Event, is_load_balancer, read_event, wants_multiple_values
from pixelshift.aws.reply import Prelude, pieces, prelude, proxy_response
from pixelshift.delivery.message import HttpResponse
from pixelshift.delivery.service import DeliveryService
from pixelshift.errors import PixelshiftError, TooLargeError

_MARGIN_S = 1.0
"""Kept back from Lambda's own deadline, to answer with an error while there is someone to answer."""


class Context(Protocol):
    """The part of a Lambda context that we use."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class Handler:
    """Translates events to requests and responses to proxy responses, whole or streamed."""

    def __init__(self, service: DeliveryService, *, figures: bool = False) -> None:
        self._service = service
        self._figures = figures
        self._started = False

    def __call__(self, event: Event, context: Context) -> dict[str, Any]:
        """Answers one event; every failure becomes a response."""
        response = self._answer(event, context)
        if len(response.body) > wiring.BUFFERED_LIMIT_BYTES:
            # Set up to stream, but asked through something that reads whole answers only.
            response = self._service.refuse(
                TooLargeError(f"The picture has {len(response.body)} bytes; too many here.")
            )
        self._report(response, context)
        return proxy_response(response, multiple_values=wants_multiple_values(event))

    def stream(self, event: Event, context: Context) -> tuple[Prelude, Iterable[memoryview]] | None:
        """The same answer for :mod:`pixelshift.aws.runtime`; ``None`` for a load balancer, which cannot read it."""
        if is_load_balancer(event):
            return None
        response = self._answer(event, context)
        self._report(response, context)
        return prelude(response), pieces(response.body)

    def _answer(self, event: Event, context: Context) -> HttpResponse:
        deadline_s = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _MARGIN_S
        try:
            return self._service.handle(read_event(event, deadline_s))
        except PixelshiftError as error:
            return self._service.refuse(error)

    def _report(self, response: HttpResponse, context: Context) -> None:
        """One line for each request where figures are wanted; for our failures always."""
        if not self._figures and response.status < 500:
            return
        facts = {"requestId": context.aws_request_id, "status": response.status, "bytes": len(response.body)}
        cold, self._started = not self._started, True
        print(json.dumps({"pixelshift": {**facts, "cold": cold, **response.facts}}, default=repr), flush=True)


handler = Handler(wiring.image_function(), figures=wiring.wants_figures())
