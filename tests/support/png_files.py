"""PNG files put together from samples, chunk by chunk, by the specification alone: the reader's other opinion."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.integer]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
KINDS = [(colour, bits) for colour, depths in DEPTHS.items() for bits in depths]


def chunk(kind: bytes, payload: bytes, *, damage: int = 0) -> bytes:
    """A chunk, its checksum off by ``damage``."""
    checksum = zlib.crc32(kind + payload) ^ damage
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", checksum)


def header(width: int, height: int, bits: int, colour: int, *, interlaced: int = 0, damage: int = 0) -> bytes:
    fields = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    return SIGNATURE + chunk(b"IHDR", fields, damage=damage)


def idat(stream: bytes, cut: int | None = None) -> bytes:
    """The zlib stream as IDAT chunks of ``cut`` bytes, or as one."""
    size = cut or max(1, len(stream))
    return b"".join(chunk(b"IDAT", stream[at : at + size]) for at in range(0, max(1, len(stream)), size))


END = chunk(b"IEND", b"")


def packed(samples: Samples, bits: int) -> NDArray[np.uint8]:
    """Rows of bytes from (height, width, n) samples."""
    rows = samples.reshape(samples.shape[0], -1)
    if bits == 16:
        return rows.astype(">u2").view(np.uint8).reshape(rows.shape[0], -1)
    if bits == 8:
        return rows.astype(np.uint8)
    digits = np.unpackbits(rows.astype(np.uint8)[..., None], axis=2)[..., 8 - bits :]
    return np.packbits(digits.reshape(rows.shape[0], -1), axis=1)


def paeth(a: int, b: int, c: int) -> int:
    """As the specification writes it (9.4)."""
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    if pa <= pb and pa <= pc:
        return a
    return b if pb <= pc else c


def predicted(filter_: int, a: int, b: int, c: int) -> int:
    return (0, a, b, (a + b) // 2, paeth(a, b, c))[filter_]


def filtered(rows: NDArray[np.uint8], filters: Sequence[int], step: int) -> bytes:
    """Each row behind its filter's byte, filtered with it."""
    out = bytearray()
    above = bytes(rows.shape[1])
    for row, filter_ in zip(map(bytes, rows), filters, strict=True):
        out.append(filter_)
        for i, value in enumerate(row):
            a, c = (row[i - step], above[i - step]) if i >= step else (0, 0)
            out.append((value - predicted(filter_, a, above[i], c)) & 255)
        above = row
    return bytes(out)


@dataclass(frozen=True)
class Sample:
    """A file and what it shows: (height, width, channels) of uint8."""

    file: bytes
    pixels: NDArray[np.uint8]


def sample(
    colour: int,
    bits: int,
    size: tuple[int, int] = (13, 9),
    *,
    transparent: bool = False,
    cut: int | None = None,
    window: int | None = None,
    filters: Sequence[int] | None = None,
    seed: int = 0,
) -> Sample:
    """A random file of that kind and its pixels by formula. ``filters`` of its rows; by default every one is in use."""
    rng = np.random.default_rng(seed)
    width, height = size
    samples = rng.integers(0, 1 << bits, (height, width, SAMPLES[colour]))
    # Some flat parts, so that colours repeat.
    samples[: height // 2, : width // 3] = samples[0, 0]
    rows = packed(samples, bits)
    filters = filters or [int(one) for one in rng.permutation(np.arange(height) % 5)]
    raw = filtered(rows, filters, max(1, SAMPLES[colour] * bits // 8))
    stream = zlib.compress(raw)
    if window is not None:
        head = (window - 8) << 12 | 0x800
        stream = struct.pack(">H", head + (31 - head % 31) % 31) + stream[2:]
    extra, pixels = _shown(colour, bits, samples, transparent, rng)
    return Sample(header(width, height, bits, colour) + extra + idat(stream, cut) + END, pixels)


def _shown(
    colour: int, bits: int, samples: Samples, transparent: bool, rng: np.random.Generator
) -> tuple[bytes, NDArray[np.uint8]]:
    """PLTE and tRNS, and the pixels by formula."""
    if colour == PALETTE:
        palette = rng.integers(0, 256, (1 << bits, 3), dtype=np.uint8)
        alpha = rng.integers(0, 256, max(1, (1 << bits) - 1), dtype=np.uint8)
        whole = np.concatenate([palette, np.full((1 << bits, 1), 255, np.uint8)], axis=1)
        whole[: len(alpha), 3] = alpha
        chunks = chunk(b"PLTE", palette.tobytes()) + (chunk(b"tRNS", alpha.tobytes()) if transparent else b"")
        return chunks, (whole if transparent else palette)[samples[..., 0]]
    shown = (samples >> 8 if bits == 16 else samples * (255 // ((1 << bits) - 1))).astype(np.uint8)
    if not transparent or colour not in {GREY, RGB}:
        return b"", shown
    key = samples[0, 0]
    alpha = np.where((samples == key).all(axis=2), 0, 255).astype(np.uint8)
    return chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)), np.concatenate([shown, alpha[..., None]], axis=2)


def rows_left(file: bytes) -> int:
    """How many whole rows of a file of 8 bits per sample can still be inflated, by zlib."""
    at, stream = len(SIGNATURE), b""
    width, colour = 0, 0
    while at + 8 <= len(file):
        length, kind = struct.unpack(">I4s", file[at : at + 8])
        payload = file[at + 8 : at + 8 + length]
        if kind == b"IHDR" and len(payload) == 13:
            width, colour = struct.unpack(">I4xxB", payload[:10])
        elif kind == b"IDAT":
            stream += payload
        at += 12 + length
    inflater = zlib.decompressobj()
    return len(inflater.decompress(stream)) // (1 + width * SAMPLES[colour])
