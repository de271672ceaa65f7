"""The image service: one request in, one response out, whatever face stands before it."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from pixelshift.cache.base import Entry
from pixelshift.delivery.caching import Freshness, HttpCache, identities_of
from pixelshift.delivery.failure import ALLOWED_METHODS, Failures
from pixelshift.delivery.finish import Answer, Cors, cors_headers, finish
from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.negotiation import accepted_formats
from pixelshift.delivery.production import Order, Studio, negotiates, order_key
from pixelshift.delivery.representation import Representation
from pixelshift.edits.types import Format
from pixelshift.errors import (
    InternalError,
    InvalidRequestError,
    NotFoundError,
    PixelshiftError,
)
from pixelshift.request.base import ImageRequest, RequestRules
from pixelshift.request.parse import parse_request, peek_headers
from pixelshift.value import field, frozen

if TYPE_CHECKING:
    from pixelshift.delivery.gate import SignedGate

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


@frozen
class Rooms:
    """The parts that the service is put together from."""

    rules: RequestRules
    studio: Studio
    failures: Failures
    gate: "SignedGate | None" = None
    """Where only signed URLs are answered."""
    cache: HttpCache | None = None


class DeliveryService:
    """Answers image requests: signature, expiry, grammar, cache, rendering, errors. Thread-safe.

    Each call works for itself; :class:`pixelshift.delivery.shared.SharedService` shares what many clients want.
    """

    def __init__(self, rooms: Rooms, policy: Policy) -> None:
        self._rooms = rooms
        self._policy = policy
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
            return self._refuse(request, unexpected(error))
        answer, _ = self._stored(order.key, self._rooms.cache.look if self._rooms.cache else None)
        if answer is None:
            answer = self._make(order, self._deadline_s(request))
        return self._finish(answer, request, order)

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

    def _deadline_s(self, request: HttpRequest) -> float:
        own_s = time.monotonic() + self._policy.time_s
        return own_s if request.deadline_s is None else min(own_s, request.deadline_s)

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
        return _from_entry(cache, entry, hit_status(cache.ttl_s(entry)), {"cache": looked_ms}), freshness

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
            return _from_entry(cache, entry, hit_status(cache.ttl_s(entry)), {"cache": looked_ms})
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
            return self._rooms.failures.represent(unexpected(error))

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


def hit_status(ttl_s: int) -> str:
    """Cache-Status of an answer that was stored (RFC 9211)."""
    return f"{_NAME}; hit; ttl={ttl_s}"


def _from_entry(
    cache: HttpCache, entry: Entry, cache_status: str, timings_ms: Mapping[str, float] | None = None
) -> Answer:
    error = None
    if entry.status >= 400:
        error = PixelshiftError("as stored", status=entry.status, code=entry.extra.get("code"))
    made = Representation(entry.status, dict(entry.headers), entry.body, error=error)
    return Answer(made, cache.age_s(entry), cache_status, timings_ms or {})


def unexpected(error: Exception) -> InternalError:
    """A fault of ours, as an answer."""
    return InternalError("Something went wrong on our side.", detail=repr(error)[:500])
