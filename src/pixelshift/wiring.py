"""The one place that chooses implementations: settings in, services out."""

import os
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pixelshift.cache.base import CacheStore, Entry
from pixelshift.delivery.caching import Ages, HttpCache
from pixelshift.delivery.failure import Failures, FallbackPicture
from pixelshift.delivery.finish import Cors
from pixelshift.delivery.originals import Originals
from pixelshift.delivery.oversize import Oversize
from pixelshift.delivery.production import Eyes, Studio
from pixelshift.delivery.service import DeliveryService, Policy, Rooms
from pixelshift.edits.types import Format
from pixelshift.environment import load
from pixelshift.errors import InvalidRequestError, SettingsError
from pixelshift.limits import Limits
from pixelshift.net.credential import credential_source
from pixelshift.origin.base import Origin
from pixelshift.origin.shared import CachingOrigin, CoalescingOrigin
from pixelshift.render.base import Renderer
from pixelshift.render.in_process import InProcess
from pixelshift.request.base import RequestRules
from pixelshift.request.rewrite import compile_rewrite
from pixelshift.settings import SeriesSettings, Settings
from pixelshift.value import frozen

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from pixelshift.delivery.clients import ClientLimits
    from pixelshift.delivery.gate import SignedGate
    from pixelshift.delivery.shared import SharedService
    from pixelshift.notify.base import Sink
    from pixelshift.render.pool import PoolOptions, WorkerPool
    from pixelshift.streams.service import SeriesService
    from pixelshift.vision.rekognition import Rekognition

BUFFERED_LIMIT_BYTES = 6 * 1024 * 1024 // 4 * 3
"""The largest body whose base64 text alone fits into 6 MiB: where upstream refuses."""
SAFE_LIMIT_BYTES = BUFFERED_LIMIT_BYTES - 24 * 1024
"""The largest body that Lambda carries for sure: its limit is for the whole answer, with every header a URL can set."""
STREAMED_LIMIT_BYTES = 200 * 1024 * 1024 - 32 * 1024
"""The largest body of a streamed one."""


def image_function(environment: Mapping[str, str] = os.environ) -> DeliveryService:
    """The service as a Lambda function runs it: one request at a time, no cache but that of originals.

    :raises SettingsError: the environment cannot be used.
    """
    settings = load(environment)
    limits = settings.limits.limits()
    originals, oversize = _originals(settings, environment, limits), _oversize(settings, environment)
    rooms = Rooms(
        rules=request_rules(settings),
        studio=_studio(settings, originals, InProcess(), oversize),
        failures=_failures(settings, originals, oversize.limit_bytes),
        gate=_gate(settings, environment),
    )
    return DeliveryService(rooms, policy(settings))


