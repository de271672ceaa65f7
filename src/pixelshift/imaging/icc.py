"""The sRGB profile that finished pictures carry: written once, the same bytes on every run.

An ICC version 4.2 display profile with the primaries of IEC 61966-2-1 adapted to D50 and its transfer curve as a
parametric function (ICC.1:2004-10, 10.15), about 450 bytes.
"""

import struct
from functools import cache


def _fixed(*values: float) -> bytes:
    """s15Fixed16Numbers, big-endian."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _text(text: str) -> bytes:
    """A multiLocalizedUnicodeType of one language."""
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28) + encoded


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(x, y, z)


# Curve type 3: ((a x + b)^g for x >= d, c x below), with sRGB's constants.
_CURVE = b"para" + struct.pack(">IHH", 0, 3, 0) + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

# D65 to D50 (ICC.1:2004-10, annex E).
_BRADFORD = (1.04788, 0.02292, -0.0502, 0.02959, 0.99048, -0.01706, -0.00923, 0.01508, 0.75168)


@cache
def srgb_profile() -> bytes:
    """Bytes of an sRGB profile named "sRGB"."""
    tags = [
        (b"desc", _text("sRGB")),
        (b"cprt", _text("CC0")),
        (b"wtpt", _xyz(0.9642, 1.0, 0.8249)),
        (b"chad", b"sf32" + bytes(4) + _fixed(*_BRADFORD)),
        (b"rXYZ", _xyz(0.43607, 0.22249, 0.01392)),
        (b"gXYZ", _xyz(0.38515, 0.71687, 0.09708)),
        (b"bXYZ", _xyz(0.14307, 0.06061, 0.71410)),
        (b"rTRC", _CURVE),
        (b"gTRC", _CURVE),
        (b"bTRC", _CURVE),
    ]  # fmt: skip
    directory, body, placed = b"", b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags:
        if value not in placed:
            body += bytes(-len(body) % 4)
            placed[value] = start + len(body)
            body += value
        directory += name + struct.pack(">II", placed[value], len(value))
    body += bytes(-len(body) % 4)
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04200000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + directory + body
