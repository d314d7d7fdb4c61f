"""Small images of kinds that are easily read wrong, to hold programs in other languages against."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

SIZE = (20, 14)  # width and height: neither square nor a multiple of any usual size


def ramp(steps: int) -> np.ndarray:
    """Make values from 0 to 255 that rise to the right and downwards: uint8 [height, width]."""
    width, height = SIZE
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return ((steps * across + down) / (steps + 1) * 255).astype(np.uint8)


def save(image: Image.Image, **options: object) -> bytes:
    """Return the bytes of an image as a PNG."""
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def coloured() -> bytes:
    """Draw a colour image."""
    return save(Image.fromarray(np.stack([ramp(1), ramp(3)[::-1], ramp(9)[:, ::-1]], -1)))


def transparent() -> bytes:
    """Draw black ink whose shape is in the transparency alone, as drawing programs save it."""
    black = np.zeros((*ramp(1).shape, 3), np.uint8)
    return save(Image.fromarray(np.concatenate([black, ramp(2)[..., None]], -1)))


def palette() -> bytes:
    """Draw an image of a few listed colours, one of which is transparent."""
    image = Image.fromarray(ramp(4) // 64)
    image.putpalette([200, 30, 30, 30, 200, 30, 30, 30, 200, 240, 240, 0])
    return save(image, transparency=1)


def turned() -> bytes:
    """Draw an image that its camera held upright: viewers turn it by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(Image.fromarray(ramp(5)), exif=exif)


def sixteen_bits() -> bytes:
    """Draw a grey image with 16 bits per pixel."""
    return save(Image.fromarray(ramp(6).astype(np.uint16) * 257))


EXAMPLES: tuple[Callable[[], bytes], ...] = (
    *(coloured, transparent, palette),
    *(turned, sixteen_bits),
)
