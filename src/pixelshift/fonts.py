"""Which fonts stand for CSS's generic families when SVG is rendered: those that the project installs, everywhere.

Without names the renderer asks for Arial and its kin, and leaves text out where they are missing.
"""

from collections.abc import Mapping
from typing import Final

GENERIC_FAMILIES: Final[Mapping[str, str]] = {
    "font_family": "DejaVu Sans",
    "sans_serif_family": "DejaVu Sans",
    "serif_family": "DejaVu Serif",
    "monospace_family": "DejaVu Sans Mono",
    "cursive_family": "DejaVu Serif",
    "fantasy_family": "DejaVu Sans",
}
"""Arguments of ``resvg_py.svg_to_bytes``."""
