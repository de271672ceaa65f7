"""The image service of a long-lived process: answers begun on an event loop, pictures made once for all who wait."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import NamedTuple

from pixelshift.cache.base import Entry
from pixelshift.delivery.caching import Freshness
from pixelshift.delivery.clients import ClientLimits, Clients, Place
from pixelshift.delivery.finish import Answer
from pixelshift.delivery.flight import Flights
from pixelshift.delivery.gate import SignedGate
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.production import Order
from pixelshift.delivery.representation import Representation
from pixelshift.delivery.service import DeliveryService, Policy, Rooms, hit_status, unexpected
from pixelshift.errors import OverloadedError, PixelshiftError, TimeLimitError
from pixelshift.value import frozen


@frozen
class Sharing:
    """How work is shared out."""

    executor: Executor
    """Does what takes time."""
    peek: Callable[[str], Entry | None] | None = None
    """Looks into the part of the cache that is memory: what an event loop may ask."""
    queue: int = 64
    """Answers that may be in the making at once."""
    clients: ClientLimits | None = None
    """What each client may have of that; ``None`` where that is left to somebody in front."""


@frozen
class Work:
    """One answer in the making."""

    name: tuple[str, int]
    order: Order
    flight: Future[Answer]
    deadline_s: float


@frozen
class Standing:
    """What a URL and an Accept header are answered with for as long as an entry stands."""

    key: str
    stored: tuple[tuple[str, str], ...]
    """The entry's own headers, by which it is known again without keeping its body alive."""
    headers: tuple[tuple[str, str], ...]
    """Of the answer, but for those that change with time."""
    size: int
    """Of the entry's body; what was answered before may have been another."""


_CHANGING = ("Age", "Cache-Status", "Server-Timing")
"""Headers of an answer that change with time."""
_IS_CHANGING = frozenset(map(str.lower, _CHANGING))


class Hit(NamedTuple):
    """A fresh entry of the cache; a tuple, since the busiest path of all makes one for each request."""

    body: bytes
    age_s: int
    ttl_s: int

    def response(self) -> HttpResponse:
        """The answer with those headers alone that change with time."""
        status = hit_status(self.ttl_s)
        headers = tuple(zip(_CHANGING, (str(self.age_s), status, "cache;dur=0.0"), strict=True))
        return HttpResponse(200, headers, self.body, {"cache": status, "timings_ms": {"cache": 0.0}})


TELLING = frozenset({"if-modified-since", "if-none-match", "if-range", "origin", "range"})
"""Headers of a request that its answer may depend on, beside Accept."""


