from typing_extensions import Buffer

from pixelshift._native import Level

Change = tuple[int, int, float, float, float, float, str, float, float, int, int]

class SegmentTooLongError(OverflowError): ...

class Core:
    def __init__(
        self,
        *,
        alpha: float,
        threshold: float,
        window: int,
        startup: int,
        max_points: int,
        gate: bool,
        noise_unit: bool,
        pettitt_location: bool,
        standardized_statistic: bool,
        anytime: bool,
        ar1: bool,
        remove_trend: bool,
        keep_since_change: bool,
        plain: bool = False,
        cpu: Level | None = None,
    ) -> None: ...
    def push(self, value: float) -> Change | None: ...
    def extend(self, values: Buffer) -> list[Change]: ...
    @property
    def position(self) -> int: ...
    def export_segment(self) -> tuple[int, int, list[tuple[int, int]], bytes]: ...
    def import_segment(self, position: int, start: int, gaps: list[tuple[int, int]], values: Buffer) -> None: ...
    def spent(self) -> tuple[int, int]: ...
    def maximum(self) -> int | None: ...
