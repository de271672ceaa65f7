"""The environment, read once: variables become frozen values, and every invalid one is named at start.

Each field carries its variable, its reader and one sentence; ``docs/reference/settings.md`` is held to them by a test.
Names without a prefix are Serverless Image Handler's own and keep its meaning; ours begin with ``PIXELSHIFT_``, but
for the few that stand beside one of its switches (``AUTO_AVIF``, ``AUTO_ORIENT``, ``KEEP_GPS``, …).
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import ip_network
from typing import Any, TypeVar, get_type_hints

from pixelshift.errors import SettingsError
from pixelshift.limits import Limits
from pixelshift.request.bucket import parse_buckets

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its name, what reads its text, and what it means."""

    name: str
    read: Callable[[str], Any]
    meaning: str


def _setting(name: str, read: Callable[[str], _Value], default: _Value, meaning: str) -> _Value:
    """A dataclass field that is read from the variable ``name``; its declared type is that of ``default``."""
    declared: Any = field(default=default, metadata={"variable": Variable(name, read, meaning)})
    return declared  # type: ignore[no-any-return]  # dataclasses turn the field into a value of this type


def _text(text: str) -> str:
    return text.strip()


def _verbatim(text: str) -> str:
    return text


def _yes(text: str) -> bool:
    """Upstream's rule: exactly ``Yes``; anything else is off, and no error."""
    return text == "Yes"


def _on_off(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError("must be on or off")
    return text == "on"


def _listed(text: str) -> tuple[str, ...]:
    """A comma list, all white space removed, empty entries skipped."""
    return tuple(name for name in "".join(text.split()).split(",") if name)


def _lower_listed(text: str) -> tuple[str, ...]:
    return tuple(name.lower() for name in _listed(text))


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return text

    return read


def _whole(least: int, most: int = 2**63 - 1) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError("must be a whole number") from None
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most}")
        return value

    return read


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("must be a number") from None
    if not (math.isfinite(value) and value >= 0):
        raise ValueError("must be 0 or above, and finite")
    return value


def _positive(text: str) -> float:
    value = _rate(text)
    if value == 0:
        raise ValueError("must be above 0")
    return value


def _networks(text: str) -> tuple[str, ...]:
    networks = _listed(text)
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError("must be addresses or networks, such as 10.0.0.0/8") from None
    return networks


def _url_prefix(text: str) -> str:
    """A path that every request begins with, without its trailing slash; empty for none."""
    text = text.strip().rstrip("/")
    if text and not text.startswith("/"):
        raise ValueError("must begin with /")
    return text


_BOUNDS = Limits()
_NO_SIZE_LIMIT = 2**31 - 1


def _sharp_size_limit(text: str) -> int:
    """Upstream's rule: text that is no number means the default, ``0`` lifts it (up to what codecs can hold)."""
    try:
        value = float(text)
    except ValueError:
        return _BOUNDS.source_pixels
    if not math.isfinite(value):
        return _BOUNDS.source_pixels
    if value < 0 or value != int(value):
        raise ValueError("must be a whole number of pixels, 0 or above")
    return int(value) or _NO_SIZE_LIMIT


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """How URLs are read."""

    source_buckets: tuple[str, ...] = _setting(
        "SOURCE_BUCKETS",
        parse_buckets,
        (),
        "Buckets that originals and overlays may come from, comma separated; the first is the default.",
    )
    rewrite_match_pattern: str = _setting(
        "REWRITE_MATCH_PATTERN", _verbatim, "", "Custom rewrite: `/expression/flags` in JavaScript syntax."
    )
    rewrite_substitution: str = _setting(
        "REWRITE_SUBSTITUTION", _verbatim, "", "Custom rewrite: the JavaScript replacement text."
    )
    path_prefix: str = _setting(
        "PIXELSHIFT_PATH_PREFIX",
        _url_prefix,
        "",
        "A path that is taken off the front of every image URL, such as `/image`.",
    )
    response_headers: tuple[str, ...] = _setting(
        "PIXELSHIFT_RESPONSE_HEADERS",
        _lower_listed,
        ("*",),
        "Response headers that a base64 body may set; `*` lets through all that the deny-list does not name. "
        "Where URLs are not signed, `Cache-Control` alone is the careful choice.",
    )


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """What is sent when the URL does not say."""

    auto_webp: bool = _setting("AUTO_WEBP", _yes, False, "`Yes`: WebP for clients that accept it.")
    auto_avif: bool = _setting(
        "AUTO_AVIF", _yes, False, "`Yes`: AVIF for clients that accept it; preferred where `AUTO_WEBP` is on too."
    )
    auto_orient: bool = _setting("AUTO_ORIENT", _yes, False, "`Yes`: turn every edited picture upright first.")
    keep_gps: bool = _setting("KEEP_GPS", _yes, False, "`Yes`: keep GPS positions in edited pictures.")


