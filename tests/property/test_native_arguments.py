"""Whatever arguments a native function is called with, it answers or says what is wrong, and writes nowhere else.

Shapes that do not fit, numbers that are none, sides and rows out of range: the adapters must refuse what the kernels
trust them for. Results stand between guard bytes, which must stay as they are.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelshift._native import (
    _blend,
    _colour,
    _convolve,
    _engine,
    _exact,
    _pettitt,
    _png,
    _rank,
    _resample,
    _saliency,
    _warp,
)
from tests.support import pictures

REFUSALS = (ValueError, TypeError, OverflowError, MemoryError, KeyError, _engine.EngineError, _png.PngError)
GUARD, MARGIN = 0xA5, 128
JPEG = pictures.encoded(pictures.gradient(60, 41), "JPEG")
PNG = pictures.encoded(pictures.gradient(60, 41), "PNG")
CURVES = _colour.Curves()


def seldom(usual: st.SearchStrategy[Any], hostile: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Hostile one time in ten, so that most calls have one thing wrong, or nothing."""
    return st.integers(0, 9).flatmap(lambda which: hostile if which == 9 else usual)


extreme_floats = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e-30, 1e30, -1e30, 1e308, 2.0**31, -(2.0**63)]
floats = seldom(st.floats(-50, 50), st.one_of(st.sampled_from(extreme_floats), st.floats()))
extreme_integers = [0, -1, 255, 256, 2**15, 2**16, 2**20 + 1, 2**31 - 1, 2**31, -(2**31), 2**64]
integers = seldom(st.integers(1, 60), st.sampled_from(extreme_integers))
kernels = seldom(st.sampled_from(_exact.KERNELS), st.sampled_from([*_resample.KERNELS, "", "x"]))
formats = seldom(st.sampled_from(["jpeg", "png", "webp"]), st.sampled_from(["", "gif"]))
levels = seldom(st.sampled_from([None, "scalar", "avx2"]), st.sampled_from(["avx512", ""]))
short_rows = st.sampled_from([(), (0,), [0], (0, 1, 1)])
rows = seldom(st.just((0, 1)), st.one_of(st.tuples(integers, integers), short_rows))
whole_boxes = st.sampled_from([(0.0, 0.0, 60.0, 41.0), (0.0, 0.0, 1.0, 1.0), (1.25, 0.5, 2.0, 2.5)])
boxes = seldom(whole_boxes, st.tuples(floats, floats, floats, floats))
colours = seldom(st.tuples(*[integers] * 3), st.sampled_from([(), (1, 2), [1, 2], (1, 2, 3, 4)]))
canvases = st.one_of(st.none(), st.tuples(*[integers] * 4, colours))
perhaps_boxes = st.one_of(st.none(), boxes)


