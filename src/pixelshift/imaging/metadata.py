"""What travels beside the pixels, and the rules for what may leave (contract 6.5; decisions 2 and 3)."""

import re
from typing import Any

from pixelshift.imaging import exif
from pixelshift.imaging.icc import srgb_profile
from pixelshift.value import frozen, mutable

_GPS_ATTRIBUTE = rb"""\s+\w+:GPS\w+\s*=\s*("[^"]*"|'[^']*')"""
_GPS_ELEMENT = rb"(?s)<(\w+:GPS\w+)\b[^>]*?(?:/>|>.*?</\1\s*>)"
_MAX_XMP_BYTES = 60_000
"""What fits one JPEG segment; larger packets are dropped."""


@frozen
class MetadataPolicy:
    """What the plan decided to keep."""

    strip: bool = False
    """Everything goes except an orientation other than 1."""
    keep_gps: bool = False
    upright: bool = False
    """The pixels were turned upright: the tag becomes 1."""


@mutable
class Metadata:
    """Blocks as found in the source, later as written; ``None`` = absent. ``exif`` without JPEG's prefix."""

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    """The records; JPEG alone carries them on."""
    density_dpi: float | None = None
    """As the file says beside its EXIF block."""

    def for_output(self, policy: MetadataPolicy) -> "Metadata":
        """The blocks to write: sRGB's profile, EXIF and XMP without position data, or next to nothing if stripped."""
        orientation = 1 if policy.upright or self.exif is None else exif.orientation(self.exif)
        if policy.strip:
            return Metadata(exif=exif.small_block(orientation, software="Pixelshift") if orientation != 1 else None)
        block = self.exif
        if block is not None and not policy.keep_gps:
            block = exif.without_gps(block)
        if block is not None and policy.upright:
            block = exif.with_orientation(block, 1)
        small = exif.small_block(orientation, density_dpi=self.density_dpi)
        return Metadata(block or small, srgb_profile(), self._xmp(policy), self.iptc, self.density_dpi)

    def _xmp(self, policy: MetadataPolicy) -> bytes | None:
        if self.xmp is None or len(self.xmp) > _MAX_XMP_BYTES:
            return None
        if policy.keep_gps:
            return self.xmp
        packet = re.sub(_GPS_ELEMENT, b"", re.sub(_GPS_ATTRIBUTE, b"", self.xmp))
        # What the patterns did not know how to remove goes with the whole packet.
        return None if b"GPS" in packet or b"G\0P\0S" in packet else packet

    def for_pillow(self, *, exif_prefix: bool = False) -> dict[str, Any]:
        """Keyword arguments of Pillow's encoders."""
        blocks = {"icc_profile": self.icc, "xmp": self.xmp}
        if self.exif is not None:
            blocks["exif"] = exif.PREFIX + self.exif if exif_prefix else self.exif
        return {name: block for name, block in blocks.items() if block is not None}