@dataclass(frozen=True, slots=True)
class SignatureSettings:
    """Signed URLs."""

    enabled: bool = _setting("ENABLE_SIGNATURE", _yes, False, "`Yes`: only signed URLs are answered.")
    secret_name: str = _setting("SECRETS_MANAGER", _text, "", "The Secrets Manager secret; its text is a JSON object.")
    secret_key: str = _setting("SECRET_KEY", _text, "", "The member of that object which holds the key.")
    accept_v6: bool = _setting(
        "SIGNATURE_ACCEPT_V6", _yes, False, "`Yes`: a signature over the path alone also opens URLs with a query."
    )
    plain_key: str = _setting(
        "PIXELSHIFT_SIGNATURE_KEY", _verbatim, "", "The signing key itself, where there is no Secrets Manager."
    )


@dataclass(frozen=True, slots=True)
class FallbackSettings:
    """A picture in place of an error."""

    enabled: bool = _setting("ENABLE_DEFAULT_FALLBACK_IMAGE", _yes, False, "`Yes`: errors are answered with a picture.")
    bucket: str = _setting("DEFAULT_FALLBACK_IMAGE_BUCKET", _text, "", "Its bucket; blank turns the fallback off.")
    key: str = _setting("DEFAULT_FALLBACK_IMAGE_KEY", _text, "", "Its key; blank turns the fallback off.")
    max_age_s: int = _setting(
        "PIXELSHIFT_FALLBACK_MAX_AGE",
        _whole(0),
        31_536_000,
        "Seconds that caches may keep it when neither the object nor the request says. The default is upstream's; "
        "60 keeps a passing failure from being remembered for a year.",
    )


@dataclass(frozen=True, slots=True)
class CorsSettings:
    """Who may read pictures from scripts."""

    enabled: bool = _setting("CORS_ENABLED", _yes, False, "`Yes`: send `Access-Control-Allow-Origin`.")
    origin: str = _setting("CORS_ORIGIN", _text, "*", "Its value.")


