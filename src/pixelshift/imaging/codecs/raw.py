"""Raw output: samples row by row, channels interleaved, no container (contract 3.10)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Picture


def read_header(data: bytes) -> Header:
    raise damaged("raw samples cannot be a source")


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    raise damaged("raw samples cannot be a source")


def encode(picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
    return np.ascontiguousarray(picture.frames[0]).tobytes()
