"""Images: prepared as the training does, and what the model sees in them in words."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps


def read(arguments: argparse.Namespace, model: Any) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read images for the one input: their names, and float32 [n, height, width, channels]."""
    (source,) = model.inputs
    images = [read_image(file, *source["shape"]) for file in arguments.files]
    return [str(file) for file in arguments.files], {source["name"]: np.stack(images)}


def read_image(file: Path, height: int, width: int, channels: int) -> np.ndarray:
    """Read one image as the model was trained on them; raises OSError when it is none."""
    try:
        with Image.open(file) as opened:
            image: Image.Image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I"):  # 16 bits, which `convert` would cut off, not scale
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            image = image.convert("L" if channels == 1 else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise OSError(f"{file} is not an image that can be read: {error}") from error
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return (np.asarray(fitted, np.float32) / 255).reshape(height, width, channels)


def answers(outputs: Mapping[str, np.ndarray], described: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the most probable class of each image, and how probable it is."""
    (target,) = described
    return [
        f"{target['labels'][row.argmax()]} ({row.max():.1%})" for row in outputs[target["name"]]
    ]