@dataclass(frozen=True, slots=True)
class OriginSettings:
    """Where originals come from."""

    kind: str = _setting("PIXELSHIFT_ORIGIN", _one_of("s3", "folder", "https"), "s3", "`s3`, `folder` or `https`.")
    folder: str = _setting("PIXELSHIFT_FOLDER", _text, "", "The folder of originals; each bucket is a folder in it.")
    https_hosts: tuple[str, ...] = _setting(
        "PIXELSHIFT_HTTPS_HOSTS", _lower_listed, (), "Host names that originals may be fetched from; each is a bucket."
    )
    https_redirect_hosts: tuple[str, ...] = _setting(
        "PIXELSHIFT_HTTPS_REDIRECT_HOSTS", _lower_listed, (), "Further host names that those may redirect to."
    )
    cache: bool = _setting("PIXELSHIFT_ORIGIN_CACHE", _on_off, True, "`off`: never keep an original between requests.")
    cache_bytes: int = _setting(
        "PIXELSHIFT_ORIGIN_CACHE_BYTES", _whole(0), 64 * 1024 * 1024, "Memory for originals, in bytes."
    )
    timeout_s: float = _setting("PIXELSHIFT_ORIGIN_TIMEOUT", _positive, 10.0, "Seconds to read one original.")
    region: str = _setting("AWS_REGION", _text, "us-east-1", "The region of AWS calls.")
    endpoint: str = _setting("AWS_ENDPOINT_URL", _text, "", "Another address for all AWS services.")
    s3_endpoint: str = _setting("AWS_ENDPOINT_URL_S3", _text, "", "Another address for S3.")
    secrets_endpoint: str = _setting(
        "AWS_ENDPOINT_URL_SECRETS_MANAGER", _text, "", "Another address for Secrets Manager."
    )
    rekognition_endpoint: str = _setting("AWS_ENDPOINT_URL_REKOGNITION", _text, "", "Another address for Rekognition.")


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """The embedded cache of finished pictures (the service only; Lambda has a CDN in front)."""

    memory_bytes: int = _setting(
        "PIXELSHIFT_CACHE_MEMORY_BYTES",
        _whole(0),
        256 * 1024 * 1024,
        "Memory for finished pictures, in bytes; 0 for none.",
    )
    folder: str = _setting(
        "PIXELSHIFT_CACHE_FOLDER", _text, "", "A folder for finished pictures, shared by processes; blank for none."
    )
    disk_bytes: int = _setting(
        "PIXELSHIFT_CACHE_DISK_BYTES", _whole(0), 4 * 1024**3, "Room for them in that folder, in bytes."
    )
    max_ttl_s: int = _setting(
        "PIXELSHIFT_CACHE_MAX_TTL",
        _whole(0),
        86_400,
        "Seconds after which an entry is checked against its original, however long its Cache-Control allows.",
    )
    stale_while_revalidate_s: int = _setting(
        "PIXELSHIFT_CACHE_STALE_WHILE_REVALIDATE",
        _whole(0),
        60,
        "Seconds that a stale entry may be served while it is renewed, when its Cache-Control does not say.",
    )
    stale_if_error_s: int = _setting(
        "PIXELSHIFT_CACHE_STALE_IF_ERROR",
        _whole(0),
        86_400,
        "Seconds that a stale entry may be served when renewing it fails, when its Cache-Control does not say.",
    )


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """The processes that decode and encode (the service only; Lambda renders in its own process)."""

    workers: int = _setting("PIXELSHIFT_WORKERS", _whole(0, 1024), 0, "Render processes; 0 for one per core.")
    memory_bytes: int = _setting(
        "PIXELSHIFT_WORKER_MEMORY_BYTES", _whole(256 * 1024 * 1024), 4 * 1024**3, "Address space of each, in bytes."
    )
    queue: int = _setting(
        "PIXELSHIFT_QUEUE", _whole(1), 64, "Pictures that may wait or be in work; beyond that the answer is 503."
    )


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What one client may have of the service; beyond that the answer is 429. Stored pictures do not count."""

    at_once: int = _setting(
        "PIXELSHIFT_CLIENT_QUEUE",
        _whole(0),
        0,
        "Pictures that may wait or be in work for one client; 0 for any number.",
    )
    per_second: float = _setting(
        "PIXELSHIFT_CLIENT_RATE", _rate, 0.0, "New pictures a second for one client, on average; 0 for any number."
    )
    burst: int = _setting(
        "PIXELSHIFT_CLIENT_BURST", _whole(1), 20, "New pictures that may come together after a pause."
    )
    remembered: int = _setting("PIXELSHIFT_CLIENTS", _whole(1), 65_536, "Clients that are kept account of.")
    trusted_proxies: tuple[str, ...] = _setting(
        "PIXELSHIFT_TRUSTED_PROXIES",
        _networks,
        ("127.0.0.1",),
        "Addresses and networks whose `X-Forwarded-For` is believed; what they pass on is the client.",
    )


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """What looks at pictures."""

    faces: str = _setting(
        "PIXELSHIFT_FACES",
        _one_of("auto", "rekognition", "local", "saliency"),
        "auto",
        "Faces for `smartCrop`: `rekognition`, `local` (needs the extra `faces`), `saliency` (no faces, our kernel), "
        "or `auto`: Rekognition with an S3 origin, else local where installed, else saliency.",
    )
    moderation: str = _setting(
        "PIXELSHIFT_MODERATION",
        _one_of("auto", "rekognition", "off"),
        "auto",
        "What `contentModeration` asks: `rekognition`, `off` (the edit is refused), or `auto`: Rekognition with an S3 "
        "origin or where faces are its business, else off.",
    )


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The HTTP service."""

    admin_token: str = _setting(
        "PIXELSHIFT_ADMIN_TOKEN", _verbatim, "", "Bearer token of the purge API; blank keeps it closed."
    )
    metrics: bool = _setting(
        "PIXELSHIFT_METRICS", _on_off, True, "`off`: no `/metrics`; on Lambda no line of figures for each request."
    )
    docs_url: str = _setting(
        "PIXELSHIFT_DOCS_URL", _text, "/-/errors", "The page that error bodies link to; `#code` is added to it."
    )
    log_level: str = _setting(
        "PIXELSHIFT_LOG_LEVEL", _one_of("debug", "info", "warning", "error"), "info", "What is logged."
    )


