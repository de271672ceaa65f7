"""The PNG reader against files made by the specification, Pillow and zlib; the writer against Pillow's reader."""

import io
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pixelshift._native import Level, _engine, _png, available_levels
from tests.support import png_files
from tests.support.png_files import END, KINDS, chunk, header, idat, sample

BOWL = Path("samples/bowl.png").read_bytes()


def written(pixels: np.ndarray, **options: object) -> bytes:
    cpu = options.pop("cpu", None)
    return _engine.encode(pixels, sink="png", options=options, cpu=cpu)  # type: ignore[arg-type]


def read(data: bytes) -> np.ndarray:
    """By Pillow, as (height, width, channels)."""
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return pixels if pixels.ndim == 3 else pixels[..., None]


@pytest.mark.parametrize("level", available_levels())
@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 21), (64, 3)])
@pytest.mark.parametrize(("colour", "bits"), KINDS)
def test_every_kind_of_file_shows_what_the_specification_says(
    colour: int, bits: int, size: tuple[int, int], transparent: bool, level: Level
) -> None:
    made = sample(colour, bits, size, transparent=transparent)
    pixels, rows = _png.decode(made.file, cpu=level)
    assert rows == size[1]
    assert np.array_equal(pixels, made.pixels)


@pytest.mark.parametrize("level", available_levels())
@pytest.mark.parametrize("width", [1, 2, 5, 32])
@pytest.mark.parametrize("filters", ["444", "4444", "14414", "2442444", "04440"])
@pytest.mark.parametrize("colour", [png_files.GREY, png_files.RGB, png_files.RGBA])
def test_rows_that_are_undone_in_pairs_are_what_they_are_alone(
    colour: int, filters: str, width: int, level: Level
) -> None:
    made = sample(colour, 8, (width, len(filters)), filters=[int(one) for one in filters])
    assert np.array_equal(_png.decode(made.file, cpu=level)[0], made.pixels)


@pytest.mark.parametrize("width", [40, 30_000, 50_000])
def test_pixels_end_with_the_first_chunk_of_another_kind(width: int) -> None:
    """However much of them is read at once: a row or many."""
    raw = b"".join(b"\0" + bytes([row + 1]) * 3 * width for row in range(6))
    stream = zlib.compressobj(0, zlib.DEFLATED, 15)
    parts = [stream.compress(raw[: len(raw) // 2]) + stream.flush(zlib.Z_FULL_FLUSH)]
    parts.append(stream.compress(raw[len(raw) // 2 :]) + stream.flush())
    foreign = chunk(b"tEXt", b"Comment\0between")
    file = header(width, 6, 8, png_files.RGB) + idat(parts[0]) + foreign + idat(parts[1]) + END
    pixels, rows = _png.decode(file)
    assert rows == 3
    assert pixels[:3, 0, 0].tolist() == [1, 2, 3]
    assert not pixels[3:].any()


@pytest.mark.parametrize(("colour", "bits"), [kind for kind in KINDS if kind[1] <= 8])
def test_the_files_of_these_tests_mean_the_same_to_pillow(colour: int, bits: int) -> None:
    made = sample(colour, bits)
    mode = {1: "L", 2: "LA", 3: "RGB"}.get(made.pixels.shape[2], "RGBA")
    theirs = np.asarray(Image.open(io.BytesIO(made.file)).convert(mode))
    assert np.array_equal(theirs.reshape(made.pixels.shape), made.pixels)


@pytest.mark.parametrize("level", available_levels())
def test_a_photograph_is_read_as_pillow_reads_it(level: Level) -> None:
    pixels, rows = _png.decode(BOWL, cpu=level)
    assert rows == pixels.shape[0]
    assert np.array_equal(pixels, read(BOWL))


@pytest.mark.parametrize("cut", [1, 2, 3, 100])
def test_pixels_may_be_in_any_number_of_chunks(cut: int) -> None:
    made = sample(png_files.RGB, 8, (40, 30), cut=cut)
    with_empty_ones = made.file.replace(END, chunk(b"IDAT", b"") * 3 + END)
    pixels, rows = _png.decode(with_empty_ones)
    assert rows == 30
    assert np.array_equal(pixels, made.pixels)


def test_a_window_smaller_than_what_is_used_is_forgiven() -> None:
    made = sample(png_files.RGBA, 8, (200, 90), window=8)
    assert np.array_equal(_png.decode(made.file)[0], made.pixels)


@pytest.mark.parametrize("level", available_levels())
def test_a_file_cut_anywhere_shows_the_rows_before(level: Level) -> None:
    made = sample(png_files.RGB, 8, (11, 12), cut=50)
    start = made.file.index(b"IDAT") + 4
    for end in range(len(made.file)):
        cut = made.file[:end]
        if end < start:
            with pytest.raises(_png.PngError, match="damaged"):
                _png.decode(cut, cpu=level)
            continue
        pixels, rows = _png.decode(cut, cpu=level)
        assert rows == png_files.rows_left(cut)
        assert np.array_equal(pixels[:rows], made.pixels[:rows])
        assert not pixels[rows:].any()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), st.booleans(), st.data())
def test_damage_gives_rows_or_a_refusal_and_all_levels_agree(
    kind: tuple[int, int], transparent: bool, data: st.DataObject
) -> None:
    file = bytearray(sample(*kind, transparent=transparent, cut=40).file)
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(file) - 1), st.integers(0, 255)), max_size=5)):
        file[place] = value
    # Sizes stay, or the picture would take more memory than a test should.
    file[16:24] = sample(*kind).file[16:24]
    answers = []
    for level in available_levels():
        try:
            answers.append(_png.decode(bytes(file), cpu=level))
        except _png.PngError as error:
            answers.append((np.zeros(0, np.uint8), error.reason))
    assert all(np.array_equal(pixels, answers[0][0]) and rest == answers[0][1] for pixels, rest in answers)


