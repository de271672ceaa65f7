"""Change points in streams by the recursive Modified Practical Pettitt test."""

from pixelshift.changepoint.detector import Detector, detect
from pixelshift.changepoint.event import ChangePoint
from pixelshift.changepoint.parameters import Parameters

__all__ = ["ChangePoint", "Detector", "Parameters", "detect"]
