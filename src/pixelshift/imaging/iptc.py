"""IPTC captions and rights in JPEG: one of the resources that Photoshop's block (APP13) may hold.

The others do not cross over: thumbnails of what was cut away, or copies of EXIF with its position. Source: Adobe
Photoshop File Formats Specification, "Image Resource Blocks".
"""

PREFIX = b"Photoshop 3.0\0"
_SIGNATURE, _IPTC = b"8BIM", 0x0404
_MAX_RESOURCES = 1_000


def from_block(payload: bytes) -> bytes | None:
    """The IPTC records of an APP13 payload; ``None`` where there are none, or the block is damaged before them."""
    at = len(PREFIX)
    if not payload.startswith(PREFIX):
        return None
    for _ in range(_MAX_RESOURCES):
        if payload[at : at + 4] != _SIGNATURE or at + 7 > len(payload):
            return None
        kind = int.from_bytes(payload[at + 4 : at + 6], "big")
        # A name with its length before it, together an even number of bytes.
        size_at = at + 6 + (payload[at + 6] + 2) // 2 * 2
        start = size_at + 4
        size = int.from_bytes(payload[size_at:start], "big")
        if start + size > len(payload):
            return None
        if kind == _IPTC:
            return payload[start : start + size]
        at = start + size + size % 2
    return None


def to_block(records: bytes) -> bytes:
    """An APP13 payload with these records alone."""
    size = len(records).to_bytes(4, "big")
    return PREFIX + _SIGNATURE + _IPTC.to_bytes(2, "big") + b"\0\0" + size + records + b"\0" * (len(records) % 2)
