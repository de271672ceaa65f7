"""Affine transforms of RGB and RGBA by bilinear interpolation."""

from libc.math cimport isfinite
from libc.stddef cimport size_t
from libc.stdint cimport int32_t, uint8_t

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/warp.h" nogil:
    int PIXELSHIFT_WARP_SIDE_LIMIT
    ctypedef struct pixelshift_warp_source:
        const uint8_t *pixels
        int32_t width
        int32_t height
        int32_t channels
    ctypedef struct pixelshift_warp_map:
        double x
        double y
        double x_across
        double y_across
        double x_down
        double y_down
    void pixelshift_warp_bilinear(
        uint8_t *dst, size_t columns, const pixelshift_warp_source *source, const pixelshift_warp_map *map,
        size_t first, size_t last, pixelshift_cpu_level level)


def bilinear(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] src, *, origin, across, down, rows, cpu=None):
    """Rows ``(first, last)`` of ``dst``: pixel (column, row) samples ``src`` at origin + column across + row down.

    ``origin``, ``across`` and ``down`` are (x, y) in source pixels, whose centres are whole numbers. Around the source
    lies opaque black. Both pictures are RGB or RGBA. Raises ValueError for shapes, rows, numbers and levels that do
    not fit.
    """
    cdef pixelshift_cpu_level level = level_of(cpu)
    cdef pixelshift_warp_map map
    cdef pixelshift_warp_source source
    cdef size_t first, last
    if src.shape[2] not in (3, 4) or dst.shape[2] != src.shape[2]:
        raise ValueError(f"RGB or RGBA both are wanted, not {src.shape[2]} and {dst.shape[2]} channels")
    sides = (src.shape[0], src.shape[1], dst.shape[0], dst.shape[1])
    if min(sides) < 1 or max(sides) > PIXELSHIFT_WARP_SIDE_LIMIT:
        raise ValueError(f"sides are 1 to {PIXELSHIFT_WARP_SIDE_LIMIT}, not {sides}")
    begin, end = rows  # by name: subscripts are not checked here
    if not 0 <= begin <= end <= dst.shape[0]:
        raise ValueError(f"rows {begin} to {end} are not in the picture")
    map.x, map.y = origin
    map.x_across, map.y_across = across
    map.x_down, map.y_down = down
    if not (isfinite(map.x) and isfinite(map.y) and isfinite(map.x_across) and isfinite(map.y_across)
            and isfinite(map.x_down) and isfinite(map.y_down)):
        raise ValueError("the transform must be of finite numbers")
    first, last = begin, end
    source.pixels = &src[0, 0, 0]
    source.width = <int32_t>src.shape[1]
    source.height = <int32_t>src.shape[0]
    source.channels = <int32_t>src.shape[2]
    with nogil:
        pixelshift_warp_bilinear(&dst[0, 0, 0], dst.shape[1], &source, &map, first, last, level)
