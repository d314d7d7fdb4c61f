"""Images: prepared as the training does, and what the model sees in them in words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps


def read(
    file: Path, facts: Mapping[str, Any], model: Any
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read an image for the one input: its name, and float32 [1, height, width, channels].

    `facts` say how it is prepared. Raises OSError when it is none.
    """
    return [str(file)], {model.inputs[0]["name"]: read_image(file, facts)[None]}


def read_image(file: Path, facts: Mapping[str, Any]) -> np.ndarray:
    """Read one image as the model was trained on them; raises OSError when it is none."""
    height, width, channels = facts["shape"]
    try:
        with Image.open(file) as opened:
            image: Image.Image = ImageOps.exif_transpose(opened)
        image = flatten(scale(image, facts["white_level"]), facts["background"])
        image = image.convert("L" if channels == 1 else "RGB")
    except Exception as error:  # a damaged file can make a decoder raise anything
        raise OSError(f"{file} is not an image that can be read: {error}") from error
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return (np.asarray(fitted, np.float32) / 255).reshape(height, width, channels)


def scale(image: Image.Image, white_level: float) -> Image.Image:
    """Scale an image of more than 8 bits, so that the white level becomes 255; others stay."""
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    if not white_level and not image.mode.startswith("I;16"):
        raise ValueError(f"{image.mode} pixels; no such image was in training, so make it 8 bits")
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    scaled = np.clip(values / (white_level or 65535) * 255, 0, 255)
    return Image.fromarray(scaled.round().astype(np.uint8))


def flatten(image: Image.Image, background: int) -> Image.Image:
    """Lay an image over a grey background where it is transparent; others stay."""
    if not image.has_transparency_data:
        return image
    rgba = np.asarray(image.convert("RGBA")).astype(np.uint16)
    colour, alpha = rgba[..., :3], rgba[..., 3:]
    mixed = (colour * alpha + background * (255 - alpha) + 127) // 255
    return Image.fromarray(mixed.astype(np.uint8))


def answers(outputs: Mapping[str, np.ndarray], described: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the most probable class of each image, and how probable it is."""
    (target,) = described
    return [
        f"{target['labels'][row.argmax()]} ({row.max():.1%})" for row in outputs[target["name"]]
    ]
