"""Embedded profiles to sRGB on the way in (decision 3), by LittleCMS through Pillow."""

import io
from functools import cache

import numpy as np
from PIL import Image, ImageCms

from pixelshift.imaging.icc import srgb_profile

_MODES = {"RGB", "RGBA", "L", "LA", "CMYK"}
_MAX_PROFILE_BYTES = 4 * 1024 * 1024


@cache
def _probe() -> Image.Image:
    """Every sixteenth grey, and a cube of colours: where a profile is sRGB's twin, none of them moves."""
    steps = np.linspace(0, 255, 6).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    greys = np.repeat(np.arange(0, 256, 15, dtype=np.uint8), 3).reshape(-1, 3)
    return Image.fromarray(np.concatenate([cube, greys])[None])


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """The picture's colours in sRGB, perceptual intent; unchanged where the profile is broken or of another kind.

    Alpha passes through untouched. A profile that moves no colour by more than one level is taken as sRGB.
    """
    if len(icc) > _MAX_PROFILE_BYTES:
        return image
    if image.mode in {"P", "PA"}:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode not in _MODES:
        return image
    try:
        return _transformed(image, ImageCms.ImageCmsProfile(io.BytesIO(icc)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _transformed(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    bare = {"RGBA": "RGB", "LA": "L"}.get(image.mode, image.mode)
    transform = ImageCms.buildTransform(profile, _srgb(), bare, "RGB", ImageCms.Intent.PERCEPTUAL)
    if bare == "RGB":
        probe = _probe()
        moved = np.asarray(transform.apply(probe)).astype(np.int16) - np.asarray(probe)
        if np.abs(moved).max() <= 1:
            return image
    if image.mode == bare:
        return transform.apply(image)
    alpha = image.getchannel("A")
    out = transform.apply(image.convert(bare))
    out.putalpha(alpha)
    return out


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
