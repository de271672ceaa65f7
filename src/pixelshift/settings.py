"""The settings: frozen values that :mod:`pixelshift.environment` reads.

Each field carries its variable, its reader and one sentence; ``docs/reference/settings.md`` is held to them by a test.
Names without a prefix are Serverless Image Handler's own and keep its meaning; ours begin with ``PIXELSHIFT_``, but
for the few that stand beside one of its switches (``AUTO_AVIF``, ``AUTO_ORIENT``, ``KEEP_GPS``, …).
"""

import math

from pixelshift.limits import Limits
from pixelshift.request.bucket import parse_buckets
from pixelshift.value import contents, field, frozen
from pixelshift.variable import (
    lower_listed,
    networks,
    on_off,
    one_of,
    positive,
    rate,
    setting,
    text,
    url_prefix,
    verbatim,
    whole,
    yes,
)

_BOUNDS = Limits()
_NO_SIZE_LIMIT = 2**31 - 1


def _sharp_size_limit(text: str) -> int:
    """Upstream's rule: text that is no number means the default, ``0`` lifts it (up to what codecs can hold).

    Below 0 or with a fraction nothing is decoded: every picture is over the limit.
    """
    try:
        value = float(text)
    except ValueError:
        return _BOUNDS.source_pixels
    if not math.isfinite(value):
        return _BOUNDS.source_pixels
    if value < 0 or value != int(value):
        return 0
    return int(value) or _NO_SIZE_LIMIT


@frozen
class RequestSettings:
    """How URLs are read."""

    source_buckets: tuple[str, ...] = setting(
        "SOURCE_BUCKETS",
        parse_buckets,
        (),
        "Buckets that originals and overlays may come from, comma separated; the first is the default.",
    )
    rewrite_match_pattern: str = setting(
        "REWRITE_MATCH_PATTERN", verbatim, "", "Custom rewrite: `/expression/flags` in JavaScript syntax."
    )
    rewrite_substitution: str = setting(
        "REWRITE_SUBSTITUTION", verbatim, "", "Custom rewrite: the JavaScript replacement text."
    )
    path_prefix: str = setting(
        "PIXELSHIFT_PATH_PREFIX",
        url_prefix,
        "",
        "A path that is taken off the front of every image URL, such as `/image`.",
    )
    response_headers: tuple[str, ...] = setting(
        "PIXELSHIFT_RESPONSE_HEADERS",
        lower_listed,
        ("*",),
        "Response headers that a base64 body may set; `*` lets through all that the deny-list does not name. "
        "Where URLs are not signed, `Cache-Control` alone is the careful choice.",
    )


@frozen
class OutputSettings:
    """What is sent when the URL does not say."""

    auto_webp: bool = setting("AUTO_WEBP", yes, False, "`Yes`: WebP for clients that accept it.")
    auto_avif: bool = setting(
        "AUTO_AVIF", yes, False, "`Yes`: AVIF for clients that accept it; preferred where `AUTO_WEBP` is on too."
    )
    auto_orient: bool = setting("AUTO_ORIENT", yes, False, "`Yes`: turn every edited picture upright first.")
    keep_gps: bool = setting("KEEP_GPS", yes, False, "`Yes`: keep GPS positions in edited pictures.")


@frozen
class SignatureSettings:
    """Signed URLs."""

    enabled: bool = setting("ENABLE_SIGNATURE", yes, False, "`Yes`: only signed URLs are answered.")
    secret_name: str = setting("SECRETS_MANAGER", text, "", "The Secrets Manager secret; its text is a JSON object.")
    secret_key: str = setting("SECRET_KEY", text, "", "The member of that object which holds the key.")
    accept_v6: bool = setting(
        "SIGNATURE_ACCEPT_V6", yes, False, "`Yes`: a signature over the path alone also opens URLs with a query."
    )
    plain_key: str = setting(
        "PIXELSHIFT_SIGNATURE_KEY", verbatim, "", "The signing key itself, where there is no Secrets Manager."
    )


