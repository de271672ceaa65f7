"""A baseline JPEG in float64, by the formulas of ITU-T T.81: what the chain's decoder is held against. Slow."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
# Annex A, figure 5: zigzag order, as (row, column).
_ZIGZAG = sorted(
    itertools.product(range(8), repeat=2),
    key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]),
)


@dataclass
class _Component:
    across: int
    down: int
    quantiser: Reals
    dc: dict[tuple[int, int], int]
    ac: dict[tuple[int, int], int]
    blocks: Reals
    """Dequantised coefficients of shape (rows, columns, 8, 8)."""


@dataclass(frozen=True)
class Coefficients:
    """Of each component: its dequantised blocks and its sampling factors (across, down)."""

    width: int
    height: int
    blocks: tuple[Reals, ...]
    factors: tuple[tuple[int, int], ...]

    @property
    def finest(self) -> tuple[int, int]:
        return max(across for across, _ in self.factors), max(down for _, down in self.factors)

    def planes(self, samples: int) -> list[Reals]:
        """Each component by an inverse DCT of its lowest ``samples`` x ``samples`` frequencies; 0-255, not rounded."""
        found = []
        for blocks, (across, down) in zip(self.blocks, self.factors, strict=True):
            basis = _cosines(samples)
            low = blocks[..., :samples, :samples] * samples / 8
            pixels = np.einsum("ux,rcuv,vy->rcxy", basis, low, basis, optimize=True)
            rows, columns = blocks.shape[:2]
            plane = pixels.transpose(0, 2, 1, 3).reshape(rows * samples, columns * samples)
            height = -(-self.height * down * samples // (8 * self.finest[1]))
            width = -(-self.width * across * samples // (8 * self.finest[0]))
            found.append(np.clip(plane[:height, :width] + 128, 0, 255))
        return found


def _cosines(count: int) -> Reals:
    """The orthonormal DCT: row u is the wave of frequency u."""
    u, x = np.mgrid[:count, :count]
    waves: Reals = np.cos((2 * x + 1) * u * np.pi / (2 * count)) * np.sqrt(2 / count)
    waves[0] /= np.sqrt(2)
    return waves


class _Bits:
    """The entropy-coded segment, stuffed zeros taken out, as one string of bits."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data.replace(b"\xff\x00", b"\xff"))
        self._at = 0

    def number(self, length: int) -> int:
        """T.81 F.2.2.1: RECEIVE and EXTEND."""
        if length == 0:
            return 0
        value = int(self._bits[self._at : self._at + length], 2)
        self._at += length
        return value if value >> (length - 1) else value - (1 << length) + 1

    def symbol(self, table: dict[tuple[int, int], int]) -> int:
        code = 0
        for length in range(1, 17):
            code = code << 1 | int(self._bits[self._at])
            self._at += 1
            if (length, code) in table:
                return table[length, code]
        raise ValueError("no such code")


def _huffman(body: bytes) -> dict[tuple[int, int], int]:
    """Annex C: (length, code) -> symbol."""
    table, code, at = {}, 0, 16
    for length in range(1, 17):
        for _ in range(body[length - 1]):
            table[length, code] = body[at]
            code, at = code + 1, at + 1
        code <<= 1
    return table


def _block(bits: _Bits, component: _Component, before: int) -> tuple[Reals, int]:
    """Annex F.2.2: one block's coefficients, and its DC value."""
    block = np.zeros((8, 8))
    value = before + bits.number(bits.symbol(component.dc))
    block[0, 0] = value
    k = 1
    while k < 64:
        symbol = bits.symbol(component.ac)
        run, size = symbol >> 4, symbol & 15
        if size == 0 and run != 15:
            break
        k += run
        if size:
            block[_ZIGZAG[k]] = bits.number(size)
        k += 1
    return block * component.quantiser, value


def read(data: bytes) -> Coefficients:
    """The coefficients of a sequential file of one scan without restarts, such as Pillow writes."""
    quantisers: dict[int, Reals] = {}
    tables: dict[int, dict[tuple[int, int], int]] = {}
    frame = b""
    at = 2
    while True:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        body, at = data[at + 4 : at + 2 + length], at + 2 + length
        if marker == 0xDB:
            for start in range(0, len(body), 65):
                table = np.zeros((8, 8))
                for place, value in zip(_ZIGZAG, body[start + 1 : start + 65], strict=True):
                    table[place] = value
                quantisers[body[start]] = table
        elif marker == 0xC4:
            while body:
                size = 17 + sum(body[1:17])
                tables[body[0]] = _huffman(body[1:size])
                body = body[size:]
        elif marker == 0xC0:
            frame = body
        elif marker == 0xDA:
            return _scan(_Bits(data[at:-2]), frame, body, quantisers, tables)
        assert marker not in range(0xC1, 0xC4), "a sequential file is wanted"


def _scan(
    bits: _Bits,
    frame: bytes,
    header: bytes,
    quantisers: dict[int, Reals],
    tables: dict[int, dict[tuple[int, int], int]],
) -> Coefficients:
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    factors = [(frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15) for i in range(frame[5])]
    if len(factors) == 1:
        factors = [(1, 1)]
    finest_across, finest_down = max(a for a, _ in factors), max(d for _, d in factors)
    mcus_across, mcus_down = -(-width // (8 * finest_across)), -(-height // (8 * finest_down))
    components = []
    for i, (across, down) in enumerate(factors):
        chosen = header[2 + 2 * i]
        blocks = np.zeros((mcus_down * down, mcus_across * across, 8, 8))
        quantiser = quantisers[frame[8 + 3 * i]]
        components.append(_Component(across, down, quantiser, tables[chosen >> 4], tables[16 | chosen & 15], blocks))
    before = [0] * len(components)
    for row, column in itertools.product(range(mcus_down), range(mcus_across)):
        for i, component in enumerate(components):
            for y, x in itertools.product(range(component.down), range(component.across)):
                block, before[i] = _block(bits, component, before[i])
                component.blocks[row * component.down + y, column * component.across + x] = block
    return Coefficients(width, height, tuple(c.blocks for c in components), tuple(factors))