@dataclass(frozen=True, slots=True)
class OversizeSettings:
    """Pictures larger than a buffered Lambda answer, which carries about 4.5 MB of them (Lambda only)."""

    answer: str = _setting(
        "PIXELSHIFT_OVERSIZE",
        _one_of("refuse", "redirect", "stream"),
        "refuse",
        "`refuse`: 413, as upstream; `redirect`: 302 to where they lie in a bucket; `stream`: every answer is "
        "streamed, for a function URL or an API whose invoke mode is response streaming.",
    )
    bucket: str = _setting(
        "PIXELSHIFT_OVERSIZE_BUCKET", _text, "", "The bucket that they are laid in; let its lifecycle rule empty it."
    )
    prefix: str = _setting("PIXELSHIFT_OVERSIZE_PREFIX", _text, "oversize/", "What their keys begin with.")
    link_s: int = _setting("PIXELSHIFT_OVERSIZE_LINK", _whole(60, 43_200), 900, "Seconds that a signed link is good.")
    cache_s: int = _setting(
        "PIXELSHIFT_OVERSIZE_CACHE",
        _whole(0),
        300,
        "Seconds that the redirect may be cached; at most two thirds of the link's life are.",
    )


@dataclass(frozen=True, slots=True)
class SeriesSettings:
    """Change points in series (the service only; on AWS they are fed by a stream)."""

    store: str = _setting(
        "PIXELSHIFT_SERIES_STORE", _text, "", "The SQLite file that keeps series; blank: no series service."
    )
    durability: str = _setting(
        "PIXELSHIFT_SERIES_DURABILITY",
        _one_of("disk", "process"),
        "disk",
        "What an answer outlives: `disk` a power cut, `process` only the end of the process (and is faster).",
    )
    token: str = _setting(
        "PIXELSHIFT_SERIES_TOKEN", _verbatim, "", "Bearer token that the series API asks for; blank asks for none."
    )
    webhook_url: str = _setting("PIXELSHIFT_SERIES_WEBHOOK_URL", _text, "", "Where events are posted; blank: nowhere.")
    webhook_secret: str = _setting(
        "PIXELSHIFT_SERIES_WEBHOOK_SECRET", _verbatim, "", "What they are signed with: `whsec_` and base64, or a text."
    )
    event_file: str = _setting(
        "PIXELSHIFT_SERIES_EVENT_FILE", _text, "", "A file that events are appended to as lines of JSON; blank: none."
    )
    event_output: bool = _setting(
        "PIXELSHIFT_SERIES_EVENT_OUTPUT", _on_off, False, "`on`: events are printed on standard output, too."
    )
    series: int = _setting("PIXELSHIFT_MAX_SERIES", _whole(1), 100_000, "Series in the store.")
    segment_points: int = _setting(
        "PIXELSHIFT_MAX_SEGMENT_POINTS", _whole(16, 10_000_000), 100_000, "Observations that one detector holds."
    )
    onlookers: int = _setting("PIXELSHIFT_MAX_ONLOOKERS", _whole(0), 256, "Clients that may listen to events at once.")


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Change points of devices on AWS, fed by a Kinesis stream."""

    detector: str = _setting(
        "PIXELSHIFT_STREAM_DETECTOR", _text, "{}", "The detector's parameters, or a preset, as a JSON object."
    )
    state_table: str = _setting("PIXELSHIFT_STATE_TABLE", _text, "", "The DynamoDB table of devices' states.")
    changes_table: str = _setting("PIXELSHIFT_CHANGES_TABLE", _text, "", "The DynamoDB table of change points.")
    outbox_table: str = _setting("PIXELSHIFT_OUTBOX_TABLE", _text, "", "The DynamoDB table of events to be sent.")
    topic_arn: str = _setting("PIXELSHIFT_TOPIC_ARN", _text, "", "The SNS topic that change points are sent to.")
    poison_queue_url: str = _setting(
        "PIXELSHIFT_POISON_QUEUE_URL", _text, "", "The SQS queue of records that cannot be read, and of lost batches."
    )
    people_queue_url: str = _setting(
        "PIXELSHIFT_PEOPLE_QUEUE_URL", _text, "", "The SQS queue of letters that people must look at."
    )
    recorder: str = _setting(
        "PIXELSHIFT_RECORDER",
        _one_of("dynamodb", "s3", "firehose"),
        "dynamodb",
        "Where raw records are kept: `dynamodb`, `s3` or `firehose`.",
    )
    recorder_target: str = _setting(
        "PIXELSHIFT_RECORDER_TARGET", _text, "", "The table, bucket or delivery stream of raw records."
    )


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What one request may ask of us."""

    url_bytes: int = _setting("PIXELSHIFT_MAX_URL_BYTES", _whole(1), _BOUNDS.url_bytes, "Path and query.")
    json_depth: int = _setting("PIXELSHIFT_MAX_JSON_DEPTH", _whole(1, 200), _BOUNDS.json_depth, "Nesting of a body.")
    edit_count: int = _setting("PIXELSHIFT_MAX_EDITS", _whole(1), _BOUNDS.edit_count, "Edits of one request.")
    source_bytes: int = _setting("PIXELSHIFT_MAX_SOURCE_BYTES", _whole(1), _BOUNDS.source_bytes, "One original.")
    source_pixels: int = _setting(
        "SHARP_SIZE_LIMIT",
        _sharp_size_limit,
        _BOUNDS.source_pixels,
        "Pixels of one frame of an original; `0` lifts it.",
    )
    animation_pixels: int = _setting(
        "PIXELSHIFT_MAX_ANIMATION_PIXELS", _whole(1), _BOUNDS.animation_pixels, "Pixels of all its frames together."
    )
    frames: int = _setting("PIXELSHIFT_MAX_FRAMES", _whole(1), _BOUNDS.frames, "Frames of an animation.")
    output_side_px: int = _setting("PIXELSHIFT_MAX_OUTPUT_SIDE", _whole(1, 65535), _BOUNDS.output_side_px, "One side.")
    output_pixels: int = _setting("PIXELSHIFT_MAX_OUTPUT_PIXELS", _whole(1), _BOUNDS.output_pixels, "Area.")
    output_bytes: int = _setting("PIXELSHIFT_MAX_OUTPUT_BYTES", _whole(1), _BOUNDS.output_bytes, "Encoded size.")
    convolution_side: int = _setting(
        "PIXELSHIFT_MAX_CONVOLUTION_SIDE",
        _whole(3, 1001),
        _BOUNDS.convolution_side,
        "One side of a convolution kernel.",
    )
    median_side: int = _setting("PIXELSHIFT_MAX_MEDIAN_SIDE", _whole(1, 1000), _BOUNDS.median_side, "Median window.")
    cost: float = _setting(
        "PIXELSHIFT_MAX_COST", _positive, _BOUNDS.cost, "Estimated elementary operations (pixels x kernel area)."
    )
    time_s: float = _setting("PIXELSHIFT_MAX_TIME", _positive, _BOUNDS.time_s, "Seconds from arrival to answer.")
    svg_bytes: int = _setting("PIXELSHIFT_MAX_SVG_BYTES", _whole(1), _BOUNDS.svg_bytes, "An SVG document.")

    def limits(self) -> Limits:
        """The same numbers as the value that the other floors pass around."""
        return Limits(**{one.name: getattr(self, one.name) for one in fields(Limits)})


