"""Images in a report: as PNGs that show every pixel."""

import io

import numpy as np
from PIL import Image


def picture(image: np.ndarray, side: int = 128) -> bytes:
    """Return an image, uint8 [h, w, c], as a PNG; small ones are enlarged, every pixel visible."""
    pixels = Image.fromarray(grey_or_colour(image))
    factor = side // max(pixels.size)
    if factor > 1:
        larger = (pixels.width * factor, pixels.height * factor)
        pixels = pixels.resize(larger, Image.Resampling.NEAREST)
    pixels.thumbnail((2 * side, 2 * side))
    stream = io.BytesIO()
    pixels.save(stream, "PNG")
    return stream.getvalue()


def grey_or_colour(image: np.ndarray) -> np.ndarray:
    """Drop the channel axis of a grey image, as Pillow and matplotlib want it."""
    return image[..., 0] if image.shape[-1] == 1 else image
