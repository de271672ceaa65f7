"""Which bucket a request may read (contract, 1.3, 1.6, 8.2)."""

import re
from collections.abc import Iterable

from pixelshift.errors import InvalidRequestError

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}"
TAG = "s3:"


def parse_buckets(text: str) -> tuple[str, ...]:
    """Read ``SOURCE_BUCKETS``: a comma list without patterns; empty and impossible names are left out."""
    names = "".join(text.split()).split(",")
    return tuple(dict.fromkeys(name for name in names if re.fullmatch(_NAME, name)))


def default_bucket(buckets: tuple[str, ...]) -> str:
    """The first bucket of the list; raises :class:`InvalidRequestError` when there is none."""
    if not buckets:
        raise InvalidRequestError(
            "No source bucket is configured. Set SOURCE_BUCKETS to a comma-separated list of bucket names.",
            code="GetAllowedSourceBuckets::NoSourceBuckets",
        )
    return buckets[0]


def check_bucket(name: object, buckets: tuple[str, ...]) -> str:
    """Return the name if it is on the list, to the letter; raises :class:`ForbiddenError` (403) otherwise."""
    if isinstance(name, str) and name in buckets:
        return name
    from pixelshift.edits.service import cannot_access_bucket  # settings read bucket lists where no edits are known

    raise cannot_access_bucket()


def find_tag(segments: Iterable[str], buckets: tuple[str, ...]) -> str | None:
    """The bucket of the first ``s3:<bucket>`` segment that names one on the list."""
    for segment in segments:
        if segment.startswith(TAG) and segment[len(TAG) :] in buckets:
            return segment[len(TAG) :]
    return None