FLAT = zlib.compress(bytes(2 * 2))
GREY = header(1, 2, 8, png_files.GREY)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"GIF89a",
        png_files.SIGNATURE,
        GREY + END,
        header(1, 2, 8, png_files.GREY, damage=1) + idat(FLAT) + END,
        header(1, 2, 8, 1) + idat(FLAT) + END,
        header(1, 2, 3, png_files.GREY) + idat(FLAT) + END,
        header(0, 2, 8, png_files.GREY) + idat(FLAT) + END,
        header(1, 2, 8, png_files.PALETTE) + idat(FLAT) + END,
        header(1, 2, 8, png_files.PALETTE) + chunk(b"PLTE", b"rgb", damage=1) + idat(FLAT) + END,
        header(1, 2, 8, png_files.PALETTE) + chunk(b"PLTE", b"rg") + idat(FLAT) + END,
        GREY + chunk(b"NEED", b"") + idat(FLAT) + END,
        GREY + chunk(b"juNk", b"") * 10_001 + idat(FLAT) + END,
    ],
    ids=lambda file: repr(file[-60:]),
)
def test_a_file_without_its_beginning_is_refused(file: bytes) -> None:
    with pytest.raises(_png.PngError, match="damaged"):
        _png.decode(file)


def test_interlaced_files_are_left_to_others() -> None:
    with pytest.raises(_png.PngError, match="unsupported"):
        _png.decode(header(1, 2, 8, png_files.GREY, interlaced=1) + idat(FLAT) + END)


def test_nothing_stale_comes_out_of_a_reference_to_before_the_beginning() -> None:
    # Fixed codes: 40 literals, then 258 bytes from 32768 bytes ago.
    codes = "1" + "10" + f"{0x30 + 7:08b}" * 40 + f"{0xC0 + 5:08b}" + f"{29:05b}" + "1" * 13 + "0" * 7
    stream = bytes(int(codes[at : at + 8][::-1], 2) for at in range(0, len(codes), 8))
    file = header(7, 40, 8, png_files.GREY) + idat(b"\x78\x01" + stream) + END
    for _ in range(20):
        junk = [b"\xa5" * 150_000, b"\x5a" * 300_000]
        del junk
        pixels, rows = _png.decode(file)
        assert rows <= 5
        assert not pixels[rows:].any()
        assert (pixels[:rows] == 7).all()


