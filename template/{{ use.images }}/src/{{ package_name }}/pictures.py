"""One picture, from its file to the pixels that the network gets.

Training, `predict` and the servers all read pictures here. Programs in other languages follow it:
turn the picture as the camera says, scale what has more than 8 bits, lay what is transparent over
the background, make it grey or RGB, cut out the middle, and scale that.
"""

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from .errors import UserError
from .plain_text import visible

# Not every build of Pillow has the last two.
MORE_FORMATS = [name for name in ("WEBP", "AVIF") if features.check(name.lower())]
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "PPM", *MORE_FORMATS)
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff"),
    *(".bmp", ".gif", ".avif", ".ppm", ".pgm", ".pbm"),
)
MEDIA_TYPES = tuple(
    f"image/{name}" for name in ("png", "jpeg", "webp", "tiff", "bmp", "gif", "avif")
)
"""what servers read from the body of a request"""
LEVELS = (1, 255, 1023, 4095, 16383, 65535)  # what counts as white, in files of more than 8 bits
SIXTEEN_BITS = 65535
SURVEYED = 50  # pictures that are looked at to choose a size and a colour
GREYS_DIFFER = 8  # of 255: a picture whose channels differ by no more is a grey one


@dataclass(frozen=True)
class Preparation:
    """How each picture of a data set is prepared."""

    height: int
    width: int
    channels: int
    """1 (grey) or 3 (RGB)"""
    background: int = 255
    """the grey level, 0 to 255, that shows where a picture is transparent"""
    white_level: float = 0
    """the value that is white in pictures of more than 8 bits; 0: it is not known"""


def describe(classes: Sequence[str], labels: np.ndarray, how: Preparation) -> dict[str, Any]:
    """Return the facts: all that a network, and whoever prepares images for it, needs to know."""
    return {
        "classes": list(classes),
        "shape": [how.height, how.width, how.channels],
        "counts": np.bincount(labels, minlength=len(classes)).tolist(),
        "background": how.background,
        "white_level": how.white_level,
    }


def preparation(facts: Mapping[str, Any]) -> Preparation:
    """Say how pictures are prepared for a network that was trained with these facts."""
    height, width, channels = facts["shape"]
    return Preparation(height, width, channels, facts["background"], facts["white_level"])


def read_image(file: Path | IO[bytes], how: Preparation, most_pixels: int = 0) -> np.ndarray:
    """Read one picture as uint8 [height, width, channels].

    Raises UserError when the file is missing, is no picture, or has more than `most_pixels`.
    """
    opened = open_image(file, most_pixels)
    try:
        return prepare(opened, how)
    except ValueError as error:
        raise UserError(f"{name_of(file)} cannot be read: {error}") from error


def prepare(image: Image.Image, how: Preparation) -> np.ndarray:
    """Make a decoded picture what the network gets: uint8 [height, width, channels].

    Raises ValueError for a kind of pixels that is not known.
    """
    flat = flatten(to_8_bits(image, how.white_level), how.background)
    coloured = flat.convert("L" if how.channels == 1 else "RGB")
    fitted = ImageOps.fit(coloured, (how.width, how.height), Image.Resampling.BILINEAR)
    return np.asarray(fitted).reshape(how.height, how.width, how.channels)


def share_cut_off(size: tuple[int, int], how: Preparation) -> float:
    """Return how much of a picture's area, 0 to 1, lies outside the middle that `prepare` keeps."""
    width, height = size
    scale = min(width / how.width, height / how.height)
    return 1 - scale**2 * how.width * how.height / (width * height)


# Pillow warns of images that have half as many pixels as it refuses.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def open_image(file: Path | IO[bytes], most_pixels: int = 0) -> Image.Image:
    """Decode a picture, its first frame if it has several, and turn it as the camera says."""
    name = name_of(file)
    if isinstance(file, Path) and not file.is_file():
        raise UserError(f"there is no file {name}")
    try:
        with Image.open(file, formats=FORMATS) as opened:
            if most_pixels and opened.width * opened.height > most_pixels:
                raise UserError(f"{name} has more than {most_pixels:,} pixels")
            upright: Image.Image = ImageOps.exif_transpose(opened)
            return upright
    except UnidentifiedImageError as error:
        raise UserError(f"{name} is not an image that can be read") from error
    except Image.DecompressionBombError as error:
        most = most_pixels or 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise UserError(f"{name} has more than {most:,} pixels") from error
    except UserError:
        raise
    except Exception as error:  # a damaged file can make a decoder raise anything
        reason = str(error) if isinstance(file, Path) else "its format is unknown or damaged"
        raise UserError(f"{name} is not an image that can be read: {reason}") from error


def is_deep(image: Image.Image) -> bool:
    """Whether a picture has more than 8 bits per pixel and channel, so that white is in question.

    Pillow keeps these for grey pictures only; of colours in 16 bits it reads the upper 8.
    """
    return image.mode == "F" or image.mode.startswith("I")


def brightest(image: Image.Image) -> float:
    """Return the largest value of a picture, in the units of its file."""
    return float(np.nanmax(np.asarray(image), initial=0))


def guess_white_level(values: Sequence[float]) -> float:
    """Find the smallest usual white level that holds the brightest values of some pictures.

    Cameras write 10, 12 or 14 bits into files of 16, and floating-point values go to 1 or to 255.
    """
    top = max(values, default=0)
    return next((float(level) for level in LEVELS if top <= level), top)


def to_8_bits(image: Image.Image, white_level: float) -> Image.Image:
    """Scale what has more than 8 bits, so that the white level becomes 255; others stay."""
    if not is_deep(image):
        return image
    if not white_level and not image.mode.startswith("I;16"):
        raise ValueError(f"{image.mode} pixels; no such image was in training, so make it 8 bits")
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    scaled = np.clip(values / (white_level or SIXTEEN_BITS) * 255, 0, 255)
    return Image.fromarray(scaled.round().astype(np.uint8))


def flatten(image: Image.Image, background: int) -> Image.Image:
    """Lay a picture over a grey background where it is transparent; others stay."""
    if not image.has_transparency_data:
        return image
    pixels = np.asarray(image.convert("RGBA")).astype(np.uint16)
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    mixed = (colour * alpha + background * (255 - alpha) + 127) // 255
    return Image.fromarray(mixed.astype(np.uint8))


def is_grey(image: Image.Image) -> bool:
    """Whether a picture shows no colour, whatever its file could hold."""
    if is_deep(image) or image.mode in ("1", "L", "LA"):
        return True
    small = image.convert("RGB").resize((32, 32))
    pixels = np.asarray(small).astype(np.int16)
    return bool((pixels.max(-1) - pixels.min(-1)).max() <= GREYS_DIFFER)


def survey(files: Sequence[Path]) -> tuple[int, bool]:
    """Look at some of many pictures: the median of their shorter sides, and whether all are grey.

    Of pictures none of which can be read, nothing is known: (0, False).
    """
    places = np.linspace(0, len(files) - 1, min(len(files), SURVEYED)).astype(int)
    sides, grey = [], True
    for place in places:
        with contextlib.suppress(UserError, ValueError):
            image = open_image(files[place])
            sides.append(min(image.size))
            grey = grey and is_grey(image)
    return (int(np.median(sides)), grey) if sides else (0, False)


def name_of(file: Path | IO[bytes]) -> str:
    """Name a file as it can be printed, or the body of a request."""
    return printable(str(file)) if isinstance(file, Path) else "the body"


def printable(name: str) -> str:
    """Replace what a terminal or a UTF-8 file cannot show in a file's name."""
    return visible(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
