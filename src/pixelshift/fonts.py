"""Which fonts stand for CSS's generic families when SVG is rendered: those that the project installs, everywhere.

Without names the renderer asks for Arial and its kin, and leaves text out where they are missing.
"""

from typing import Final, TypedDict


class Families(TypedDict):
    """Arguments of ``resvg_py.svg_to_bytes``."""

    font_family: str
    sans_serif_family: str
    serif_family: str
    monospace_family: str
    cursive_family: str
    fantasy_family: str


GENERIC_FAMILIES: Final = Families(
    font_family="DejaVu Sans",
    sans_serif_family="DejaVu Sans",
    serif_family="DejaVu Serif",
    monospace_family="DejaVu Sans Mono",
    cursive_family="DejaVu Serif",
    fantasy_family="DejaVu Sans",
)