@pytest.mark.parametrize(
    "stream",
    [
        b"\x78\x9c",
        b"\x78\x9d" + FLAT[2:],
        b"\x79\x9c" + FLAT[2:],
        b"\x78\xbb" + FLAT[2:],
        FLAT[:2] + b"\xff" * 20,
        zlib.compress(b"\5\0\0\0"),
    ],
)
def test_a_stream_that_makes_no_sense_has_no_rows(stream: bytes) -> None:
    assert _png.decode(GREY + idat(stream) + END)[1] == 0


def test_checksums_of_pixels_are_not_held_against_them() -> None:
    stream = zlib.compress(b"\0\7\0\x09")
    for file in (chunk(b"IDAT", stream, damage=1), chunk(b"IDAT", stream[:-1] + b"\0")):
        pixels, rows = _png.decode(GREY + file + END)
        assert (rows, pixels.tolist()) == (2, [[[7]], [[9]]])


def test_transparency_that_is_damaged_is_passed_over() -> None:
    for damaged in (chunk(b"tRNS", b"\0\0", damage=1), chunk(b"tRNS", b"\0")):
        assert _png.decode(GREY + damaged + idat(FLAT) + END)[0].shape == (2, 1, 1)


def test_the_deadline_holds_within_a_picture() -> None:
    body = written(np.zeros((2000, 400, 3), np.uint8))
    with pytest.raises(_png.PngError, match="timeout"):
        _png.decode(body, deadline=time.monotonic() - 1)
    assert _png.decode(body, deadline=time.monotonic() + 60)[1] == 2000
    with pytest.raises(_engine.EngineError, match="timeout"):
        _engine.encode(np.zeros((400, 400, 3), np.uint8), sink="png", deadline=time.monotonic() - 1)


PICTURES = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 40), st.integers(1, 70), st.integers(1, 4)),
    elements=st.integers(0, 255),
    fill=st.integers(0, 255),
)


@settings(max_examples=200, deadline=None)
@given(PICTURES, st.integers(0, 9), st.booleans())
def test_what_is_written_is_read_back(pixels: np.ndarray, level: int, adaptive: bool) -> None:
    bodies = {written(pixels, level=level, adaptive=adaptive, cpu=cpu) for cpu in available_levels()}
    assert len(bodies) == 1
    body = bodies.pop()
    assert np.array_equal(read(body), pixels)
    assert np.array_equal(_png.decode(body)[0], pixels)


