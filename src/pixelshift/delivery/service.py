"""The image service: one request in, one response out, whatever face stands before it."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from functools import lru_cache

from pixelshift.cache.base import Entry
from pixelshift.delivery.caching import Freshness, HttpCache, identities_of
from pixelshift.delivery.clients import ClientLimits, Clients, Place
from pixelshift.delivery.failure import ALLOWED_METHODS, Failures
from pixelshift.delivery.finish import Answer, Cors, cors_headers, finish
from pixelshift.delivery.flight import Flights
from pixelshift.delivery.gate import SignedGate
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.negotiation import accepted_formats
from pixelshift.delivery.production import Order, Studio, negotiates, order_key
from pixelshift.delivery.representation import Representation
from pixelshift.edits.types import Format
from pixelshift.errors import (
    InternalError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PixelshiftError,
    TimeLimitError,
)
from pixelshift.request.base import ImageRequest, RequestRules
from pixelshift.request.parse import parse_request, peek_headers
from pixelshift.value import field, frozen

_NAME = "Pixelshift"
_READINGS = 1024
_READING_CHARACTERS = 4096
"""So many URLs, none longer, are kept as read: most requests of a busy service repeat one."""


@frozen
class Policy:
    """What the operator decides about answers."""

    offered: tuple[Format, ...] = ()
    """Formats given to clients that accept them, most wanted first."""
    cors: Cors = field(default_factory=Cors)
    time_s: float = 25.0
    path_prefix: str = ""
    queue: int = 64
    """Answers that may be in the making at once."""
    clients: ClientLimits | None = None
    """What each client may have of that; ``None`` where that is left to somebody in front."""


@frozen
class Rooms:
    """The parts that the service is put together from."""

    rules: RequestRules
    studio: Studio
    failures: Failures
    gate: SignedGate | None = None
    """Where only signed URLs are answered."""
    cache: HttpCache | None = None
    peek: Callable[[str], Entry | None] | None = None
    """Looks into the part of ``cache`` that is memory: what an event loop may ask."""
    executor: Executor | None = None
    """Where :meth:`DeliveryService.begin` does what takes time."""


@frozen
class Work:
    """One answer in the making."""

    name: tuple[str, int]
    order: Order
    flight: Future[Answer]
    deadline_s: float


class DeliveryService:
    """Answers image requests: signature, expiry, grammar, cache, rendering, errors. Thread-safe."""

    def __init__(self, rooms: Rooms, policy: Policy) -> None:
        self._rooms = rooms
        self._policy = policy
        self._flights: Flights[Answer] = Flights()
        self._clients = Clients(policy.clients) if policy.clients else None
        self._read_often = lru_cache(_READINGS)(self._read)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answers in the calling thread."""
        try:
            if (gate := self._rooms.gate) is not None:
                gate.check(self._path(request), request.parameters())
            order = self._admit(request)
        except PixelshiftError as error:
            return self._refuse(request, error)
        except Exception as error:  # a fault of ours must still become an answer
            return self._refuse(request, _unexpected(error))
        answer, _ = self._stored(order.key, self._rooms.cache.look if self._rooms.cache else None)
        if answer is None:
            answer = self._share(order, request, self._run_here).result()
        return self._finish(answer, request, order)

    def begin(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        """Answers at once what needs no work and nothing from outside; everything else later, by a future.

        Never blocks on the network, the disk or a codec, so an event loop may call it.
        """
        executor, gate = self._rooms.executor, self._rooms.gate
        assert executor is not None, "begin needs an executor"
        try:
            if gate is not None and not gate.check_quickly(self._path(request), request.parameters()):
                return self._begin_checking(gate, request, executor)
        except PixelshiftError as error:
            return self._begin_refusing(request, error)
        return self._begin_checked(request)

    def explain(self, request: HttpRequest) -> tuple[ImageRequest, str]:
        """What the request means, and how its picture would be made; signatures are not asked for.

        :raises PixelshiftError: what the answer would be.
        """
        order = self._admit(request)
        return order.image, self._rooms.studio.explain(order, time.monotonic() + self._policy.time_s)

    def refuse(self, error: PixelshiftError) -> HttpResponse:
        """The answer where not even a request could be read."""
        return self._refuse(HttpRequest("GET", "/"), error)

    def purge(self, *, source: str | None = None, prefix: str | None = None) -> int:
        """Forgets everything made from the original ``bucket/key``, from all that begin so, or everything at all.

        Returns how many stored answers went. What is in the making is not stored when it is done.
        """
        originals, cache = self._rooms.studio.originals, self._rooms.cache
        originals.forget(source=source, prefix=prefix or "")
        if cache is None:
            return 0
        if source is not None:
            return cache.purge_source(source)
        return cache.purge_prefix(prefix) if prefix is not None else cache.purge_all()

    def _begin_checking(self, gate: SignedGate, request: HttpRequest, executor: Executor) -> Future[HttpResponse]:
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

        executor.submit(go_on)
        return response

    def _begin_checked(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        try:
            order = self._admit(request)
        except PixelshiftError as error:
            return self._begin_refusing(request, error)
        except Exception as error:  # a fault of ours must still become an answer
            return self._begin_refusing(request, _unexpected(error))
        answer, freshness = self._stored(order.key, self._rooms.peek)
        if answer is not None:
            if freshness is Freshness.RENEWING:
                self._share(order, request, self._run_apart)
            return self._finish(answer, request, order)
        return self._later(self._share(order, request, self._run_apart), request, order)

    def _begin_refusing(self, request: HttpRequest, error: PixelshiftError) -> HttpResponse | Future[HttpResponse]:
        """At once, unless a fallback picture may have to be read for it."""
        executor = self._rooms.executor
        if executor is None or self._rooms.failures.answers_at_once:
            return self._refuse(request, error)
        return executor.submit(self._refuse, request, error)

    # Order of work (contract, 1.1): signature, expiry, kind, bucket, key, edits …

    def _path(self, request: HttpRequest) -> str:
        """The path that signature and grammar see; refuses what no grammar could want."""
        if request.method not in {"GET", "HEAD"}:
            raise InvalidRequestError("Only GET and HEAD are answered here.", status=405, code="MethodNotAllowed")
        prefix = self._policy.path_prefix
        if prefix and not request.path.startswith(prefix + "/"):
            raise NotFoundError("There is nothing at this path.")
        return request.path.removeprefix(prefix)

    def _admit(self, request: HttpRequest) -> Order:
        """Everything that can be decided from the request alone, once its signature is known to be good."""
        path, accept = self._path(request), request.headers.get("accept", "")
        # What a URL means changes with time only where it names its own end.
        ends = any(name == "expires" for name, _ in request.query)
        short = len(path) + len(accept) < _READING_CHARACTERS
        return (self._read_often if short and not ends else self._read)(path, request.query, accept)

    def _read(self, path: str, query: tuple[tuple[str, str], ...], accept: str) -> Order:
        offered = self._policy.offered
        image = parse_request(path, query, self._rooms.rules, datetime.now(UTC))
        varies = bool(offered) and negotiates(image)
        formats = accepted_formats(accept, offered) if varies else ()
        return Order(image, formats, varies, order_key(image, formats))

    def _share(self, order: Order, request: HttpRequest, run: Callable[[Work], None]) -> Future[Answer]:
        """The answer in the making: ours to make by ``run``, or that of whoever came first."""
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
            own_s = time.monotonic() + self._policy.time_s
            work = Work(name, order, flight, own_s if request.deadline_s is None else min(own_s, request.deadline_s))
            run(work)
        return flight

    def _take_place(self, request: HttpRequest) -> Place | None:
        """Room in the queue, and in the client's share of it.

        :raises OverloadedError: 503 where the queue is full, 429 where the client's share is.
        """
        if self._rooms.executor is None:
            return None
        if len(self._flights) >= self._policy.queue:
            raise OverloadedError("Too many pictures are being made.", retry_after_s=1)
        if self._clients is None or not request.client:
            return None
        return self._clients.admit(request.client)

    def _run_here(self, work: Work) -> None:
        self._flights.lead(work.name, work.flight, lambda: self._make(work.order, work.deadline_s))

    def _run_apart(self, work: Work) -> None:
        assert self._rooms.executor is not None
        try:
            self._rooms.executor.submit(self._run_here, work)
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
                response.set_result(self._refuse(request, _unexpected(error)))

        flight.add_done_callback(land)
        return response

    def _stored(self, key: str, look: Callable[[str], Entry | None] | None) -> tuple[Answer | None, Freshness]:
        """The answer from an entry that may be served as it is, and whether it should be renewed meanwhile."""
        cache = self._rooms.cache
        if cache is None or look is None:
            return None, Freshness.GONE
        started_s = time.monotonic()
        entry = look(key)
        freshness = Freshness.GONE if entry is None else cache.judge(entry)
        if entry is None or freshness not in {Freshness.FRESH, Freshness.RENEWING}:
            return None, freshness
        looked_ms = (time.monotonic() - started_s) * 1000
        status = f"{_NAME}; hit; ttl={cache.ttl_s(entry)}"
        return _from_entry(cache, entry, status, {"cache": looked_ms}), freshness

    def _make(self, order: Order, deadline_s: float) -> Answer:
        """Looks once more, in all of the cache; renews what still stands; else makes the picture and stores it."""
        cache = self._rooms.cache
        if cache is None:
            made = self._produce(order, deadline_s)
            return Answer(made, timings_ms=made.timings_ms)
        started_s = time.monotonic()
        entry = cache.look(order.key)
        looked_ms = (time.monotonic() - started_s) * 1000
        if entry is not None and cache.judge(entry) is Freshness.FRESH:
            return _from_entry(cache, entry, f"{_NAME}; hit; ttl={cache.ttl_s(entry)}", {"cache": looked_ms})
        generation = cache.generation()
        confirmed = self._confirm(order, entry, deadline_s) if entry is not None and entry.status == 200 else None
        if confirmed is not None:
            renewed = cache.renew(order.key, confirmed, generation)
            return _from_entry(cache, renewed, f"{_NAME}; hit; fwd=stale; fwd-status=304", {"cache": looked_ms})
        made = self._produce(order, deadline_s)
        if made.status >= 500 and entry is not None and cache.may_stand_in(entry):
            status = f"{_NAME}; hit; fwd=stale; fwd-status={made.status}; ttl={cache.ttl_s(entry)}"
            return _from_entry(cache, entry, status, {"cache": looked_ms})
        stored = cache.keep(order.key, made, generation)
        status = f"{_NAME}; fwd={'uri-miss' if entry is None else 'stale'}" + ("; stored" if stored else "")
        return Answer(made, cache_status=status, timings_ms={"cache": looked_ms, **made.timings_ms})

    def _confirm(self, order: Order, entry: Entry, deadline_s: float) -> Representation | None:
        """What is stored, with the headers that it has by now, if all of its originals still stand."""
        made = Representation(entry.status, dict(entry.headers), entry.body, identities_of(entry))
        try:
            return self._rooms.studio.confirm(order.image, made, deadline_s)
        except PixelshiftError:
            return None  # making it anew meets the same trouble and answers for it

    def _produce(self, order: Order, deadline_s: float) -> Representation:
        try:
            return self._rooms.studio.produce(order, deadline_s)
        except PixelshiftError as error:
            return self._rooms.failures.represent(error, order.image.headers.get("cache-control"))
        except Exception as error:  # a fault of ours must still become an answer
            return self._rooms.failures.represent(_unexpected(error))

    def _refuse(self, request: HttpRequest, error: PixelshiftError) -> HttpResponse:
        if request.method == "OPTIONS":
            headers = {"Allow": ALLOWED_METHODS, **cors_headers(self._policy.cors, request)}
            return HttpResponse(204, tuple(headers.items()))
        failures = self._rooms.failures
        asked = {} if failures.answers_at_once else peek_headers(request.path, self._rooms.rules)
        made = failures.represent(error, asked.get("cache-control"))
        return finish(Answer(made), request, self._policy.cors)

    def _finish(self, answer: Answer, request: HttpRequest, order: Order) -> HttpResponse:
        return finish(answer, request, self._policy.cors, order.image.expires, datetime.now(UTC))


def _from_entry(
    cache: HttpCache, entry: Entry, cache_status: str, timings_ms: Mapping[str, float] | None = None
) -> Answer:
    error = None
    if entry.status >= 400:
        error = PixelshiftError("as stored", status=entry.status, code=entry.extra.get("code"))
    made = Representation(entry.status, dict(entry.headers), entry.body, error=error)
    return Answer(made, cache.age_s(entry), cache_status, timings_ms or {})


def _unexpected(error: Exception) -> InternalError:
    return InternalError("Something went wrong on our side.", detail=repr(error)[:500])


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
