"""The one place that chooses implementations: settings in, services out."""

import os
from collections.abc import Mapping
from pathlib import Path

from pixelshift.delivery.failure import Failures, FallbackPicture
from pixelshift.delivery.finish import Cors
from pixelshift.delivery.gate import SignedGate
from pixelshift.delivery.originals import Originals
from pixelshift.delivery.production import Eyes, Studio
from pixelshift.delivery.service import DeliveryService, Policy, Rooms
from pixelshift.edits.types import Format
from pixelshift.limits import Limits
from pixelshift.net.credential import credential_source
from pixelshift.origin.base import Origin
from pixelshift.origin.shared import CachingOrigin, CoalescingOrigin
from pixelshift.render.in_process import InProcess
from pixelshift.request.base import RequestRules
from pixelshift.request.rewrite import compile_rewrite
from pixelshift.secret.rotation import FixedKeys, KeyName, RotatingKeys
from pixelshift.settings import Settings, load

LAMBDA_BODY_LIMIT_BYTES = 6 * 1024 * 1024 // 4 * 3
"""The largest body whose base64 text fits a Lambda answer of 6 MiB."""


def image_function(environment: Mapping[str, str] = os.environ) -> DeliveryService:
    """The service as a Lambda function runs it: one request at a time, no cache but that of originals.

    :raises SettingsError: the environment cannot be used.
    """
    settings = load(environment)
    limits = settings.limits.limits()
    originals = _originals(settings, environment, limits)
    studio = Studio(
        originals=originals,
        renderer=InProcess(),
        eyes=Eyes(),
        limits=limits,
        auto_orient=settings.output.auto_orient,
        keep_gps=settings.output.keep_gps,
        body_limit_bytes=LAMBDA_BODY_LIMIT_BYTES,
    )
    rooms = Rooms(
        gate=_gate(settings, environment),
        rules=request_rules(settings),
        studio=studio,
        failures=_failures(settings, originals, LAMBDA_BODY_LIMIT_BYTES),
    )
    return DeliveryService(rooms, policy(settings))


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


def policy(settings: Settings) -> Policy:
    """What the operator decides about answers."""
    offered = [(Format.AVIF, settings.output.auto_avif), (Format.WEBP, settings.output.auto_webp)]
    return Policy(
        offered=tuple(one for one, wanted in offered if wanted),
        cors=Cors(settings.cors.enabled, settings.cors.origin),
        time_s=settings.limits.time_s,
        path_prefix=settings.request.path_prefix,
        queue=settings.render.queue,
    )


def source_buckets(settings: Settings) -> tuple[str, ...]:
    """The allow-list; a folder or a list of hosts is one where nothing else is said."""
    if settings.request.source_buckets:
        return settings.request.source_buckets
    if settings.origin.kind == "folder":
        return (FOLDER_BUCKET,)
    return settings.origin.https_hosts if settings.origin.kind == "https" else ()


FOLDER_BUCKET = "pictures"
"""The name of the served folder itself, where ``SOURCE_BUCKETS`` names no folders in it."""


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
    from pixelshift.origin.s3 import S3Origin, S3Settings

    s3 = S3Settings(chosen.region, chosen.s3_endpoint or chosen.endpoint or None)
    return S3Origin(s3, credential_source(environment))


def _gate(settings: Settings, environment: Mapping[str, str]) -> SignedGate | None:
    signature = settings.signature
    if not signature.enabled:
        return None
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
