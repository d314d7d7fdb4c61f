"""Images as PNGs, one by one and side by side."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

COLUMNS = 8  # images in a row, where nothing else asks for another number
GAP, PAPER = 1, 128  # pixels between images, and their grey level


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Turn 0..1 into uint8, 0 to 255."""
    return np.round(images * 255).astype(np.uint8)


def png(image: np.ndarray) -> bytes:
    """Write an image, uint8 [h, w, c], as a PNG: every pixel as it is."""
    stream = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(stream, "PNG")
    return stream.getvalue()


def side_by_side(images: np.ndarray, columns: int = COLUMNS) -> np.ndarray:
    """Put images, uint8 [n, h, w, c], onto one sheet, row by row; one alone stays as it is."""
    count, height, width, channels = images.shape
    if count == 1:
        alone: np.ndarray = images[0]
        return alone
    columns = min(columns, count)
    rows = -(-count // columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels)
    sheet = np.full(shape, PAPER, np.uint8)
    for place, image in enumerate(images):
        top, left = place // columns * (height + GAP), place % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    """Enlarge a small sheet by a whole number, so that pixels can be seen; [h, w, c]."""
    factor = max(side // max(image.shape[:2]), 1)
    return image.repeat(factor, 0).repeat(factor, 1)


def sheet_of(images: Sequence[np.ndarray] | np.ndarray, columns: int = COLUMNS) -> bytes:
    """Draw images of 0..1 side by side as a PNG; small ones are enlarged."""
    return png(enlarged(side_by_side(to_bytes(np.stack(list(images))), columns), 480))
