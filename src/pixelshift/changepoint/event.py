"""What a detector reports."""

from typing import Literal

from pixelshift.value import frozen

Direction = Literal["increase", "decrease"]


@frozen
class ChangePoint:
    """One change of level.

    Positions count every observation ever pushed, missing ones included, from 0. Levels and offsets have the unit of
    the data.
    """

    index: int
    """Position of the first observation of the new level."""
    detected_at: int
    """Position of the observation that raised the alarm; ``index <= detected_at``."""
    p_value: float
    """Significance of the alarm under the detector's ``control`` and ``serial`` options; at most ``alpha``."""
    offset: float
    """Hodges-Lehmann estimate of after minus before."""
    offset_low: float
    """Lower end of the 95 % Moses interval of the offset, conditional on ``index``."""
    offset_high: float
    """Upper end of the same interval."""
    direction: Direction
    before: float
    """Median of the old level, without the ignored window next to the change."""
    after: float
    """Median of the new level, likewise."""
    n_before: int
    """Valid observations of the segment before ``index``."""
    n_after: int
    """Valid observations from ``index`` to ``detected_at``."""
