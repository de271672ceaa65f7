# ruff: noqa: E501  # one attack per line reads as the table that it is
"""Hostile originals and requests: each with the limit that must stop it and the answer that the client gets."""

import base64
import io
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image


@dataclass(frozen=True)
class Attack:
    """One stored object, how it is asked for, and what must come of it."""

    name: str
    body: bytes
    suffix: str
    status: int
    code: str | None
    request: str = "/40x40/{key}"
    environment: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


def png(width: int, height: int, data: bytes = b"", colour: int = 6) -> bytes:
    """A PNG whose header says so, around any image data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int) -> bytes:
    """A GIF of so many frames of one pixel on a screen of any size."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = (
        b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    )
    return head + frame * frames + b"\x3b"


def webp(width: int, height: int) -> bytes:
    """An extended WebP whose canvas says so and which has no picture."""
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + sides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(width: int, height: int) -> bytes:
    """A TIFF whose directory says so and whose strip is far too short."""
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, 10),
    ]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<I", 8) + directory + b"\0\0\0\0"


def jpeg(width: int = 64, height: int = 48, **options: object) -> bytes:
    """A real photograph, small."""
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert("RGB").save(buffer, "JPEG", **options)
    return buffer.getvalue()


def lying_jpeg(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims other sides."""
    body = bytearray(jpeg())
    frame = body.index(b"\xff\xc0")
    body[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(body)


def svg(inside: str, attributes: str = 'width="40" height="40"', before: str = "") -> bytes:
    """A drawing."""
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"{before}<svg {spaces} {attributes}>{inside}</svg>".encode()


def laughs() -> str:
    """Eleven entities, each ten times the one before."""
    entities = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    return f"<!DOCTYPE svg [<!ENTITY a0 'ha'>{entities}]>"


def uses() -> str:
    """Eleven groups, each drawing the one before ten times."""
    groups = "".join(f"<g id='u{n}'>" + f"<use xlink:href='#u{n - 1}'/>" * 10 + "</g>" for n in range(1, 12))
    return f"<defs><g id='u0'><rect width='1' height='1'/></g>{groups}</defs><use xlink:href='#u11'/>"


def encoded(key: str, edits: object) -> str:
    """A base64 request."""
    return "/" + base64.b64encode(json.dumps({"key": key, "edits": edits}).encode()).decode()


def deep(levels: int) -> dict[str, object]:
    """Objects in objects."""
    return {"a": deep(levels - 1)} if levels else {}


SMALL = {"SHARP_SIZE_LIMIT": "1000000"}
BAD = "InstantiationError"
ATTACKS = [
    Attack("png-header-of-60000x60000", png(60_000, 60_000), ".png", 400, BAD, why="source_pixels"),
    Attack("png-header-of-4-billion", png(2**31 - 1, 2**31 - 1), ".png", 400, BAD, why="source_pixels"),
    Attack("png-bomb", png(2000, 2000, bytes(2000 * 8001)), ".png", 400, BAD, environment=SMALL, why="source_pixels"),
    Attack("png-short-of-data", png(300, 300, b"\0" * 100), ".png", 200, None, why="damaged input is tolerated"),
    Attack("png-with-too-much-data", png(10, 10, bytes(50_000_000)), ".png", 200, None, why="rows beyond the last are not read"),
    Attack("png-of-no-size", png(0, 0), ".png", 400, BAD, why="header"),
    Attack("gif-of-5000-frames", gif(1, 1, 5000), ".gif", 400, BAD, why="frames"),
    Attack("gif-screen-of-65535", gif(65_535, 65_535, 1), ".gif", 400, BAD, why="source_pixels"),
    Attack("gif-many-large-frames", gif(4000, 4000, 900), ".gif", 400, BAD, why="animation_pixels"),
    Attack("gif-without-a-picture", b"GIF89a" + b"\0" * 7, ".gif", 400, BAD, why="header"),
    Attack("webp-canvas-without-picture", webp(16_384, 16_384), ".webp", 400, BAD, why="source_pixels"),
    Attack("webp-cut-in-its-header", webp(10, 10)[:20], ".webp", 400, BAD, why="header"),
    Attack("tiff-of-2-billion-pixels", tiff(65_535, 65_535), ".tiff", 400, BAD, why="source_pixels"),
    Attack("tiff-without-its-strip", tiff(300, 300), ".tiff", 200, None, why="damaged input is tolerated"),
    Attack("avif-of-noise", b"\0\0\0\x18ftypavif" + bytes(range(256)), ".avif", 400, BAD, why="header"),
    Attack("jpeg-that-lies-65500x65500", lying_jpeg(65_500, 65_500), ".jpg", 400, BAD, why="source_pixels"),
    Attack("jpeg-that-lies-a-little", lying_jpeg(640, 480), ".jpg", 200, None, why="damaged input is tolerated"),
    Attack("jpeg-cut-in-half", jpeg(800, 600)[:4000], ".jpg", 200, None, why="damaged input is tolerated"),
    Attack("jpeg-of-two-bytes", b"\xff\xd8", ".jpg", 400, BAD, why="header"),
    Attack("jpeg-with-noise-for-exif", jpeg(exif=b"Exif\0\0" + b"\xff" * 200), ".jpg", 200, None, why="metadata is not trusted"),
    Attack("jpeg-with-noise-for-icc", jpeg(icc_profile=b"\xff" * 500), ".jpg", 200, None, why="metadata is not trusted"),
    Attack("text-called-jpeg", b"hello", ".jpg", 400, BAD, why="header"),
    Attack("nothing-called-jpeg", b"", ".jpg", 400, BAD, why="header"),
    Attack("svg-billion-laughs", svg("<text>&a11;</text>", before=laughs()), ".svg", 400, BAD, why="entities"),
    Attack("svg-exponential-use", svg(uses()), ".svg", 413, "TooLargeImageException", why="expansion of use"),
    Attack("svg-of-a-million-pixels-square", svg("<rect/>", 'width="1000000" height="1000000"'), ".svg", 400, BAD, why="source_pixels"),
    Attack("svg-nested-too-deeply", svg("<g>" * 5000 + "</g>" * 5000), ".svg", 413, "TooLargeImageException", why="nesting"),
    Attack("svg-too-long", svg(" " * 5_000_000), ".svg", 413, "TooLargeImageException", why="svg_bytes"),
    Attack("svg-that-reads-files", svg('<image href="file:///etc/passwd" width="9" height="9"/>'), ".svg", 200, None, why="references are dropped"),
    Attack("svg-that-is-not-closed", b"<svg xmlns='http://www.w3.org/2000/svg'><g>", ".svg", 400, BAD, why="syntax"),
    Attack("original-too-long", jpeg(), ".jpg", 413, "TooLargeImageException", environment={"PIXELSHIFT_MAX_SOURCE_BYTES": "100"}, why="source_bytes"),
    Attack("result-of-a-million-square", jpeg(), ".jpg", 413, "TooLargeImageException", "/1000000x1000000/{key}", why="output_side_px"),
    Attack("result-of-a-huge-area", jpeg(), ".jpg", 413, "TooLargeImageException", "/16000x16000/{key}", why="output_pixels"),
    Attack("webp-beyond-its-format", jpeg(), ".jpg", 413, "TooLargeImageException", "/16384x10/filters:format(webp)/{key}", why="the format's own limit"),
    Attack("blur-of-1000-on-a-large-result", jpeg(), ".jpg", 413, "TooLargeImageException", "/9000x9000/filters:blur(2000)/{key}", why="cost"),
    Attack("convolution-too-wide", jpeg(), ".jpg", 400, "InvalidParameter", "/filters:convolution(" + ";".join("1" * 103) + ",103)/{key}", why="convolution_side"),
    Attack("too-many-edits", jpeg(), ".jpg", 400, "InvalidParameter", encoded("too-many-edits.jpg", {f"unknown{n}": 1 for n in range(65)}), why="edit_count"),
    Attack("body-nested-too-deeply", jpeg(), ".jpg", 400, None, encoded("body-nested-too-deeply.jpg", deep(17)), why="json_depth"),
]  # fmt: skip
