"""How a series is watched: the detector's parameters as a value that files, requests and commands can carry."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pixelshift.changepoint import Detector, Parameters
from pixelshift.changepoint.parameters import NAMES
from pixelshift.errors import InvalidRequestError
from pixelshift.value import field, frozen, replace

Preset = Literal["blog", "recommended"]


@frozen
class Detection:
    """A preset and what is set beside it; ``recommended`` is whole and takes no parameters."""

    preset: Preset = "blog"
    parameters: Parameters = field(default_factory=Parameters)

    def detector(self) -> Detector:
        """A new detector at the start of its stream."""
        if self.preset == "recommended":
            return Detector.recommended()
        return Detector(**self.parameters.as_dict())

    def changed(self) -> dict[str, Any]:
        """What differs from the defaults, for files and messages; :func:`detection_of` reads it back."""
        plain = Parameters().as_dict()
        preset = {} if self.preset == "blog" else {"preset": self.preset}
        return preset | {name: value for name, value in self.parameters.as_dict().items() if value != plain[name]}

    def bounded(self, max_points: int) -> "Detection":
        """The same with segments of at most ``max_points`` observations; a preset keeps its own bound."""
        if self.preset == "recommended":
            return self
        own = self.parameters.max_points
        return replace(self, parameters=replace(self.parameters, max_points=min(own or max_points, max_points)))


def detection_of(given: Mapping[str, Any]) -> Detection:
    """Parameters from a JSON object; what is not given keeps its default.

    :raises InvalidRequestError: an unknown name, a wrong type, a value out of range, a parameter beside a preset.
    """
    options = dict(given)
    preset = options.pop("preset", "blog")
    if preset not in get_args(Preset):
        raise InvalidRequestError(f"no preset {str(preset)[:40]!r}; there are: {', '.join(get_args(Preset))}")
    unknown = [str(name) for name in options if name not in NAMES]
    if unknown:
        raise InvalidRequestError(f"unknown setting {unknown[0][:40]!r}; there are: preset, {', '.join(NAMES)}")
    if preset == "recommended" and options:
        raise InvalidRequestError(f"the recommended preset is whole: leave out {', '.join(options)}")
    return Detection(preset, Parameters(**options))