def wants_figures(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a Lambda function prints a line of figures for each request."""
    return load(environment).web.metrics


def request_rules(settings: Settings) -> RequestRules:
    """How URLs are read.

    :raises SettingsError: the rewrite pattern does not compile.
    """
    allowed = settings.request.response_headers
    return RequestRules(
        buckets=source_buckets(settings),
        rewrite=compile_rewrite(settings.request.rewrite_match_pattern, settings.request.rewrite_substitution),
        response_headers=None if "*" in allowed else frozenset(allowed),
        limits=settings.limits.limits(),
    )


@frozen
class ImageService:
    """The service with the parts that a process must end or purge."""

    delivery: "SharedService"
    pool: "WorkerPool"
    cache: HttpCache | None
    executor: "ThreadPoolExecutor"

    def is_ready(self) -> bool:
        """Whether pictures can be made."""
        return bool(self.pool.process_ids())

    def close(self) -> None:
        """Ends the render processes and waits for what is under way."""
        self.pool.close()
        self.executor.shutdown(wait=True, cancel_futures=True)


def image_service(settings: Settings, environment: Mapping[str, str] = os.environ) -> ImageService:
    """The service as a long-lived process runs it: render processes, a cache, work shared by everyone who waits.

    :raises SettingsError: the rewrite pattern does not compile.
    """
    from concurrent.futures import ThreadPoolExecutor

    from pixelshift.delivery.shared import SharedService, Sharing
    from pixelshift.render.pool import WorkerPool

    limits = settings.limits.limits()
    rules, originals = request_rules(settings), _originals(settings, environment, limits)
    store = cache_store(settings)
    ages = Ages(settings.cache.max_ttl_s, settings.cache.stale_while_revalidate_s, settings.cache.stale_if_error_s)
    cache = HttpCache(store, ages) if store is not None else None
    pool = WorkerPool(_pool_options(settings, environment))
    executor = ThreadPoolExecutor(max_workers=settings.render.queue + 2, thread_name_prefix="picture")
    rooms = Rooms(
        rules=rules,
        studio=_studio(settings, originals, pool, None),
        failures=_failures(settings, originals, None),
        gate=_gate(settings, environment),
        cache=cache,
    )
    sharing = Sharing(executor, _peek(store), settings.render.queue, _client_limits(settings))
    return ImageService(SharedService(rooms, policy(settings), sharing), pool, cache, executor)


@frozen
class SeriesRuntime:
    """The series service and the thread that carries its events to their sinks."""

    service: "SeriesService"
    token: str | None
    close: Callable[[], None]
    """Ends the thread and closes the store; events that were not delivered are when it is opened again."""


def series_runtime(settings: Settings) -> SeriesRuntime | None:
    """The series service as a long-lived process runs it; ``None`` where no store is set.

    :raises SettingsError: a store, a file or a webhook that cannot be used.
    """
    from pixelshift.store.sqlite import SqliteSeriesStore
    from pixelshift.streams.feed import Feed
    from pixelshift.streams.outbox import Dispatcher
    from pixelshift.streams.service import SeriesService, ServiceLimits

    chosen = settings.series
    if not chosen.store:
        return None
    try:
        sinks = _sinks(chosen)
        durability: Literal["disk", "process"] = "disk" if chosen.durability == "disk" else "process"
        store = SqliteSeriesStore(Path(chosen.store), durability=durability)
    except InvalidRequestError as error:
        raise SettingsError(error.message) from None
    dispatcher, stop = Dispatcher(store, sinks), threading.Event()
    limits = ServiceLimits(series=chosen.series, segment_points=chosen.segment_points)
    feed = Feed(chosen.onlookers)
    service = SeriesService(store, limits=limits, sinks=tuple(sinks), on_events=dispatcher.wake, feed=feed)
    thread = threading.Thread(target=dispatcher.run, args=(stop,), name="outbox")
    thread.start()

    def close() -> None:
        stop.set()
        dispatcher.wake()
        thread.join()
        for sink in sinks.values():
            sink.close()
        store.close()

    return SeriesRuntime(service, chosen.token or None, close)


def _sinks(chosen: SeriesSettings) -> dict[str, "Sink"]:
    from pixelshift.notify.stream import FileSink, StreamSink
    from pixelshift.notify.webhook import WebhookSink

    sinks: dict[str, Sink] = {}
    if chosen.webhook_url:
        sinks["webhook"] = WebhookSink(chosen.webhook_url, chosen.webhook_secret)
    if chosen.event_file:
        sinks["file"] = FileSink(Path(chosen.event_file))
    if chosen.event_output:
        sinks["output"] = StreamSink(sys.stdout.buffer)
    return sinks


def cache_store(settings: Settings) -> CacheStore | None:
    """The store of finished pictures: memory over disk, either of them, or none."""
    from pixelshift.cache.memory import MemoryStore

    chosen = settings.cache
    memory = MemoryStore(chosen.memory_bytes) if chosen.memory_bytes else None
    if not chosen.folder:
        return memory
    from pixelshift.cache.disk import DiskStore
    from pixelshift.cache.tiered import TieredStore

    disk = DiskStore(Path(chosen.folder), chosen.disk_bytes)
    return TieredStore(memory, disk) if memory is not None else disk


def _peek(store: CacheStore | None) -> Callable[[str], Entry | None] | None:
    """The way into the part of a store that is memory."""
    from pixelshift.cache.memory import MemoryStore
    from pixelshift.cache.tiered import TieredStore

    if isinstance(store, TieredStore):
        return store.get_near
    return store.get if isinstance(store, MemoryStore) else None


def _pool_options(settings: Settings, environment: Mapping[str, str]) -> "PoolOptions":
    from pixelshift.render.pool import PoolOptions

    kept = {name: environment[name] for name in _WORKER_VARIABLES if name in environment}
    return PoolOptions(
        size=settings.render.workers or len(os.sched_getaffinity(0)),
        memory_bytes=settings.render.memory_bytes,
        # One core each: libraries that would start a thread per core are told not to.
        environment={**kept, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


_WORKER_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PIXELSHIFT_CPU")
"""What render processes see of the environment: no credentials."""


def policy(settings: Settings) -> Policy:
    """What the operator decides about answers."""
    offered = [(Format.AVIF, settings.output.auto_avif), (Format.WEBP, settings.output.auto_webp)]
    return Policy(
        offered=tuple(one for one, wanted in offered if wanted),
        cors=Cors(settings.cors.enabled, settings.cors.origin),
        time_s=settings.limits.time_s,
        path_prefix=settings.request.path_prefix,
    )


def _client_limits(settings: Settings) -> "ClientLimits | None":
    from pixelshift.delivery.clients import ClientLimits

    chosen = settings.clients
    limits = ClientLimits(chosen.at_once, chosen.per_second, chosen.burst, chosen.remembered)
    return limits if limits.at_once or limits.per_second else None


def source_buckets(settings: Settings) -> tuple[str, ...]:
    """The allow-list; a folder or a list of hosts is one where nothing else is said."""
    if settings.request.source_buckets:
        return settings.request.source_buckets
    if settings.origin.kind == "folder":
        return (FOLDER_BUCKET,)
    return settings.origin.https_hosts if settings.origin.kind == "https" else ()


FOLDER_BUCKET = "pictures"
"""The name of the served folder itself, where ``SOURCE_BUCKETS`` names no folders in it."""


def _oversize(settings: Settings, environment: Mapping[str, str]) -> Oversize:
    """What a Lambda function does about answers that it cannot send."""
    chosen = settings.oversize
    if chosen.answer == "stream":
        return Oversize(STREAMED_LIMIT_BYTES)
    if chosen.answer == "refuse":
        return Oversize(BUFFERED_LIMIT_BYTES)
    from pixelshift.net.s3 import S3Bucket

    endpoint = settings.origin.s3_endpoint or settings.origin.endpoint or None
    shelf = S3Bucket(chosen.bucket, credential_source(environment), settings.origin.region, endpoint)
    return Oversize(SAFE_LIMIT_BYTES, shelf, chosen.prefix, chosen.link_s, chosen.cache_s)


def _studio(settings: Settings, originals: Originals, renderer: Renderer, oversize: Oversize | None) -> Studio:
    return Studio(
        originals=originals,
        renderer=renderer,
        eyes=_eyes(settings),
        limits=settings.limits.limits(),
        auto_orient=settings.output.auto_orient,
        keep_gps=settings.output.keep_gps,
        oversize=oversize,
    )


def _eyes(settings: Settings) -> Eyes:
    """Who looks at pictures: ``auto`` takes Rekognition wherever AWS is."""
    chosen, on_aws = settings.vision, settings.origin.kind == "s3"
    asks_faces = chosen.faces == "rekognition" or (chosen.faces == "auto" and on_aws)
    moderates = chosen.moderation == "rekognition" or (chosen.moderation == "auto" and (on_aws or asks_faces))
    rekognition = _rekognition(settings) if asks_faces or moderates else None
    moderator = rekognition if moderates else None
    if asks_faces:
        return Eyes(rekognition, moderator)
    if chosen.faces == "local" or (chosen.faces == "auto" and find_spec("cv2") is not None):
        from pixelshift.vision.local import LocalFaces

        return Eyes(LocalFaces(), moderator)
    return Eyes(None, moderator)


def _rekognition(settings: Settings) -> "Rekognition":
    from pixelshift.render.shrink import shrink
    from pixelshift.vision.rekognition import Rekognition, RekognitionSettings

    endpoint = settings.origin.rekognition_endpoint or settings.origin.endpoint or None
    return Rekognition(RekognitionSettings(settings.origin.region, endpoint), shrink=shrink)


def _originals(settings: Settings, environment: Mapping[str, str], limits: Limits) -> Originals:
    origin: Origin = CoalescingOrigin(_origin(settings, environment))
    memory = None
    if settings.origin.cache:
        origin = memory = CachingOrigin(origin, settings.origin.cache_bytes)
    return Originals(origin, limits, settings.origin.timeout_s, memory)


def _origin(settings: Settings, environment: Mapping[str, str]) -> Origin:
    chosen = settings.origin
    if chosen.kind == "folder":
        from pixelshift.origin.folder import FolderOrigin

        own = {} if settings.request.source_buckets else {FOLDER_BUCKET: "."}
        return FolderOrigin(Path(chosen.folder), own)
    if chosen.kind == "https":
        from pixelshift.origin.https import HttpsOrigin, HttpsSettings

        bases = {host: f"https://{host}/" for host in chosen.https_hosts}
        return HttpsOrigin(HttpsSettings(bases, frozenset(chosen.https_redirect_hosts)))
    from pixelshift.origin.s3 import S3Origin, S3Settings

    s3 = S3Settings(chosen.region, chosen.s3_endpoint or chosen.endpoint or None)
    return S3Origin(s3, credential_source(environment))


def _gate(settings: Settings, environment: Mapping[str, str]) -> "SignedGate | None":
    signature = settings.signature
    if not signature.enabled:
        return None
    from pixelshift.delivery.gate import SignedGate
    from pixelshift.secret.rotation import FixedKeys, KeyName, RotatingKeys

    if signature.plain_key:
        return SignedGate(FixedKeys((signature.plain_key.encode(),)), accept_v6=signature.accept_v6)
    from pixelshift.secret.aws import SecretsManager

    endpoint = settings.origin.secrets_endpoint or settings.origin.endpoint or None
    reader = SecretsManager(settings.origin.region, credential_source(environment), endpoint_url=endpoint)
    keys = RotatingKeys(reader, KeyName(signature.secret_name, signature.secret_key))
    return SignedGate(keys, accept_v6=signature.accept_v6)


def _failures(settings: Settings, originals: Originals, body_limit_bytes: int | None) -> Failures:
    chosen = settings.fallback
    usable = chosen.enabled and chosen.bucket and chosen.key
    picture = FallbackPicture(chosen.bucket, chosen.key, chosen.max_age_s, body_limit_bytes) if usable else None
    return Failures(originals, picture, settings.web.docs_url)
