"""Ourselves in a process of our own: the level is set by PIXELSHIFT_CPU."""

from competitor import Call, Competitor, EditSpec
from our_kernels import blend_call, filter_call, saliency_call
from ours import edit_call

import pixelshift


class Pixelshift(Competitor):
    def __init__(self) -> None:
        self.version = pixelshift.__version__

    def edit(self, spec: EditSpec) -> Call:
        return edit_call(spec)

    def filter(self, picture: str, name: str) -> Call:
        return filter_call(picture, name)

    def blend(self, base: str, overlay: str, mode: str) -> Call:
        return blend_call(base, overlay, mode)

    def saliency(self, picture: str, strategy: str, width: int, height: int) -> Call:
        return saliency_call(picture, strategy, width, height)


competitor = Pixelshift
