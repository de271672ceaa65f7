"""Embedded profiles to sRGB on the way in (decision 3), by LittleCMS through Pillow."""

import io

from PIL import Image, ImageCms

from pixelshift.imaging.icc import is_srgb, srgb_profile

_MODES = {"RGB", "RGBA", "L", "LA", "CMYK"}
_MAX_PROFILE_BYTES = 4 * 1024 * 1024


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """The picture's colours in sRGB, perceptual intent; unchanged where the profile is broken or of another kind.

    Alpha passes through untouched.
    """
    if len(icc) > _MAX_PROFILE_BYTES or is_srgb(icc):
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
    if image.mode == bare:
        return transform.apply(image)
    alpha = image.getchannel("A")
    out = transform.apply(image.convert(bare))
    out.putalpha(alpha)
    return out


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