class SharedService(DeliveryService):
    """Never blocks who asks, makes a picture once for simultaneous requests, and limits what one client may have."""

    def __init__(self, rooms: Rooms, policy: Policy, sharing: Sharing) -> None:
        super().__init__(rooms, policy)
        self._sharing = sharing
        self._flights: Flights[Answer] = Flights()
        self._clients = Clients(sharing.clients) if sharing.clients else None

    def begin(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        """Answers at once what needs no work and nothing from outside; everything else later, by a future.

        Never blocks on the network, the disk or a codec, so an event loop may call it.
        """
        gate = self._rooms.gate
        try:
            if gate is not None and not gate.check_quickly(self._path(request), request.parameters()):
                return self._begin_checking(gate, request)
        except PixelshiftError as error:
            return self._begin_refusing(request, error)
        return self._begin_checked(request)

    def standing(self, request: HttpRequest) -> Standing | None:
        """What :meth:`again` answers with from now on; ``None`` where each request must be looked at.

        That is where URLs are signed or name their end, where headers in :data:`TELLING` came, and of what is not a
        fresh picture in memory.
        """
        if self._rooms.gate is not None or request.method != "GET" or not TELLING.isdisjoint(request.headers):
            return None
        try:
            order = self._admit(request)
        except PixelshiftError:
            return None
        entry = self._sharing.peek(order.key) if self._sharing.peek else None
        if entry is None or entry.status != 200 or order.image.expires is not None:
            return None
        made = Representation(entry.status, dict(entry.headers), entry.body)
        headers = self._finish(Answer(made), request, order).headers
        # A request may name these too, but the cache's own replace them.
        lasting = tuple(one for one in headers if one[0].lower() not in _IS_CHANGING)
        return Standing(order.key, entry.headers, lasting, len(entry.body))

    def again(self, standing: Standing) -> Hit | None:
        """What a standing answer's entry is now; ``None`` where it is fresh no longer, or another one."""
        cache, peek = self._rooms.cache, self._sharing.peek
        assert cache is not None
        assert peek is not None
        entry = peek(standing.key)
        if entry is None or entry.headers is not standing.stored:
            return None
        ages_s = cache.fresh_for(entry)
        return None if ages_s is None else Hit(entry.body, *ages_s)

    def _begin_checking(self, gate: SignedGate, request: HttpRequest) -> Future[HttpResponse]:
        """Has the signature checked where that may take time, then goes on without holding the thread."""
        response: Future[HttpResponse] = Future()

        def check() -> HttpResponse | Future[HttpResponse]:
            try:
                gate.check(self._path(request), request.parameters())
            except PixelshiftError as error:
                return self._refuse(request, error)
            return self._begin_checked(request)

        def go_on() -> None:
            if not response.set_running_or_notify_cancel():
                return
            begun = _attempt(check)
            if isinstance(begun, HttpResponse):
                response.set_result(begun)
            else:
                begun.add_done_callback(lambda done: _pass_on(done, response))

        self._sharing.executor.submit(go_on)
        return response

    def _begin_checked(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        try:
            order = self._admit(request)
        except PixelshiftError as error:
            return self._begin_refusing(request, error)
        except Exception as error:  # a fault of ours must still become an answer
            return self._begin_refusing(request, unexpected(error))
        answer, freshness = self._stored(order.key, self._sharing.peek)
        if answer is not None:
            if freshness is Freshness.RENEWING:
                self._share(order, request)
            return self._finish(answer, request, order)
        return self._later(self._share(order, request), request, order)

    def _begin_refusing(self, request: HttpRequest, error: PixelshiftError) -> HttpResponse | Future[HttpResponse]:
        """At once, unless a fallback picture may have to be read for it."""
        if self._rooms.failures.answers_at_once:
            return self._refuse(request, error)
        return self._sharing.executor.submit(self._refuse, request, error)

    def _share(self, order: Order, request: HttpRequest) -> Future[Answer]:
        """The answer in the making: ours to have made, or that of whoever came first."""
        try:
            place = self._take_place(request)
        except OverloadedError as overload:
            refused: Future[Answer] = Future()
            refused.set_result(Answer(self._rooms.failures.page(overload)))
            return refused
        # Whoever comes after a purge does not share what was begun before it.
        name = (order.key, self._rooms.cache.generation() if self._rooms.cache else 0)
        flight, leads = self._flights.join(name)
        if place is not None and not leads:
            place.give_back()
        elif place is not None:
            flight.add_done_callback(lambda _: place.leave())
        if leads:
            self._run_apart(Work(name, order, flight, self._deadline_s(request)))
        return flight

    def _take_place(self, request: HttpRequest) -> Place | None:
        """Room in the queue, and in the client's share of it.

        :raises OverloadedError: 503 where the queue is full, 429 where the client's share is.
        """
        if len(self._flights) >= self._sharing.queue:
            raise OverloadedError("Too many pictures are being made.", retry_after_s=1)
        if self._clients is None or not request.client:
            return None
        return self._clients.admit(request.client)

    def _run_apart(self, work: Work) -> None:
        def run() -> None:
            self._flights.lead(work.name, work.flight, lambda: self._make(work.order, work.deadline_s))

        try:
            self._sharing.executor.submit(run)
        except RuntimeError as error:  # the executor is shutting down
            self._flights.abandon(work.name, work.flight, error)

    def _later(self, flight: Future[Answer], request: HttpRequest, order: Order) -> Future[HttpResponse]:
        """The response to one client of a shared flight."""
        response: Future[HttpResponse] = Future()

        def land(done: Future[Answer]) -> None:
            if not response.set_running_or_notify_cancel():
                return
            failure = done.exception()
            answer = Answer(self._rooms.failures.page(_closing(failure))) if failure else done.result()
            try:
                response.set_result(self._finish(answer, request, order))
            except Exception as error:  # or the client would wait in vain
                response.set_result(self._refuse(request, unexpected(error)))

        flight.add_done_callback(land)
        return response


def _attempt(
    call: Callable[[], HttpResponse | Future[HttpResponse]],
) -> HttpResponse | Future[HttpResponse]:
    """What the call returns; an exception becomes a future that has failed with it."""
    try:
        return call()
    except Exception as error:  # a waiting client must hear of it
        failed: Future[HttpResponse] = Future()
        failed.set_exception(error)
        return failed


def _pass_on(done: Future[HttpResponse], response: Future[HttpResponse]) -> None:
    failure = done.exception()
    if failure is None:
        response.set_result(done.result())
    else:
        response.set_exception(failure)


def _closing(failure: BaseException) -> PixelshiftError:
    if isinstance(failure, PixelshiftError):
        return failure
    return TimeLimitError("The service is shutting down.", code="ShuttingDown", retry_after_s=1, detail=repr(failure))