@dataclass(frozen=True, slots=True)
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


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads all settings.

    :raises SettingsError: with every invalid variable, not just the first.
    """
    problems: list[str] = []
    types = get_type_hints(Settings)
    groups = {one.name: _group(types[one.name], environment, problems) for one in fields(Settings)}
    settings = Settings(**groups)
    problems += _contradictions(settings)
    if problems:
        raise SettingsError("The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
    return settings


def variables() -> Iterator[tuple[str, Variable, object]]:
    """Every variable with the room it belongs to and its default."""
    for group, kind in get_type_hints(Settings).items():
        for one in fields(kind):
            yield group, one.metadata["variable"], one.default


def _group(kind: Any, environment: Mapping[str, str], problems: list[str]) -> Any:
    return kind(**{one.name: _read(one, environment, problems) for one in fields(kind)})


def _read(one: Field[Any], environment: Mapping[str, str], problems: list[str]) -> object:
    variable: Variable = one.metadata["variable"]
    text = environment.get(variable.name)
    if text is None or (text.strip() == "" and one.default != ""):
        return one.default
    try:
        return variable.read(text)
    except ValueError as error:
        problems.append(f"{variable.name}={text!r}: {error}")
        return one.default


def _contradictions(settings: Settings) -> Iterator[str]:
    """What is wrong with values that are fine one by one."""
    origin = settings.origin
    if origin.kind == "folder" and not origin.folder:
        yield "PIXELSHIFT_ORIGIN=folder needs PIXELSHIFT_FOLDER"
    if origin.kind == "https" and not origin.https_hosts:
        yield "PIXELSHIFT_ORIGIN=https needs PIXELSHIFT_HTTPS_HOSTS"
    if settings.oversize.answer == "redirect" and not settings.oversize.bucket:
        yield "PIXELSHIFT_OVERSIZE=redirect needs PIXELSHIFT_OVERSIZE_BUCKET"
    if settings.series.webhook_url and not settings.series.webhook_secret:
        yield "PIXELSHIFT_SERIES_WEBHOOK_URL needs PIXELSHIFT_SERIES_WEBHOOK_SECRET"