@frozen
class FallbackSettings:
    """A picture in place of an error."""

    enabled: bool = setting("ENABLE_DEFAULT_FALLBACK_IMAGE", yes, False, "`Yes`: errors are answered with a picture.")
    bucket: str = setting("DEFAULT_FALLBACK_IMAGE_BUCKET", text, "", "Its bucket; blank turns the fallback off.")
    key: str = setting("DEFAULT_FALLBACK_IMAGE_KEY", text, "", "Its key; blank turns the fallback off.")
    max_age_s: int = setting(
        "PIXELSHIFT_FALLBACK_MAX_AGE",
        whole(0),
        31_536_000,
        "Seconds that caches may keep it when neither the object nor the request says. The default is upstream's; "
        "60 keeps a passing failure from being remembered for a year.",
    )


@frozen
class CorsSettings:
    """Who may read pictures from scripts."""

    enabled: bool = setting("CORS_ENABLED", yes, False, "`Yes`: send `Access-Control-Allow-Origin`.")
    origin: str = setting("CORS_ORIGIN", text, "*", "Its value.")


@frozen
class OriginSettings:
    """Where originals come from."""

    kind: str = setting("PIXELSHIFT_ORIGIN", one_of("s3", "folder", "https"), "s3", "`s3`, `folder` or `https`.")
    folder: str = setting("PIXELSHIFT_FOLDER", text, "", "The folder of originals; each bucket is a folder in it.")
    https_hosts: tuple[str, ...] = setting(
        "PIXELSHIFT_HTTPS_HOSTS", lower_listed, (), "Host names that originals may be fetched from; each is a bucket."
    )
    https_redirect_hosts: tuple[str, ...] = setting(
        "PIXELSHIFT_HTTPS_REDIRECT_HOSTS", lower_listed, (), "Further host names that those may redirect to."
    )
    cache: bool = setting("PIXELSHIFT_ORIGIN_CACHE", on_off, True, "`off`: never keep an original between requests.")
    cache_bytes: int = setting(
        "PIXELSHIFT_ORIGIN_CACHE_BYTES", whole(0), 64 * 1024 * 1024, "Memory for originals, in bytes."
    )
    timeout_s: float = setting("PIXELSHIFT_ORIGIN_TIMEOUT", positive, 10.0, "Seconds to read one original.")
    region: str = setting("AWS_REGION", text, "us-east-1", "The region of AWS calls.")
    endpoint: str = setting("AWS_ENDPOINT_URL", text, "", "Another address for all AWS services.")
    s3_endpoint: str = setting("AWS_ENDPOINT_URL_S3", text, "", "Another address for S3.")
    secrets_endpoint: str = setting(
        "AWS_ENDPOINT_URL_SECRETS_MANAGER", text, "", "Another address for Secrets Manager."
    )
    rekognition_endpoint: str = setting("AWS_ENDPOINT_URL_REKOGNITION", text, "", "Another address for Rekognition.")


@frozen
class CacheSettings:
    """The embedded cache of finished pictures (the service only; Lambda has a CDN in front)."""

    memory_bytes: int = setting(
        "PIXELSHIFT_CACHE_MEMORY_BYTES",
        whole(0),
        256 * 1024 * 1024,
        "Memory for finished pictures, in bytes; 0 for none.",
    )
    folder: str = setting(
        "PIXELSHIFT_CACHE_FOLDER", text, "", "A folder for finished pictures, shared by processes; blank for none."
    )
    disk_bytes: int = setting(
        "PIXELSHIFT_CACHE_DISK_BYTES", whole(0), 4 * 1024**3, "Room for them in that folder, in bytes."
    )
    max_ttl_s: int = setting(
        "PIXELSHIFT_CACHE_MAX_TTL",
        whole(0),
        86_400,
        "Seconds after which an entry is checked against its original, however long its Cache-Control allows.",
    )
    stale_while_revalidate_s: int = setting(
        "PIXELSHIFT_CACHE_STALE_WHILE_REVALIDATE",
        whole(0),
        60,
        "Seconds that a stale entry may be served while it is renewed, when its Cache-Control does not say.",
    )
    stale_if_error_s: int = setting(
        "PIXELSHIFT_CACHE_STALE_IF_ERROR",
        whole(0),
        86_400,
        "Seconds that a stale entry may be served when renewing it fails, when its Cache-Control does not say.",
    )


