"""What one request may ask of us. Every limit has a setting; faces build one :class:`Limits` and pass it down."""

from pixelshift.value import frozen


@frozen
class Limits:
    """Upper bounds on one image request; ``0`` never means unlimited."""

    url_bytes: int = 16_384
    json_depth: int = 16
    edit_count: int = 64
    source_bytes: int = 64 * 1024 * 1024
    source_pixels: int = 268_402_689
    """Width x height of one frame; SIH's ``SHARP_SIZE_LIMIT``."""
    animation_pixels: int = 268_402_689
    """Width x height x frames."""
    frames: int = 1_000
    output_side_px: int = 16_384
    output_pixels: int = 100_000_000
    output_bytes: int = 64 * 1024 * 1024
    convolution_side: int = 101
    median_side: int = 51
    cost: float = 4.0e10
    """Estimated elementary operations (pixels x kernel area, summed over steps)."""
    time_s: float = 25.0
    svg_bytes: int = 4 * 1024 * 1024
