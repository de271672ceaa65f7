"""The sRGB profile that finished pictures carry, and how to tell that another profile is sRGB too.

Ours is the same bytes on every run: an ICC version 4.2 display profile with the primaries of IEC 61966-2-1 adapted to
D50 and its transfer curve as a parametric function (ICC.1:2004-10, 10.15), about 450 bytes.
"""

import struct
from collections.abc import Callable, Sequence
from functools import cache, lru_cache


def _fixed(*values: float) -> bytes:
    """s15Fixed16Numbers, big-endian."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def text(words: str) -> bytes:
    """A multiLocalizedUnicodeType of one language."""
    encoded = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28) + encoded


def xyz(x: float, y: float, z: float) -> bytes:
    """An XYZType of one colour."""
    return b"XYZ " + bytes(4) + _fixed(x, y, z)


D50 = (0.9642, 1.0, 0.8249)
"""The white that profiles refer to."""

# Curve type 3: ((a x + b)^g for x >= d, c x below), with sRGB's constants.
_CURVE = b"para" + struct.pack(">IHH", 0, 3, 0) + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

# D65 to D50 (ICC.1:2004-10, annex E).
_BRADFORD = (1.04788, 0.02292, -0.0502, 0.02959, 0.99048, -0.01706, -0.00923, 0.01508, 0.75168)


_RED, _GREEN, _BLUE = (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)


@cache
def srgb_profile() -> bytes:
    """Bytes of an sRGB profile named "sRGB"."""
    tags = [
        (b"desc", text("sRGB")),
        (b"cprt", text("CC0")),
        (b"wtpt", xyz(*D50)),
        (b"chad", b"sf32" + bytes(4) + _fixed(*_BRADFORD)),
        (b"rXYZ", xyz(*_RED)),
        (b"gXYZ", xyz(*_GREEN)),
        (b"bXYZ", xyz(*_BLUE)),
        (b"rTRC", _CURVE),
        (b"gTRC", _CURVE),
        (b"bTRC", _CURVE),
    ]  # fmt: skip
    return assembled(tags, kind=b"mntr", space=b"RGB ", connection=b"XYZ ")


Tag = tuple[bytes, bytes]


def assembled(tags: Sequence[Tag], *, kind: bytes, space: bytes, connection: bytes) -> bytes:
    """A profile of these tags, equal ones stored once; ``kind`` and the spaces are signatures of ICC.1:2004-10, 7.2."""
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
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04200000, kind, space, connection)
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(*D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + directory + body


# Profiles in the wild round their numbers: a thousandth of a primary and half a level of a curve move no sample.
_PRIMARY_TOLERANCE = 0.002
_CURVE_TOLERANCE = 0.5 / 255
_MAX_TAGS = 100


@lru_cache(maxsize=64)
def is_srgb(profile: bytes) -> bool:
    """Whether an RGB matrix profile has sRGB's primaries and curve, so that converting from it changes nothing.

    ``False`` for look-up tables and for anything damaged: converting decides then.
    """
    try:
        tags = _tags(profile)
        if profile[12:20] != b"mntrRGB " or b"A2B0" in tags:
            return False
        primaries = zip((b"rXYZ", b"gXYZ", b"bXYZ"), (_RED, _GREEN, _BLUE), strict=True)
        return all(_near(tags[name], wanted) for name, wanted in primaries) and all(
            _is_srgb_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")
        )
    except (struct.error, KeyError, ValueError, OverflowError, ZeroDivisionError):
        return False


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    found = {}
    for index in range(min(count, _MAX_TAGS)):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        found[name] = profile[offset : offset + size]
    return found


def _near(tag: bytes, wanted: tuple[float, float, float]) -> bool:
    got = struct.unpack_from(">3i", tag, 8)
    return all(abs(one / 65536 - other) <= _PRIMARY_TOLERANCE for one, other in zip(got, wanted, strict=True))


def _srgb_curve(x: float) -> float:
    return float(x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4)


def _is_srgb_curve(tag: bytes) -> bool:
    curve = _curve(tag)
    # Compared as encoded levels, where half a level is the same small step in the dark and in the light.
    return all(abs(curve(level / 255) - _srgb_curve(level / 255)) <= _slack(level / 255) for level in range(0, 256, 5))


def _slack(x: float) -> float:
    slope = 1 / 12.92 if x <= 0.04045 else 2.4 / 1.055 * ((x + 0.055) / 1.055) ** 1.4
    return slope * _CURVE_TOLERANCE


def _curve(tag: bytes) -> Callable[[float], float]:
    """A curveType of at least two entries or a parametricCurveType 3 (ICC.1:2004-10, 10.5 and 10.15)."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if not 2 <= count <= 4096:
            raise ValueError("a power, or too long")
        table = struct.unpack_from(f">{count}H", tag, 12)

        def look_up(x: float) -> float:
            place = x * (count - 1)
            low = min(int(place), count - 2)
            return float(table[low] + (place - low) * (table[low + 1] - table[low])) / 65535

        return look_up
    if tag[:4] == b"para" and tag[8:10] == b"\x00\x03":
        g, a, b, c, d = (value / 65536 for value in struct.unpack_from(">5i", tag, 12))
        return lambda x: float(max(0.0, a * x + b) ** g if x >= d else c * x)
    raise ValueError("another kind of curve")
