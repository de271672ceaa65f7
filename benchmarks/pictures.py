"""What benchmarks work on: photographs first, other kinds beside them, all from the samples."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SAMPLES = Path(__file__).parents[1] / "samples"


def scaled(name: str, size: tuple[int, int]) -> Image.Image:
    """The middle of a sample photograph, cut to the proportions and scaled."""
    with Image.open(SAMPLES / name) as picture:
        rgb = picture.convert("RGB")
    width = min(rgb.width, rgb.height * size[0] // size[1])
    height = min(rgb.height, rgb.width * size[1] // size[0])
    left, top = (rgb.width - width) // 2, (rgb.height - height) // 2
    return rgb.resize(size, Image.Resampling.LANCZOS, (left, top, left + width, top + height))


def grained(picture: Image.Image, sigma: float = 4.0) -> Image.Image:
    """With the noise of a sensor, which enlarging a photograph takes away."""
    pixels = np.asarray(picture).astype(np.float32)
    noise = np.random.default_rng(12).normal(0.0, sigma, pixels.shape).astype(np.float32)
    return Image.fromarray(np.clip(pixels + noise + 0.5, 0, 255).astype(np.uint8))


def with_alpha(picture: Image.Image) -> Image.Image:
    """A soft alpha out of another photograph."""
    picture = picture.copy()
    picture.putalpha(scaled("dandelions.jpg", picture.size).convert("L"))
    return picture


def jpeg(picture: Image.Image, **options: object) -> bytes:
    body = io.BytesIO()
    picture.save(body, "jpeg", **({"quality": 85} | options))
    return body.getvalue()


def png(picture: Image.Image) -> bytes:
    body = io.BytesIO()
    picture.save(body, "png")
    return body.getvalue()


def noise() -> bytes:
    pixels = np.random.default_rng(7).integers(0, 256, (1250, 1600, 3), dtype=np.uint8)
    return jpeg(Image.fromarray(pixels))


def screenshot() -> Image.Image:
    """Flat areas, text and thin lines."""
    picture = Image.new("RGB", (1600, 1250), "#f6f7f9")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 260, 1250), fill="#20242c")
    for row in range(60):
        y = 20 + 20 * row
        draw.text((290, y), f"{row:02d}  GET /fit-in/{row * 37 % 900}x{row * 53 % 700}/mountains.jpg  200", fill="#111")
        draw.line((280, y + 17, 1580, y + 17), fill="#dde1e6")
    return picture


def logo(size: tuple[int, int]) -> bytes:
    """The sample logo: flat colours and text on nothing."""
    with Image.open(SAMPLES / "logo.png") as picture:
        return png(picture.convert("RGBA").resize(size, Image.Resampling.LANCZOS))


# Name -> the file's bytes.
FILES: dict[str, Callable[[], bytes]] = {
    "photo-12mp.jpg": lambda: jpeg(grained(scaled("mountains.jpg", (4000, 3000)))),
    "photo-12mp-progressive.jpg": lambda: jpeg(grained(scaled("mountains.jpg", (4000, 3000))), progressive=True),
    "photo-4mp.jpg": lambda: jpeg(scaled("mountains.jpg", (2560, 1600))),
    "photo-2.5mp.jpg": lambda: jpeg(scaled("dogs.jpg", (1920, 1280))),
    "photo-2mp.jpg": lambda: jpeg(scaled("fig.jpg", (1600, 1250))),
    "photo-2mp-progressive.jpg": lambda: jpeg(scaled("fig.jpg", (1600, 1250)), progressive=True),
    "photo-odd.jpg": lambda: jpeg(scaled("dogs.jpg", (1237, 811))),
    "noise-2mp.jpg": noise,
    "screenshot-2mp.jpg": lambda: jpeg(screenshot()),
    "screenshot-2mp.png": lambda: png(screenshot()),
    "photo-2mp-alpha.png": lambda: png(with_alpha(scaled("fig.jpg", (1600, 1250)))),
    "photo-odd-alpha.png": lambda: png(with_alpha(scaled("dogs.jpg", (1237, 811)))),
    "logo-small.png": lambda: logo((320, 80)),
    "logo-large.png": lambda: logo((2003, 501)),
}


def photograph(mode: str, size: tuple[int, int] = (2560, 1600)) -> NDArray[np.uint8]:
    """A photograph as an array; RGBA gets a soft alpha."""
    picture = scaled("mountains.jpg", size)
    return np.asarray(with_alpha(picture) if mode == "RGBA" else picture)
