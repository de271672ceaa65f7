"""The work of :class:`benchmarks.peers.client.Edit` by our library: the whole call, from bytes to bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pixelshift.imaging import Assets, edit, explain
from pixelshift.value import replace

if TYPE_CHECKING:
    from pixelshift.imaging.plan import Plan


class Spec(Protocol):
    source: str | Path
    size: tuple[int, int]
    kernel: str
    format: str
    quality: int | None
    shrink: bool
    crop: tuple[int, int, int, int] | None
    sharpen: float | None
    watermark: tuple[str | Path, int, int] | None


def edit_map(spec: Spec) -> dict[str, object]:
    """As a client would ask for it."""
    edits: dict[str, object] = {}
    if spec.crop is not None:
        left, top, right, bottom = spec.crop
        edits["extract"] = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    width, height = spec.size
    edits["resize"] = {"width": width, "height": height, "fit": "fill", "kernel": spec.kernel}
    if spec.sharpen is not None:
        edits["sharpen"] = {"sigma": spec.sharpen}
    if spec.watermark is not None:
        _, left, top = spec.watermark
        edits["overlayWith"] = {"bucket": "marks", "key": "mark", "options": {"left": left, "top": top}}
    if spec.quality is not None:
        edits[spec.format] = {"quality": spec.quality}
    edits["toFormat"] = spec.format
    return edits


def edit_call(spec: Spec) -> Callable[[], bytes]:
    source = Path(spec.source).read_bytes()
    edits = edit_map(spec)
    overlays = {} if spec.watermark is None else {("marks", "mark"): Path(spec.watermark[0]).read_bytes()}
    assets = Assets(overlays=overlays)
    if spec.shrink:
        return lambda: edit(source, edits, assets=assets).body
    return lambda: _run(_decoding_in_full(explain(source, edits)), source, assets)


def _decoding_in_full(plan: "Plan") -> "Plan":
    """No request asks for this: the contract's sizes come with shrinking on load."""
    stream = plan.stream and replace(plan.stream, scale=8, chroma_scale=8)
    return replace(plan, denominator=1, stream=stream)


def _run(plan: "Plan", source: bytes, assets: Assets) -> bytes:
    from pixelshift.imaging.run import run

    return run(plan, source, assets=assets).body