@frozen
class RenderSettings:
    """The processes that decode and encode (the service only; Lambda renders in its own process)."""

    workers: int = setting("PIXELSHIFT_WORKERS", whole(0, 1024), 0, "Render processes; 0 for one per core.")
    memory_bytes: int = setting(
        "PIXELSHIFT_WORKER_MEMORY_BYTES", whole(256 * 1024 * 1024), 4 * 1024**3, "Address space of each, in bytes."
    )
    queue: int = setting(
        "PIXELSHIFT_QUEUE", whole(1), 64, "Pictures that may wait or be in work; beyond that the answer is 503."
    )


@frozen
class ClientSettings:
    """What one client may have of the service; beyond that the answer is 429. Stored pictures do not count."""

    at_once: int = setting(
        "PIXELSHIFT_CLIENT_QUEUE", whole(0), 0, "Pictures that may wait or be in work for one client; 0 for any number."
    )
    per_second: float = setting(
        "PIXELSHIFT_CLIENT_RATE", rate, 0.0, "New pictures a second for one client, on average; 0 for any number."
    )
    burst: int = setting("PIXELSHIFT_CLIENT_BURST", whole(1), 20, "New pictures that may come together after a pause.")
    remembered: int = setting("PIXELSHIFT_CLIENTS", whole(1), 65_536, "Clients that are kept account of.")
    trusted_proxies: tuple[str, ...] = setting(
        "PIXELSHIFT_TRUSTED_PROXIES",
        networks,
        ("127.0.0.1",),
        "Addresses and networks whose `X-Forwarded-For` is believed; what they pass on is the client.",
    )


@frozen
class VisionSettings:
    """What looks at pictures."""

    faces: str = setting(
        "PIXELSHIFT_FACES",
        one_of("auto", "rekognition", "local", "saliency"),
        "auto",
        "Faces for `smartCrop`: `rekognition`, `local` (needs the extra `faces`), `saliency` (no faces, our kernel), "
        "or `auto`: Rekognition with an S3 origin, else local where installed, else saliency.",
    )
    moderation: str = setting(
        "PIXELSHIFT_MODERATION",
        one_of("auto", "rekognition", "off"),
        "auto",
        "What `contentModeration` asks: `rekognition`, `off` (the edit is refused), or `auto`: Rekognition with an S3 "
        "origin or where faces are its business, else off.",
    )


@frozen
class WebSettings:
    """The HTTP service."""

    admin_token: str = setting(
        "PIXELSHIFT_ADMIN_TOKEN", verbatim, "", "Bearer token of the purge API; blank keeps it closed."
    )
    metrics: bool = setting(
        "PIXELSHIFT_METRICS", on_off, True, "`off`: no `/metrics`; on Lambda no line of figures for each request."
    )
    docs_url: str = setting(
        "PIXELSHIFT_DOCS_URL", text, "/-/errors", "The page that error bodies link to; `#code` is added to it."
    )
    log_level: str = setting(
        "PIXELSHIFT_LOG_LEVEL", one_of("debug", "info", "warning", "error"), "info", "What is logged."
    )