def textured(height: int, width: int, seed: int) -> np.ndarray:
    """Noise of a few levels in tiles that repeat at distances up to and beyond deflate's window."""
    rng = np.random.default_rng(seed)
    tile = rng.integers(0, 1 << rng.integers(1, 9), (rng.integers(1, 60), rng.integers(1, 90), 3), dtype=np.uint8)
    return np.tile(tile, (height // tile.shape[0] + 1, width // tile.shape[1] + 1, 1))[:height, :width].copy()


@pytest.mark.parametrize("level", [1, 3, 6, 7, 9])
@pytest.mark.parametrize("seed", range(6))
def test_pictures_of_many_blocks_are_read_back(level: int, seed: int) -> None:
    pixels = textured(400, 333, seed)
    pixels[100 + 7 * seed :: 97] = np.random.default_rng(seed).integers(0, 256, (333, 3))
    for adaptive in (False, True):
        assert np.array_equal(read(written(pixels, level=level, adaptive=adaptive)), pixels)


@pytest.mark.parametrize("level", [0, 1, 6])
@pytest.mark.parametrize("width", [21_844, 21_845, 30_000])
def test_rows_as_long_as_a_block_and_longer_are_read_back(width: int, level: int) -> None:
    pixels = textured(5, width, 3)
    assert np.array_equal(read(written(pixels, level=level)), pixels)


@pytest.mark.parametrize("level", [4, 6, 9])
@pytest.mark.parametrize(("width", "channels"), [(70_000, 1), (30_000, 3), (30_000, 4)])
def test_rows_divided_between_blocks_have_one_form(width: int, channels: int, level: int) -> None:
    levels = np.random.default_rng(1).integers(0, 4, (24, width // 50, channels), dtype=np.uint8)
    pixels = np.repeat(80 * levels, 50, axis=1)
    back = Image.open(io.BytesIO(written(pixels, level=level))).convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
    assert np.array_equal(np.asarray(back).reshape(pixels.shape), pixels)


def printed() -> np.ndarray:
    """Lines of signs, each from the same few: what repeats is not what is near."""
    rng = np.random.default_rng(4)
    signs = rng.integers(0, 2, (30, 12, 9, 1), dtype=np.uint8) * rng.integers(100, 255, 3, dtype=np.uint8)
    return np.concatenate([np.concatenate(signs[rng.integers(0, 30, 40)], axis=1) for _ in range(25)])


@pytest.mark.parametrize("level", [4, 6, 9])
def test_rows_are_left_unfiltered_where_that_is_smaller(level: int) -> None:
    drawing, photograph = printed(), np.ascontiguousarray(read(BOWL)[200:500, 300:660, :3])
    plain, chosen = (len(written(drawing, level=level, adaptive=adaptive)) for adaptive in (False, True))
    assert chosen < 1.02 * plain
    plain, chosen = (len(written(photograph, level=level, adaptive=adaptive)) for adaptive in (False, True))
    assert chosen < 0.8 * plain
    both = np.concatenate([drawing, photograph, drawing])
    assert np.array_equal(read(written(both, level=level)), both)


def test_a_higher_level_is_smaller_and_near_zlib() -> None:
    pixels = np.ascontiguousarray(read(BOWL)[200:600, 300:800])
    sizes = [len(written(pixels, level=level)) for level in (0, 1, 6, 9)]
    assert sizes == sorted(sizes, reverse=True)
    stream = b"".join(part for _, part in chunks_of(written(pixels)) if _ == b"IDAT")
    by_zlib = len(zlib.compress(zlib.decompress(stream), 6))
    assert len(stream) < 1.06 * by_zlib


def chunks_of(body: bytes) -> list[tuple[bytes, bytes]]:
    """(type, payload), checksums verified."""
    found, at = [], 8
    while at < len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        kind, payload = body[at + 4 : at + 8], body[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + payload) == int.from_bytes(body[at + 8 + length : at + 12 + length], "big")
        found.append((kind, payload))
        at += 12 + length
    return found


def test_chunks_are_whole_and_in_order() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    extra = chunk(b"teXt", b"a\0b") + chunk(b"eXIf", b"II")
    found = chunks_of(_engine.encode(pixels, sink="png", metadata=extra))
    kinds = [kind for kind, _ in found]
    assert kinds[:3] == [b"IHDR", b"teXt", b"eXIf"]
    assert kinds[-1] == b"IEND"
    assert set(kinds[3:-1]) == {b"IDAT"}
    assert len(kinds) > 5


MINUS_TWELVE = b"\xff\xff\xff\xf4"


@pytest.mark.parametrize(
    "extra",
    [
        b"x",
        chunk(b"IDAT", b""),
        chunk(b"PLTE", b"rgb"),
        chunk(b"teXt", b"abc")[:-1],
        MINUS_TWELVE + chunk(b"teXt", b"abc")[4:],
    ],
)
def test_other_chunks_are_refused(extra: bytes) -> None:
    with pytest.raises(ValueError, match="chunk"):
        _engine.encode(np.zeros((2, 2, 3), np.uint8), sink="png", metadata=extra)


@pytest.mark.parametrize("most", [1, 3, 256])
def test_output_keeps_its_limit_to_the_byte(most: int) -> None:
    noise = np.random.default_rng(0).integers(0, most, (200, 200, 3), dtype=np.uint8)
    size = len(written(noise))
    with pytest.raises(_engine.EngineError, match="too-large"):
        _engine.encode(noise, sink="png", output_limit=size - 1)
    assert len(_engine.encode(noise, sink="png", output_limit=size)) == size


@pytest.mark.parametrize("options", [{"level": 10}, {"level": -1}, {"quality": 3}])
def test_options_out_of_range_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"level|option"):
        _engine.encode(np.zeros((2, 2, 3), np.uint8), sink="png", options=options)