class Guarded:
    """Hands out arrays that lie between guard bytes."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self._memory: list[NDArray[np.uint8]] = []

    def array(self, dimensions: int, dtype: type = np.uint8, *, channels: int | None = None) -> Any:
        """Of a hostile shape, mostly of up to 12 a side; now and then of another type."""
        sides = [self.draw(seldom(st.integers(1, 12), st.just(0))) for _ in range(dimensions)]
        if channels is not None:
            sides[-1] = self.draw(seldom(st.just(channels), st.integers(0, 6)))
        kind = np.dtype(self.draw(seldom(st.just(dtype), st.sampled_from([dtype, np.float64, np.int8]))))
        size = math.prod(sides) * kind.itemsize
        memory = np.full(size + 2 * MARGIN, GUARD, np.uint8)
        self._memory.append(memory)
        inner = memory[MARGIN : MARGIN + size]
        inner[:] = np.resize(np.arange(7, 250, 3, dtype=np.uint8), size)
        return inner.view(kind).reshape(sides)

    def like(self, other: NDArray[Any], more: tuple[int, int] = (0, 0)) -> Any:
        """As large as another array, or larger by so many rows and columns: what mostly fits."""
        sides = (other.shape[0] + more[0], other.shape[1] + more[1], *other.shape[2:])
        memory = np.full(math.prod(sides) + 2 * MARGIN, GUARD, np.uint8)
        self._memory.append(memory)
        inner = memory[MARGIN : memory.size - MARGIN]
        inner[:] = 77
        return inner.reshape(sides)

    def check(self) -> None:
        for memory in self._memory:
            assert (memory[:MARGIN] == GUARD).all()
            assert (memory[-MARGIN:] == GUARD).all()


def call_resample(g: Guarded) -> None:
    channels = g.draw(st.integers(1, 4))
    dst, src = g.array(3, channels=channels), g.array(3, channels=channels)
    module = g.draw(st.sampled_from([_resample, _exact]))
    module.resize(dst, src, kernel=g.draw(kernels), box=g.draw(perhaps_boxes), cpu=g.draw(levels))


def call_weights(g: Guarded) -> None:
    box = g.draw(st.one_of(st.none(), st.tuples(floats, floats)))
    source, result = g.draw(integers), g.draw(seldom(st.integers(1, 40), st.sampled_from([0, -1, 2**31])))
    _resample.weights(source, result, kernel=g.draw(kernels), box=box, repeat_edges=g.draw(st.booleans()))


def call_warp(g: Guarded) -> None:
    channels = g.draw(st.sampled_from([3, 4]))
    dst, src = g.array(3, channels=channels), g.array(3, channels=channels)
    pair = st.tuples(floats, floats)
    _warp.bilinear(
        dst, src, origin=g.draw(pair), across=g.draw(pair), down=g.draw(pair), rows=g.draw(rows), cpu=g.draw(levels)
    )


def call_blend(g: Guarded) -> None:
    base, overlay = g.array(3, channels=4), g.array(3, channels=4)
    _blend.blend(
        base, overlay, left=g.draw(integers), top=g.draw(integers), mode=g.draw(st.sampled_from([*_blend.MODES, "x"])),
        tile=g.draw(st.booleans()), opacity=g.draw(integers), cpu=g.draw(levels),
    )  # fmt: skip
    _blend.premultiply(base, g.like(base))
    _blend.unpremultiply(base, g.like(base))


def call_colour(g: Guarded) -> None:
    src = g.array(3, channels=g.draw(st.sampled_from([3, 4])))
    dst = g.draw(seldom(st.just(g.like(src)), st.just(g.array(3))))
    chroma = tuple(g.draw(floats) for _ in range(g.draw(seldom(st.just(4), st.just(3)))))
    _colour.adjust(dst, src, CURVES, light=(g.draw(floats), g.draw(floats)), chroma=chroma, cpu=g.draw(levels))
    _colour.luminance(g.draw(seldom(st.just(g.like(src)[..., 0].copy()), st.just(g.array(2)))), src, CURVES)


def call_convolve(g: Guarded) -> None:
    src = g.array(3)
    anything = st.lists(st.one_of(st.integers(-60, 21), st.sampled_from([2**31 - 1, -(2**31)])), max_size=80)
    falling = st.lists(st.integers(1, 20), min_size=1, max_size=80).map(lambda mask: sorted(mask, reverse=True))
    mask = g.draw(st.one_of(falling, anything))
    _convolve.blur(
        g.like(src), src, mask=np.array(mask, np.int32), axis=g.draw(integers), rows=g.draw(rows), cpu=g.draw(levels)
    )


def call_correlate(g: Guarded) -> None:
    dst = g.array(3)
    sides = g.draw(st.tuples(*[seldom(st.integers(1, 4), st.just(0))] * 2))
    kernel = np.array([g.draw(floats) for _ in range(math.prod(sides))]).reshape(sides)
    fitting = g.like(dst, (max(sides[0] - 1, 0), max(sides[1] - 1, 0)))
    padded = g.draw(seldom(st.just(fitting), st.just(g.array(3))))
    _convolve.correlate(
        dst, padded, kernel, scale=g.draw(floats), offset=g.draw(floats), rows=g.draw(rows),
        premultiplied=g.draw(st.booleans()), cpu=g.draw(levels),
    )  # fmt: skip


def call_rank(g: Guarded) -> None:
    dst = g.array(3)
    padded = g.like(dst, g.draw(st.tuples(st.integers(0, 9), st.integers(0, 9))))
    _rank.median(dst, padded, rows=g.draw(rows), cpu=g.draw(levels))
    _rank.equalise(dst, padded, rows=g.draw(rows), slope=g.draw(integers), cpu=g.draw(levels))


def call_saliency(g: Guarded) -> None:
    pixels = g.array(3, channels=3)
    cells = tuple(g.draw(seldom(st.integers(1, max(side, 1)), st.integers(0, 14))) for side in pixels.shape[:2])
    _saliency.mark_cells(np.zeros((g.draw(seldom(st.just(3), st.just(2))), *cells), np.int64), pixels)
    _saliency.luma(g.draw(seldom(st.just(g.like(pixels)[..., 0].copy()), st.just(g.array(2)))), pixels)


def call_pettitt(g: Guarded) -> None:
    sums = g.array(1, np.int32)
    values = np.array(g.draw(st.lists(floats, min_size=sums.size, max_size=sums.size + 1)))
    _pettitt.pass_i32(sums, values, g.draw(floats), cpu=g.draw(levels))


options = st.dictionaries(
    st.sampled_from(["quality", "level", "effort", "alpha_quality", "preset", "lossless", "progressive", "x"]),
    st.one_of(integers, floats, st.sampled_from(["photo", "", None])),
    max_size=1,
)
metadata = seldom(st.just(b""), st.binary(max_size=20))


deadlines = seldom(st.just(0.0), floats)


def call_encode(g: Guarded) -> None:
    _engine.encode(
        g.array(3, channels=3), sink=g.draw(formats), options=g.draw(options), metadata=g.draw(metadata),
        output_limit=g.draw(seldom(st.just(2**30), st.sampled_from([0, 1, 100]))), deadline=g.draw(deadlines),
        cpu=g.draw(levels),
    )  # fmt: skip


def call_run(g: Guarded) -> None:
    source = g.draw(formats)
    fitting = {"jpeg": JPEG, "png": PNG}.get(source, b"RIFF")
    data = g.draw(seldom(st.just(fitting), st.sampled_from([JPEG, PNG, JPEG[:200], b"", b"\xff\xd8"])))
    overlay = g.array(3, channels=4) if g.draw(st.booleans()) else None
    _engine.run(
        data, source=source, sink=g.draw(formats), width=g.draw(integers), height=g.draw(integers),
        box=g.draw(boxes), area=g.draw(seldom(st.none(), boxes)), kernel=g.draw(kernels),
        scale=g.draw(seldom(st.sampled_from([1, 2, 3, 4, 8]), integers)),
        chroma_scale=g.draw(st.sampled_from([0, 1, 8, 5])), overlay=overlay,
        overlay_at=(g.draw(integers), g.draw(integers)), options=g.draw(options),
        turn=g.draw(st.tuples(st.booleans(), st.booleans(), st.booleans())), canvas=g.draw(canvases),
        metadata=g.draw(metadata), output_limit=1 << 16, deadline=time.monotonic() + 0.2,
    )  # fmt: skip


def call_sharpening(g: Guarded) -> None:
    pixels = g.array(3, channels=g.draw(st.integers(1, 4)))
    weights = st.lists(seldom(st.integers(1, 20), st.integers(-1, 22)), max_size=50)
    mask = g.draw(seldom(weights.map(lambda some: sorted(some, reverse=True)), weights))
    numbers = {name: g.draw(floats) for name in ("m1", "m2", "x1", "y2", "y3")}
    how = _engine.Sharpening(mask, **numbers)
    _engine.filtered(pixels, g.like(pixels), sharpen=how, deadline=time.monotonic() + 0.2, cpu=g.draw(levels))


CALLS: list[Callable[[Guarded], None]] = [
    call_resample, call_weights, call_warp, call_blend, call_colour, call_convolve, call_correlate, call_rank,
    call_saliency, call_pettitt, call_encode, call_run, call_sharpening,
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.removeprefix("call_"))
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_arguments_are_answered_or_refused(call: Callable[[Guarded], None], data: st.DataObject) -> None:
    guarded = Guarded(data.draw)
    try:
        call(guarded)
    except REFUSALS as refusal:
        told = str(refusal) or isinstance(refusal, MemoryError)
        assert told
    guarded.check()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"kernel": "box"}, "kernel 'box' is not one of nearest, linear, cubic"),
        ({"sink": "webp", "options": {"preset": "loud"}}, "preset 'loud' is not one of default, picture"),
        ({"sink": "webp", "options": {"quality": 80.5}}, "quality is a whole number, not 80.5"),
        ({"canvas": (0.5, 0, 10, 8, (0, 0, 0))}, "the picture's left is a whole number, not 0.5"),
        ({"overlay": np.zeros((1, 1, 4), np.uint8), "overlay_at": (0, 1.5)}, "top is a whole number, not 1.5"),
        ({"width": 20.5}, "the width of a jpeg is a whole number, not 20.5"),
        ({"height": 0}, "the height of a jpeg is 1 to 65535, not 0"),
        ({"scale": 7.5}, "scale is one of"),
        ({"deadline": math.nan}, "not NaN"),
    ],
)
def test_what_the_engine_is_not_told_clearly_it_refuses(arguments: dict[str, Any], told: str) -> None:
    fitting = {"source": "jpeg", "sink": "jpeg", "width": 20, "height": 16, "box": (0, 0, 60, 41)}
    with pytest.raises(ValueError, match=told):
        _engine.run(JPEG, **fitting | arguments)


def test_rows_of_pixels_that_would_outgrow_an_int_are_refused() -> None:
    wide = np.broadcast_to(np.uint8(0), (1, 1, 4)).repeat((1 << 20) + 1, axis=1)
    with pytest.raises(ValueError, match="1 to 1048576 rows"):
        _engine.filtered(wide, np.empty_like(wide), sharpen=_engine.Sharpening((20, 5), m1=1))
    with pytest.raises(ValueError, match="NaN"):
        _engine.filtered(
            wide[:, :9].copy(), np.empty((1, 9, 4), np.uint8), sharpen=_engine.Sharpening(), deadline=math.nan
        )


class Sly(tuple[int, int]):
    """Rows that say something else when they are asked again."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        return 1 << 20