@frozen
class OversizeSettings:
    """Pictures larger than a buffered Lambda answer, which carries about 4.5 MB of them (Lambda only)."""

    answer: str = setting(
        "PIXELSHIFT_OVERSIZE",
        one_of("refuse", "redirect", "stream"),
        "refuse",
        "`refuse`: 413, as upstream; `redirect`: 302 to where they lie in a bucket; `stream`: every answer is "
        "streamed, for a function URL or an API whose invoke mode is response streaming.",
    )
    bucket: str = setting(
        "PIXELSHIFT_OVERSIZE_BUCKET", text, "", "The bucket that they are laid in; let its lifecycle rule empty it."
    )
    prefix: str = setting("PIXELSHIFT_OVERSIZE_PREFIX", text, "oversize/", "What their keys begin with.")
    link_s: int = setting("PIXELSHIFT_OVERSIZE_LINK", whole(60, 43_200), 900, "Seconds that a signed link is good.")
    cache_s: int = setting(
        "PIXELSHIFT_OVERSIZE_CACHE",
        whole(0),
        300,
        "Seconds that the redirect may be cached; at most two thirds of the link's life are.",
    )


@frozen
class SeriesSettings:
    """Change points in series (the service only; on AWS they are fed by a stream)."""

    store: str = setting(
        "PIXELSHIFT_SERIES_STORE", text, "", "The SQLite file that keeps series; blank: no series service."
    )
    durability: str = setting(
        "PIXELSHIFT_SERIES_DURABILITY",
        one_of("disk", "process"),
        "disk",
        "What an answer outlives: `disk` a power cut, `process` only the end of the process (and is faster).",
    )
    token: str = setting(
        "PIXELSHIFT_SERIES_TOKEN", verbatim, "", "Bearer token that the series API asks for; blank asks for none."
    )
    webhook_url: str = setting("PIXELSHIFT_SERIES_WEBHOOK_URL", text, "", "Where events are posted; blank: nowhere.")
    webhook_secret: str = setting(
        "PIXELSHIFT_SERIES_WEBHOOK_SECRET", verbatim, "", "What they are signed with: `whsec_` and base64, or a text."
    )
    event_file: str = setting(
        "PIXELSHIFT_SERIES_EVENT_FILE", text, "", "A file that events are appended to as lines of JSON; blank: none."
    )
    event_output: bool = setting(
        "PIXELSHIFT_SERIES_EVENT_OUTPUT", on_off, False, "`on`: events are printed on standard output, too."
    )
    series: int = setting("PIXELSHIFT_MAX_SERIES", whole(1), 100_000, "Series in the store.")
    segment_points: int = setting(
        "PIXELSHIFT_MAX_SEGMENT_POINTS", whole(16, 10_000_000), 100_000, "Observations that one detector holds."
    )
    onlookers: int = setting("PIXELSHIFT_MAX_ONLOOKERS", whole(0), 256, "Clients that may listen to events at once.")


@frozen
class StreamSettings:
    """Change points of devices on AWS, fed by a Kinesis stream."""

    detector: str = setting(
        "PIXELSHIFT_STREAM_DETECTOR", text, "{}", "The detector's parameters, or a preset, as a JSON object."
    )
    state_table: str = setting("PIXELSHIFT_STATE_TABLE", text, "", "The DynamoDB table of devices' states.")
    changes_table: str = setting("PIXELSHIFT_CHANGES_TABLE", text, "", "The DynamoDB table of change points.")
    outbox_table: str = setting("PIXELSHIFT_OUTBOX_TABLE", text, "", "The DynamoDB table of events to be sent.")
    topic_arn: str = setting("PIXELSHIFT_TOPIC_ARN", text, "", "The SNS topic that change points are sent to.")
    poison_queue_url: str = setting(
        "PIXELSHIFT_POISON_QUEUE_URL", text, "", "The SQS queue of records that cannot be read, and of lost batches."
    )
    people_queue_url: str = setting(
        "PIXELSHIFT_PEOPLE_QUEUE_URL", text, "", "The SQS queue of letters that people must look at."
    )
    recorder: str = setting(
        "PIXELSHIFT_RECORDER",
        one_of("dynamodb", "s3", "firehose"),
        "dynamodb",
        "Where raw records are kept: `dynamodb`, `s3` or `firehose`.",
    )
    recorder_target: str = setting(
        "PIXELSHIFT_RECORDER_TARGET", text, "", "The table, bucket or delivery stream of raw records."
    )


