"""The first batch as a picture, to be looked at before the training."""

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from .signature import Batch

COLUMNS, MOST = 8, 32  # images in a row, and in the picture
SIDE, MARGIN, LINE = 96, 6, 16  # pixels
PAPER, INK = "white", "black"


def draw_batch(classes: Sequence[str], batch: Batch) -> bytes:
    """Draw images, uint8 [n, height, width, channels], below their classes' names, as a PNG."""
    images, labels = batch["images"][:MOST], batch["labels"][:MOST]
    rows = -(-len(images) // COLUMNS)
    cell_width, cell_height = SIDE + MARGIN, SIDE + LINE + MARGIN
    size = (COLUMNS * cell_width + MARGIN, rows * cell_height + MARGIN)
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), find_font(11)
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        left = MARGIN + place % COLUMNS * cell_width
        top = MARGIN + place // COLUMNS * cell_height
        pixels = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        larger = image.shape[0] < SIDE  # every pixel of a small image stays visible
        way = Image.Resampling.NEAREST if larger else Image.Resampling.BILINEAR
        sheet.paste(pixels.resize((SIDE, SIDE), way), (left, top + LINE))
        pen.text((left, top), shorten(classes[int(label)], font), INK, font)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def find_font(size: int) -> ImageFont.FreeTypeFont:
    """Load the font of Matplotlib's plots: Pillow's own has no letters with accents."""
    file = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(file), size)


def shorten(name: str, font: ImageFont.FreeTypeFont) -> str:
    """Cut a name to the width of an image."""
    while name and font.getlength(name) > SIDE:
        name = name[:-1]
    return name
