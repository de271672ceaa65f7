"""A turn on the way through the engine, against the same turn of arrays and of files."""

import itertools
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelshift._native import Level, _engine
from tests.support.pictures import decoded, encoded
from tests.support.pixels import waves

Pixels = NDArray[np.uint8]
Turn = tuple[bool, bool, bool]
TURNS: list[Turn] = list(itertools.product((False, True), repeat=3))
STILL = TURNS[0]
SIZES = [(1, 1), (17, 33), (33, 16), (40, 47), (5, 90)]
WIDTH, HEIGHT = 96, 80


def turned(pixels: Pixels, turn: Turn) -> Pixels:
    transpose, flip, flop = turn
    pixels = pixels.transpose(1, 0, 2) if transpose else pixels
    pixels = pixels[::-1] if flip else pixels
    return pixels[:, ::-1] if flop else pixels


def picture(channels: int = 3) -> Pixels:
    """Different in every corner; sides of whole 4:2:0 blocks, so that files of it may be turned without a seam."""
    pixels = waves(HEIGHT, WIDTH, channels) // 2
    pixels[: HEIGHT // 2, : WIDTH // 2] += 60
    pixels[: HEIGHT // 4] += 40
    return pixels


FILES = {
    "png grey": encoded(picture(1)[..., 0], "PNG"),
    "png rgb": encoded(picture(), "PNG"),
    "png rgba": encoded(picture(4), "PNG"),
    "jpeg grey": encoded(picture(1)[..., 0], "JPEG", quality=95),
    **{
        f"jpeg {name}": encoded(picture(), "JPEG", quality=95, subsampling=name) for name in ("4:4:4", "4:2:2", "4:2:0")
    },
}


def run(file: bytes, source: str, sink: str, size: tuple[int, int], turn: Turn, **options: Any) -> Pixels:
    width, height = reversed(size) if turn[0] else size
    box = options.pop("box", (0.0, 0.0, float(WIDTH), float(HEIGHT)))
    return decoded(
        _engine.run(file, source=source, sink=sink, width=width, height=height, box=box, turn=turn, **options)
    )


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("name", FILES)
def test_turned_rows_are_the_rows_turned(name: str, turn: Turn, cpu: Level) -> None:
    source = name.split(maxsplit=1)[0]
    for size in SIZES:
        for box in ((0, 0, WIDTH, HEIGHT), (7, 3, 60, 71), (10.5, 20.25, 90, 77.5)):
            options = {"box": tuple(map(float, box)), "scale": 8, "chroma_scale": 8, "cpu": cpu}
            lying = run(FILES[name], source, "png", size, STILL, **options)
            assert np.array_equal(run(FILES[name], source, "png", size, turn, **options), turned(lying, turn))


@pytest.mark.parametrize("turn", TURNS[1:], ids=str)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("full_chroma", [True, False])
def test_chroma_lies_where_that_of_a_turned_file_does(turn: Turn, subsampling: str, full_chroma: bool) -> None:
    """A file of the turned picture, passed through as it lies, is what turning on the way must come to."""
    file, other = (
        encoded(np.ascontiguousarray(each), "JPEG", quality=100, subsampling=subsampling)
        for each in (picture(), turned(picture(), turn))
    )
    options = {"quality": 100, "full_chroma": full_chroma}
    for size in SIZES:
        width, height = reversed(size) if turn[0] else size
        box = (0.0, 0.0, float(HEIGHT), float(WIDTH)) if turn[0] else (0.0, 0.0, float(WIDTH), float(HEIGHT))
        ours = run(file, "jpeg", "jpeg", size, turn, options=options)
        theirs = run(other, "jpeg", "jpeg", (width, height), STILL, box=box, options=options)
        difference = np.abs(ours.astype(int) - theirs)
        assert difference.mean() < 0.8
        # Pillow rounds coarse chroma up and down in turn: mirrored, that is a level, of which blue has 1.77.
        assert difference.max() <= 10


def test_filters_see_the_picture_turned() -> None:
    mark = np.zeros((9, 12, 4), np.uint8)
    mark[...] = (255, 0, 0, 255)
    options: dict[str, Any] = {"options": {"quality": 100, "full_chroma": True}}
    turn = (True, False, True)
    plain = run(FILES["jpeg 4:2:0"], "jpeg", "jpeg", (47, 40), turn, **options)
    marked = run(FILES["jpeg 4:2:0"], "jpeg", "jpeg", (47, 40), turn, overlay=mark, overlay_at=(2, 5), **options)
    assert plain.shape == marked.shape == (47, 40, 3)
    assert (np.abs(marked[5:14, 2:14].astype(int) - (254, 0, 0)) < 12).all()
    assert np.array_equal(marked[16:], plain[16:])
    assert np.array_equal(marked[:, 16:], plain[:, 16:])


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(FILES)),
    sink=st.sampled_from(["jpeg", "png", "webp"]),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    turn=st.sampled_from(TURNS),
)
def test_levels_turn_alike(name: str, sink: str, size: tuple[int, int], turn: Turn) -> None:
    one, other = (
        run(FILES[name], name.split(maxsplit=1)[0], sink, size, turn, cpu=level, sharpen=None)
        for level in ("scalar", None)
    )
    assert np.array_equal(one, other)


@pytest.mark.parametrize("turn", TURNS[1:], ids=str)
def test_damage_and_the_clock_are_seen_on_the_way(turn: Turn) -> None:
    file = FILES["jpeg 4:2:0"]
    with pytest.raises(_engine.EngineError, match="damaged"):
        run(file[: len(file) // 2], "jpeg", "png", (20, 30), turn)
    with pytest.raises(_engine.EngineError, match="timeout"):
        run(file, "jpeg", "png", (20, 30), turn, deadline=1.0)


def test_the_clock_is_seen_once_the_picture_is_held() -> None:
    """Of a turned picture every row has been read before the first one is written."""
    levels = np.random.default_rng(1).integers(0, 4, (50, 1000, 3), dtype=np.uint8)
    file = encoded(np.tile(60 * levels, (40, 1, 1)), "PNG")

    def made(level: int, deadline: float = 0.0) -> None:
        _engine.run(
            file,
            source="png",
            sink="png",
            width=1000,
            height=2000,
            box=(0, 0, 1000, 2000),
            turn=(False, True, False),
            options={"level": level},
            deadline=deadline,
        )

    start = time.monotonic()
    made(level=0)
    enough_to_read = 2 * (time.monotonic() - start)
    with pytest.raises(_engine.EngineError, match="timeout"):
        made(level=9, deadline=time.monotonic() + enough_to_read)