@frozen
class LimitSettings:
    """What one request may ask of us."""

    url_bytes: int = setting("PIXELSHIFT_MAX_URL_BYTES", whole(1), _BOUNDS.url_bytes, "Path and query.")
    json_depth: int = setting("PIXELSHIFT_MAX_JSON_DEPTH", whole(1, 200), _BOUNDS.json_depth, "Nesting of a body.")
    edit_count: int = setting("PIXELSHIFT_MAX_EDITS", whole(1), _BOUNDS.edit_count, "Edits of one request.")
    source_bytes: int = setting("PIXELSHIFT_MAX_SOURCE_BYTES", whole(1), _BOUNDS.source_bytes, "One original.")
    source_pixels: int = setting(
        "SHARP_SIZE_LIMIT",
        _sharp_size_limit,
        _BOUNDS.source_pixels,
        "Pixels of one frame of an original; `0` lifts it. Below 0 or with a fraction none is decoded, as upstream.",
    )
    animation_pixels: int = setting(
        "PIXELSHIFT_MAX_ANIMATION_PIXELS", whole(1), _BOUNDS.animation_pixels, "Pixels of all its frames together."
    )
    frames: int = setting("PIXELSHIFT_MAX_FRAMES", whole(1), _BOUNDS.frames, "Frames of an animation.")
    output_side_px: int = setting("PIXELSHIFT_MAX_OUTPUT_SIDE", whole(1, 65535), _BOUNDS.output_side_px, "One side.")
    output_pixels: int = setting("PIXELSHIFT_MAX_OUTPUT_PIXELS", whole(1), _BOUNDS.output_pixels, "Area.")
    output_bytes: int = setting("PIXELSHIFT_MAX_OUTPUT_BYTES", whole(1), _BOUNDS.output_bytes, "Encoded size.")
    convolution_side: int = setting(
        "PIXELSHIFT_MAX_CONVOLUTION_SIDE", whole(3, 1001), _BOUNDS.convolution_side, "One side of a convolution kernel."
    )
    median_side: int = setting("PIXELSHIFT_MAX_MEDIAN_SIDE", whole(1, 1000), _BOUNDS.median_side, "Median window.")
    cost: float = setting(
        "PIXELSHIFT_MAX_COST", positive, _BOUNDS.cost, "Estimated elementary operations (pixels x kernel area)."
    )
    time_s: float = setting("PIXELSHIFT_MAX_TIME", positive, _BOUNDS.time_s, "Seconds from arrival to answer.")
    svg_bytes: int = setting("PIXELSHIFT_MAX_SVG_BYTES", whole(1), _BOUNDS.svg_bytes, "An SVG document.")

    def limits(self) -> Limits:
        """The same numbers as the value that the other floors pass around."""
        return Limits(**contents(self))


@frozen
class Settings:
    """Everything that the environment decides."""

    request: RequestSettings = field(default_factory=RequestSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    signature: SignatureSettings = field(default_factory=SignatureSettings)
    fallback: FallbackSettings = field(default_factory=FallbackSettings)
    cors: CorsSettings = field(default_factory=CorsSettings)
    origin: OriginSettings = field(default_factory=OriginSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    clients: ClientSettings = field(default_factory=ClientSettings)
    vision: VisionSettings = field(default_factory=VisionSettings)
    web: WebSettings = field(default_factory=WebSettings)
    oversize: OversizeSettings = field(default_factory=OversizeSettings)
    series: SeriesSettings = field(default_factory=SeriesSettings)
    stream: StreamSettings = field(default_factory=StreamSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
