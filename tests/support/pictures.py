"""Small pictures, encoded by Pillow on the spot."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def gradient(width: int, height: int, channels: int = 3) -> NDArray[np.uint8]:
    """Red grows to the right, green downwards, blue is 128; alpha, where asked for, is 255 left and 128 right."""
    pixels = np.full((height, width, channels), 128, np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width).round()[None]
    pixels[..., 1] = np.linspace(0, 255, height).round()[:, None]
    if channels == 4:
        pixels[:, : width // 2, 3] = 255
    return pixels


def encoded(pixels: NDArray[np.uint8], format_: str, **options: Any) -> bytes:
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, format_, **options)
    return body.getvalue()


def decoded(body: bytes) -> NDArray[np.uint8]:
    """The first frame as (height, width, channels) in its own mode."""
    pixels = np.array(Image.open(io.BytesIO(body)))
    return pixels if pixels.ndim == 3 else pixels[..., None]


def animation(format_: str, colours: list[tuple[int, ...]], size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    frames = [Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour) for colour in colours]
    body = io.BytesIO()
    frames[0].save(body, format_, save_all=True, append_images=frames[1:], **options)
    return body.getvalue()
