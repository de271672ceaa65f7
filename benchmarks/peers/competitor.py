"""What a competitor is asked for. Its methods prepare an operation and return the call that is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Size = tuple[int, int]
Call = Callable[[], Any]


class NotOffered(Exception):  # noqa: N818  # nothing went wrong
    """The library has no such operation."""


@dataclass(frozen=True)
class EditSpec:
    """An encoded file to an encoded file, both in memory. Mirrors :class:`benchmarks.peers.client.Edit`."""

    source: str
    size: Size
    kernel: str
    format: str
    quality: int | None
    shrink: bool
    crop: tuple[int, int, int, int] | None
    sharpen: float | None
    watermark: tuple[str, int, int] | None


class Competitor:
    """Methods that a library lacks raise :class:`NotOffered`.

    Every competitor gets its kindest setting: one thread, memory kept between calls where it can be kept, no cache of
    results.
    """

    version: str

    def resample(self, picture: str, size: Size, kernel: str) -> Call:
        """Scale the array of an .npy file, shape (height, width, channels)."""
        raise NotOffered

    def filter(self, picture: str, name: str) -> Call:
        """One of the filters that benchmarks/kernels/test_filters.py names, on the array of an .npy file."""
        raise NotOffered

    def blend(self, base: str, overlay: str, mode: str) -> Call:
        """All of an RGBA array on all of another, by sharp's name of the mode; ``watermark``: ``over`` on RGB."""
        raise NotOffered

    def saliency(self, picture: str, strategy: str, width: int, height: int) -> Call:
        """Where a window of this size shows most, by ``attention`` or ``entropy``."""
        raise NotOffered

    def edit(self, spec: EditSpec) -> Call:
        """Decode, edit, encode; the call returns the file's bytes."""
        raise NotOffered
