"""Series with known changes, and services over a store in a folder."""

import random
from pathlib import Path

from pixelshift.store.sqlite import SqliteSeriesStore
from pixelshift.streams.intake import Observation
from pixelshift.streams.service import SeriesService, ServiceLimits


def shifted(seed: int = 1, sizes: tuple[int, ...] = (60, 60, 60)) -> list[float]:
    """Normal noise of sd 1 around 10 and 13 in turn."""
    source = random.Random(seed)
    return [source.gauss(10 + 3.0 * (i % 2), 1.0) for i, size in enumerate(sizes) for _ in range(size)]


def numbered(values: list[float], start: int = 0) -> list[Observation]:
    """Observations with numbers from ``start`` on."""
    return [Observation(value, start + i, f"t{start + i}") for i, value in enumerate(values)]


def service_in(folder: Path, *, sinks: tuple[str, ...] = (), limits: ServiceLimits | None = None) -> SeriesService:
    """A service over ``folder/series.db`` that does not wait for the disk."""
    store = SqliteSeriesStore(folder / "series.db", durability="process")
    return SeriesService(store, sinks=sinks, limits=limits)
