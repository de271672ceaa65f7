"""Change points in streams by the recursive Modified Practical Pettitt test."""

from pixelshift.changepoint.batch import detect, detect_many
from pixelshift.changepoint.detector import Detector
from pixelshift.changepoint.event import ChangePoint
from pixelshift.changepoint.parameters import Parameters

__all__ = ["ChangePoint", "Detector", "Parameters", "detect", "detect_many"]
