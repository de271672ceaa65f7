"""A delivery service over an origin and a renderer that tests hold in their hands."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

from pixelshift.cache.base import CacheStore
from pixelshift.cache.memory import MemoryStore
from pixelshift.delivery.caching import Ages, HttpCache
from pixelshift.delivery.clients import ClientLimits
from pixelshift.delivery.failure import Failures, FallbackPicture
from pixelshift.delivery.gate import SignedGate
from pixelshift.delivery.message import HttpRequest
from pixelshift.delivery.originals import Originals
from pixelshift.delivery.oversize import Oversize
from pixelshift.delivery.production import Eyes, Studio
from pixelshift.delivery.service import Policy, Rooms
from pixelshift.delivery.shared import SharedService, Sharing
from pixelshift.edits.types import Format
from pixelshift.errors import NotFoundError
from pixelshift.imaging.base import Encoded
from pixelshift.limits import Limits
from pixelshift.origin.base import Original
from pixelshift.render.base import Job
from pixelshift.request.base import RequestRules

PNG = b"\x89PNG\r\n\x1a\n a picture"


class ShelfOrigin:
    """Originals in a dictionary; counts reads, and fails or waits when told to."""

    def __init__(self, objects: Mapping[tuple[str, str], Original]) -> None:
        self.objects = dict(objects)
        self.reads: list[tuple[str, str]] = []
        self.failure: Exception | None = None

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        self.reads.append((bucket, key))
        if self.failure is not None:
            raise self.failure
        found = self.objects.get((bucket, key))
        if found is None:
            raise NotFoundError("there is no such original")
        return known.confirmed(found) if known is not None and known.etag == found.etag else found


@dataclass
class CountingRenderer:
    """Answers every job with its source's name and wish; can be held up, and made to fail."""

    jobs: list[Job] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    def render(self, job: Job) -> Encoded:
        self.jobs.append(job)
        self.entered.release()
        assert self.gate.wait(20)
        if self.failure is not None:
            raise self.failure
        chosen = (*job.wish.formats, job.wish.format, Format.PNG)
        picked = next(one for one in chosen if one is not None)
        body = f"{job.identity} {len(self.jobs)} ".encode() + b"x" * 100
        return Encoded(body, picked, 10, 10, timings_ms={"decode": 1.0, "edit": 2.0, "encode": 3.0})

    def close(self) -> None:
        """Has nothing to end."""


@dataclass
class House:
    """Everything around one service; ``clock`` is the cache's, in seconds."""

    objects: Mapping[tuple[str, str], Original] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    ages: Ages = field(default_factory=Ages)
    executor: Executor | None = None
    queue: int = 64
    clients: ClientLimits | None = None
    fallback: FallbackPicture | None = None
    gate: SignedGate | None = None
    buckets: tuple[str, ...] = ("b", "c")
    cached: bool = True
    now_s: float = 1_800_000_000.0
    store: CacheStore = field(default_factory=lambda: MemoryStore(10**7))
    oversize: Oversize | None = None

    def __post_init__(self) -> None:
        self.origin = ShelfOrigin(self.objects)
        self.renderer = CountingRenderer()
        limits = Limits()
        originals = Originals(self.origin, limits, 5.0)
        cache = HttpCache(self.store, self.ages, lambda: self.now_s) if self.cached else None
        rooms = Rooms(
            rules=RequestRules(self.buckets),
            studio=Studio(originals, self.renderer, Eyes(), limits, oversize=self.oversize),
            failures=Failures(originals, self.fallback, "/-/errors"),
            gate=self.gate,
            cache=cache,
        )
        executor = self.executor or ThreadPoolExecutor(1)
        sharing = Sharing(executor, self.store.get if cache else None, self.queue, self.clients)
        self.service = SharedService(rooms, self.policy, sharing)


def get(path: str, method: str = "GET", **headers: str) -> HttpRequest:
    """A request; header names with ``_`` for ``-``."""
    path, _, query = path.partition("?")
    pairs = tuple((name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part))
    return HttpRequest(method, path, pairs, {name.replace("_", "-").lower(): value for name, value in headers.items()})


def picture(body: bytes = PNG, **facts: object) -> Original:
    """A stored PNG."""
    return Original(body=body, etag=str(facts.pop("etag", "v1")), content_type="image/png", **facts)  # type: ignore[arg-type]  # test facts


Build = Callable[..., House]
