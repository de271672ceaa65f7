"""Ourselves in a process of our own: the level is set by PIXELSHIFT_CPU."""

from competitor import Call, Competitor, EditSpec
from ours import edit_call

import pixelshift


class Pixelshift(Competitor):
    def __init__(self) -> None:
        self.version = pixelshift.__version__

    def edit(self, spec: EditSpec) -> Call:
        return edit_call(spec)


competitor = Pixelshift