def test_rows_are_looked_at_once() -> None:
    result, padded = np.zeros((4, 4, 3), np.uint8), np.full((6, 6, 3), 9, np.uint8)
    _rank.median(result, padded, rows=Sly((1, 3)))
    assert (result[1:3] == 9).all()
    assert not result[[0, 3]].any()


def test_no_deadline_of_a_png_is_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        _png.decode(PNG, deadline=math.nan)


@pytest.mark.parametrize("colour", [(), (1, 2), [1, 2], (1, 2, 3, 4)])
def test_a_canvas_has_a_colour_of_three_parts(colour: Any) -> None:
    with pytest.raises(ValueError, match="unpack"):
        _engine.run(
            JPEG, source="jpeg", sink="jpeg", width=20, height=16, box=(0, 0, 60, 41), canvas=(0, 0, 10, 8, colour)
        )


@pytest.mark.parametrize("some", [(), (0,), [0], (0, 1, 2)])
def test_rows_are_a_first_and_a_last(some: Any) -> None:
    picture, padded = np.zeros((8, 8, 3), np.uint8), np.zeros((10, 10, 3), np.uint8)
    mask = np.array([20, 10, 2], np.int32)
    calls: list[Callable[[], None]] = [
        lambda: _convolve.blur(picture.copy(), picture, mask=mask, axis=0, rows=some),
        lambda: _convolve.correlate(picture, padded, np.ones((3, 3)), scale=1.0, offset=0.0, rows=some),
        lambda: _warp.bilinear(picture.copy(), picture, origin=(0, 0), across=(1, 0), down=(0, 1), rows=some),
        lambda: _rank.median(picture, padded, rows=some),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="unpack"):
            call()
