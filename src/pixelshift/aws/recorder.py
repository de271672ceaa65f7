"""Raw records kept for audit: ``pixelshift.aws.recorder:handler``, fed by the same stream as the detector."""

import json
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from pixelshift.aws.kinesis import answer, read_records
from pixelshift.errors import PixelshiftError
from pixelshift.store.raw import RawStore
from pixelshift.stream_wiring import stream_parts

_log = logging.getLogger(__name__)


class RecorderHandler:
    """Keeps every record whatever is in it; a batch that failed comes again whole, which does no harm."""

    def __init__(self, store: RawStore) -> None:
        self._store = store

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        """Answers with the first record that is to be delivered again."""
        records = read_records(event)
        try:
            self._store.keep(records)
        except PixelshiftError as error:
            _log.warning("%s", json.dumps({"code": error.code, "detail": error.detail}))
            return answer(records)
        return answer([])


@cache
def _function() -> RecorderHandler:
    parts = stream_parts()
    return RecorderHandler(parts.raw())


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """The Lambda entry point; settings are read at the first event."""
    return _function()(event, context)
